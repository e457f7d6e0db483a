// SPDX-License-Identifier: Apache-2.0
// Head, chunks and tables of an image: see loader.h. Code is decoded in decode.c, literals in
// literals.c, line tables in lines.c, tests and docs in meta.c; the verifier comes last. README.md
// specifies the format.
#include "vm/code/loader.h"

#include <stdlib.h>
#include <string.h>

#include "vm/base/alloc.h"
#include "vm/code/loader_private.h"
#include "vm/code/verifier.h"
#include "vm/heap/literal.h"
#include "vm/term/atom.h"
#include "vm/term/record.h"

static const char chunk_names[CHUNK_COUNT][5] = {
#define X(id) #id,
    IMAGE_CHUNKS(X)
#undef X
};

enum {
    ARGUMENTS_MAX = X_COUNT - 1,
    LOADED_FLAGS = FN_EXPORTED | FN_CLOSURE | FN_TEST,
};

// The file ---------------------------------------------------------------------------------------

CodeStatus image_open(const uint8_t *bytes, size_t size, ImageCursor *cursor, CodeError *error) {
    *error = (CodeError){0};
    Reader r = {.image = bytes, .at = bytes, .end = bytes + size, .error = error};
    const uint8_t *magic = read_bytes(&r, 4, "head");
    if (magic != NULL && memcmp(magic, IMAGE_MAGIC, 4) != 0) {
        reader_fail(&r, "not an image: it does not begin with " IMAGE_MAGIC);
    }
    uint16_t version = read_u16(&r);
    if (!r.failed && version != IMAGE_VERSION) {
        reader_fail(&r, "format version %u; this machine reads version %d", version, IMAGE_VERSION);
    }
    uint16_t flags = read_u16(&r);
    if (flags != 0) {
        reader_fail(&r, "unknown flags %#x", flags);
    }
    uint64_t sum = read_u64(&r);
    if (!r.failed && sum != image_checksum(r.at, reader_left(&r))) {
        reader_fail(&r, "damaged: the checksum does not fit");
    }
    uint32_t count = read_u32(&r);
    if (!r.failed && (count == 0 || count > IMAGE_MAX_MODULES)) {
        reader_fail(&r, "%u modules", count);
    }
    *cursor = (ImageCursor){.count = count, .image = bytes, .at = r.at, .end = r.end};
    for (uint32_t i = 0; i < count && !r.failed; i++) {
        uint32_t length = read_u32(&r);
        read_bytes(&r, length, "module");
    }
    if (!r.failed && r.at != r.end) {
        reader_fail(&r, "bytes after the last module");
    }
    return r.failed ? CODE_INVALID : CODE_OK;
}

bool image_next(ImageCursor *cursor, ImageModule *module, CodeError *error) {
    *error = (CodeError){0};
    if (cursor->at == cursor->end) {
        return false;
    }
    Reader r = {.image = cursor->image, .at = cursor->at, .end = cursor->end, .error = error};
    module->image = cursor->image;
    module->size_bytes = read_u32(&r);
    module->bytes = read_bytes(&r, module->size_bytes, "module");
    cursor->at = r.at;
    if (r.failed) {
        return false;
    }
    r = (Reader){.image = cursor->image,
                 .at = module->bytes,
                 .end = module->bytes + module->size_bytes,
                 .error = error};
    const uint8_t *id = read_bytes(&r, 4, "chunk");
    if (id != NULL && memcmp(id, chunk_names[CHUNK_ATOM], 4) != 0) {
        reader_fail(&r, "a module does not begin with its atoms");
    }
    read_u32(&r);
    if (read_count(&r, 1, "atoms") == 0) {
        reader_fail(&r, "a module without a name");
    }
    module->name = read_text(&r, &module->name_len, "name of a module");
    return !r.failed;
}

// Chunks -----------------------------------------------------------------------------------------

static bool find_chunks(Loading *l, const ImageModule *image) {
    Reader r = {.image = image->image,
                .at = image->bytes,
                .end = image->bytes + image->size_bytes,
                .error = l->error};
    for (int i = 0; i < CHUNK_COUNT; i++) {
        l->chunks[i] =
            (Reader){.image = image->image, .at = r.end, .end = r.end, .error = l->error};
    }
    int next = 0;
    while (!r.failed && r.at != r.end) {
        const uint8_t *id = read_bytes(&r, 4, "chunk");
        int found = next;
        while (id != NULL && found < CHUNK_COUNT && memcmp(id, chunk_names[found], 4) != 0) {
            found++;
        }
        if (found == CHUNK_COUNT) {
            r.at -= id == NULL ? 0 : 4;
            reader_fail(&r, "a chunk that is unknown, out of order or there twice");
            break;
        }
        uint32_t size = read_u32(&r);
        const uint8_t *payload = read_bytes(&r, size, chunk_names[found]);
        if (payload != NULL) {
            l->chunks[found].at = payload;
            l->chunks[found].end = payload + size;
        }
        next = found + 1;
    }
    return !r.failed;
}

// Whether the chunk was read without an error and to its end.
static bool chunk_ended(const Loading *l, Reader *r, const char *name) {
    if (!r->failed && l->error->what[0] == '\0' && r->at != r->end) {
        reader_fail(r, "%s: bytes after the last entry", name);
    }
    return !r->failed && l->error->what[0] == '\0';
}

static int compare_bits(const void *a, const void *b) {
    uint64_t x = ((const Term *)a)->bits;
    uint64_t y = ((const Term *)b)->bits;
    return (x > y) - (x < y);
}

static bool load_atoms(Loading *l) {
    Reader *r = &l->chunks[CHUNK_ATOM];
    Module *m = l->module;
    uint32_t count = read_count(r, 1, "atoms");
    if (!r->failed && (count == 0 || count > IMAGE_MAX_ATOMS)) {
        reader_fail(r, "%u atoms", count);
    }
    if (r->failed) {
        return false;
    }
    m->atoms = loading_take(l, count, sizeof(Term));
    Term *sorted = loading_take_temporary(l, count, sizeof(Term));
    if (m->atoms == NULL || sorted == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        size_t len;
        const uint8_t *text = read_text(r, &len, "atom");
        if (r->failed) {
            return false;
        }
        switch (atom_intern(l->vm->atoms, (const char *)text, len, &m->atoms[i])) {
        case ATOM_OK: break;
        case ATOM_TOO_LONG: reader_fail(r, "an atom of %zu bytes", len); return false;
        case ATOM_TOO_MANY:
        case ATOM_NO_MEMORY: return loading_no_memory(l);
        }
    }
    memcpy(sorted, m->atoms, count * sizeof(Term));
    qsort(sorted, count, sizeof(Term), compare_bits);
    for (uint32_t i = 1; i < count; i++) {
        if (term_same_bits(sorted[i - 1], sorted[i])) {
            reader_fail(r, "the atom %s is there twice", atom_text(l->vm->atoms, sorted[i]));
        }
    }
    m->atom_count = count;
    m->name = m->atoms[0];
    return chunk_ended(l, r, "ATOM");
}

static Term read_atom(Loading *l, Reader *r, const char *what) {
    return l->module->atoms[read_u(r, l->module->atom_count - 1, what)];
}

static bool load_files(Loading *l) {
    Reader *r = &l->chunks[CHUNK_FILE];
    Module *m = l->module;
    if (r->at == r->end) {
        return true;
    }
    uint32_t count = read_count(r, 1, "files");
    m->files = loading_take(l, count, sizeof *m->files);
    for (uint32_t i = 0; i < count && m->files != NULL && !r->failed; i++) {
        size_t len;
        const uint8_t *text = read_text(r, &len, "file");
        char *copy = loading_take(l, len + 1, 1);
        if (copy == NULL) {
            return false;
        }
        memcpy(copy, text == NULL ? (const uint8_t *)"" : text, len);
        m->files[i] = copy;
        m->file_count = i + 1;
    }
    return chunk_ended(l, r, "FILE");
}

static bool load_records(Loading *l) {
    Reader *r = &l->chunks[CHUNK_RECS];
    Module *m = l->module;
    if (r->at == r->end) {
        return true;
    }
    uint32_t count = read_count(r, 3, "records");
    m->records = loading_take(l, count, sizeof *m->records);
    for (uint32_t i = 0; i < count && m->records != NULL && !r->failed; i++) {
        Term module = read_atom(l, r, "module of a record");
        Term name = read_atom(l, r, "name of a record");
        uint32_t n = read_count(r, 1, "fields of a record");
        Term *fields = loading_take_temporary(l, n, sizeof(Term));
        if (fields == NULL) {
            return false;
        }
        for (uint32_t k = 0; k < n; k++) {
            fields[k] = read_atom(l, r, "field of a record");
        }
        if (r->failed) {
            return false;
        }
        m->records[i] = record_intern(l->vm->records, module, name, fields, n);
        if (m->records[i] == NULL) {
            return loading_no_memory(l);
        }
        m->record_count = i + 1;
    }
    return chunk_ended(l, r, "RECS");
}

static bool load_imports(Loading *l) {
    Reader *r = &l->chunks[CHUNK_IMPT];
    Module *m = l->module;
    if (r->at == r->end) {
        return true;
    }
    uint32_t count = read_count(r, 3, "imports");
    m->imports = loading_take(l, count, sizeof *m->imports);
    for (uint32_t i = 0; i < count && m->imports != NULL && !r->failed; i++) {
        Import *import = &m->imports[i];
        import->module = read_atom(l, r, "module of an import");
        import->name = read_atom(l, r, "name of an import");
        import->arity = (uint32_t)read_u(r, ARGUMENTS_MAX, "arity of an import");
        import->library = m->library;
        atomic_init(&import->target, NULL);
        m->import_count = i + 1;
    }
    return chunk_ended(l, r, "IMPT");
}

// Functions --------------------------------------------------------------------------------------

static bool load_blocks(Loading *l, Reader *r, Function *f, LoadFunction *load) {
    load->block_count = read_count(r, 1, "blocks");
    load->blocks = loading_take(l, load->block_count, sizeof(uint32_t));
    uint64_t offset = 0;
    for (uint32_t i = 0; i < load->block_count && load->blocks != NULL && !r->failed; i++) {
        uint64_t delta = read_u(r, f->words, "offset of a block");
        offset += delta;
        if ((delta == 0 && i != 0) || offset >= f->words) {
            reader_fail(
                r,
                "block %u of function %s is not behind the one before or not within the function",
                i + 1, atom_text(l->vm->atoms, f->name));
        }
        load->blocks[i] = (uint32_t)offset;
    }
    f->block_count = load->block_count;
    f->blocks = load->blocks;
    return load->blocks != NULL && !r->failed;
}

static bool load_maps(Loading *l, Reader *r, LoadFunction *load) {
    load->map_count = read_count(r, 3, "liveness maps");
    load->maps = loading_take_temporary(l, load->map_count, sizeof(ImageMap));
    for (uint32_t i = 0; i < load->map_count && load->maps != NULL && !r->failed; i++) {
        ImageMap *map = &load->maps[i];
        map->nx = (uint16_t)read_u(r, X_COUNT, "registers of a map");
        map->x_kinds = read_bytes(r, (map->nx + 3u) / 4, "map");
        map->ny = (uint16_t)read_u(r, Y_MAX, "slots of a map");
        map->y_kinds = read_bytes(r, (map->ny + 3u) / 4, "map");
        map->raws = (uint32_t)read_u(r, UINT32_MAX, "raw registers of a map");
    }
    return load->maps != NULL && !r->failed;
}

static bool load_regions(Loading *l, Reader *r, Function *f, LoadFunction *load) {
    uint32_t count = read_count(r, 3, "regions");
    Region *regions = loading_take(l, count, sizeof(Region));
    load->region_labels = loading_take_temporary(l, count, sizeof(uint32_t));
    if (regions == NULL || load->region_labels == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < count && !r->failed; i++) {
        regions[i].start = (uint32_t)read_u(r, f->words, "start of a region");
        regions[i].end = (uint32_t)read_u(r, f->words, "end of a region");
        uint64_t label = read_u(r, load->block_count, "label of a region");
        if (!r->failed && (label == 0 || regions[i].start >= regions[i].end)) {
            reader_fail(r, "region %u of function %s is empty or without a label", i,
                        atom_text(l->vm->atoms, f->name));
        }
        if (!r->failed) {
            regions[i].target = load->blocks[label - 1];
        }
        if (!r->failed && regions[i].target < regions[i].end) {
            reader_fail(r, "region %u of function %s is handled before its end", i,
                        atom_text(l->vm->atoms, f->name));
        }
    }
    f->regions = regions;
    f->region_count = count;
    return !r->failed;
}

static bool load_functions(Loading *l) {
    Reader *r = &l->chunks[CHUNK_FUNC];
    Module *m = l->module;
    uint32_t count = r->at == r->end ? 0 : read_count(r, 8, "functions");
    m->functions = loading_take(l, count, sizeof(Function));
    l->functions = loading_take_temporary(l, count, sizeof(LoadFunction));
    if (m->functions == NULL || l->functions == NULL) {
        return false;
    }
    uint64_t words = 0;
    for (uint32_t i = 0; i < count && !r->failed; i++) {
        Function *f = &m->functions[i];
        f->module = m;
        f->serial = code_next_serial(l->vm->code);
        f->module_name = m->name;
        f->name = read_atom(l, r, "name of a function");
        f->arity = (uint16_t)read_u(r, ARGUMENTS_MAX, "arity of a function");
        f->captured =
            (uint16_t)read_u(r, ARGUMENTS_MAX - f->arity, "captured values of a function");
        f->flags = (uint32_t)read_u(r, LOADED_FLAGS, "flags of a function");
        f->words = (uint32_t)read_u(r, IMAGE_MAX_CODE_WORDS, "words of a function");
        words += f->words;
        if (!r->failed && (f->words == 0 || words > IMAGE_MAX_CODE_WORDS)) {
            reader_fail(r, "function %s has no code, or the module too much",
                        atom_text(l->vm->atoms, f->name));
        }
        if (r->failed || !load_blocks(l, r, f, &l->functions[i]) ||
            !load_maps(l, r, &l->functions[i]) || !load_regions(l, r, f, &l->functions[i])) {
            return false;
        }
    }
    m->function_count = count;
    m->code_words = words;
    return chunk_ended(l, r, "FUNC");
}

// Exports ----------------------------------------------------------------------------------------

static bool load_exports(Loading *l) {
    Reader *r = &l->chunks[CHUNK_EXPT];
    Module *m = l->module;
    if (r->at == r->end) {
        return true;
    }
    uint32_t count = read_count(r, 3, "exports");
    m->exports = loading_take(l, count, sizeof(Export));
    for (uint32_t i = 0; i < count && m->exports != NULL && !r->failed; i++) {
        Export *e = &m->exports[i];
        e->name = read_atom(l, r, "name of an export");
        e->arity = (uint32_t)read_u(r, ARGUMENTS_MAX, "arity of an export");
        uint64_t function = read_u(r, UINT32_MAX, "function of an export");
        if (!r->failed &&
            (function >= m->function_count || m->functions[function].arity != e->arity ||
             m->functions[function].captured != 0)) {
            reader_fail(r, "the export %s/%u is not a function of this module with that arity",
                        atom_text(l->vm->atoms, e->name), e->arity);
        }
        if (r->failed) {
            return false;
        }
        e->function = &m->functions[function];
        int order = i == 0 ? -1 : atom_compare(l->vm->atoms, e[-1].name, e->name);
        if (order > 0 || (order == 0 && e[-1].arity >= e->arity)) {
            reader_fail(r, "the exports are not in order at %s/%u",
                        atom_text(l->vm->atoms, e->name), e->arity);
        }
        m->export_count = i + 1;
    }
    return chunk_ended(l, r, "EXPT");
}

const Function *module_export(const Module *module, Term name, uint32_t arity) {
    uint32_t low = 0;
    uint32_t high = module->export_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        const Export *e = &module->exports[middle];
        int order =
            term_same_bits(e->name, name) ? 0 : atom_compare(module->vm->atoms, e->name, name);
        if (order == 0) {
            order = (e->arity > arity) - (e->arity < arity);
        }
        if (order == 0) {
            return e->function;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

// One module -------------------------------------------------------------------------------------

typedef struct {
    Module module;
    ModuleMemory memory;
} OwnedModule;

static Module *module_new(VM *vm, bool library) {
    OwnedModule *owned = mem_alloc_zero(vm->mem, MEM_CODE, sizeof *owned);
    if (owned == NULL) {
        return NULL;
    }
    module_memory_init(&owned->memory, vm->mem);
    owned->module.vm = vm;
    owned->module.library = library;
    owned->module.memory = &owned->memory;
    return &owned->module;
}

void module_free(Module *module) {
    VM *vm = module->vm;
    if (module->block != NULL) {
        literal_free(vm->literals, module->block);
    }
    module_memory_free(module->memory);
    mem_free(vm->mem, MEM_CODE, module);
}

CodeStatus module_load(VM *vm, const ImageModule *image, bool library, Module **module,
                       CodeError *error) {
    *error = (CodeError){0};
    Loading l = {.vm = vm, .error = error, .status = CODE_INVALID};
    l.module = module_new(vm, library);
    if (l.module == NULL) {
        loading_no_memory(&l);
        return CODE_MEMORY;
    }
    module_memory_init(&l.temporary, vm->mem);
    bool ok = find_chunks(&l, image) && load_atoms(&l) && load_files(&l) && load_records(&l) &&
              load_imports(&l) && load_functions(&l) && load_literals(&l) && load_code(&l) &&
              load_lines(&l) && load_exports(&l) && load_meta(&l) && verify_module(&l);
    module_memory_free(&l.temporary);
    if (!ok) {
        CHECK(error->what[0] != '\0');
        module_free(l.module);
        return l.status;
    }
    *module = l.module;
    return CODE_OK;
}
