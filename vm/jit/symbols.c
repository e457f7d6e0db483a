// SPDX-License-Identifier: Apache-2.0
// See symbols.h. The object for gdb:
//
//   ELF head | frame information | symbols | names | names of sections | section heads
//
// .text has no bytes of its own but the address of the code, so symbols are offsets in the code.
// One frame description does for all code: the stack of machine code holds return addresses only,
// so a frame ends 8 bytes above the stack pointer everywhere (the glue has how gdb gets from C
// there).
#include "vm/jit/symbols.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vm/base/alloc.h"
#include "vm/base/buffer.h"
#include "vm/boot.h"
#include "vm/term/atom.h"

// ---- gdb's interface: these names and layouts are its own ---------------------------------------

struct GdbObject {
    GdbObject *next;
    GdbObject *previous;
    const char *bytes;
    uint64_t size;
};

typedef enum { GDB_NONE, GDB_REGISTER, GDB_UNREGISTER } GdbAction;

struct jit_descriptor {
    uint32_t version;
    uint32_t action;
    GdbObject *relevant;
    GdbObject *first;
};

__attribute__((visibility("default"), used)) struct jit_descriptor __jit_debug_descriptor = {
    1, GDB_NONE, NULL, NULL};

// gdb stops here and looks at the descriptor.
__attribute__((visibility("default"), used, noinline)) void __jit_debug_register_code(void);
void __jit_debug_register_code(void) {
    __asm__ volatile("" ::: "memory");
}

// The list is of the whole process, whatever machines are in it.
static pthread_mutex_t gdb_mutex = PTHREAD_MUTEX_INITIALIZER;

static void tell_gdb(GdbObject *object, GdbAction action) {
    struct jit_descriptor *d = &__jit_debug_descriptor;
    pthread_mutex_lock(&gdb_mutex);
    if (action == GDB_REGISTER) {
        object->next = d->first;
        if (object->next != NULL) {
            object->next->previous = object;
        }
        d->first = object;
    } else {
        *(object->previous != NULL ? &object->previous->next : &d->first) = object->next;
        if (object->next != NULL) {
            object->next->previous = object->previous;
        }
    }
    d->relevant = object;
    d->action = (uint32_t)action;
    __jit_debug_register_code();
    pthread_mutex_unlock(&gdb_mutex);
}

// ---- Names --------------------------------------------------------------------------------------

static void add_name(Buffer *b, const VM *vm, const Function *f) {
    buffer_add_format(b, "%s.%s/%u", atom_text(vm->atoms, f->module_name),
                      atom_text(vm->atoms, f->name), f->arity);
}

// Function i's code in the hot or cold part of the module's: offsets from its first byte.
typedef struct {
    size_t start;
    size_t end;
} Extent;

static Extent extent_of(const Module *module, const JitModule *made, uint32_t i, bool cold) {
    if (cold) {
        return (Extent){made->cold_starts[i], made->cold_starts[i + 1]};
    }
    const Function *f = &module->functions[i];
    size_t start = (size_t)((const uint8_t *)f->closure_entry - made->code);
    bool last = i + 1 == module->function_count;
    return (Extent){start, last ? made->cold_starts[0]
                                : (size_t)((const uint8_t *)f[1].closure_entry - made->code)};
}

// ---- perf ---------------------------------------------------------------------------------------

// One write: lines of modules that other threads load meanwhile do not mix.
static void write_map(int fd, const Buffer *lines) {
    ssize_t written = write(fd, lines->data, lines->len);
    (void)written; // perf will know less
}

static void add_to_map(VM *vm, int fd, const Module *module, const JitModule *made) {
    Buffer lines;
    buffer_init(&lines, vm->mem);
    for (uint32_t i = 0; i < module->function_count; i++) {
        for (int cold = 0; cold < 2; cold++) {
            Extent extent = extent_of(module, made, i, cold != 0);
            if (extent.start < extent.end) {
                buffer_add_format(&lines, "%lx %zx ", (unsigned long)(made->code + extent.start),
                                  extent.end - extent.start);
                add_name(&lines, vm, &module->functions[i]);
                buffer_add_char(&lines, '\n');
            }
        }
    }
    write_map(fd, &lines);
    buffer_free(&lines);
}

// ---- An object file for gdb ---------------------------------------------------------------------

enum {
    SECTION_NONE,
    SECTION_TEXT,
    SECTION_FRAMES,
    SECTION_SYMBOLS,
    SECTION_NAMES,
    SECTION_SECTION_NAMES,
    SECTION_COUNT
};

// The names of the sections, and where each stands among them.
static const char section_names[] = "\0.text\0.eh_frame\0.symtab\0.strtab";
enum { NAME_TEXT = 1, NAME_FRAMES = 7, NAME_SYMBOLS = 17, NAME_NAMES = 25 };

// .eh_frame: one CIE, one FDE. Bytes of 0 behind rules have no effect.
typedef struct __attribute__((packed)) {
    uint32_t cie_size;
    uint32_t cie_id;
    uint8_t version;
    char augmentation;      // none
    uint8_t code_alignment; // 1
    uint8_t data_alignment; // -8
    uint8_t return_register;
    uint8_t rules[11];
    uint32_t fde_size;
    uint32_t fde_cie; // from here back to the CIE
    uint64_t start;
    uint64_t size;
    uint8_t fde_rules[4];
    uint32_t end;
} Frames;

enum { DW_UNDEFINED = 0x07, DW_DEF_CFA = 0x0c, DW_OFFSET = 0x80 };

static Frames frames_of(const uint8_t *code, size_t size, bool outermost) {
    Frames frames = {
        .cie_size = offsetof(Frames, fde_size) - offsetof(Frames, cie_id),
        .version = 1,
        .code_alignment = 1,
        .data_alignment = 0x78,
        .return_register = MACHINE_RETURN_COLUMN,
        .rules = MACHINE_FRAME_RULES,
        .fde_size = offsetof(Frames, end) - offsetof(Frames, fde_cie),
        .fde_cie = offsetof(Frames, fde_cie),
        .start = (uint64_t)(uintptr_t)code,
        .size = size,
    };
    if (outermost) {
        frames.fde_rules[0] = DW_UNDEFINED;
        frames.fde_rules[1] = MACHINE_RETURN_COLUMN;
    }
    return frames;
}

typedef struct {
    VM *vm;
    const uint8_t *code;
    size_t size;
    Buffer symbols;
    Buffer names;
} ObjectParts;

static void parts_open(ObjectParts *parts, VM *vm, const uint8_t *code, size_t size) {
    *parts = (ObjectParts){.vm = vm, .code = code, .size = size};
    buffer_init(&parts->symbols, vm->mem);
    buffer_init(&parts->names, vm->mem);
    Elf64_Sym none = {0};
    buffer_add(&parts->symbols, &none, sizeof none);
    buffer_add_char(&parts->names, 0);
}

// The name is what was added to `names` since `name`.
static void add_symbol(ObjectParts *parts, size_t name, Extent extent) {
    Elf64_Sym symbol = {.st_name = (Elf64_Word)name,
                        .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                        .st_shndx = SECTION_TEXT,
                        .st_value = extent.start,
                        .st_size = extent.end - extent.start};
    buffer_add(&parts->symbols, &symbol, sizeof symbol);
}

// Where the parts of the object stand in it.
typedef struct {
    size_t frames;
    size_t symbols;
    size_t names;
    size_t section_names;
    size_t heads;
    size_t size;
} ObjectLayout;

static ObjectLayout layout_of(const ObjectParts *parts) {
    ObjectLayout at = {.frames = sizeof(Elf64_Ehdr)};
    at.symbols = at.frames + ((sizeof(Frames) + 7) & ~(size_t)7);
    at.names = at.symbols + parts->symbols.len;
    at.section_names = at.names + parts->names.len;
    at.heads = (at.section_names + sizeof section_names + 7) & ~(size_t)7;
    at.size = at.heads + SECTION_COUNT * sizeof(Elf64_Shdr);
    return at;
}

static void write_heads(const ObjectParts *parts, const ObjectLayout *at, char *bytes) {
    Elf64_Ehdr *head = (Elf64_Ehdr *)(void *)bytes;
    *head = (Elf64_Ehdr){
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_REL,
        .e_machine = MACHINE_ELF,
        .e_version = EV_CURRENT,
        .e_shoff = at->heads,
        .e_ehsize = sizeof(Elf64_Ehdr),
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = SECTION_COUNT,
        .e_shstrndx = SECTION_SECTION_NAMES};
    Elf64_Shdr *sections = (Elf64_Shdr *)(void *)(bytes + at->heads);
    sections[SECTION_TEXT] = (Elf64_Shdr){.sh_name = NAME_TEXT,
                                          .sh_type = SHT_NOBITS,
                                          .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
                                          .sh_addr = (Elf64_Addr)(uintptr_t)parts->code,
                                          .sh_size = parts->size,
                                          .sh_addralign = 16};
    sections[SECTION_FRAMES] = (Elf64_Shdr){.sh_name = NAME_FRAMES,
                                            .sh_type = SHT_PROGBITS,
                                            .sh_flags = SHF_ALLOC,
                                            .sh_offset = at->frames,
                                            .sh_size = sizeof(Frames),
                                            .sh_addralign = 8};
    sections[SECTION_SYMBOLS] = (Elf64_Shdr){.sh_name = NAME_SYMBOLS,
                                             .sh_type = SHT_SYMTAB,
                                             .sh_offset = at->symbols,
                                             .sh_size = parts->symbols.len,
                                             .sh_link = SECTION_NAMES,
                                             .sh_info = 1, // the first global symbol
                                             .sh_addralign = 8,
                                             .sh_entsize = sizeof(Elf64_Sym)};
    sections[SECTION_NAMES] = (Elf64_Shdr){.sh_name = NAME_NAMES,
                                           .sh_type = SHT_STRTAB,
                                           .sh_offset = at->names,
                                           .sh_size = parts->names.len,
                                           .sh_addralign = 1};
    sections[SECTION_SECTION_NAMES] = (Elf64_Shdr){.sh_name = NAME_NAMES,
                                                   .sh_type = SHT_STRTAB,
                                                   .sh_offset = at->section_names,
                                                   .sh_size = sizeof section_names,
                                                   .sh_addralign = 1};
}

// Makes the object of the parts, which go. NULL: no memory.
static GdbObject *object_new(ObjectParts *parts, bool outermost) {
    const Frames frames = frames_of(parts->code, parts->size, outermost);
    const ObjectLayout at = layout_of(parts);
    bool failed = parts->symbols.failed || parts->names.failed;
    GdbObject *object =
        failed ? NULL : mem_alloc_zero(parts->vm->mem, MEM_JIT, sizeof *object + at.size);
    if (object != NULL) {
        char *bytes = (char *)(object + 1);
        object->bytes = bytes;
        object->size = at.size;
        write_heads(parts, &at, bytes);
        memcpy(bytes + at.frames, &frames, sizeof frames);
        memcpy(bytes + at.symbols, parts->symbols.data, parts->symbols.len);
        memcpy(bytes + at.names, parts->names.data, parts->names.len);
        memcpy(bytes + at.section_names, section_names, sizeof section_names);
    }
    buffer_free(&parts->symbols);
    buffer_free(&parts->names);
    return object;
}

static GdbObject *module_object(VM *vm, const Module *module, const JitModule *made) {
    ObjectParts parts;
    parts_open(&parts, vm, made->code, made->size);
    for (uint32_t i = 0; i < module->function_count; i++) {
        size_t name = parts.names.len;
        add_name(&parts.names, vm, &module->functions[i]);
        buffer_add_char(&parts.names, 0);
        add_symbol(&parts, name, extent_of(module, made, i, false));
        add_symbol(&parts, name, extent_of(module, made, i, true));
    }
    return object_new(&parts, false);
}

static GdbObject *stubs_object(VM *vm, const JitState *state) {
    ObjectParts parts;
    parts_open(&parts, vm, state->stubs, state->stubs_size);
    buffer_add_text(&parts.names, "process");
    buffer_add_char(&parts.names, 0);
    add_symbol(&parts, 1, (Extent){0, state->stubs_size});
    return object_new(&parts, true);
}

static void object_free(VM *vm, GdbObject *object) {
    if (object != NULL) {
        tell_gdb(object, GDB_UNREGISTER);
        mem_free(vm->mem, MEM_JIT, object);
    }
}

// ---- The face -----------------------------------------------------------------------------------

static bool open_map(VM *vm, JitState *state, char *why) {
    char path[64];
    snprintf(path, sizeof path, "/tmp/perf-%d.map", (int)getpid());
    state->perf_map =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (state->perf_map < 0) {
        snprintf(why, 256, "%s: %s", path, strerror(errno));
        return false;
    }
    Buffer line;
    buffer_init(&line, vm->mem);
    buffer_add_format(&line, "%lx %zx process\n", (unsigned long)state->stubs, state->stubs_size);
    write_map(state->perf_map, &line);
    buffer_free(&line);
    return true;
}

bool symbols_open(VM *vm, JitState *state, char *why) {
    if ((vm->options.symbols & SYMBOLS_GDB) != 0) {
        state->gdb_object = stubs_object(vm, state);
        if (state->gdb_object != NULL) {
            tell_gdb(state->gdb_object, GDB_REGISTER);
        }
    }
    return (vm->options.symbols & SYMBOLS_PERF) == 0 || open_map(vm, state, why);
}

void symbols_close(VM *vm, JitState *state) {
    object_free(vm, state->gdb_object);
    if (state->perf_map > 0) {
        close(state->perf_map);
    }
}

void symbols_add(VM *vm, const Module *module, JitModule *made) {
    const JitState *state = vm->engine_state;
    if (state->perf_map > 0) {
        add_to_map(vm, state->perf_map, module, made);
    }
    if ((vm->options.symbols & SYMBOLS_GDB) != 0) {
        made->gdb_object = module_object(vm, module, made);
        if (made->gdb_object != NULL) {
            tell_gdb(made->gdb_object, GDB_REGISTER);
        }
    }
}

void symbols_remove(VM *vm, JitModule *made) {
    object_free(vm, made->gdb_object);
}
