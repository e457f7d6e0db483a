// What a file's `import` lines bring into its scope; compiler/resolve/scope.h explains scopes.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/resolve/imports.h"

#include "compiler/base/check.h"

static Str what_import_wants(const ImportDef *import, Name *name, uint32_t i, Span *span) {
    *name = import->names.items[i];
    *span = import->ast == NULL ? import->span : import->ast->names.items[i]->span;
    return name_str(*name);
}

static bool is_upper(Name name) {
    return name->len > 0 && name->text[0] >= 'A' && name->text[0] <= 'Z';
}

// Is there something public of that name?
static bool has_public(const Interface *from, Name name) {
    if (is_upper(name)) {
        const Def *def = interface_upper(from, name);
        return def != NULL && def->is_pub;
    }
    const LowerDef *lower = interface_lower(from, name);
    if (lower == NULL) {
        return false;
    }
    for (const FnDef *fn = lower->fns; fn != NULL; fn = fn->next) {
        if (fn->is_pub) {
            return true;
        }
    }
    return lower->constant != NULL && lower->constant->is_pub;
}

Str public_functions(Arena *arena, const Interface *from) {
    enum { LISTED = 12 };
    Buf text = buf_new(arena);
    buf_format(&text, "%.*s has ", (int)from->shown->len, from->shown->text);
    uint32_t listed = 0;
    Name last = NULL;
    for (uint32_t i = 0; i < from->fns.len; i++) {
        const FnDef *fn = from->fns.items[i];
        if (!fn->is_pub || fn->name == last) {
            continue;
        }
        if (listed == LISTED) {
            buf_str(&text, STR(" and more"));
            break;
        }
        buf_format(&text, "%s`%.*s`", listed == 0 ? "" : ", ", (int)fn->name->len, fn->name->text);
        last = fn->name;
        listed++;
    }
    return listed == 0 ? (Str){0} : buf_view(&text);
}

void offer_public(const Interface *from, Suggest *suggest) {
    for (uint32_t i = 0; i < from->fns.len; i++) {
        if (from->fns.items[i]->is_pub) {
            suggest_offer(suggest, name_str(from->fns.items[i]->name));
        }
    }
    for (uint32_t i = 0; i < from->constants.len; i++) {
        if (from->constants.items[i]->is_pub) {
            suggest_offer(suggest, name_str(from->constants.items[i]->name));
        }
    }
    for (uint32_t i = 0; i < from->defs.len; i++) {
        if (from->defs.items[i]->is_pub) {
            suggest_offer(suggest, name_str(from->defs.items[i]->name));
        }
    }
}

static void import_name(Scope *scope, const ImportDef *import, Interface *from, uint32_t index) {
    Diags *diags = scope->modules->diags;
    Name name;
    Span span;
    Str text = what_import_wants(import, &name, index, &span);
    if (!has_public(from, name)) {
        Suggest suggest = suggest_new(text);
        offer_public(from, &suggest);
        hint_meant(diags, DIAG(diags, unknown_import, span, name_str(from->shown), text), suggest);
        return;
    }
    Imported *before = name_map_get(&scope->imported, name);
    if (before != NULL && before->from != from) {
        DIAG(diags, imported_twice, span, text);
        diag_note(diags, before->import->span, STR("it is imported from here, too"));
        return;
    }
    Imported *imported = ARENA_NEW(scope->modules->arena, Imported);
    *imported = (Imported){from, name, import};
    name_map_put(scope->modules->arena, &scope->imported, name, imported);
}

void import_all(Scope *scope, const Interface *of) {
    for (uint32_t i = 0; i < of->imports.len; i++) {
        const ImportDef *import = of->imports.items[i];
        Interface *from = scope->modules->find(scope->modules->context, scope->own, import->module);
        if (from == NULL) {
            report_module(scope, import->module, import->span);
            name_map_put(scope->modules->arena, &scope->missing, import->alias, scope);
            for (uint32_t k = 0; k < import->names.len; k++) {
                name_map_put(scope->modules->arena, &scope->missing, import->names.items[k], scope);
            }
            continue;
        }
        name_map_put(scope->modules->arena, &scope->aliases, import->alias, from);
        for (uint32_t k = 0; k < import->names.len; k++) {
            import_name(scope, import, from, k);
        }
    }
}
