// SPDX-License-Identifier: Apache-2.0
// Loaded code. A Module is made by the loader from an image (loader.h), passed by the verifier (verifier.h), given its engine's
// form (vm/interp, later vm/jit) and published by one atomic store; from then on it is immutable but for import slots, which are
// data that an atomic store fills when a call is first made. Two versions of a module may live. A module is
// freed when no process is in it and every scheduler has passed a quiet point. Tests: tests/unit/vm/code.
#pragma once

#include <stdatomic.h>

#include "vm/code/format.h"
#include "vm/term/fn.h"

// A point where a collection, a switch, a failure or a return may happen: what lives, and where it is in the code.
// Found by return address (Engine.safepoint_of) and by the map operand of the op that runs.
struct Safepoint {
    const Function *function;
    uint32_t offset;  // word of the canonical op in its function
    uint16_t nx;      // X0..nx-1 hold terms unless `kinds` says otherwise
    uint16_t ny;      // slots of the frame; 0: none
    uint8_t kinds[];  // SlotKind, four a byte, lowest bits first: nx of X, then ny of Y
};

typedef struct {
    uint32_t start;  // words
    uint32_t end;
    uint32_t target; // word of the handler
} Region;

typedef struct {
    uint32_t function;  // atom index in the VM
    uint32_t file;      // of Module.files
    uint32_t line;
} LineFrame;

struct Function {
    FUNCTION_HEAD;       // serial, module_name, name, arity, captured, flags (FN_*): vm/term/fn.h
    Module *module;
    const uint32_t *code;  // canonical words, in Module.code; labels already resolved to word offsets + 1
    uint32_t words;
    uint32_t point_count;
    const Safepoint **points;  // by map number
    const Region *regions;     // innermost first
    uint32_t region_count;
    const void *entry;         // engine's form; where a call goes
    void *engine_data;
};

// An imported function, resolved when first called.
typedef struct {
    Term module;
    Term name;
    uint32_t arity;
    _Atomic(const struct Target *) target;  // NULL: not yet
} Import;

struct Module {
    VM *vm;
    Term name;
    uint32_t version;        // of this name, from 1
    uint32_t function_count;
    Function *functions;
    uint32_t import_count;
    Import *imports;
    uint32_t literal_count;
    Term *literals;          // terms in the module's literal block
    uint32_t record_count;
    const RecordDesc **records;
    uint32_t atom_count;
    Term *atoms;             // module's number -> VM's atom
    uint32_t file_count;
    const char **files;
    uint32_t *code;
    size_t code_words;
    struct LineTable *lines;
    struct ModuleExports *exports;
    struct ModuleMeta *meta; // tests, docs, types: kept as they are in the image
};

// How an engine (interpreter or JIT) plugs in; chosen once when the VM starts.
typedef struct Engine {
    const char *name;
    // Makes the executable form of a verified module; false when memory ran out. Before publication.
    bool (*prepare)(VM *vm, Module *module);
    void (*discard)(VM *vm, Module *module);
    // Runs p until it yields, waits or ends: a RunResult. p->x is set. Failures unwind inside.
    int (*run)(Process *p);
    const Safepoint *(*safepoint_of)(uintptr_t return_address);
    // Makes p ready to call `fn` (a function value, or a Function with arguments already in p->saved) when first run.
    void (*start)(Process *p, const Function *function);
} Engine;
