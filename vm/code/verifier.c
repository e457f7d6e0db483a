// SPDX-License-Identifier: Apache-2.0
// See verifier.h.
//
// What is known of a value is a Fact of a *value number*; a slot holds the number of its value. A
// test refines all slots that hold the value it looked at, so a fact survives moves and reaches
// copies made before the test. Where paths meet, slots with equal pairs of numbers get one new
// number that knows what both sides know.
//
// Between recv_peek and recv_take a message still belongs to the mailbox. Values made meanwhile may
// be parts of it: they carry the number of that look, recv_next forgets them, and nothing that
// could keep them (a call, a failure that is raised) may happen before the message is taken or
// passed by.
//
// An unfinished list (FACT_HOLE) has one holder: a move takes it from where it was, list_add and
// list_end consume it, nothing else may read it, and where paths meet it stays only if all of them
// have one there. Maps name it as such. So there is never a second way to a cell that is still
// written to.
#include "vm/code/verifier.h"

#include <stdio.h>
#include <string.h>

#include "vm/base/alloc.h"
#include "vm/code/instr.h"
#include "vm/term/atom.h"
#include "vm/term/record.h"

enum {
    WORK_MIN = 1 << 22, // slots looked at in a module, whatever its size
    WORK_PER_WORD = 512,
};

// FACT_RAW: no term but a raw number; FACT_HOLE: an unfinished list.
typedef enum {
    FACT_ANY,
    FACT_LIST,
    FACT_CONS,
    FACT_TUPLE,
    FACT_RECORD,
    FACT_RAW,
    FACT_HOLE
} FactKind;

typedef struct {
    FactKind kind;
    uint32_t looked; // the look during which it was made (State.looking); 0: none
    uint64_t detail; // TUPLE: size; RECORD: its descriptor
} Fact;

// What holds at one point. slots: X first, then Y, then D; 0 is undefined, else a value number.
typedef struct {
    bool frame;
    uint32_t looking; // 1 + word of the recv_peek whose message is looked at; 0: none
    uint32_t slots[];
} State;

typedef struct {
    uint64_t pair;
    uint32_t value;
    uint32_t merge; // that made this entry
} PairEntry;

typedef struct {
    Loading *l;
    const Module *m;
    Function *f;
    LoadFunction *load;
    uint32_t x_count;
    uint32_t raw_first; // slots from here on are D
    uint32_t slot_count;
    State *state;   // at the op that is looked at
    bool reachable; // whether there is one
    State *
        *blocks;   // what is known at blocks ahead, by number from 0; NULL: nothing leads there yet
    bool *reached; // blocks that were entered
    uint32_t *back_first; // by block: 1 + point of the first op that goes back to it; 0: none
    uint32_t *back_next;  // by point: 1 + the next one
    Fact *facts;          // by value number
    uint32_t value_count;
    uint32_t value_capacity;
    PairEntry *pairs; // a power of two
    uint32_t pair_capacity;
    uint32_t merge;
    ModuleMemory memory; // of this function's states
    uint64_t work_left;  // of the module
    uint32_t at;         // word of the op
    uint32_t op;
    uint32_t next_point;
    uint64_t room;
    State *spare; // freed states, linked through their first slots
    bool failed;
} Verifier;

static bool verify_fail(Verifier *v, const char *why) {
    CodeError *error = v->l->error;
    v->failed = true;
    if (error->what[0] == '\0') {
        snprintf(error->what, sizeof error->what, "function %.80s/%u, word %u, %s: %s",
                 atom_text(v->l->vm->atoms, v->f->name), v->f->arity, v->at, op_infos[v->op].name,
                 why);
    }
    return false;
}

static bool spend(Verifier *v, uint64_t work) {
    if (v->work_left < work) {
        return verify_fail(v, "the function is too entangled");
    }
    v->work_left -= work;
    return true;
}

// Values -----------------------------------------------------------------------------------------

// A new number; 0 after an error.
static uint32_t value_new(Verifier *v, Fact fact) {
    if (v->value_count == v->value_capacity) {
        uint32_t capacity = v->value_capacity * 2;
        Fact *facts = mem_realloc(v->l->vm->mem, MEM_CODE, v->facts, capacity * sizeof(Fact));
        if (facts == NULL || capacity > UINT32_MAX / 4) {
            v->failed = true;
            loading_no_memory(v->l);
            return 0;
        }
        v->facts = facts;
        v->value_capacity = capacity;
    }
    v->facts[v->value_count] = fact;
    return v->value_count++;
}

// What both know. Of the looks only the one that goes on, `looking`, matters.
static Fact fact_meet(Fact a, Fact b, uint32_t looking) {
    Fact both = a;
    if (a.kind != b.kind || a.detail != b.detail) {
        bool lists = (a.kind == FACT_LIST || a.kind == FACT_CONS) &&
                     (b.kind == FACT_LIST || b.kind == FACT_CONS);
        both = (Fact){.kind = lists ? FACT_LIST : FACT_ANY};
    }
    both.looked = a.looked == looking || b.looked == looking ? looking : 0;
    return both;
}

static Fact fact_of_term(Term t) {
    if (term_is_cons(t)) {
        return (Fact){.kind = FACT_CONS};
    }
    if (term_is_empty(t)) {
        return (Fact){.kind = FACT_LIST};
    }
    if (term_is_tuple(t)) {
        return (Fact){.kind = FACT_TUPLE, .detail = tuple_size(t)};
    }
    return term_is_kind(t, KIND_RECORD) ? (Fact){.kind = FACT_RECORD, .detail = box_raw(t, 0)}
                                        : (Fact){.kind = FACT_ANY};
}

static Fact record_fact(const Verifier *v, uint32_t record) {
    return (Fact){.kind = FACT_RECORD, .detail = (uint64_t)(uintptr_t)v->m->records[record]};
}

static uint32_t *slot_of(Verifier *v, uint32_t word) {
    uint32_t value = (uint32_t)operand_value(word);
    OperandKind kind = operand_kind(word);
    uint32_t first = kind == OPERAND_X ? 0 : kind == OPERAND_Y ? v->x_count : v->raw_first;
    return &v->state->slots[first + value];
}

static bool holds_hole(const Verifier *v, uint32_t slot) {
    return v->facts[v->state->slots[slot]].kind == FACT_HOLE;
}

static bool is_register(uint32_t word) {
    OperandKind kind = operand_kind(word);
    return kind == OPERAND_X || kind == OPERAND_Y || kind == OPERAND_D;
}

static bool value_is_raw(const Verifier *v, uint32_t value) {
    return v->facts[value].kind == FACT_RAW;
}

static Fact fact_of(Verifier *v, uint32_t word) {
    if (is_register(word)) {
        return v->facts[*slot_of(v, word)];
    }
    if (operand_kind(word) == OPERAND_LIT) {
        return fact_of_term(v->m->literals[operand_value(word)]);
    }
    return (Fact){.kind = operand_kind(word) == OPERAND_EMPTY ? FACT_LIST : FACT_ANY};
}

// From here on all slots with the value of `word` know `fact`.
static bool refine(Verifier *v, uint32_t word, Fact fact) {
    if (!is_register(word) || !spend(v, v->slot_count)) {
        return !v->failed;
    }
    uint32_t old = *slot_of(v, word);
    fact.looked = v->facts[old].looked;
    uint32_t new = value_new(v, fact);
    for (uint32_t i = 0; i < v->slot_count; i++) {
        if (v->state->slots[i] == old) {
            v->state->slots[i] = new;
        }
    }
    return !v->failed;
}

static bool define(Verifier *v, uint32_t word, Fact fact) {
    if (operand_kind(word) == OPERAND_Y && !v->state->frame) {
        return verify_fail(v, "a slot without a frame");
    }
    fact.looked = v->state->looking;
    uint32_t value = value_new(v, fact);
    *slot_of(v, word) = value;
    return value != 0;
}

static bool require_register(Verifier *v, uint32_t i) {
    if (i < v->x_count && v->state->slots[i] != 0) {
        return !holds_hole(v, i) || verify_fail(v, "passes on an unfinished list");
    }
    char why[60];
    snprintf(why, sizeof why, "X%u is not initialised", i);
    return verify_fail(v, why);
}

static bool fail_register(Verifier *v, uint32_t word, const char *why) {
    OperandKind kind = operand_kind(word);
    char text[80];
    snprintf(text, sizeof text, "%c%d %s",
             kind == OPERAND_X   ? 'X'
             : kind == OPERAND_Y ? 'Y'
                                 : 'D',
             operand_value(word), why);
    return verify_fail(v, text);
}

// A source: a term, or (`raw`) a raw number.
static bool require_source(Verifier *v, uint32_t word, bool raw) {
    if (!is_register(word)) {
        return true;
    }
    uint32_t value = *slot_of(v, word);
    if (value == 0) {
        return fail_register(v, word, "is not initialised");
    }
    if (value_is_raw(v, value) != raw) {
        return fail_register(v, word, raw ? "holds no raw number" : "holds no term");
    }
    return v->facts[value].kind != FACT_HOLE || verify_fail(v, "reads an unfinished list");
}

// States -----------------------------------------------------------------------------------------

static void *verifier_take(Verifier *v, size_t count, size_t size) {
    void *at = module_memory_take(&v->memory, count, size);
    if (at == NULL) {
        v->failed = true;
        loading_no_memory(v->l);
    }
    return at;
}

static State *state_new(Verifier *v) {
    State *state = v->spare;
    if (state != NULL) {
        memcpy(&v->spare, state->slots, sizeof v->spare);
        return state;
    }
    // Two slots at least, so that a spare state has room for its link.
    uint32_t slots = v->slot_count < 2 ? 2 : v->slot_count;
    return verifier_take(v, 1, sizeof(State) + slots * sizeof(uint32_t));
}

static void state_free(Verifier *v, State *state) {
    memcpy(state->slots, &v->spare, sizeof v->spare);
    v->spare = state;
}

static uint32_t merge_values(Verifier *v, uint32_t a, uint32_t b, uint32_t looking) {
    if (a == b || a == 0 || b == 0 || value_is_raw(v, a) != value_is_raw(v, b)) {
        return a == b ? a : 0;
    }
    if ((v->facts[a].kind == FACT_HOLE) != (v->facts[b].kind == FACT_HOLE)) {
        return 0;
    }
    uint64_t pair = (uint64_t)a << 32 | b;
    uint32_t at = (uint32_t)((pair * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
    for (;; at++) {
        PairEntry *entry = &v->pairs[at & (v->pair_capacity - 1)];
        if (entry->merge != v->merge) {
            *entry = (PairEntry){pair, value_new(v, fact_meet(v->facts[a], v->facts[b], looking)),
                                 v->merge};
        }
        if (entry->pair == pair) {
            return entry->value;
        }
    }
}

// Lets `state` flow into *into, which may still be NULL.
static bool flow_into(Verifier *v, State **into, const State *state) {
    if (!spend(v, v->slot_count + 1)) {
        return false;
    }
    if (*into == NULL) {
        *into = state_new(v);
        if (*into == NULL) {
            v->failed = true;
            return false;
        }
        memcpy(*into, state, sizeof(State) + v->slot_count * sizeof(uint32_t));
        return true;
    }
    if ((*into)->frame != state->frame) {
        return verify_fail(v, "paths meet with and without a frame");
    }
    if ((*into)->looking != state->looking) {
        return verify_fail(v, "paths meet that look at different messages");
    }
    v->merge++;
    for (uint32_t i = 0; i < v->slot_count; i++) {
        (*into)->slots[i] = merge_values(v, (*into)->slots[i], state->slots[i], state->looking);
    }
    return !v->failed;
}

// The number of the block that begins at that word; labels always name one.
static uint32_t block_at(const Verifier *v, uint32_t word) {
    uint32_t low = 0;
    uint32_t high = v->load->block_count;
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (v->load->blocks[middle] <= word) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool may_go_back(uint32_t op) {
    return op == OP_loop || op == OP_recv_wait || op == OP_recv_wait_for;
}

// An edge from here to a label. Going back was provided for when the block was entered: its state
// holds no more than what the map of this op names.
static bool flow_to(Verifier *v, uint32_t label) {
    uint32_t target = label_target(label);
    uint32_t block = block_at(v, target);
    if (target > v->at) {
        return flow_into(v, &v->blocks[block], v->state);
    }
    if (!may_go_back(v->op)) {
        return verify_fail(v, "goes back, which only loop and the waits may");
    }
    if (!v->reached[block]) {
        return verify_fail(v, "goes back to where nothing came from before");
    }
    const State *state = v->blocks[block]; // kept since it was entered
    return (state->frame == v->state->frame && state->looking == v->state->looking) ||
           verify_fail(v, "goes back with another frame, or while it looks at a message");
}

// Maps -------------------------------------------------------------------------------------------

static SlotKind map_kind(const uint8_t *kinds, uint32_t count, uint32_t i) {
    return i < count ? (SlotKind)((kinds[i / 4] >> (i % 4 * 2)) & 3) : SLOT_DEAD;
}

// What the map says of a slot.
static SlotKind map_slot(const Verifier *v, const ImageMap *map, uint32_t slot) {
    if (slot < v->x_count) {
        return map_kind(map->x_kinds, map->nx, slot);
    }
    if (slot < v->raw_first) {
        return map_kind(map->y_kinds, map->ny, slot - v->x_count);
    }
    return (map->raws >> (slot - v->raw_first) & 1) != 0 ? SLOT_RAW : SLOT_DEAD;
}

// Whether the map names the slot as what it holds.
// What a map says of a slot that holds a value.
static SlotKind kind_of_slot(const Verifier *v, uint32_t slot) {
    FactKind kind = v->facts[v->state->slots[slot]].kind;
    return kind == FACT_RAW ? SLOT_RAW : kind == FACT_HOLE ? SLOT_HOLE : SLOT_TERM;
}

static bool map_names_slot(const Verifier *v, const ImageMap *map, uint32_t slot) {
    return map_slot(v, map, slot) == kind_of_slot(v, slot);
}

static bool check_kinds(Verifier *v, const uint8_t *kinds, uint32_t count, uint32_t first,
                        uint32_t limit) {
    for (uint32_t i = 0; i < count; i++) {
        SlotKind kind = map_kind(kinds, count, i);
        if (kind == SLOT_DEAD) {
            continue;
        }
        if (i >= limit || v->state->slots[first + i] == 0) {
            char why[80];
            snprintf(why, sizeof why, "the map names %c%u, which is not initialised",
                     first == 0 ? 'X' : 'Y', i);
            return verify_fail(v, why);
        }
        if (value_is_raw(v, v->state->slots[first + i]) != (kind == SLOT_RAW)) {
            return verify_fail(v, "the map takes a raw number for a term, or a term for one");
        }
        if (holds_hole(v, first + i) != (kind == SLOT_HOLE)) {
            return verify_fail(v, "the map names an unfinished list as a term, or the reverse");
        }
    }
    return true;
}

static bool check_raws(Verifier *v, uint32_t raws) {
    for (uint32_t i = 0; i < D_COUNT; i++) {
        bool named = (raws >> i & 1) != 0;
        if (named &&
            (i >= v->slot_count - v->raw_first || v->state->slots[v->raw_first + i] == 0)) {
            return verify_fail(v, "the map names a raw register that is not initialised");
        }
    }
    return true;
}

// The map of the op comes into force: what it does not name is gone.
static bool apply_map(Verifier *v, const ImageMap *map) {
    if (map->ny != (v->state->frame ? v->f->frame_size : 0)) {
        return verify_fail(v, "the map is not of the frame's size");
    }
    if ((op_infos[v->op].flags & OP_CALL) != 0 && (map->nx != 0 || map->raws != 0)) {
        return verify_fail(v, "the map of a call names registers");
    }
    if (!spend(v, (uint64_t)map->nx + map->ny + v->slot_count) ||
        !check_kinds(v, map->x_kinds, map->nx, 0, v->x_count) ||
        !check_kinds(v, map->y_kinds, map->ny, v->x_count, v->f->frame_size) ||
        !check_raws(v, map->raws)) {
        return false;
    }
    for (uint32_t i = 0; i < v->slot_count; i++) {
        if (!map_names_slot(v, map, i)) {
            v->state->slots[i] = 0;
        }
    }
    return true;
}

// A FAIL op without a map: what is initialised in the frame is what lives.
static bool complete_point(Verifier *v, Safepoint *point) {
    if (!v->state->frame) {
        point->ny = 0;
        return true;
    }
    for (uint32_t i = 0; i < point->ny; i++) {
        uint32_t value = v->state->slots[v->x_count + i];
        if (value != 0) {
            SlotKind kind = kind_of_slot(v, v->x_count + i);
            point->kinds[i / 4] |= (uint8_t)(kind << (i % 4 * 2));
        }
    }
    return spend(v, point->ny);
}

// Failing ----------------------------------------------------------------------------------------

// X and D are gone.
static void forget_registers(const Verifier *v, State *state) {
    memset(state->slots, 0, v->x_count * sizeof(uint32_t));
    memset(state->slots + v->raw_first, 0, (v->slot_count - v->raw_first) * sizeof(uint32_t));
}

// The message that was looked at stays in the mailbox: what may be parts of it is gone.
static void forget_look(Verifier *v, State *state) {
    for (uint32_t i = 0; state->looking != 0 && i < v->slot_count; i++) {
        if (v->facts[state->slots[i]].looked == state->looking) {
            state->slots[i] = 0;
        }
    }
    state->looking = 0;
}

// The op may raise: the frame's slots and the reason flow to the handler of the innermost region,
// if any.
static bool flow_to_handler(Verifier *v) {
    const Region *region = NULL;
    for (uint32_t i = 0; i < v->f->region_count && region == NULL; i++) {
        const Region *r = &v->f->regions[i];
        region = r->start <= v->at && v->at < r->end ? r : NULL;
    }
    if (!spend(v, v->f->region_count + v->x_count) || region == NULL) {
        return !v->failed;
    }
    State *state = state_new(v);
    if (state == NULL) {
        v->failed = true;
        return false;
    }
    memcpy(state, v->state, sizeof(State) + v->slot_count * sizeof(uint32_t));
    forget_registers(v, state);
    forget_look(v, state);
    state->slots[0] = value_new(v, (Fact){.kind = FACT_ANY});
    bool ok = flow_into(v, &v->blocks[block_at(v, region->target)], state);
    state_free(v, state);
    return ok && !v->failed;
}

// One op -----------------------------------------------------------------------------------------

// The operands of the op, by what they are.
typedef struct {
    uint32_t d;
    uint32_t s[4];
    uint32_t source_count;
    uint32_t raws[2]; // raw sources
    uint32_t raw_count;
    bool has_d;  // d, or e
    bool is_raw; // e
    bool has_f;
    bool has_n;
    uint32_t f;
    uint32_t l;
    uint32_t n;
    uint32_t index; // a, F, I or R
    uint32_t count; // of the list
    const uint32_t *list;
    char list_letter; // 0: none
} Operands;

static Operands operands_of(const uint32_t *code) {
    Operands o = {0};
    uint32_t at = 1;
    for (const char *letter = op_infos[code[0]].operands; *letter != '\0'; letter++) {
        switch (*letter) {
        case 'd':
            o.d = code[at];
            o.has_d = true;
            break;
        case 'e':
            o.d = code[at];
            o.has_d = o.is_raw = true;
            break;
        case 's': o.s[o.source_count++] = code[at]; break;
        case 'v': o.raws[o.raw_count++] = code[at]; break;
        case 'n':
            o.n = code[at];
            o.has_n = true;
            break;
        case 'l': o.l = code[at]; break;
        case 'f':
            o.f = code[at];
            o.has_f = true;
            break;
        case 'a':
        case 'F':
        case 'I':
        case 'R': o.index = code[at]; break;
        case '*':
            o.list_letter = *++letter;
            o.count = code[at];
            o.list = code + at + 1;
            at += o.count * instr_list_width(o.list_letter);
            break;
        default: break;
        }
        at++;
    }
    return o;
}

// May the op read its first source though that is an unfinished list?
static bool takes_hole(Verifier *v, const Operands *o) {
    bool takes = v->op == OP_move || v->op == OP_list_add || v->op == OP_list_end;
    return takes && is_register(o->s[0]) && fact_of(v, o->s[0]).kind == FACT_HOLE;
}

static bool check_sources(Verifier *v, const Operands *o) {
    for (uint32_t i = 0; i < o->source_count; i++) {
        if (!(i == 0 && takes_hole(v, o)) && !require_source(v, o->s[i], false)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < o->raw_count; i++) {
        if (!require_source(v, o->raws[i], true)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < o->count; i++) {
        if (o->list_letter == 's' && !require_source(v, o->list[i], false)) {
            return false;
        }
        if (o->list_letter == 'g' && (!require_source(v, o->list[3 * i + 1], false) ||
                                      !require_source(v, o->list[3 * i + 2], false))) {
            return false;
        }
    }
    return true;
}

static bool require_registers(Verifier *v, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (!require_register(v, i)) {
            return false;
        }
    }
    return true;
}

static bool require_frame(Verifier *v, bool frame) {
    return v->state->frame == frame ||
           verify_fail(v, frame ? "there is no frame" : "the frame still stands");
}

static bool take_room(Verifier *v, uint64_t words) {
    if (v->room < words) {
        return verify_fail(v, "more room than the alloc before it made");
    }
    v->room -= words;
    return true;
}

static bool require_tuple(Verifier *v, const Operands *o) {
    Fact fact = fact_of(v, o->s[0]);
    return (fact.kind == FACT_TUPLE && o->n < fact.detail) ||
           verify_fail(v, "not known to be a tuple with such an element");
}

static bool require_field(Verifier *v, const Operands *o) {
    const RecordDesc *desc = v->m->records[o->index];
    Fact fact = fact_of(v, o->s[0]);
    if (fact.kind != FACT_RECORD || fact.detail != (uint64_t)(uintptr_t)desc) {
        return verify_fail(v, "not known to be that record");
    }
    return o->n < desc->field_count || verify_fail(v, "a field that the record has not");
}

static bool require_hole(Verifier *v, const Operands *o) {
    return fact_of(v, o->s[0]).kind == FACT_HOLE || verify_fail(v, "not an unfinished list");
}

static bool check_spec(Verifier *v, uint32_t spec, uint32_t type) {
    return ((spec & SEG_TYPE_MASK) == type &&
            (spec & ~(uint32_t)(SEG_TYPE_MASK | SEG_LITTLE | SEG_SIGNED)) == 0) ||
           verify_fail(v, "a segment of a wrong kind");
}

// Of bits_build; the sources were looked at.
static bool check_segments(Verifier *v, const Operands *o) {
    for (uint32_t i = 0; i < o->count; i++) {
        uint32_t spec = o->list[3 * i];
        uint32_t whole = spec & (SEG_SHOWN | SEG_APPEND);
        if (whole == 0) {
            continue;
        }
        if ((spec & SEG_TYPE_MASK) != SEG_BYTES ||
            operand_kind(o->list[3 * i + 2]) != OPERAND_EMPTY ||
            ((whole & SEG_APPEND) != 0 && (i != 0 || whole != SEG_APPEND)) ||
            ((whole & SEG_SHOWN) != 0 && o->f == 0)) {
            return verify_fail(v, "a segment of a wrong kind");
        }
    }
    return true;
}

// Whether the op may stand between recv_peek and the end of that look.
static bool check_look(Verifier *v, const Operands *o) {
    bool looking = v->state->looking != 0;
    switch ((Op)v->op) {
    case OP_recv_take:
    case OP_recv_next: return looking || verify_fail(v, "no message is looked at");
    case OP_recv_peek:
    case OP_recv_wait:
    case OP_recv_wait_for:
    case OP_recv_ref:
    case OP_recv_done:
    case OP_list_add: // what it adds would outlive the look
    case OP_list_end:
    case OP_ret: return !looking || verify_fail(v, "a message is looked at");
    case OP_alloc:
    case OP_map:
    case OP_box:
    case OP_frame:
    case OP_cell: return true; // why they fail is no part of the message
    case OP_call_ext: {
        const Import *import = &v->m->imports[o->index];
        // The one test of guards that is a built-in.
        return !looking ||
               (term_same_bits(import->module, AM_Vm) &&
                term_same_bits(import->name, AM_is_string)) ||
               verify_fail(v, "a message is looked at");
    }
    default:
        return !looking || (op_infos[v->op].flags & OP_FAIL) == 0 || o->f != 0 ||
               verify_fail(v, "may raise while a message is looked at");
    }
}

// What the op demands beyond initialised sources.
static bool check_demands(Verifier *v, const Operands *o) {
    const Module *m = v->m;
    switch ((Op)v->op) {
    case OP_enter: return v->at == 0 || verify_fail(v, "not at the start of its function");
    case OP_frame: return require_frame(v, false);
    case OP_unframe:
        return require_frame(v, true) &&
               (o->n == v->f->frame_size || verify_fail(v, "not the frame's size"));
    case OP_ret: return require_frame(v, false) && require_register(v, 0);
    case OP_call:
        return require_registers(v, m->functions[o->index].arity +
                                        (uint32_t)m->functions[o->index].captured);
    case OP_tail:
        return require_frame(v, false) &&
               require_registers(v, m->functions[o->index].arity +
                                        (uint32_t)m->functions[o->index].captured);
    case OP_call_ext: return require_registers(v, m->imports[o->index].arity);
    case OP_tail_ext:
        return require_frame(v, false) && require_registers(v, m->imports[o->index].arity);
    case OP_call_fun:
        return (o->n < X_COUNT || verify_fail(v, "too many arguments")) &&
               require_registers(v, o->n + 1);
    case OP_tail_fun:
        return require_frame(v, false) &&
               (o->n < X_COUNT || verify_fail(v, "too many arguments")) &&
               require_registers(v, o->n + 1);
    case OP_cons:
    case OP_list_new: return take_room(v, 2);
    case OP_list_add: return require_hole(v, o) && take_room(v, 2);
    case OP_list_end: return require_hole(v, o);
    case OP_tuple: return take_room(v, (uint64_t)o->count + 1);
    case OP_record:
        return (o->count == m->records[o->index]->field_count ||
                verify_fail(v, "not as many fields as the record")) &&
               take_room(v, (uint64_t)o->count + 2);
    case OP_closure:
        return (o->count == m->functions[o->index].captured ||
                verify_fail(v, "not as many values as the function captures")) &&
               take_room(v, (uint64_t)o->count + 2);
    case OP_head:
    case OP_tail_of:
        return fact_of(v, o->s[0]).kind == FACT_CONS || verify_fail(v, "not known to be a cell");
    case OP_elem: return require_tuple(v, o);
    case OP_field: return require_field(v, o);
    case OP_get_field:
        return o->n < v->m->records[o->index]->field_count ||
               verify_fail(v, "a field that the record has not");
    case OP_is_tagged: return o->n > 0 || verify_fail(v, "a tuple of no elements has no tag");
    case OP_map: return o->count % 2 == 0 || verify_fail(v, "a key without a value");
    case OP_bits_int: return check_spec(v, o->n, SEG_INT);
    case OP_bits_float: return check_spec(v, o->n, SEG_FLOAT);
    case OP_bits_build: return check_segments(v, o);
    default: return true;
    }
}

// Edges to labels, with all that the op's map leaves but without its result.
static bool flow_to_labels(Verifier *v, const Operands *o) {
    if (v->op == OP_is_empty && fact_of(v, o->s[0]).kind == FACT_LIST) {
        return refine(v, o->s[0], (Fact){.kind = FACT_CONS}) && flow_to(v, o->l) &&
               refine(v, o->s[0], (Fact){.kind = FACT_LIST});
    }
    if (o->l != 0 && !flow_to(v, o->l)) {
        return false;
    }
    if (o->f != 0 && !flow_to(v, o->f)) {
        return false;
    }
    for (uint32_t i = 0; o->list_letter == 'k' && i < o->count; i++) {
        if (!flow_to(v, o->list[2 * i + 1])) {
            return false;
        }
    }
    return true;
}

// What the op's own success says of its source.
static bool learn(Verifier *v, const Operands *o) {
    switch ((Op)v->op) {
    case OP_is_cons: return refine(v, o->s[0], (Fact){.kind = FACT_CONS});
    case OP_is_list:
        return fact_of(v, o->s[0]).kind == FACT_CONS ||
               refine(v, o->s[0], (Fact){.kind = FACT_LIST});
    case OP_is_tuple_of:
    case OP_is_tagged: return refine(v, o->s[0], (Fact){.kind = FACT_TUPLE, .detail = o->n});
    case OP_is_record_of: return refine(v, o->s[0], record_fact(v, o->index));
    default: return true;
    }
}

// The unfinished list that the op reads is no longer where it was.
static void take_hole(Verifier *v, const Operands *o) {
    if (fact_of(v, o->s[0]).kind == FACT_HOLE) {
        *slot_of(v, o->s[0]) = 0;
    }
}

// What is known of the result.
static bool define_result(Verifier *v, const Operands *o, Fact moved) {
    switch ((Op)v->op) {
    case OP_move:
        if (is_register(o->s[0])) {
            if (operand_kind(o->d) == OPERAND_Y && !v->state->frame) {
                return verify_fail(v, "a slot without a frame");
            }
            uint32_t value = *slot_of(v, o->s[0]);
            take_hole(v, o);
            *slot_of(v, o->d) = value;
            return true;
        }
        return define(v, o->d, moved);
    case OP_cons: return define(v, o->d, (Fact){.kind = FACT_CONS});
    case OP_list_new: return define(v, o->d, (Fact){.kind = FACT_HOLE});
    case OP_list_add: take_hole(v, o); return define(v, o->d, (Fact){.kind = FACT_HOLE});
    case OP_list_end: take_hole(v, o); return define(v, o->d, (Fact){.kind = FACT_ANY});
    case OP_tuple: return define(v, o->d, (Fact){.kind = FACT_TUPLE, .detail = o->count});
    case OP_record: return define(v, o->d, record_fact(v, o->index));
    default: return !o->has_d || define(v, o->d, (Fact){.kind = o->is_raw ? FACT_RAW : FACT_ANY});
    }
}

// What the op does to frame, room and registers as a whole.
static bool apply_effects(Verifier *v, const Operands *o) {
    uint32_t flags = op_infos[v->op].flags;
    if ((flags & OP_GC) != 0) {
        v->room = v->op == OP_alloc ? o->n : 0;
    }
    if ((flags & OP_CALL) != 0) {
        forget_registers(v, v->state);
        v->state->slots[0] = value_new(v, (Fact){.kind = FACT_ANY});
    }
    if (v->op == OP_recv_peek) {
        v->state->looking = v->at + 1;
    } else if (v->op == OP_recv_take) {
        v->state->looking = 0;
    } else if (v->op == OP_recv_next) {
        forget_look(v, v->state);
    } else if (v->op == OP_frame) {
        v->state->frame = true;
    } else if (v->op == OP_unframe) {
        v->state->frame = false;
        memset(v->state->slots + v->x_count, 0, v->f->frame_size * sizeof(uint32_t));
    }
    return !v->failed;
}

static bool verify_op(Verifier *v, const uint32_t *code) {
    Operands o = operands_of(code);
    uint32_t flags = op_infos[v->op].flags;
    if (!check_sources(v, &o) || !check_demands(v, &o) || !check_look(v, &o)) {
        return false;
    }
    Fact moved = v->op == OP_move ? fact_of(v, o.s[0]) : (Fact){.kind = FACT_ANY};
    if (instr_has_point(v->op)) {
        uint32_t point = v->next_point;
        uint32_t map = v->load->point_maps[point];
        if (!(map == UINT32_MAX ? complete_point(v, v->f->points[point])
                                : apply_map(v, &v->load->maps[map]))) {
            return false;
        }
    }
    // A source that the map does not name is as good as undefined for what follows, and no fact of
    // it is needed.
    if ((flags & OP_FAIL) != 0 && o.f == 0 && !flow_to_handler(v)) {
        return false;
    }
    if (!flow_to_labels(v, &o)) {
        return false;
    }
    if ((flags & OP_END) != 0) {
        v->reachable = false;
        return true;
    }
    return learn(v, &o) && apply_effects(v, &o) && define_result(v, &o, moved);
}

// A function -------------------------------------------------------------------------------------

// Enters the block that begins here: what flowed to it meets what falls through.
static bool enter_block(Verifier *v, uint32_t block) {
    v->room = 0;
    if (v->reachable && !flow_into(v, &v->blocks[block], v->state)) {
        return false;
    }
    State *state = v->blocks[block];
    if (state == NULL) {
        return true;
    }
    v->reachable = true;
    v->reached[block] = true;
    memcpy(v->state, state, sizeof(State) + v->slot_count * sizeof(uint32_t));
    if (v->back_first[block] == 0) {
        v->blocks[block] = NULL;
        state_free(v, state);
        return true;
    }
    // Kept, so that those who go back can be held to the frame. What they do not name is not there.
    for (uint32_t point = v->back_first[block]; point != 0; point = v->back_next[point - 1]) {
        const ImageMap *map = &v->load->maps[v->load->point_maps[point - 1]];
        if (!spend(v, v->slot_count)) {
            return false;
        }
        for (uint32_t i = 0; i < v->slot_count; i++) {
            if (!map_names_slot(v, map, i)) {
                v->state->slots[i] = 0;
            }
        }
    }
    for (uint32_t i = 0; i < v->slot_count; i++) {
        if (v->state->slots[i] != 0) {
            const Fact *old = &v->facts[v->state->slots[i]];
            FactKind kind = old->kind == FACT_RAW || old->kind == FACT_HOLE ? old->kind : FACT_ANY;
            v->state->slots[i] = value_new(v, (Fact){.kind = kind, .looked = old->looked});
        }
    }
    return !v->failed;
}

// Notes which ops go back, and to which blocks.
static void find_back_edges(Verifier *v) {
    uint32_t point = 0;
    for (uint32_t at = 0; at < v->f->words; at += instr_words(v->f->code + at)) {
        const uint32_t *code = v->f->code + at;
        if (may_go_back(code[0])) {
            Operands o = operands_of(code);
            uint32_t target = label_target(o.l);
            if (target <= at) {
                uint32_t block = block_at(v, target);
                v->back_next[point] = v->back_first[block];
                v->back_first[block] = point + 1;
            }
        }
        point += instr_has_point(code[0]);
    }
}

static bool verifier_init(Verifier *v) {
    uint32_t blocks = v->load->block_count;
    v->x_count = v->f->x_count;
    v->raw_first = v->x_count + v->f->frame_size;
    v->slot_count = v->raw_first + v->f->d_count;
    v->pair_capacity = 16;
    while (v->pair_capacity < 2 * v->slot_count) {
        v->pair_capacity *= 2;
    }
    v->value_count = 1; // number 0 is no value
    v->value_capacity = 64;
    v->facts = mem_alloc_zero(v->l->vm->mem, MEM_CODE, v->value_capacity * sizeof(Fact));
    v->blocks = verifier_take(v, blocks, sizeof(State *));
    v->reached = verifier_take(v, blocks, sizeof(bool));
    v->back_first = verifier_take(v, blocks, sizeof(uint32_t));
    v->back_next = verifier_take(v, v->f->point_count, sizeof(uint32_t));
    v->pairs = verifier_take(v, v->pair_capacity, sizeof(PairEntry));
    v->state = state_new(v);
    if (v->facts == NULL || v->blocks == NULL || v->reached == NULL || v->back_first == NULL ||
        v->back_next == NULL || v->pairs == NULL || v->state == NULL) {
        return loading_no_memory(v->l);
    }
    if (!spend(v, 4 * (uint64_t)v->slot_count)) {
        return false;
    }
    v->state->frame = false;
    v->state->looking = 0;
    memset(v->state->slots, 0, v->slot_count * sizeof(uint32_t));
    for (uint32_t i = 0; i < v->f->arity + (uint32_t)v->f->captured; i++) {
        v->state->slots[i] = value_new(v, (Fact){.kind = FACT_ANY});
    }
    v->reachable = true;
    return !v->failed;
}

static bool verify_ops(Verifier *v) {
    uint32_t next_block = 0;
    v->op = v->f->code[0];
    if (v->op != OP_enter) {
        return verify_fail(v, "a function does not begin with enter");
    }
    find_back_edges(v);
    for (v->at = 0; v->at < v->f->words; v->at += instr_words(v->f->code + v->at)) {
        v->op = v->f->code[v->at];
        if (next_block < v->load->block_count && v->load->blocks[next_block] == v->at &&
            !enter_block(v, next_block++)) {
            return false;
        }
        if (v->reachable && !verify_op(v, v->f->code + v->at)) {
            return false;
        }
        v->next_point += instr_has_point(v->op);
    }
    return !v->reachable || verify_fail(v, "the function goes on after its last op");
}

bool verify_module(Loading *l) {
    uint64_t work = WORK_MIN + (uint64_t)WORK_PER_WORD * l->module->code_words;
    for (uint32_t i = 0; i < l->module->function_count; i++) {
        Verifier v = {
            .l = l, .m = l->module, .f = &l->module->functions[i], .load = &l->functions[i]};
        v.work_left = work;
        module_memory_init(&v.memory, l->vm->mem);
        bool ok = verifier_init(&v) && verify_ops(&v);
        mem_free(l->vm->mem, MEM_CODE, v.facts);
        module_memory_free(&v.memory);
        if (!ok) {
            return l->error->what[0] != '\0' ? false : loading_no_memory(l);
        }
        work = v.work_left;
    }
    return true;
}
