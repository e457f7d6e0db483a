// SPDX-License-Identifier: Apache-2.0
// The code table: which modules there are, what names stand for, and versions. See module.h.
//
// Modules are found by name in two spaces, the program's and the library's; a program module hides
// the library's of its name from the program only. Slots and loading are guarded by LOCK_CODE.
// Targets are found without a lock, in an open hash index that is replaced as a whole when full
// (old ones stay until the table ends), as calls through function references look there each time.
// Publishing is atomic to callers: all targets that change are emptied before the first is filled
// anew, and who finds one empty waits for the lock (code_link, code_find). So nobody sees an old
// function once a new one may be seen, and a call costs what it would if nothing were ever
// published. A third version retires the first, which stays in
// memory until it is purged (vm/proc/purge.h): closures and literals of it may be anywhere.
#include "vm/code/module.h"

#include <string.h>

#include "vm/base/alloc.h"
#include "vm/base/hash.h"
#include "vm/base/lock.h"
#include "vm/boot.h"
#include "vm/code/library.h"
#include "vm/code/loader.h"
#include "vm/term/atom.h"

enum { SLOT_CHAINS = 256, TARGETS_FIRST = 256 };

#define LIBRARY_PREFIX "Library."

typedef struct ModuleSlot {
    struct ModuleSlot *next;
    Term name;
    bool library;
    bool has_image; // not yet loaded
    ImageModule image;
    Module *current; // its `older`: the version before
    bool broken;     // its image could not be loaded
} ModuleSlot;

typedef struct TargetIndex {
    struct TargetIndex *older;
    size_t size; // a power of two
    _Atomic(Target *) targets[];
} TargetIndex;

struct CodeTable {
    VM *vm;
    CodeHooks hooks;
    _Atomic uint64_t serial;
    _Atomic(TargetIndex *) index;
    _Atomic uint32_t retired_count; // in `retired`; written under the lock
    Lock lock;                      // guards all below
    size_t target_count;
    ModuleSlot *slots[SLOT_CHAINS];
    Module *retired;
    CodeError last_error;
};

static TargetIndex *index_new(CodeTable *t, size_t size) {
    TargetIndex *index =
        mem_alloc_zero(t->vm->mem, MEM_CODE, sizeof *index + size * sizeof(index->targets[0]));
    if (index != NULL) {
        index->size = size;
    }
    return index;
}

CodeTable *code_table_new(VM *vm, const CodeHooks *hooks) {
    CodeTable *t = mem_alloc_zero(vm->mem, MEM_CODE, sizeof *t);
    if (t == NULL) {
        return NULL;
    }
    t->vm = vm;
    t->hooks = *hooks;
    TargetIndex *index = index_new(t, TARGETS_FIRST);
    if (index == NULL) {
        mem_free(vm->mem, MEM_CODE, t);
        return NULL;
    }
    atomic_init(&t->index, index);
    atomic_init(&t->serial, 0);
    lock_init(&t->lock, LOCK_CODE);
    return t;
}

static void module_discard(CodeTable *t, Module *module) {
    while (module != NULL) {
        Module *older = module->older;
        t->vm->engine->discard(t->vm, module);
        module_free(module);
        module = older;
    }
}

void code_table_free(CodeTable *t) {
    MemStats *mem = t->vm->mem;
    for (int i = 0; i < SLOT_CHAINS; i++) {
        while (t->slots[i] != NULL) {
            ModuleSlot *slot = t->slots[i];
            t->slots[i] = slot->next;
            module_discard(t, slot->current);
            mem_free(mem, MEM_CODE, slot);
        }
    }
    module_discard(t, t->retired);
    TargetIndex *index = atomic_load_explicit(&t->index, memory_order_relaxed);
    for (size_t i = 0; i < index->size; i++) {
        mem_free(mem, MEM_CODE, atomic_load_explicit(&index->targets[i], memory_order_relaxed));
    }
    while (index != NULL) {
        TargetIndex *older = index->older;
        mem_free(mem, MEM_CODE, index);
        index = older;
    }
    lock_destroy(&t->lock);
    mem_free(mem, MEM_CODE, t);
}

uint64_t code_next_serial(CodeTable *t) {
    // Relaxed: only uniqueness counts, and modules of one dependency are loaded in order under the
    // lock.
    return atomic_fetch_add_explicit(&t->serial, 1, memory_order_relaxed) + 1;
}

// Targets ----------------------------------------------------------------------------------------

static uint64_t target_hash(bool library, Term module, Term name, uint32_t arity) {
    return hash_word(hash_mix(module.bits, name.bits), (uint64_t)arity << 1 | library);
}

static bool target_is(const Target *target, bool library, Term module, Term name, uint32_t arity) {
    return target->library == library && target->arity == arity &&
           term_same_bits(target->module, module) && term_same_bits(target->name, name);
}

// Any thread, without the lock.
static Target *target_find(CodeTable *t, bool library, Term module, Term name, uint32_t arity) {
    // Acquire pairs with the release stores of index and entries below: what they point to is
    // complete.
    TargetIndex *index = atomic_load_explicit(&t->index, memory_order_acquire);
    for (uint64_t at = target_hash(library, module, name, arity);; at++) {
        Target *target =
            atomic_load_explicit(&index->targets[at & (index->size - 1)], memory_order_acquire);
        if (target == NULL || target_is(target, library, module, name, arity)) {
            return target;
        }
    }
}

static void index_put(TargetIndex *index, Target *target) {
    uint64_t at = target_hash(target->library, target->module, target->name, target->arity);
    while (atomic_load_explicit(&index->targets[at & (index->size - 1)], memory_order_relaxed) !=
           NULL) {
        at++;
    }
    atomic_store_explicit(&index->targets[at & (index->size - 1)], target, memory_order_release);
}

static bool index_grow(CodeTable *t) REQUIRES(t->lock) {
    TargetIndex *old = atomic_load_explicit(&t->index, memory_order_relaxed);
    if (t->target_count < old->size / 2) {
        return true;
    }
    TargetIndex *index = index_new(t, old->size * 2);
    if (index == NULL) {
        return false;
    }
    index->older = old;
    for (size_t i = 0; i < old->size; i++) {
        Target *target = atomic_load_explicit(&old->targets[i], memory_order_relaxed);
        if (target != NULL) {
            index_put(index, target);
        }
    }
    atomic_store_explicit(&t->index, index, memory_order_release);
    return true;
}

// The target of that name, made if need be. NULL: no memory.
static Target *target_intern(CodeTable *t, bool library, Term module, Term name, uint32_t arity,
                             BuiltinFn builtin) REQUIRES(t->lock) {
    Target *target = target_find(t, library, module, name, arity);
    if (target != NULL) {
        return target;
    }
    target = index_grow(t) ? mem_alloc_zero(t->vm->mem, MEM_CODE, sizeof *target) : NULL;
    if (target != NULL) {
        *target = (Target){
            .module = module, .name = name, .arity = arity, .library = library, .builtin = builtin};
        t->target_count++;
        index_put(atomic_load_explicit(&t->index, memory_order_relaxed), target);
    }
    return target;
}

// Slots ------------------------------------------------------------------------------------------

static ModuleSlot *slot_find(CodeTable *t, Term name, bool library) REQUIRES(t->lock) {
    ModuleSlot *slot = t->slots[term_to_atom(name) % SLOT_CHAINS];
    while (slot != NULL && (slot->library != library || !term_same_bits(slot->name, name))) {
        slot = slot->next;
    }
    return slot;
}

static ModuleSlot *slot_intern(CodeTable *t, Term name, bool library) REQUIRES(t->lock) {
    ModuleSlot *slot = slot_find(t, name, library);
    if (slot == NULL) {
        slot = mem_alloc_zero(t->vm->mem, MEM_CODE, sizeof *slot);
        if (slot != NULL) {
            ModuleSlot **chain = &t->slots[term_to_atom(name) % SLOT_CHAINS];
            slot->next = *chain;
            slot->name = name;
            slot->library = library;
            *chain = slot;
        }
    }
    return slot;
}

static CodeStatus no_memory(CodeError *error) {
    *error = (CodeError){.what = "no memory left"};
    return CODE_MEMORY;
}

static CodeStatus image_name(CodeTable *t, const ImageModule *image, Term *name, CodeError *error) {
    return atom_intern(t->vm->atoms, (const char *)image->name, image->name_len, name) == ATOM_OK
               ? CODE_OK
               : no_memory(error);
}

// Loads a module and gives it its engine's form.
static CodeStatus load_ready(CodeTable *t, const ImageModule *image, bool library, Module **module,
                             CodeError *error) {
    CodeStatus status = module_load(t->vm, image, library, module, error);
    if (status == CODE_OK && !t->vm->engine->prepare(t->vm, *module)) {
        module_free(*module);
        status = no_memory(error);
    }
    return status;
}

// Makes targets for all that the module exports, so that publishing cannot fail.
static bool intern_exports(CodeTable *t, const Module *module) REQUIRES(t->lock) {
    for (uint32_t i = 0; i < module->export_count; i++) {
        const Export *e = &module->exports[i];
        if (target_intern(t, module->library, module->name, e->name, e->arity, NULL) == NULL) {
            return false;
        }
    }
    return true;
}

static void set_targets(CodeTable *t, const Module *module, bool filled) REQUIRES(t->lock) {
    for (uint32_t i = 0; i < module->export_count; i++) {
        const Export *e = &module->exports[i];
        Target *target = target_find(t, module->library, module->name, e->name, e->arity);
        // Release pairs with target_function: who sees the function sees the whole module, and all
        // the targets that were emptied before.
        atomic_store_explicit(&target->function, filled ? e->function : NULL, memory_order_release);
    }
}

// The module becomes its name's newest version.
static void slot_push(CodeTable *t, ModuleSlot *slot, Module *module) REQUIRES(t->lock) {
    Module *old = slot->current;
    module->version = old == NULL ? 1 : old->version + 1;
    module->older = old;
    if (old != NULL && old->older != NULL) {
        old->older->older = t->retired;
        t->retired = old->older;
        old->older = NULL;
        atomic_fetch_add_explicit(&t->retired_count, 1, memory_order_relaxed);
    }
    slot->current = module;
    slot->has_image = false;
}

// All modules of the chain (through `older`) become the newest versions of their names, at once.
// A name that comes twice: the one nearer to the chain's end wins.
static void publish(CodeTable *t, Module *chain) REQUIRES(t->lock) {
    for (const Module *module = chain; module != NULL; module = module->older) {
        const Module *old = slot_find(t, module->name, module->library)->current;
        if (old != NULL) {
            set_targets(t, old, false);
        }
    }
    while (chain != NULL) {
        Module *module = chain;
        chain = module->older;
        ModuleSlot *slot = slot_find(t, module->name, module->library);
        if (slot->current != NULL) {
            set_targets(t, slot->current, false); // of this very chain
        }
        slot_push(t, slot, module);
        set_targets(t, module, true);
    }
}

// Sees to it that the slot's module is loaded, if it has an image.
static CodeStatus slot_load(CodeTable *t, ModuleSlot *slot, CodeError *error) REQUIRES(t->lock) {
    if (!slot->has_image || slot->broken) {
        if (slot->broken) {
            *error = t->last_error;
        }
        return slot->broken ? CODE_INVALID : CODE_OK;
    }
    Module *module;
    CodeStatus status = load_ready(t, &slot->image, slot->library, &module, error);
    if (status == CODE_OK && !intern_exports(t, module)) {
        t->vm->engine->discard(t->vm, module);
        module_free(module);
        status = no_memory(error);
    }
    if (status == CODE_OK) {
        module->older = NULL;
        publish(t, module);
    } else {
        slot->broken = status == CODE_INVALID;
        t->last_error = *error;
    }
    return status;
}

// The slot of a module of the library, made when the library has an image for it. NULL: there is
// none.
static ModuleSlot *library_slot(CodeTable *t, Term name) REQUIRES(t->lock) {
    ModuleSlot *slot = slot_find(t, name, true);
    const struct Library *library = t->vm->library;
    if (slot != NULL || library == NULL) {
        return slot;
    }
    const uint8_t *bytes;
    size_t size;
    ImageCursor cursor;
    ImageModule image;
    CodeError error;
    if (!library->find(library, atom_text(t->vm->atoms, name), &bytes, &size) ||
        image_open(bytes, size, &cursor, &error) != CODE_OK) {
        return NULL;
    }
    while (image_next(&cursor, &image, &error)) {
        Term found;
        if (image_name(t, &image, &found, &error) == CODE_OK && term_same_bits(found, name)) {
            slot = slot_intern(t, name, true);
            if (slot != NULL) {
                slot->has_image = true;
                slot->image = image;
            }
            break;
        }
    }
    return slot;
}

// The library's module that a name such as Library.List stands for: see code_library_name.
static Term library_name_meant(CodeTable *t, Term name) {
    const Atom *atom = atom_get(t->vm->atoms, name);
    size_t prefix = sizeof LIBRARY_PREFIX - 1;
    Term meant;
    return atom->len > prefix && memcmp(atom->text, LIBRARY_PREFIX, prefix) == 0 &&
                   atom_find(t->vm->atoms, atom->text + prefix, atom->len - prefix, &meant)
               ? meant
               : name;
}

// Where a module of that name is found, and under which name. `Vm` means the built-ins, whatever a
// program calls its own.
typedef struct {
    ModuleSlot *slot; // NULL: there is no code
    Term name;
    bool library;
} Place;

static Place find_place(CodeTable *t, Term name, bool from_library) REQUIRES(t->lock) {
    if (term_same_bits(name, AM_Vm)) {
        return (Place){NULL, name, true};
    }
    ModuleSlot *slot = from_library ? NULL : slot_find(t, name, false);
    if (slot != NULL) {
        return (Place){slot, name, false};
    }
    slot = library_slot(t, name);
    if (slot == NULL) {
        name = library_name_meant(t, name);
        slot = library_slot(t, name);
    }
    return (Place){slot, name, true};
}

NO_LOCK_ANALYSIS Term code_library_name(CodeTable *t, Term module) {
    // Called while a module of the library is loaded, under the lock.
    Term hidden = module;
    if (slot_find(t, module, false) != NULL) {
        const Atom *atom = atom_get(t->vm->atoms, module);
        char text[sizeof LIBRARY_PREFIX + 256];
        if (atom->len <= 256) {
            memcpy(text, LIBRARY_PREFIX, sizeof LIBRARY_PREFIX - 1);
            memcpy(text + sizeof LIBRARY_PREFIX - 1, atom->text, atom->len);
            if (atom_intern(t->vm->atoms, text, sizeof LIBRARY_PREFIX - 1 + atom->len, &hidden) !=
                ATOM_OK) {
                hidden = module;
            }
        }
    }
    return hidden;
}

// Images -----------------------------------------------------------------------------------------

static CodeStatus add_image_locked(CodeTable *t, ImageCursor *cursor, Term *main, CodeError *error)
    REQUIRES(t->lock) {
    ImageModule image;
    bool first = true;
    while (image_next(cursor, &image, error)) {
        Term name;
        CodeStatus status = image_name(t, &image, &name, error);
        ModuleSlot *slot = status == CODE_OK ? slot_intern(t, name, false) : NULL;
        if (slot == NULL) {
            return no_memory(error);
        }
        if (first && main != NULL) {
            *main = name;
        }
        first = false;
        if (slot->current == NULL) {
            slot->has_image = true;
            slot->broken = false;
            slot->image = image;
        }
    }
    return error->what[0] == '\0' ? CODE_OK : CODE_INVALID;
}

CodeStatus code_add_image(CodeTable *t, const uint8_t *bytes, size_t size, Term *main,
                          CodeError *error) {
    ImageCursor cursor;
    CodeStatus status = image_open(bytes, size, &cursor, error);
    if (status == CODE_OK) {
        lock_acquire(&t->lock);
        status = add_image_locked(t, &cursor, main, error);
        lock_release(&t->lock);
    }
    return status;
}

// Loads all modules of the image before any is published: a chain through `older`, newest first.
static CodeStatus load_chain(CodeTable *t, ImageCursor *cursor, Module **chain, CodeError *error)
    REQUIRES(t->lock) {
    ImageModule image;
    CodeStatus status = CODE_OK;
    while (status == CODE_OK && image_next(cursor, &image, error)) {
        Module *module;
        status = load_ready(t, &image, false, &module, error);
        if (status == CODE_OK) {
            module->older = *chain;
            *chain = module;
            if (!intern_exports(t, module) || slot_intern(t, module->name, false) == NULL) {
                status = no_memory(error);
            }
        }
    }
    return status == CODE_OK && error->what[0] != '\0' ? CODE_INVALID : status;
}

CodeStatus code_load_image(CodeTable *t, const uint8_t *bytes, size_t size, Term *main,
                           CodeError *error) {
    ImageCursor cursor;
    CodeStatus status = image_open(bytes, size, &cursor, error);
    if (status != CODE_OK) {
        return status;
    }
    lock_acquire(&t->lock);
    Module *chain = NULL;
    status = load_chain(t, &cursor, &chain, error);
    if (status != CODE_OK) {
        module_discard(t, chain);
        chain = NULL;
    }
    for (const Module *module = chain; module != NULL && main != NULL; module = module->older) {
        *main = module->name;
    }
    publish(t, chain);
    lock_release(&t->lock);
    if (code_has_retired(t) && t->hooks.retired != NULL) {
        t->hooks.retired(t->vm);
    }
    return status;
}

// Looking up -------------------------------------------------------------------------------------

const Module *code_find_module(CodeTable *t, Term name, CodeError *error) {
    *error = (CodeError){0};
    lock_acquire(&t->lock);
    Place place = find_place(t, name, false);
    const Module *module = NULL;
    if (place.slot != NULL && slot_load(t, place.slot, error) == CODE_OK) {
        module = place.slot->current;
    }
    lock_release(&t->lock);
    return module;
}

static bool target_leads(const Target *target) {
    return target != NULL && (target->builtin != NULL || target_function(target) != NULL);
}

// Slow path: loads what is needed.
static const Target *resolve_locked(CodeTable *t, Term module, Term name, uint32_t arity,
                                    bool from_library, CodeStatus *status) REQUIRES(t->lock) {
    Place place = find_place(t, module, from_library);
    CodeError error = {0};
    *status = place.slot == NULL ? CODE_OK : slot_load(t, place.slot, &error);
    if (*status != CODE_OK) {
        return NULL;
    }
    Target *target = target_find(t, place.library, place.name, name, arity);
    if (target_leads(target)) {
        return target;
    }
    if (target != NULL || !place.library) {
        return NULL;
    }
    BuiltinFn builtin = t->hooks.find_builtin(atom_text(t->vm->atoms, place.name),
                                              atom_text(t->vm->atoms, name), arity);
    if (builtin == NULL) {
        return NULL;
    }
    target = target_intern(t, true, place.name, name, arity, builtin);
    *status = target == NULL ? CODE_MEMORY : CODE_OK;
    return target;
}

static const Target *resolve(CodeTable *t, Term module, Term name, uint32_t arity,
                             bool from_library, CodeStatus *status) {
    lock_acquire(&t->lock);
    const Target *target = resolve_locked(t, module, name, arity, from_library, status);
    lock_release(&t->lock);
    return target;
}

const Target *code_find(CodeTable *t, Term module, Term name, uint32_t arity, CodeStatus *status) {
    *status = CODE_OK;
    const Target *target = target_find(t, false, module, name, arity);
    if (target_leads(target)) {
        return target;
    }
    return resolve(t, module, name, arity, false, status);
}

const Target *code_link(CodeTable *t, Import *import, CodeStatus *status) {
    const Target *target =
        resolve(t, import->module, import->name, import->arity, import->library, status);
    if (target != NULL) {
        // Release pairs with the acquire load of call_ext.
        atomic_store_explicit(&import->target, target, memory_order_release);
    }
    return target;
}

bool code_has_retired(const CodeTable *t) {
    return atomic_load_explicit(&t->retired_count, memory_order_relaxed) != 0;
}

Module *code_retired(CodeTable *t) {
    lock_acquire(&t->lock);
    Module *module = t->retired;
    lock_release(&t->lock);
    return module;
}

void code_free_retired(CodeTable *t, Module *module) {
    lock_acquire(&t->lock);
    Module **link = &t->retired;
    while (*link != module) {
        link = &(*link)->older;
    }
    *link = module->older;
    module->older = NULL;
    atomic_fetch_sub_explicit(&t->retired_count, 1, memory_order_relaxed);
    lock_release(&t->lock);
    module_discard(t, module);
}

void code_last_error(CodeTable *t, CodeError *error) {
    lock_acquire(&t->lock);
    *error = t->last_error;
    lock_release(&t->lock);
}
