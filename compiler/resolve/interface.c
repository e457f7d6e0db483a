// The interface of a parsed module; compiler/resolve/interface.h explains it.
//
// One pass over the definitions puts each in its table; a second gives functions with defaults
// their further arities. Nothing is looked up in other modules here.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/resolve/interface.h"

#include "compiler/base/check.h"

typedef struct Maker {
    Modules *modules;
    Arena *arena;
    Interface *interface;
    FnDef *last; // the function of the definition just before, or NULL
} Maker;

LowerDef *interface_lower(const Interface *interface, Name name) {
    return name_map_get(&interface->lower, name);
}

Def *interface_upper(const Interface *interface, Name name) {
    return name_map_get(&interface->upper, name);
}

FnDef *interface_fn(const Interface *interface, Name name, uint32_t arity) {
    LowerDef *lower = interface_lower(interface, name);
    FnDef *fn = lower == NULL ? NULL : lower->fns;
    while (fn != NULL && fn->arity != arity) {
        fn = fn->next;
    }
    return fn;
}

static Name joined_name(Modules *modules, Name first, Str last) {
    Buf text = buf_new(modules->arena);
    buf_str(&text, name_str(first));
    buf_byte(&text, '.');
    buf_str(&text, last);
    return intern_str(modules->intern, buf_view(&text));
}

Name record_default_name(Modules *modules, const Def *record, Name field) {
    return joined_name(modules, record->name, name_str(field));
}

Name constant_lambda_name(Modules *modules, const ConstDef *constant, uint32_t index) {
    Buf number = buf_new(modules->arena);
    buf_format(&number, "%u", index);
    return joined_name(modules, constant->name, buf_view(&number));
}

static void report_twice(Maker *m, Name name, Span span, Span first) {
    DIAG(m->modules->diags, duplicate_definition, span, name_str(name));
    diag_note(m->modules->diags, first, STR("it is first defined here"));
}

static LowerDef *lower_entry(Maker *m, Name name) {
    LowerDef *lower = interface_lower(m->interface, name);
    if (lower == NULL) {
        lower = ARENA_NEW(m->arena, LowerDef);
        name_map_put(m->arena, &m->interface->lower, name, lower);
    }
    return lower;
}

// ---- Functions ----------------------------------------------------------------------------------

static bool check_params(Maker *m, const AstFn *fn) {
    if (fn->params.len > FN_MAX_PARAMS) {
        DIAG(m->modules->diags, too_many_parameters, fn->name_span);
        return false;
    }
    return true;
}

static FnDef *new_fn(Maker *m, const AstFn *fn, LowerDef *lower) {
    FnDef *def = ARENA_NEW(m->arena, FnDef);
    def->name = fn->name;
    def->arity = fn->params.len;
    def->span = fn->name_span;
    def->next = lower->fns;
    lower->fns = def;
    vec_push(m->arena, &m->interface->fns, def);
    return def;
}

static FnDef *add_fn(Maker *m, const AstFn *fn) {
    if (!check_params(m, fn)) {
        return NULL;
    }
    LowerDef *lower = lower_entry(m, fn->name);
    if (lower->constant != NULL) {
        report_twice(m, fn->name, fn->name_span, lower->constant->span);
        return NULL;
    }
    FnDef *def = interface_fn(m->interface, fn->name, fn->params.len);
    if (def == NULL) {
        def = new_fn(m, fn, lower);
    } else if (def->native != NULL || def->clauses.len == 0) {
        report_twice(m, fn->name, fn->name_span, def->span);
        return NULL;
    } else if (def != m->last) {
        Buf shown = buf_new(m->arena);
        buf_format(&shown, "%.*s/%u", (int)fn->name->len, fn->name->text, def->arity);
        DIAG(m->modules->diags, clauses_apart, fn->name_span, buf_view(&shown));
        diag_note(m->modules->diags, def->span, STR("the first clause is here"));
    }
    def->is_pub |= fn->is_pub;
    vec_push(m->arena, &def->clauses, (AstNode *)&fn->node);
    return def;
}

static void add_native(Maker *m, const AstExtern *native) {
    bool is_vm = m->interface->is_library && str_is(native->library, "vm");
    for (uint32_t i = 0; i < native->fns.len; i++) {
        const AstFn *fn = AST_AS(Fn, native->fns.items[i]);
        LowerDef *lower = lower_entry(m, fn->name);
        FnDef *before = interface_fn(m->interface, fn->name, fn->params.len);
        if (lower->constant != NULL || before != NULL) {
            report_twice(m, fn->name, fn->name_span,
                         before != NULL ? before->span : lower->constant->span);
        } else if (check_params(m, fn)) {
            FnDef *def = new_fn(m, fn, lower);
            def->is_pub = fn->is_pub;
            def->is_built_in = is_vm;
            def->native = native;
            vec_push(m->arena, &def->clauses, (AstNode *)&fn->node);
        }
    }
}

// How many parameters have defaults: in the one clause that gives any.
static uint32_t default_count(Maker *m, const FnDef *def) {
    uint32_t result = 0;
    for (uint32_t i = 0; i < def->clauses.len; i++) {
        const AstFn *fn = AST_AS(Fn, def->clauses.items[i]);
        uint32_t count = 0;
        for (uint32_t k = 0; k < fn->params.len; k++) {
            count += AST_AS(Param, fn->params.items[k])->fallback != NULL;
        }
        if (count > 0 && result > 0) {
            DIAG(m->modules->diags, defaults_twice, fn->name_span, name_str(fn->name));
        } else if (count > 0) {
            result = count;
        }
    }
    return result;
}

static void add_default_arities(Maker *m, FnDef *full, LowerDef *lower) {
    uint32_t defaults = default_count(m, full);
    for (uint32_t arity = full->arity - defaults; arity < full->arity; arity++) {
        FnDef *before = interface_fn(m->interface, full->name, arity);
        if (before != NULL) {
            report_twice(m, full->name, full->span, before->span);
            continue;
        }
        FnDef *def = ARENA_NEW(m->arena, FnDef);
        *def = (FnDef){.name = full->name,
                       .arity = arity,
                       .is_pub = full->is_pub,
                       .full = full,
                       .span = full->span,
                       .next = lower->fns};
        lower->fns = def;
    }
}

// ---- The other definitions ----------------------------------------------------------------------

static void add_const(Maker *m, const AstConst *c) {
    LowerDef *lower = lower_entry(m, c->name);
    if (lower->constant != NULL || lower->fns != NULL) {
        report_twice(m, c->name, c->name_span,
                     lower->fns != NULL ? lower->fns->span : lower->constant->span);
        return;
    }
    ConstDef *def = ARENA_NEW(m->arena, ConstDef);
    def->name = c->name;
    def->is_pub = c->is_pub;
    def->owner = m->interface;
    def->span = c->name_span;
    def->ast = c;
    lower->constant = def;
    vec_push(m->arena, &m->interface->constants, def);
}

static Def *add_def(Maker *m, DefKind kind, Name name, Span span, bool is_pub, const AstNode *ast) {
    Def *before = interface_upper(m->interface, name);
    if (before != NULL) {
        report_twice(m, name, span, before->span);
        return NULL;
    }
    Def *def = ARENA_NEW(m->arena, Def);
    def->kind = kind;
    def->name = name;
    def->is_pub = is_pub;
    def->owner = m->interface;
    def->span = span;
    def->ast = (AstNode *)ast;
    name_map_put(m->arena, &m->interface->upper, name, def);
    vec_push(m->arena, &m->interface->defs, def);
    return def;
}

static void add_fields(Maker *m, Def *def, const AstRecordDef *record) {
    uint32_t count = 0;
    RecordField *fields = ARENA_NEW_ARRAY(m->arena, RecordField, record->fields.len);
    Name *names = ARENA_NEW_ARRAY(m->arena, Name, record->fields.len);
    NameMap seen = {0};
    for (uint32_t i = 0; i < record->fields.len; i++) {
        const AstFieldDef *field = AST_AS(FieldDef, record->fields.items[i]);
        const AstFieldDef *before = name_map_get(&seen, field->name);
        if (before != NULL) {
            report_twice(m, field->name, field->name_span, before->name_span);
            continue;
        }
        name_map_put(m->arena, &seen, field->name, (void *)field);
        fields[count] = (RecordField){.name = field->name, .ast = field};
        names[count++] = field->name;
    }
    def->fields = fields;
    def->field_count = count;
    def->field_names = names;
}

static void set_arity(Def *def, const AstList *params) {
    def->arity_max = params->len;
    for (uint32_t i = 0; i < params->len; i++) {
        def->arity_min += AST_AS(Param, params->items[i])->fallback == NULL;
    }
}

static void add_import(Maker *m, const AstImport *import) {
    ImportDef *def = ARENA_NEW(m->arena, ImportDef);
    def->module = import->path->name;
    def->alias = import->alias != NULL ? import->alias : import->path->last;
    def->span = import->path->node.span;
    def->ast = import;
    for (uint32_t i = 0; i < import->names.len; i++) {
        vec_push(m->arena, &def->names, AST_AS(ImportName, import->names.items[i])->name);
    }
    vec_push(m->arena, &m->interface->imports, def);
}

static void add(Maker *m, const AstNode *node) {
    FnDef *last = NULL;
    Def *def;
    switch (node->kind) {
    case AST_FN: last = add_fn(m, AST_AS(Fn, node)); break;
    case AST_EXTERN: add_native(m, AST_AS(Extern, node)); break;
    case AST_CONST: add_const(m, AST_AS(Const, node)); break;
    case AST_IMPORT: add_import(m, AST_AS(Import, node)); break;
    case AST_RECORD_DEF: {
        const AstRecordDef *record = AST_AS(RecordDef, node);
        def = add_def(m, DEF_RECORD, record->name, record->name_span, record->is_pub, node);
        if (def != NULL) {
            add_fields(m, def, record);
        }
        break;
    }
    case AST_TYPE_DEF: {
        const AstTypeDef *type = AST_AS(TypeDef, node);
        def = add_def(m, DEF_TYPE, type->name, type->name_span, type->is_pub, node);
        if (def != NULL) {
            def->arity_min = def->arity_max = type->params.len;
        }
        break;
    }
    case AST_ACTOR: {
        const AstActor *actor = AST_AS(Actor, node);
        def = add_def(m, DEF_ACTOR, actor->name, actor->name_span, actor->is_pub, node);
        if (def != NULL) {
            def->is_durable = actor->is_durable;
            set_arity(def, &actor->params);
        }
        break;
    }
    case AST_SUPERVISOR: {
        const AstSupervisor *sup = AST_AS(Supervisor, node);
        def = add_def(m, DEF_SUPERVISOR, sup->name, sup->name_span, sup->is_pub, node);
        if (def != NULL) {
            def->is_dynamic = sup->is_dynamic;
            set_arity(def, &sup->params);
        }
        break;
    }
    default: break;
    }
    m->last = last;
}

static void add_all(Modules *modules, Interface *interface, const AstList *defs) {
    Maker m = {.modules = modules, .arena = modules->arena, .interface = interface};
    for (uint32_t i = 0; i < defs->len; i++) {
        add(&m, defs->items[i]);
    }
    for (uint32_t i = 0; i < interface->fns.len; i++) {
        FnDef *full = interface->fns.items[i];
        add_default_arities(&m, full, interface_lower(interface, full->name));
    }
}

Interface *interface_of_ast(Modules *modules, const AstModule *ast, Name name, Name shown,
                            bool is_library) {
    Interface *interface = ARENA_NEW(modules->arena, Interface);
    interface->name = name;
    interface->shown = shown;
    interface->is_library = is_library;
    interface->ast = ast;
    add_all(modules, interface, &ast->defs);
    return interface;
}

Interface *interface_of_fns(Modules *modules, const AstList *fns, Name name) {
    Interface *interface = ARENA_NEW(modules->arena, Interface);
    interface->name = name;
    interface->shown = name;
    add_all(modules, interface, fns);
    return interface;
}
