// What the files of compiler/emit share: the state of one function's emission, and the image's
// tables.
//
// The steps of emit_function, each filling its part of Emit for the next:
//     alloc.c     one ALLOC for the instructions that build in a row
//     liveness.c  what lives at each block's start, where values die, which live across calls
//     passing.c   which of them leave their registers to a loop
//     frame.c     which blocks run with a frame
//     regalloc.c  a place for each value: X, Y, or X up to the frame and Y behind it
//     encode.c    words, blocks, regions; with moves.c (parallel moves), maps.c, lines.c
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/emit/emit.h"

typedef VEC(IrInst *) IrInsts;
typedef VEC(uint32_t) Words;

enum { NO_REG = UINT16_MAX, TRACK_WORDS = Y_MAX / 64 + 2 };

// Registers that hold something at one point of the walk over a function's blocks.
typedef struct {
    uint64_t x[4];
    uint64_t *y;
    uint64_t *y_raw;  // which of `y` are raw numbers
    uint32_t y_words; // in use; the arrays have room for Y_MAX slots
    uint32_t d;
    bool has_holes;     // some register has held an unfinished list
    uint64_t x_hole[4]; // then: which did last
    uint64_t *y_hole;
} Track;

typedef struct {
    Image *image;
    IrFunction *f;
    Arena *arena; // goes when the function is done

    // By value id (ir_number).
    uint32_t value_count; // without constants
    uint32_t *use_count;
    bool *wants_y;  // lives across a call, passes through a loop, or is a slot
    uint16_t *x_of; // its register X (of a raw number: D), NO_REG if it has none
    uint16_t *y_of;
    uint32_t *kill_start; // by instruction: where its entries of `kills` begin
    uint8_t *has_kills;
    IrInsts kills; // values that die at an instruction, grouped by it; each group ends with NULL

    // By block order.
    IrInsts *live_in; // values, without the block's parameters
    bool *needs_frame;
    bool *is_framed;

    uint32_t pressure;    // most values that live at once
    uint32_t raws;        // most raw numbers of them
    bool all_y;           // too many for X: everything has a slot
    IrBlock *frame_block; // begins with `frame`; NULL: no frame
    uint32_t frame_slots; // more than Y_MAX: there are too many
    bool framed;          // the walk is where the frame stands
    Track track;
} Emit;

// The steps.
void alloc_merge(IrFunction *f);
void liveness_find(Emit *e);
void passing_find(Emit *e);
void frame_place(Emit *e);
void regalloc_run(Emit *e);
void encode_run(Emit *e);

// ---- Walking with registers (regalloc.c) --------------------------------------------------------

// Does the block begin with the frame standing? (In the frame block itself it does not, at first.)
static inline bool starts_framed(const Emit *e, const IrBlock *block) {
    return e->is_framed[block->order] && block != e->frame_block;
}

static inline bool lives_in_slot(const Emit *e, const IrInst *v, bool framed) {
    return framed && e->wants_y[v->id];
}

// The place of `v`, with or without the frame: an operand word. Constants become their operand.
uint32_t place_of(Emit *e, const IrInst *v, bool framed);

// Only what lives at the block's start holds its registers now; the parameters that are used too if
// `params`.
void track_block(Emit *e, const IrBlock *block, bool params);
// `place` holds `v` from now on; track_copy: what `from`, a register, held last.
void track_set(Emit *e, uint32_t place, const IrInst *v);
void track_copy(Emit *e, uint32_t place, uint32_t from);
// Did `place`, a register, last hold an unfinished list?
bool track_is_hole(const Emit *e, uint32_t place);
void track_clear(Emit *e, uint32_t place);

// Behind the frame, what wants a slot is there and no longer in X.
void track_enter_frame(Emit *e);

// What dies at `inst` gives its registers free.
void track_kills(Emit *e, const IrInst *inst);

// ---- Parallel moves (moves.c) -------------------------------------------------------------------

typedef struct {
    uint32_t to; // operand words; `to` is a register
    uint32_t from;
    bool raw; // what is moved is a raw number
} Move;

typedef VEC(Move) Moves;

// Puts `moves`, which happen at once, in an order one after another into `out`, using the register
// `scratch` for cycles (of raw numbers: `raw_scratch`). No register is the target of two. Linear;
// `moves` is used up.
void moves_order(Arena *arena, Moves *moves, uint32_t scratch, uint32_t raw_scratch, Moves *out);

// ---- The image (image.c, tables.c) --------------------------------------------------------------

typedef struct {
    uint32_t start, end; // words
    uint32_t label;
} RegionEntry;

typedef struct {
    uint32_t offset;
    uint32_t file; // number in Sources; UINT32_MAX: none
    uint32_t line;
    const IrInline *inlined;
} LineEntry;

// One emitted function.
typedef struct {
    const CoreFunction *core;
    uint32_t name; // atom
    Words words;
    Words blocks; // offsets of labels 1, 2, …
    Buf maps;     // as in the FUNC chunk
    uint32_t map_count;
    VEC(RegionEntry) regions;
    VEC(LineEntry) lines;
} ImageFunction;

struct Image {
    Arena *arena;
    const IrModule *ir;
    Sources *sources;
    Diags *diags;
    bool docs;
    bool failed;           // a limit was passed and reported
    uint64_t *track_slots; // memory of each function's Track.y, then y_raw, then y_hole
    bool *is_test;         // by number in the image
    uint32_t *numbers;     // in the image, by function of the module; of live ones
    struct ImageTables *tables;
    VEC(ImageFunction) functions;
};

// Numbers in the module's tables, given at first use.
struct ImageTables *tables_new(Image *image);
uint32_t table_atom(Image *image, Name name);
uint32_t table_literal(Image *image, const CoreConst *constant);
uint32_t table_import(Image *image, Name module, Name name, uint32_t arity);
uint32_t table_file(Image *image, uint32_t source_file);
// Payloads of the ATOM, FILE, LITS, RECS and IMPT chunks.
void tables_write_atoms(Image *image, Buf *out);
void tables_write_files(Image *image, Buf *out);
void tables_write_literals(Image *image, Buf *out);
void tables_write_records(Image *image, Buf *out);
void tables_write_imports(Image *image, Buf *out);

// LEB128 and friends (bytes.c).
void put_u(Buf *out, uint64_t value);
void put_i(Buf *out, int64_t value);
void put_str(Buf *out, Str s);
void put_u32(Buf *out, uint32_t value);

// ---- Maps and lines -----------------------------------------------------------------------------

// Distinct liveness maps of a function, numbered from 0.
typedef struct MapTable {
    Arena *arena;
    struct MapEntry *slots;
    uint32_t slot_count;
    uint32_t count;
    Buf *out;
} MapTable;

void maps_init(MapTable *maps, Arena *arena, Buf *out);
// The number of the map of what `track` holds, in a frame of `slots` slots (0: none).
uint32_t maps_add(MapTable *maps, const Track *track, uint32_t slots);

// Line tables (lines.c): adds an entry at `offset` when the place differs from the last entry's.
void lines_add(Image *image, ImageFunction *out, uint32_t offset, Span span,
               const IrInline *inlined);
