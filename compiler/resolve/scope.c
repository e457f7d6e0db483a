// Names seen from inside a module; compiler/resolve/scope.h explains it.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/resolve/scope.h"

#include <ctype.h>

#include "compiler/base/check.h"
#include "compiler/resolve/imports.h"

static Scope *scope_new(Modules *modules, Interface *own) {
    Scope *scope = ARENA_NEW(modules->arena, Scope);
    scope->modules = modules;
    scope->own = own;
    own->scope = scope;
    return scope;
}

Scope *scope_of(Modules *modules, Interface *own) {
    if (own->scope == NULL) {
        Scope *scope = scope_new(modules, own);
        import_all(scope, own);
    }
    return own->scope;
}

Scope *scope_of_repl(Modules *modules, Interface *own, Interface *const *earlier, uint32_t count) {
    CHECK(own->scope == NULL);
    Scope *scope = scope_new(modules, own);
    for (uint32_t i = 0; i < count; i++) {
        import_all(scope, earlier[i]);
    }
    for (uint32_t i = count; i > 0; i--) {
        vec_push(modules->arena, &scope->earlier, earlier[i - 1]);
    }
    import_all(scope, own);
    return scope;
}

// ---- Reports ------------------------------------------------------------------------------------

void hint_meant(Diags *diags, Diag *diag, Suggest suggest) {
    if (diag != NULL && suggest.best.len > 0) {
        Buf text = buf_new(diags->arena);
        buf_format(&text, "did you mean `%.*s`?", (int)suggest.best.len, suggest.best.ptr);
        diag->hint = buf_view(&text);
    }
}

// What newcomers write gets its hint; of a module, a hint that is surer than a likeness.
static void set_hint(Diag *diag, Str hint) {
    if (diag != NULL && hint.len > 0) {
        diag->hint = hint;
    }
}

static void hint_foreign(Diag *diag, Name name, bool is_call) {
    set_hint(diag, foreign_hint(name_str(name), is_call));
}

static Str with_arity(Arena *arena, Name name, int32_t arity) {
    Buf text = buf_new(arena);
    buf_str(&text, name_str(name));
    if (arity >= 0) {
        buf_format(&text, "/%d", arity);
    }
    return buf_view(&text);
}

// "a/1, a/3": the arities there are, smallest first.
static Str all_arities(Arena *arena, const FnDef *fns, bool only_pub) {
    Buf text = buf_new(arena);
    const FnDef *last = NULL;
    for (;;) {
        const FnDef *least = NULL;
        for (const FnDef *fn = fns; fn != NULL; fn = fn->next) {
            bool is_next = (fn->is_pub || !only_pub) && (last == NULL || fn->arity > last->arity);
            if (is_next && (least == NULL || fn->arity < least->arity)) {
                least = fn;
            }
        }
        if (least == NULL) {
            return buf_view(&text);
        }
        buf_text(&text, last == NULL ? "" : ", ");
        buf_str(&text, with_arity(arena, least->name, (int32_t)least->arity));
        last = least;
    }
}

static void hint_arities(Scope *scope, Diag *diag, const FnDef *fns, bool only_pub) {
    Arena *arena = scope->modules->arena;
    Str arities = all_arities(arena, fns, only_pub);
    if (diag != NULL && arities.len > 0) {
        Buf text = buf_new(arena);
        buf_format(&text, "there is %.*s", (int)arities.len, arities.ptr);
        diag->hint = buf_view(&text);
    }
}

void report_module(Scope *scope, Name path, Span span) {
    Modules *modules = scope->modules;
    if (name_map_get(&scope->missing, path) != NULL) {
        return;
    }
    name_map_put(modules->arena, &scope->missing, path, scope);
    Suggest suggest = suggest_new(name_str(path));
    if (modules->offer != NULL) {
        modules->offer(modules->context, scope->own, &suggest);
    }
    Diag *diag = DIAG(modules->diags, unknown_module, span, name_str(path));
    hint_meant(modules->diags, diag, suggest);
    hint_foreign(diag, path, false);
}

static void offer_own(Scope *scope, const Interface *own, Suggest *suggest) {
    (void)scope;
    for (uint32_t i = 0; i < own->fns.len; i++) {
        suggest_offer(suggest, name_str(own->fns.items[i]->name));
    }
    for (uint32_t i = 0; i < own->constants.len; i++) {
        suggest_offer(suggest, name_str(own->constants.items[i]->name));
    }
}

static void offer_imported(Scope *scope, Suggest *suggest) {
    for (uint32_t i = 0; i < scope->imported.slot_count; i++) {
        if (scope->imported.slots[i].name != NULL) {
            suggest_offer(suggest, name_str(scope->imported.slots[i].name));
        }
    }
}

// `list` where there is a module `List`.
static void hint_capital(Scope *scope, Diag *diag, Name name) {
    Arena *arena = scope->modules->arena;
    Str capital = arena_str(arena, name_str(name));
    ((char *)capital.ptr)[0] = (char)toupper((unsigned char)capital.ptr[0]);
    // Offered, not looked up, which would compile it.
    Suggest module = suggest_new(capital);
    if (scope->modules->offer != NULL) {
        scope->modules->offer(scope->modules->context, scope->own, &module);
    }
    if (str_equal(module.best, capital)) {
        Buf text = buf_new(arena);
        buf_format(&text, "names of modules begin with a capital: `%.*s`", (int)capital.len,
                   capital.ptr);
        diag->hint = buf_view(&text);
    }
}

void scope_unknown(Scope *scope, Name name, int32_t arity, Span span, Suggest *suggest) {
    Diags *diags = scope->modules->diags;
    Interface *owner;
    if (name_map_get(&scope->missing, name) != NULL) {
        return;
    }
    FnDef *fns = scope_find_fns(scope, name, &owner);
    if (fns != NULL && arity >= 0) {
        Diag *diag =
            DIAG(diags, unknown_function, span, with_arity(scope->modules->arena, name, arity));
        hint_arities(scope, diag, fns, owner != scope->own);
        return;
    }
    if (fns != NULL) {
        DIAG(diags, function_as_value, span, name_str(name),
             with_arity(scope->modules->arena, name, (int32_t)fns->arity));
        return;
    }
    Suggest own = suggest_new(name_str(name));
    if (suggest == NULL) {
        suggest = &own;
    }
    for (size_t i = 0; arity < 0 && i < 3; i++) {
        suggest_offer(suggest, str_of((const char *const[]){"nil", "true", "false"}[i]));
    }
    offer_own(scope, scope->own, suggest);
    for (uint32_t i = 0; i < scope->earlier.len; i++) {
        offer_own(scope, scope->earlier.items[i], suggest);
    }
    offer_imported(scope, suggest);
    Diag *diag = arity >= 0 ? DIAG(diags, unknown_function, span,
                                   with_arity(scope->modules->arena, name, arity))
                            : DIAG(diags, unknown_name, span, name_str(name));
    hint_meant(diags, diag, *suggest);
    bool is_free = suggest->best.len == 0;
    if (arity >= 0 || is_free) {
        hint_foreign(diag, name, arity >= 0);
    }
    if (diag != NULL && arity < 0 && is_free) {
        hint_capital(scope, diag, name);
    }
}

// ---- Modules and definitions --------------------------------------------------------------------

// The name with its first word replaced by what that is an alias of, or the name itself.
static Name without_alias(Scope *scope, Name path) {
    const char *dot = memchr(path->text, '.', path->len);
    if (dot == NULL || scope->aliases.count == 0) {
        return path;
    }
    size_t first_len = (size_t)(dot - path->text);
    Name first = intern_str(scope->modules->intern, (Str){path->text, first_len});
    const Interface *module = name_map_get(&scope->aliases, first);
    if (module == NULL) {
        return path;
    }
    Buf text = buf_new(scope->modules->arena);
    buf_str(&text, name_str(module->shown));
    buf_str(&text, (Str){dot, path->len - first_len});
    return intern_str(scope->modules->intern, buf_view(&text));
}

static Interface *look_up_module(Scope *scope, Name path) {
    Interface *alias = name_map_get(&scope->aliases, path);
    if (alias != NULL) {
        return alias;
    }
    Name full = without_alias(scope, path);
    if (full == scope->own->shown) {
        return scope->own;
    }
    return scope->modules->find(scope->modules->context, scope->own, full);
}

Interface *scope_find_module(Scope *scope, Name path) {
    Interface *module = name_map_get(&scope->modules_found, path);
    if (module == NULL) {
        module = look_up_module(scope, path);
        if (module != NULL) {
            name_map_put(scope->modules->arena, &scope->modules_found, path, module);
        }
    }
    return module;
}

Interface *scope_module(Scope *scope, const AstPath *path) {
    Interface *module = scope_find_module(scope, path->name);
    if (module == NULL) {
        report_module(scope, path->name, path->node.span);
    }
    return module;
}

// A definition by one word.
static Def *bare_def(Scope *scope, Name name) {
    Def *def = interface_upper(scope->own, name);
    if (def != NULL) {
        return def;
    }
    Imported *imported = name_map_get(&scope->imported, name);
    if (imported != NULL) {
        return interface_upper(imported->from, name);
    }
    for (uint32_t i = 0; i < scope->earlier.len && def == NULL; i++) {
        def = interface_upper(scope->earlier.items[i], name);
    }
    return def;
}

// The module part of "Net.Http.Conn", and in *def what its last word is there, public or not.
static Interface *split_def(Scope *scope, const AstPath *path, Def **def) {
    *def = NULL;
    if (path->first == path->last && path->name == path->last) {
        return NULL;
    }
    size_t module_len = path->name->len - path->last->len - 1;
    Name module_name = intern_str(scope->modules->intern, (Str){path->name->text, module_len});
    Interface *module = scope_find_module(scope, module_name);
    if (module != NULL) {
        *def = interface_upper(module, path->last);
    }
    return module;
}

static bool may_see(const Scope *scope, const Def *def) {
    if (def->is_pub || def->owner == scope->own) {
        return true;
    }
    for (uint32_t i = 0; i < scope->earlier.len; i++) {
        if (scope->earlier.items[i] == def->owner) {
            return true;
        }
    }
    return false;
}

Def *scope_find_def(Scope *scope, const AstPath *path) {
    Def *def;
    if (path->name == path->last) {
        def = bare_def(scope, path->name);
    } else {
        split_def(scope, path, &def);
    }
    return def != NULL && may_see(scope, def) ? def : NULL;
}

static bool kind_fits(DefKind kind, DefKind wanted) {
    bool is_process = kind == DEF_ACTOR || kind == DEF_SUPERVISOR;
    return kind == wanted || (is_process && (wanted == DEF_ACTOR || wanted == DEF_SUPERVISOR));
}

static const char *kind_text(DefKind kind) {
    static const char *const texts[] = {"a record", "a type", "an actor", "a supervisor"};
    return texts[kind];
}

static void offer_kind(const Interface *from, DefKind kind, bool only_pub, Suggest *suggest) {
    for (uint32_t i = 0; i < from->defs.len; i++) {
        const Def *def = from->defs.items[i];
        bool fits = kind == DEF_TYPE || kind_fits(def->kind, kind);
        if (fits && (def->is_pub || !only_pub)) {
            suggest_offer(suggest, name_str(def->name));
        }
    }
}

// `suggest` may hold what was offered already.
static void report_def(Scope *scope, const AstPath *path, DefKind kind, Suggest suggest) {
    Diags *diags = scope->modules->diags;
    Span span = path->node.span;
    Def *def;
    if (name_map_get(&scope->missing, path->first) != NULL) {
        return;
    }
    Interface *module = split_def(scope, path, &def);
    if (path->name == path->last) {
        def = bare_def(scope, path->name);
        module = scope->own;
    }
    if (module == NULL) {
        size_t len = path->name->len - path->last->len - 1;
        report_module(scope, intern_str(scope->modules->intern, (Str){path->name->text, len}),
                      span);
    } else if (def != NULL && !may_see(scope, def)) {
        DIAG(diags, private_name, span, name_str(path->last), name_str(module->shown));
    } else if (def != NULL) {
        DIAG(diags, wrong_kind, span, name_str(path->name), str_of(kind_text(def->kind)),
             str_of(kind_text(kind)));
    } else {
        offer_kind(module, kind, module != scope->own, &suggest);
        Diag *diag = DIAG(diags, unknown_definition, span, str_of(strchr(kind_text(kind), ' ') + 1),
                          name_str(path->name));
        hint_meant(diags, diag, suggest);
        if (kind == DEF_TYPE) {
            set_hint(diag, foreign_type_hint(name_str(path->name)));
        }
    }
}

Def *scope_def(Scope *scope, const AstPath *path, DefKind kind) {
    Def *def = scope_find_def(scope, path);
    if (def == NULL || !kind_fits(def->kind, kind)) {
        report_def(scope, path, kind, suggest_new(name_str(path->last)));
        return NULL;
    }
    return def;
}

void scope_unknown_type(Scope *scope, const AstPath *path, const char *const *built_in,
                        size_t count) {
    Suggest suggest = suggest_new(name_str(path->last));
    for (size_t i = 0; i < count; i++) {
        suggest_offer(&suggest, str_of(built_in[i]));
    }
    report_def(scope, path, DEF_TYPE, suggest);
}

// ---- Functions and constants --------------------------------------------------------------------

static FnDef *public_fn(const Interface *from, Name name, uint32_t arity) {
    FnDef *fn = interface_fn(from, name, arity);
    return fn != NULL && fn->is_pub ? fn : NULL;
}

FnDef *scope_find_fn(Scope *scope, Name name, uint32_t arity, Interface **owner) {
    FnDef *fn = interface_fn(scope->own, name, arity);
    *owner = scope->own;
    if (fn != NULL) {
        return fn;
    }
    Imported *imported = name_map_get(&scope->imported, name);
    if (imported != NULL) {
        *owner = imported->from;
        fn = public_fn(imported->from, name, arity);
    }
    for (uint32_t i = 0; i < scope->earlier.len && fn == NULL; i++) {
        *owner = scope->earlier.items[i];
        fn = interface_fn(scope->earlier.items[i], name, arity);
    }
    return fn;
}

FnDef *scope_find_fns(Scope *scope, Name name, Interface **owner) {
    LowerDef *lower = interface_lower(scope->own, name);
    *owner = scope->own;
    if (lower == NULL) {
        Imported *imported = name_map_get(&scope->imported, name);
        if (imported != NULL) {
            *owner = imported->from;
            lower = interface_lower(imported->from, name);
        }
    }
    for (uint32_t i = 0; i < scope->earlier.len && lower == NULL; i++) {
        *owner = scope->earlier.items[i];
        lower = interface_lower(scope->earlier.items[i], name);
    }
    return lower == NULL ? NULL : lower->fns;
}

ConstDef *scope_find_const(Scope *scope, Name name) {
    LowerDef *lower = interface_lower(scope->own, name);
    if (lower == NULL) {
        Imported *imported = name_map_get(&scope->imported, name);
        lower = imported == NULL ? NULL : interface_lower(imported->from, name);
    }
    for (uint32_t i = 0; i < scope->earlier.len && lower == NULL; i++) {
        lower = interface_lower(scope->earlier.items[i], name);
    }
    return lower == NULL ? NULL : lower->constant;
}

FnDef *scope_remote_fn(Scope *scope, Interface *module, Name name, uint32_t arity, Span span) {
    FnDef *fn = interface_fn(module, name, arity);
    bool is_own = module == scope->own;
    if (fn != NULL && (fn->is_pub || is_own)) {
        return fn;
    }
    Modules *modules = scope->modules;
    LowerDef *lower = interface_lower(module, name);
    Buf shown = buf_new(modules->arena);
    buf_format(&shown, "%.*s.%.*s/%u", (int)module->shown->len, module->shown->text, (int)name->len,
               name->text, arity);
    if (fn != NULL) {
        DIAG(modules->diags, private_name, span, name_str(name), name_str(module->shown));
        return NULL;
    }
    Diag *diag = DIAG(modules->diags, unknown_function, span, buf_view(&shown));
    if (lower != NULL && all_arities(modules->arena, lower->fns, !is_own).len > 0) {
        hint_arities(scope, diag, lower->fns, !is_own);
    } else {
        Suggest suggest = suggest_new(name_str(name));
        offer_public(module, &suggest);
        hint_meant(modules->diags, diag, suggest);
        if (suggest.best.len == 0) {
            hint_foreign(diag, name, true);
        }
        if (diag != NULL && diag->hint.len == 0) {
            diag->hint = public_functions(modules->arena, module);
        }
    }
    return NULL;
}

void scope_remote_unknown(Scope *scope, const Interface *module, Name name, Span span) {
    Modules *modules = scope->modules;
    Buf shown = buf_new(modules->arena);
    buf_format(&shown, "%.*s.%.*s", (int)module->shown->len, module->shown->text, (int)name->len,
               name->text);
    Suggest suggest = suggest_new(name_str(name));
    offer_public(module, &suggest);
    hint_meant(modules->diags, DIAG(modules->diags, unknown_name, span, buf_view(&shown)), suggest);
}

int32_t scope_field(Scope *scope, const Def *record, Name name, Span span) {
    // Records are small; a search beats a table.
    for (uint32_t i = 0; i < record->field_count; i++) {
        if (record->fields[i].name == name) {
            return (int32_t)i;
        }
    }
    Suggest suggest = suggest_new(name_str(name));
    for (uint32_t i = 0; i < record->field_count; i++) {
        suggest_offer(&suggest, name_str(record->fields[i].name));
    }
    Diags *diags = scope->modules->diags;
    hint_meant(diags, DIAG(diags, unknown_field, span, name_str(record->name), name_str(name)),
               suggest);
    return -1;
}
