// The module's tables: atoms, literals, imports and files, numbered at first use.
//
// Equal literals share an entry (core_const_same: constants that match exactly). An entry's text is
// made when the table is written; writing may add atoms, so the atoms come last.
// Tests: tests/unit/compiler/emit/emit_test.c.
//
// SPDX-License-Identifier: Apache-2.0
#include <gmp.h>

#include "compiler/core/core_build.h"
#include "compiler/emit/emit_private.h"

typedef struct {
    Name module, name;
    uint32_t arity;
} ImportEntry;

// Entries of `items` by hash, as numbers plus 1; the items are elsewhere.
typedef struct {
    uint32_t *slots;
    uint32_t slot_count;
} Index;

struct ImageTables {
    VEC(Name) atoms;
    uint32_t *atom_of; // by name id, plus 1
    uint32_t atom_of_count;
    VEC(const CoreConst *) literals;
    Index literal_index;
    VEC(ImportEntry) imports;
    Index import_index;
    VEC(uint32_t) files; // numbers in Sources
};

struct ImageTables *tables_new(Image *image) {
    struct ImageTables *tables = ARENA_NEW(image->arena, struct ImageTables);
    image->tables = tables;
    table_atom(image, image->ir->core->name);
    return tables;
}

static void grow_atoms(Image *image, uint32_t id) {
    struct ImageTables *tables = image->tables;
    uint32_t count = image->ir->names->count > id ? image->ir->names->count + 1 : id + 1;
    uint32_t *grown = ARENA_NEW_ARRAY(image->arena, uint32_t, count);
    if (tables->atom_of_count > 0) {
        memcpy(grown, tables->atom_of, tables->atom_of_count * sizeof(uint32_t));
    }
    tables->atom_of = grown;
    tables->atom_of_count = count;
}

uint32_t table_atom(Image *image, Name name) {
    struct ImageTables *tables = image->tables;
    if (name->id >= tables->atom_of_count) {
        grow_atoms(image, name->id);
    }
    if (tables->atom_of[name->id] == 0) {
        vec_push(image->arena, &tables->atoms, name);
        tables->atom_of[name->id] = tables->atoms.len;
    }
    return tables->atom_of[name->id] - 1;
}

uint32_t table_file(Image *image, uint32_t source_file) {
    struct ImageTables *tables = image->tables;
    for (uint32_t i = tables->files.len; i-- > 0;) {
        if (tables->files.items[i] == source_file) {
            return i;
        }
    }
    vec_push(image->arena, &tables->files, source_file);
    return tables->files.len - 1;
}

// ---- Found by content ---------------------------------------------------------------------------

typedef uint32_t (*HashAt)(const struct ImageTables *tables, uint32_t number);

// Makes room for one more than `count` entries.
static void index_reserve(Image *image, Index *index, uint32_t count, HashAt hash_at) {
    if (count * 2 < index->slot_count) {
        return;
    }
    index->slot_count = index->slot_count == 0 ? 64 : index->slot_count * 2;
    index->slots = ARENA_NEW_ARRAY(image->arena, uint32_t, index->slot_count);
    for (uint32_t number = 0; number < count; number++) {
        uint32_t i = hash_at(image->tables, number) & (index->slot_count - 1);
        while (index->slots[i] != 0) {
            i = (i + 1) & (index->slot_count - 1);
        }
        index->slots[i] = number + 1;
    }
}

static uint32_t hash_literal(const struct ImageTables *tables, uint32_t number) {
    return core_const_hash(tables->literals.items[number]);
}

uint32_t table_literal(Image *image, const CoreConst *constant) {
    struct ImageTables *tables = image->tables;
    Index *index = &tables->literal_index;
    index_reserve(image, index, tables->literals.len, hash_literal);
    uint32_t i = core_const_hash(constant) & (index->slot_count - 1);
    for (; index->slots[i] != 0; i = (i + 1) & (index->slot_count - 1)) {
        if (core_const_same(tables->literals.items[index->slots[i] - 1], constant)) {
            return index->slots[i] - 1;
        }
    }
    vec_push(image->arena, &tables->literals, constant);
    index->slots[i] = tables->literals.len;
    return tables->literals.len - 1;
}

static uint32_t hash_names(Name module, Name name, uint32_t arity) {
    uint32_t hash = (module->hash ^ arity) * 0x85ebca6bu;
    hash = (hash ^ hash >> 15 ^ name->hash) * 0xc2b2ae35u;
    return hash ^ hash >> 13;
}

static uint32_t hash_import(const struct ImageTables *tables, uint32_t number) {
    const ImportEntry *entry = &tables->imports.items[number];
    return hash_names(entry->module, entry->name, entry->arity);
}

uint32_t table_import(Image *image, Name module, Name name, uint32_t arity) {
    struct ImageTables *tables = image->tables;
    Index *index = &tables->import_index;
    index_reserve(image, index, tables->imports.len, hash_import);
    uint32_t i = hash_names(module, name, arity) & (index->slot_count - 1);
    for (; index->slots[i] != 0; i = (i + 1) & (index->slot_count - 1)) {
        const ImportEntry *entry = &tables->imports.items[index->slots[i] - 1];
        if (entry->module == module && entry->name == name && entry->arity == arity) {
            return index->slots[i] - 1;
        }
    }
    ImportEntry entry = {module, name, arity};
    vec_push(image->arena, &tables->imports, entry);
    index->slots[i] = tables->imports.len;
    return tables->imports.len - 1;
}

// ---- Writing ------------------------------------------------------------------------------------

void tables_write_atoms(Image *image, Buf *out) {
    const struct ImageTables *tables = image->tables;
    put_u(out, tables->atoms.len);
    for (uint32_t i = 0; i < tables->atoms.len; i++) {
        put_str(out, name_str(tables->atoms.items[i]));
    }
}

void tables_write_files(Image *image, Buf *out) {
    const struct ImageTables *tables = image->tables;
    put_u(out, tables->files.len);
    for (uint32_t i = 0; i < tables->files.len; i++) {
        put_str(out, sources_file(image->sources, tables->files.items[i])->path);
    }
}

// A decimal integer as sign and magnitude, least byte first.
static void put_big(Image *image, Buf *out, Str digits) {
    char *text = arena_alloc(image->arena, digits.len + 1);
    memcpy(text, digits.ptr, digits.len);
    text[digits.len] = '\0';
    mpz_t value;
    CHECK(mpz_init_set_str(value, text, 10) == 0);
    size_t size = (mpz_sizeinbase(value, 2) + 7) / 8;
    char *bytes = arena_alloc(image->arena, size);
    size_t written;
    mpz_export(bytes, &written, -1, 1, 0, 0, value);
    put_u(out, mpz_sgn(value) < 0);
    put_str(out, (Str){bytes, written});
    mpz_clear(value);
}

static void put_float(Buf *out, double number) {
    uint64_t bits;
    memcpy(&bits, &number, sizeof(bits));
    put_u32(out, (uint32_t)bits);
    put_u32(out, (uint32_t)(bits >> 32));
}

static void put_literal(Image *image, Buf *out, const CoreConst *c);

static void put_items(Image *image, Buf *out, const CoreConst *c) {
    for (uint32_t i = 0; i < c->item_count; i++) {
        put_literal(image, out, c->items[i]);
    }
}

static void put_counted(Image *image, Buf *out, LitTag tag, uint32_t count, const CoreConst *c) {
    buf_byte(out, (char)tag);
    put_u(out, count);
    put_items(image, out, c);
}

static void put_literal(Image *image, Buf *out, const CoreConst *c) {
    static const uint8_t tags[] = {
        [CONST_INT] = LIT_INT,     [CONST_BIG] = LIT_BIG,     [CONST_FLOAT] = LIT_FLOAT,
        [CONST_ATOM] = LIT_ATOM,   [CONST_BYTES] = LIT_BYTES, [CONST_EMPTY] = LIT_EMPTY,
        [CONST_RANGE] = LIT_RANGE, [CONST_FN] = LIT_FN,       [CONST_FNREF] = LIT_FNREF,
    };
    switch (c->kind) {
    case CONST_TUPLE: put_counted(image, out, LIT_TUPLE, c->item_count, c); return;
    case CONST_MAP: put_counted(image, out, LIT_MAP, c->item_count / 2, c); return;
    case CONST_RECORD: put_counted(image, out, LIT_RECORD, c->record, c); return;
    case CONST_LIST:
        put_counted(image, out, LIT_LIST, c->item_count, c);
        put_literal(image, out, c->tail);
        return;
    default: break;
    }
    buf_byte(out, (char)tags[c->kind]);
    switch (c->kind) {
    case CONST_INT: put_i(out, c->integer); break;
    case CONST_BIG: put_big(image, out, c->text); break;
    case CONST_FLOAT: put_float(out, c->number); break;
    case CONST_ATOM: put_u(out, table_atom(image, c->name)); break;
    case CONST_BYTES: put_str(out, c->text); break;
    case CONST_RANGE: put_items(image, out, c); break;
    case CONST_FN: put_u(out, image->numbers[c->index]); break;
    case CONST_FNREF:
        put_u(out, table_atom(image, c->module));
        put_u(out, table_atom(image, c->name));
        put_u(out, c->index);
        break;
    default: break;
    }
}

void tables_write_literals(Image *image, Buf *out) {
    const struct ImageTables *tables = image->tables;
    put_u(out, tables->literals.len);
    for (uint32_t i = 0; i < tables->literals.len; i++) {
        put_literal(image, out, tables->literals.items[i]);
    }
}

void tables_write_records(Image *image, Buf *out) {
    const CoreModule *core = image->ir->core;
    put_u(out, core->records.len);
    for (uint32_t i = 0; i < core->records.len; i++) {
        const CoreRecord *record = &core->records.items[i];
        put_u(out, table_atom(image, record->module));
        put_u(out, table_atom(image, record->name));
        put_u(out, record->field_count);
        for (uint32_t k = 0; k < record->field_count; k++) {
            put_u(out, table_atom(image, record->fields[k]));
        }
    }
}

void tables_write_imports(Image *image, Buf *out) {
    const struct ImageTables *tables = image->tables;
    put_u(out, tables->imports.len);
    for (uint32_t i = 0; i < tables->imports.len; i++) {
        const ImportEntry *entry = &tables->imports.items[i];
        put_u(out, table_atom(image, entry->module));
        put_u(out, table_atom(image, entry->name));
        put_u(out, entry->arity);
    }
}
