// Interfaces as bytes: what an image's TYPE chunk holds.
//
//   u version, str name, str shown name,
//   u n, {str name, u arity, u defaults, u flags}        functions (flags: 1 a built-in of the VM)
//   u n, {str name, value}                               constants
//   u n, {str name, u kind, u flags, u min, u max,       definitions
//         u n, {str field, u given, value | str function}}
//   u n, {str module, str alias, u n, str name*}         imports (inputs of the REPL only)
// u is unsigned LEB128, str u length and bytes, value a tag (ValueKind) and its data. Everything is
// written in the order of the source. The reader believes nothing: lengths are checked against what
// is left, so memory stays in proportion to the bytes, and nesting has a limit.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/base/check.h"
#include "compiler/resolve/interface.h"
#include "compiler/resolve/scope.h"

enum {
    FORMAT_VERSION = 1,
    FN_BUILT_IN = 1,
    DEF_DYNAMIC = 1,
    DEF_DURABLE = 2,
    VALUE_MAX_NESTING = 1000,
    VALUE_NO_TAIL = VALUE_KIND_COUNT, // where a list's tail would stand
};

// ---- Writing ------------------------------------------------------------------------------------

static void put_u(Buf *out, uint64_t n) {
    while (n >= 0x80) {
        buf_byte(out, (char)(n | 0x80));
        n >>= 7;
    }
    buf_byte(out, (char)n);
}

static void put_str(Buf *out, Str s) {
    put_u(out, s.len);
    buf_str(out, s);
}

static void put_value(Buf *out, const Value *v) {
    put_u(out, v->kind);
    switch (v->kind) {
    case VALUE_INT: put_u(out, ((uint64_t)v->integer << 1) ^ (uint64_t)(v->integer >> 63)); break;
    case VALUE_FLOAT: buf_str(out, (Str){(const char *)&v->number, sizeof(double)}); break;
    case VALUE_ATOM: put_str(out, name_str(v->name)); break;
    case VALUE_BIG:
    case VALUE_BYTES: put_str(out, v->text); break;
    case VALUE_FN:
        put_str(out, name_str(v->module));
        put_str(out, name_str(v->name));
        put_u(out, (uint64_t)v->integer);
        break;
    case VALUE_RECORD:
        put_str(out, name_str(v->module));
        put_str(out, name_str(v->name));
        put_u(out, v->item_count);
        for (uint32_t i = 0; i < v->item_count; i++) {
            put_str(out, name_str(v->fields[i]));
            put_value(out, v->items[i]);
        }
        break;
    case VALUE_TUPLE:
    case VALUE_LIST:
    case VALUE_MAP:
    case VALUE_RANGE:
        put_u(out, v->item_count);
        for (uint32_t i = 0; i < v->item_count; i++) {
            put_value(out, v->items[i]);
        }
        if (v->kind == VALUE_LIST && v->tail != NULL) {
            put_value(out, v->tail);
        } else if (v->kind == VALUE_LIST) {
            put_u(out, VALUE_NO_TAIL);
        }
        break;
    case VALUE_KIND_COUNT: break;
    }
}

// How many shorter arities the defaults of a function make.
static uint32_t default_arities(const Interface *interface, const FnDef *full) {
    uint32_t count = 0;
    for (FnDef *fn = interface_lower(interface, full->name)->fns; fn != NULL; fn = fn->next) {
        count += fn->full == full;
    }
    return count;
}

static void put_fns(Buf *out, const Interface *interface, bool all) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < interface->fns.len; i++) {
        count += all || interface->fns.items[i]->is_pub;
    }
    put_u(out, count);
    for (uint32_t i = 0; i < interface->fns.len; i++) {
        const FnDef *fn = interface->fns.items[i];
        if (all || fn->is_pub) {
            put_str(out, name_str(fn->name));
            put_u(out, fn->arity);
            put_u(out, default_arities(interface, fn));
            put_u(out, fn->is_built_in ? FN_BUILT_IN : 0);
        }
    }
}

static void put_constants(Buf *out, const Interface *interface, bool all) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < interface->constants.len; i++) {
        const ConstDef *c = interface->constants.items[i];
        count += (all || c->is_pub) && c->value != NULL;
    }
    put_u(out, count);
    for (uint32_t i = 0; i < interface->constants.len; i++) {
        const ConstDef *c = interface->constants.items[i];
        if ((all || c->is_pub) && c->value != NULL) {
            put_str(out, name_str(c->name));
            put_value(out, c->value);
        }
    }
}

static void put_def(Buf *out, const Def *def) {
    put_str(out, name_str(def->name));
    put_u(out, def->kind);
    put_u(out, (def->is_dynamic ? DEF_DYNAMIC : 0) | (def->is_durable ? DEF_DURABLE : 0));
    put_u(out, def->arity_min);
    put_u(out, def->arity_max);
    put_u(out, def->field_count);
    for (uint32_t i = 0; i < def->field_count; i++) {
        const RecordField *field = &def->fields[i];
        put_str(out, name_str(field->name));
        put_u(out, field->given);
        if (field->given == FIELD_VALUE) {
            put_value(out, field->value);
        } else if (field->given == FIELD_CALL) {
            put_str(out, name_str(field->function));
        }
    }
}

static void put_defs(Buf *out, const Interface *interface, bool all) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < interface->defs.len; i++) {
        count += all || interface->defs.items[i]->is_pub;
    }
    put_u(out, count);
    for (uint32_t i = 0; i < interface->defs.len; i++) {
        if (all || interface->defs.items[i]->is_pub) {
            put_def(out, interface->defs.items[i]);
        }
    }
}

static void put_imports(Buf *out, const Interface *interface, bool all) {
    put_u(out, all ? interface->imports.len : 0);
    for (uint32_t i = 0; all && i < interface->imports.len; i++) {
        const ImportDef *import = interface->imports.items[i];
        put_str(out, name_str(import->module));
        put_str(out, name_str(import->alias));
        put_u(out, import->names.len);
        for (uint32_t k = 0; k < import->names.len; k++) {
            put_str(out, name_str(import->names.items[k]));
        }
    }
}

Str interface_write(Modules *modules, Interface *interface, bool repl) {
    Scope *scope = scope_of(modules, interface);
    for (uint32_t i = 0; i < interface->constants.len; i++) {
        constant_value(scope, interface->constants.items[i]);
    }
    for (uint32_t i = 0; i < interface->defs.len; i++) {
        record_defaults(scope, interface->defs.items[i]);
    }
    Buf out = buf_new(modules->arena);
    put_u(&out, FORMAT_VERSION);
    put_str(&out, name_str(interface->name));
    put_str(&out, name_str(interface->shown));
    put_fns(&out, interface, repl);
    put_constants(&out, interface, repl);
    put_defs(&out, interface, repl);
    put_imports(&out, interface, repl);
    return buf_view(&out);
}

// ---- Reading ------------------------------------------------------------------------------------

typedef struct Reader {
    Modules *modules;
    Arena *arena;
    const unsigned char *at;
    const unsigned char *end;
    bool failed;
    uint32_t nesting;
} Reader;

static uint64_t get_u(Reader *r) {
    uint64_t n = 0;
    for (uint32_t shift = 0; shift < 64; shift += 7) {
        if (r->at == r->end) {
            break;
        }
        unsigned char byte = *r->at++;
        n |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return n;
        }
    }
    r->failed = true;
    return 0;
}

// A number below `limit`.
static uint32_t get_below(Reader *r, uint32_t limit) {
    uint64_t n = get_u(r);
    r->failed |= n >= limit;
    return r->failed ? 0 : (uint32_t)n;
}

// A count of things that take at least one byte each.
static uint32_t get_count(Reader *r) {
    uint64_t n = get_u(r);
    r->failed |= n > (uint64_t)(r->end - r->at);
    return r->failed ? 0 : (uint32_t)n;
}

static Str get_str(Reader *r) {
    uint32_t len = get_count(r);
    Str s = {(const char *)r->at, len};
    r->at += len;
    return s;
}

static Name get_name(Reader *r) {
    return intern_str(r->modules->intern, get_str(r));
}

static const Value *get_value(Reader *r);

static const Value **get_values(Reader *r, uint32_t count) {
    const Value **items = arena_alloc(r->arena, count * sizeof(Value *));
    for (uint32_t i = 0; i < count; i++) {
        items[i] = r->failed ? NULL : get_value(r);
    }
    return items;
}

static bool all_digits(Str text) {
    size_t start = text.len > 0 && text.ptr[0] == '-' ? 1 : 0;
    for (size_t i = start; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
    }
    return text.len > start;
}

static const Value *get_record(Reader *r) {
    Name module = get_name(r);
    Name name = get_name(r);
    uint32_t count = get_count(r);
    Name *fields = arena_alloc(r->arena, count * sizeof(Name));
    const Value **items = ARENA_NEW_ARRAY(r->arena, const Value *, count);
    for (uint32_t i = 0; i < count && !r->failed; i++) {
        fields[i] = get_name(r);
        items[i] = get_value(r);
    }
    Value *v = r->failed ? NULL : value_items(r->arena, VALUE_RECORD, items, count);
    if (v != NULL) {
        v->module = module;
        v->name = name;
        v->fields = fields;
    }
    return v;
}

static const Value *get_list(Reader *r) {
    uint32_t count = get_count(r);
    const Value **items = get_values(r, count);
    bool is_proper = !r->failed && r->at < r->end && *r->at == VALUE_NO_TAIL;
    if (is_proper) {
        r->at++;
        return value_items(r->arena, VALUE_LIST, items, count);
    }
    const Value *tail = r->failed ? NULL : get_value(r);
    r->failed |= tail == NULL || count == 0 || tail->kind == VALUE_LIST;
    return r->failed ? NULL : value_list(r->arena, items, count, tail);
}

static const Value *get_fn(Reader *r) {
    Name module = get_name(r);
    Name name = get_name(r);
    Value *v = value_int(r->arena, get_below(r, FN_MAX_PARAMS + 1));
    v->kind = VALUE_FN;
    v->module = module;
    v->name = name;
    return v;
}

static const Value *get_float(Reader *r) {
    double number = 0;
    if (r->end - r->at < (ptrdiff_t)sizeof(double)) {
        r->failed = true;
        return NULL;
    }
    memcpy(&number, r->at, sizeof(double));
    r->at += sizeof(double);
    r->failed |= number - number != 0; // not finite
    return value_float(r->arena, number);
}

static const Value *get_plain_items(Reader *r, ValueKind kind) {
    uint32_t count = get_count(r);
    const Value **items = get_values(r, count);
    r->failed |= kind == VALUE_MAP && count % 2 != 0;
    r->failed |= kind == VALUE_RANGE && count != 2;
    if (!r->failed && kind == VALUE_RANGE) {
        r->failed = !value_is_integer(items[0]) || !value_is_integer(items[1]);
    }
    return r->failed ? NULL : value_items(r->arena, kind, items, count);
}

static const Value *get_value_of(Reader *r, ValueKind kind) {
    switch (kind) {
    case VALUE_INT: {
        uint64_t n = get_u(r);
        return value_int(r->arena, (int64_t)(n >> 1) ^ -(int64_t)(n & 1));
    }
    case VALUE_FLOAT: return get_float(r);
    case VALUE_ATOM: return value_atom(r->arena, get_name(r));
    case VALUE_BYTES: return value_bytes(r->arena, arena_str(r->arena, get_str(r)));
    case VALUE_BIG: {
        Str text = get_str(r);
        r->failed |= !all_digits(text);
        bool negative = !r->failed && text.ptr[0] == '-';
        return r->failed ? NULL
                         : value_digits(r->arena, (Str){text.ptr + negative, text.len - negative},
                                        10, negative);
    }
    case VALUE_FN: return get_fn(r);
    case VALUE_RECORD: return get_record(r);
    case VALUE_LIST: return get_list(r);
    case VALUE_TUPLE:
    case VALUE_MAP:
    case VALUE_RANGE: return get_plain_items(r, kind);
    case VALUE_KIND_COUNT: break;
    }
    return NULL;
}

static const Value *get_value(Reader *r) {
    ValueKind kind = (ValueKind)get_below(r, VALUE_KIND_COUNT);
    r->failed |= ++r->nesting > VALUE_MAX_NESTING;
    const Value *v = r->failed ? NULL : get_value_of(r, kind);
    r->nesting--;
    r->failed |= v == NULL;
    return v;
}

static LowerDef *new_lower(Reader *r, Interface *interface, Name name) {
    LowerDef *lower = interface_lower(interface, name);
    if (lower == NULL) {
        lower = ARENA_NEW(r->arena, LowerDef);
        name_map_put(r->arena, &interface->lower, name, lower);
    }
    return lower;
}

static void get_fns(Reader *r, Interface *interface) {
    for (uint32_t count = get_count(r); count > 0 && !r->failed; count--) {
        Name name = get_name(r);
        uint32_t arity = get_below(r, FN_MAX_PARAMS + 1);
        uint32_t defaults = get_below(r, arity + 1);
        uint32_t flags = get_below(r, 2);
        LowerDef *lower = new_lower(r, interface, name);
        FnDef *full = NULL;
        for (uint32_t n = arity + 1; n > arity - defaults && !r->failed; n--) {
            r->failed |= interface_fn(interface, name, n - 1) != NULL;
            FnDef *fn = ARENA_NEW(r->arena, FnDef);
            *fn = (FnDef){.name = name,
                          .arity = n - 1,
                          .is_pub = true,
                          .is_built_in = (flags & FN_BUILT_IN) != 0,
                          .full = full,
                          .next = lower->fns};
            lower->fns = fn;
            if (full == NULL) {
                full = fn;
                vec_push(r->arena, &interface->fns, fn);
            }
        }
    }
}

static void get_constants(Reader *r, Interface *interface) {
    for (uint32_t count = get_count(r); count > 0 && !r->failed; count--) {
        ConstDef *def = ARENA_NEW(r->arena, ConstDef);
        def->name = get_name(r);
        def->is_pub = true;
        def->owner = interface;
        def->value = get_value(r);
        def->state = CONST_DONE;
        LowerDef *lower = new_lower(r, interface, def->name);
        r->failed |= lower->fns != NULL || lower->constant != NULL;
        lower->constant = def;
        vec_push(r->arena, &interface->constants, def);
    }
}

static void get_fields(Reader *r, Def *def) {
    def->field_count = get_count(r);
    def->fields = ARENA_NEW_ARRAY(r->arena, RecordField, def->field_count);
    Name *names = arena_alloc(r->arena, def->field_count * sizeof(Name));
    for (uint32_t i = 0; i < def->field_count && !r->failed; i++) {
        RecordField *field = &def->fields[i];
        field->name = get_name(r);
        field->given = (FieldDefault)get_below(r, FIELD_CALL + 1);
        names[i] = field->name;
        if (field->given == FIELD_VALUE) {
            field->value = get_value(r);
        } else if (field->given == FIELD_CALL) {
            field->function = get_name(r);
        }
    }
    def->field_names = names;
    def->has_defaults = true;
}

static void get_defs(Reader *r, Interface *interface) {
    for (uint32_t count = get_count(r); count > 0 && !r->failed; count--) {
        Def *def = ARENA_NEW(r->arena, Def);
        def->name = get_name(r);
        def->is_pub = true;
        def->owner = interface;
        def->kind = (DefKind)get_below(r, DEF_SUPERVISOR + 1);
        uint32_t flags = get_below(r, (DEF_DYNAMIC | DEF_DURABLE) + 1);
        def->is_dynamic = (flags & DEF_DYNAMIC) != 0;
        def->is_durable = (flags & DEF_DURABLE) != 0;
        def->arity_min = get_below(r, UINT16_MAX);
        def->arity_max = get_below(r, UINT16_MAX);
        get_fields(r, def);
        r->failed |= interface_upper(interface, def->name) != NULL;
        name_map_put(r->arena, &interface->upper, def->name, def);
        vec_push(r->arena, &interface->defs, def);
    }
}

static void get_imports(Reader *r, Interface *interface) {
    for (uint32_t count = get_count(r); count > 0 && !r->failed; count--) {
        ImportDef *import = ARENA_NEW(r->arena, ImportDef);
        import->module = get_name(r);
        import->alias = get_name(r);
        for (uint32_t names = get_count(r); names > 0 && !r->failed; names--) {
            vec_push(r->arena, &import->names, get_name(r));
        }
        vec_push(r->arena, &interface->imports, import);
    }
}

Interface *interface_read(Modules *modules, Str bytes, bool is_library) {
    Reader r = {.modules = modules, .arena = modules->arena};
    r.at = (const unsigned char *)bytes.ptr;
    r.end = r.at + bytes.len;
    if (get_u(&r) != FORMAT_VERSION || r.failed) {
        return NULL;
    }
    Interface *interface = ARENA_NEW(modules->arena, Interface);
    interface->name = get_name(&r);
    interface->shown = get_name(&r);
    interface->is_library = is_library;
    get_fns(&r, interface);
    get_constants(&r, interface);
    get_defs(&r, interface);
    get_imports(&r, interface);
    return r.failed || r.at != r.end ? NULL : interface;
}
