// SPDX-License-Identifier: Apache-2.0
// Loaded code. A Module is made by the loader from an image (loader.h), passed by the verifier
// (verifier.h), given its engine's form (vm/interp, vm/jit) and published at once to all callers;
// from then on it is immutable but for import slots, which are data that an atomic store fills when
// a call is first made. Two versions of a module may live. A module is freed when no process is in
// it and every scheduler has passed a quiet point. Tests: tests/unit/vm/code.
#pragma once

#include <stdatomic.h>

#include "vm/code/format.h"
#include "vm/term/fn.h"

// A point where a collection, a switch, a failure or a return may happen: what lives, and where it
// is in the code. Each op with a map operand or FAIL has one of its own. `kinds` holds what the
// image's map names and, as the op may be run again, the op's sources; a FAIL op without a map has
// the slots of the frame that are initialised there.
struct Safepoint {
    const Function *function;
    uint32_t offset; // word of the canonical op in its function
    uint16_t nx;     // X0..nx-1, each as `kinds` says; 0 at a CALL op
    uint16_t ny;     // slots of the frame; 0: there is none
    uint8_t nd;      // D0..nd-1 may be live; raw numbers all
    uint8_t kinds[]; // SlotKind, four a byte, lowest bits first: nx of X, then ny of Y
};

// Kind of slot i: X first, then Y (nx + i).
static inline SlotKind safepoint_kind(const Safepoint *point, uint32_t i) {
    return (SlotKind)((point->kinds[i / 4] >> (i % 4 * 2)) & 3);
}

typedef struct {
    uint32_t start; // words
    uint32_t end;
    uint32_t target; // word of the handler
} Region;

struct Function {
    FUNCTION_HEAD; // serial, module_name, name, arity, captured, flags (FN_*): vm/term/fn.h
    Module *module;
    const uint32_t
        *code; // canonical words, in Module.code: see instr.h for what the loader changed in them
    uint32_t words;
    uint32_t point_count;
    Safepoint **points;    // in the order of their ops
    const Region *regions; // innermost first
    uint32_t region_count;
    uint32_t block_count;
    const uint32_t *blocks;    // first words of the blocks, rising
    uint32_t frame_size;       // of its `frame` op; 0: it has none
    uint32_t x_count;          // X0..x_count-1 are all it names
    uint32_t d_count;          // D0..d_count-1 as well
    const void *entry;         // engine's form; where a call goes
    const void *closure_entry; // where a call through a closure goes
    void *engine_data;
};

// A built-in as the linker hands it on (vm/bif/bif.h: BifFn).
typedef Term (*BuiltinFn)(Process *p, Term *args);

// What a name stands for: an exported function, by module, name and arity. One for each in a VM,
// made when it is first linked or published, never freed before the VM. Publishing a new version
// stores its functions here, and so turns all calls through the name; who reads `function` loads
// with acquire (partner: the stores in module.c). While that happens it is NULL: who finds neither
// function nor builtin asks code_link or code_find, which wait.
typedef struct Target {
    Term module;
    Term name;
    uint32_t arity;
    bool library;                       // the library's module of this name, not the program's
    _Atomic(const Function *) function; // NULL: a built-in, or nothing at present
    BuiltinFn builtin;                  // set before the target is seen; NULL: none
} Target;

// An imported function, resolved when first called.
typedef struct {
    Term module;
    Term name;
    uint32_t arity;
    bool library;                   // the importing module is of the library
    _Atomic(const Target *) target; // NULL: not yet
} Import;

typedef struct {
    Term name;
    uint32_t arity;
    const Function *function;
} Export;

struct Module {
    VM *vm;
    Term name;
    uint32_t version; // of this name, from 1
    bool library;
    uint32_t function_count;
    Function *functions;
    uint32_t import_count;
    Import *imports;
    uint32_t literal_count;
    const Term *literals; // terms in the module's literal block
    uint32_t record_count;
    const RecordDesc **records;
    uint32_t atom_count;
    Term *atoms; // module's number -> VM's atom
    uint32_t file_count;
    const char **files;
    uint32_t *code;
    size_t code_words;
    struct LineTable *lines; // by function number: lines.h
    uint32_t export_count;
    Export *exports;         // by name text, then arity
    struct ModuleMeta *meta; // tests, docs, types: meta.h
    struct LiteralBlock *block;
    struct ModuleMemory *memory; // all of the above: loader_private.h
    void *engine_data;
    Module *older; // the version before; or the next one that was retired
};

// How an engine (interpreter or JIT) plugs in; chosen once when the VM starts.
typedef struct Engine {
    const char *name;
    // Makes the executable form of a verified module; false when memory ran out. Before
    // publication.
    bool (*prepare)(VM *vm, Module *module);
    void (*discard)(VM *vm, Module *module);
    // Runs p until it yields, waits or ends: a RunResult. p->x is set. Failures unwind inside.
    int (*run)(Process *p);
    const Safepoint *(*safepoint_of)(uintptr_t return_address);
    // Makes p, which has no frames yet, ready to call `function`, whose arguments (then captured
    // values) are already saved (process_saved).
    void (*start)(Process *p, const Function *function);
    // Where region `index` of a function is handled: a value for p->pc.
    const void *(*handler)(const Function *function, uint32_t index);
    // A value for p->pc: goes on looking for a handler.
    const void *(*unwinding)(const VM *vm);
    // Makes and ends what the engine has for a VM, in vm->engine_state; open says false with `why`
    // (256 bytes) set.
    bool (*open)(VM *vm, char *why);
    void (*close)(VM *vm);
} Engine;

// The code table ---------------------------------------------------------------------------------

// What the table asks of rooms above it; set by vm/boot.c.
typedef struct {
    BuiltinFn (*find_builtin)(const char *module, const char *name, uint32_t arity);
    // A version has been retired, and somebody should purge it: vm/proc/purge.h. May be NULL. Not
    // under the lock.
    void (*retired)(VM *vm);
} CodeHooks;

typedef enum {
    CODE_OK,
    CODE_INVALID, // the image is not sound: the error says where and why
    CODE_MEMORY,  // no memory, or no room for more atoms
} CodeStatus;

typedef struct {
    size_t offset; // byte of the image at which it was found
    char what[240];
} CodeError;

// NULL when there is no memory.
CodeTable *code_table_new(VM *vm, const CodeHooks *hooks);
// Frees all modules. No process may be left.
void code_table_free(CodeTable *table);

// Makes the modules of an image known as the program's (the library's of the same name are hidden
// from it). Each is loaded when first called; `main`, if not NULL, gets the name of the first. The
// bytes must stay as long as the VM. Any thread.
CodeStatus code_add_image(CodeTable *table, const uint8_t *bytes, size_t size, Term *main,
                          CodeError *error);

// Loads all modules of an image and publishes them all at once, as new versions where there are
// some already: who has seen one of the new functions, or anything done by it, finds no old one
// through a name. The bytes are not needed afterwards but for `meta`: they must stay. Any thread.
CodeStatus code_load_image(CodeTable *table, const uint8_t *bytes, size_t size, Term *main,
                           CodeError *error);

// The module of that name as the program sees it, loaded if need be; NULL when there is none, or
// (error->what is not empty then) it cannot be loaded. Takes LOCK_CODE, may take a millisecond or
// two. Any thread.
const Module *code_find_module(CodeTable *table, Term name, CodeError *error);

// What module.name/arity is to the program, loading the module if need be. NULL: nothing of that
// name, or `status` says why its module cannot be loaded.
const Target *code_find(CodeTable *table, Term module, Term name, uint32_t arity,
                        CodeStatus *status);

// Resolves an import. NULL as for code_find.
const Target *code_link(CodeTable *table, Import *import, CodeStatus *status);

// Whether there are versions older than the two that may live; one of them, which stays there until
// it is freed; freeing it, when nothing refers to it and every thread has passed a quiet point
// since that was so. Any thread.
bool code_has_retired(const CodeTable *table);
Module *code_retired(CodeTable *table);
void code_free_retired(CodeTable *table, Module *module);

// Why the last module that could not be loaded could not: empty when there was none.
void code_last_error(CodeTable *table, CodeError *error);

static inline const Function *target_function(const Target *target) {
    return atomic_load_explicit(&target->function, memory_order_acquire);
}

// The name under which a function reference made by the library finds the library's module,
// whatever modules the program has: `module` itself unless the program hides it.
Term code_library_name(CodeTable *table, Term module);

// A number over all given before, from 1: Function.serial.
uint64_t code_next_serial(CodeTable *table);

// The exported function, or NULL.
const Function *module_export(const Module *module, Term name, uint32_t arity);
