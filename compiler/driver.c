// The driver: which modules there are, and through which passes each goes. compiler/driver.h
// explains the face.
//
// A Unit is a module of the program on its way. The entries come first; a unit that another one
// names is found while that one is lowered (find_module, called back by resolve), and joins the
// list. The table `passes` is the line: a unit is parsed and declared when it is found, lowered
// when its turn comes, and once all are lowered without an error each is built, optimised and
// emitted. IR and tables of a unit lie in an arena of their own that goes when its image is there.
// A unit with syntax errors is not lowered, and what was reported for units that look into it is
// dropped, as most of it would only be about what is missing there.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/driver.h"

#include "compiler/ast/print.h"
#include "compiler/ast/print.h"
#include "compiler/base/intern.h"
#include "compiler/base/source.h"
#include "compiler/check/check.h"
#include "compiler/core/core_build.h"
#include "compiler/core/lower.h"
#include "compiler/diag/diag.h"
#include "compiler/emit/emit.h"
#include "compiler/ir/ir.h"
#include "compiler/parse/parse.h"
#include "compiler/resolve/interface.h"
#include "compiler/resolve/scope.h"

enum { DUMP_COUNT = 6 };

typedef struct {
    CompileSource source;
    uint32_t file; // number in Sources
    Name name;     // internal: "This.List" for a program's module that hides the library's List
    Name shown;
    bool is_entry;
    bool is_broken;        // has syntax errors
    bool saw_broken;       // looked into a unit that has
    const ReplInput *repl; // or NULL
    LowerNames bound;      // before it, for the REPL
    LowerNames in_sight;   // and after it
    VEC(Interface *) earlier;
    AstModule *ast;
    Interface *interface;
    CoreModule *core;
    Arena arena; // of what follows
    IrModule ir;
    Image *image;
    CompiledModule result;
    Str body; // the module's part of a bundle
} Unit;

struct Compilation {
    Arena arena;
    ArenaPool pool; // of the units' arenas
    Intern names;
    Sources sources;
    Diags diags;
    CompileOptions options;
    CompileHost host;
    Modules modules;
    VEC(Unit *) units;
    NameMap program;     // Unit, by shown name
    NameMap library;     // Interface, by name
    NameMap absent;      // names that no module of the program has
    NameMap not_library; // nor one of the library
    Unit *current;       // the one being lowered
    bool incomplete;     // REPL
    Buf dumps[DUMP_COUNT];
    CompileTime *times;
};

// ---- Passes -------------------------------------------------------------------------------------

static bool wants_dump(const Compilation *c, const Unit *unit, uint32_t stage) {
    return unit->is_entry && (c->options.dump & stage) != 0;
}

static Buf *dump_of(Compilation *c, uint32_t stage) {
    return &c->dumps[__builtin_ctz(stage)];
}

static void dump_tokens(Compilation *c, const Unit *unit) {
    Diags ignored;
    TokenList tokens = {0};
    diags_init(&ignored, &c->arena);
    lex_source(&c->sources, unit->file, LEX_FILE, &c->arena, &c->names, &ignored, &tokens);
    tokens_print(&tokens, &c->sources, dump_of(c, DUMP_TOKENS));
}

static void pass_parse(Compilation *c, Unit *unit) {
    if (wants_dump(c, unit, DUMP_TOKENS)) {
        dump_tokens(c, unit);
    }
    ParseInput input = {&c->arena, &c->names, &c->sources, &c->diags};
    ParseStatus status = unit->repl != NULL ? parse_prompt(&input, unit->file, &unit->ast)
                                            : parse_file(&input, unit->file, &unit->ast);
    unit->is_broken = status != PARSE_OK;
    c->incomplete |= status == PARSE_INCOMPLETE;
    if (unit->ast != NULL && wants_dump(c, unit, DUMP_AST)) {
        ast_print(&unit->ast->node, &c->sources, dump_of(c, DUMP_AST));
    }
}

static void pass_declare(Compilation *c, Unit *unit) {
    if (unit->ast != NULL && !c->incomplete) {
        unit->interface =
            interface_of_ast(&c->modules, unit->ast, unit->name, unit->shown, c->options.library);
    }
}

static bool is_of_broken(const Compilation *c, const Diag *diag) {
    for (uint32_t i = 0; i < c->units.len; i++) {
        if (c->units.items[i]->file == diag->span.file) {
            return c->units.items[i]->is_broken;
        }
    }
    return false;
}

// Of what was reported behind the first `before`, only the syntax errors stay.
static void keep_syntax_errors(Compilation *c, uint32_t before) {
    uint32_t kept = before;
    for (uint32_t i = before; i < c->diags.list.len; i++) {
        if (is_of_broken(c, &c->diags.list.items[i])) {
            c->diags.list.items[kept++] = c->diags.list.items[i];
        }
    }
    diags_cut(&c->diags, kept);
}

static void pass_lower(Compilation *c, Unit *unit) {
    uint32_t before = c->diags.list.len;
    LowerOptions options = {.tests = c->options.tests, .docs = c->options.docs};
    Scope *scope;
    if (unit->repl != NULL) {
        options.is_repl = true;
        options.bound = unit->bound.items;
        options.bound_count = unit->bound.len;
        scope = scope_of_repl(&c->modules, unit->interface, unit->earlier.items, unit->earlier.len);
    } else {
        scope = scope_of(&c->modules, unit->interface);
    }
    check_module(scope);
    unit->core = lower_module(scope, &c->sources, &options, &unit->in_sight);
    unit->core->interface = interface_write(&c->modules, unit->interface, unit->repl != NULL);
    if (unit->saw_broken) {
        keep_syntax_errors(c, before);
    }
}

static void pass_verify_core(Compilation *c, Unit *unit) {
    if (wants_dump(c, unit, DUMP_CORE)) {
        core_print(unit->core, dump_of(c, DUMP_CORE));
    }
    core_verify(unit->core);
}

static void pass_build(Compilation *c, Unit *unit) {
    arena_init_pooled(&unit->arena, &c->pool);
    unit->ir = (IrModule){.arena = &unit->arena, .names = &c->names, .core = unit->core};
    if (wants_dump(c, unit, DUMP_PASSES)) {
        unit->ir.passes = dump_of(c, DUMP_PASSES);
    }
    for (uint32_t i = 0; i < unit->core->functions.len; i++) {
        IrFunction *f = ir_build(&unit->ir, unit->core->functions.items[i]);
        ir_verify(f);
        vec_push(&unit->arena, &unit->ir.functions, f);
        vec_push(&unit->arena, &unit->ir.live, f);
    }
}

static void pass_inline(Compilation *c, Unit *unit) {
    if (c->options.plain) {
        return;
    }
    for (uint32_t i = 0; i < unit->ir.functions.len; i++) {
        ir_simplify(unit->ir.functions.items[i]);
    }
    ir_inline(&unit->ir);
}

static void pass_optimise(Compilation *c, Unit *unit) {
    for (uint32_t i = 0; i < unit->ir.live.len; i++) {
        ir_optimise(unit->ir.live.items[i], c->options.plain);
    }
    if (!c->options.plain) {
        ir_unbox(&unit->ir);
    }
    for (uint32_t i = 0; i < unit->ir.live.len; i++) {
        if (wants_dump(c, unit, DUMP_IR)) {
            ir_print(unit->ir.live.items[i], dump_of(c, DUMP_IR));
        }
    }
}

static void pass_emit(Compilation *c, Unit *unit) {
    unit->image = image_new(&unit->arena, &unit->ir, &c->sources, &c->diags, c->options.docs);
    for (uint32_t i = 0; i < unit->ir.live.len; i++) {
        emit_function(unit->image, unit->ir.live.items[i]);
    }
}

static void pass_write(Compilation *c, Unit *unit) {
    if (c->diags.error_count == 0) {
        Str body = image_write(unit->image);
        unit->body = (Str){arena_copy(&c->arena, body.ptr, body.len), body.len};
        unit->result.image = image_bundle(&c->arena, &unit->body, 1);
        if (wants_dump(c, unit, DUMP_ASM)) {
            image_print(&unit->arena, body, dump_of(c, DUMP_ASM));
        }
    }
    arena_free(&unit->arena);
}

typedef struct {
    const char *name;
    void (*run)(Compilation *c, Unit *unit);
} Pass;

typedef enum {
    PASS_PARSE,
    PASS_DECLARE,
    PASS_LOWER,
    PASS_VERIFY,
    PASS_BUILD,
    PASS_INLINE,
    PASS_OPTIMISE,
    PASS_EMIT,
    PASS_WRITE,
    PASS_COUNT
} PassId;

// The line from text to image; compiler/README.md says what each expects and guarantees.
static const Pass passes[PASS_COUNT] = {
    [PASS_PARSE] = {"parse", pass_parse},          [PASS_DECLARE] = {"declare", pass_declare},
    [PASS_LOWER] = {"lower", pass_lower},          [PASS_VERIFY] = {"verify", pass_verify_core},
    [PASS_BUILD] = {"build", pass_build},          [PASS_INLINE] = {"inline", pass_inline},
    [PASS_OPTIMISE] = {"optimise", pass_optimise}, [PASS_EMIT] = {"emit", pass_emit},
    [PASS_WRITE] = {"write", pass_write},
};

static uint64_t now(const Compilation *c) {
    return c->host.now_ns != NULL ? c->host.now_ns(c->host.context) : 0;
}

// Lowering finds other units and so runs their first passes inside itself; their time counts twice.
static void run_passes(Compilation *c, Unit *unit, PassId first, PassId last) {
    for (uint32_t i = first; i <= last; i++) {
        uint64_t start = now(c);
        passes[i].run(c, unit);
        c->times[i].ns += now(c) - start;
    }
}

// ---- Modules ------------------------------------------------------------------------------------

static Interface *find_in_library(Compilation *c, Name name) {
    Interface *known = name_map_get(&c->library, name);
    if (known != NULL || name_map_get(&c->not_library, name) != NULL) {
        return known;
    }
    Str bytes;
    if (!c->options.library && c->host.library_interface != NULL &&
        c->host.library_interface(c->host.context, name_str(name), &bytes)) {
        known = interface_read(&c->modules, bytes, true);
    }
    if (known != NULL) {
        name_map_put(&c->arena, &c->library, name, known);
    } else {
        name_map_put(&c->arena, &c->not_library, name, c);
    }
    return known;
}

// Adds a module and takes it through the passes that need no other module.
static Unit *add_unit(Compilation *c, const CompileSource *source, Name shown) {
    Unit *unit = ARENA_NEW(&c->arena, Unit);
    unit->source = *source;
    unit->shown = shown;
    unit->name = shown;
    if (find_in_library(c, shown) != NULL) {
        Buf name = buf_new(&c->arena);
        buf_text(&name, "This.");
        buf_str(&name, name_str(shown));
        unit->name = intern_str(&c->names, buf_view(&name));
    }
    unit->file = sources_add(&c->sources, source->path, source->text);
    vec_push(&c->arena, &c->units, unit);
    name_map_put(&c->arena, &c->program, shown, unit);
    return unit;
}

static Unit *find_in_program(Compilation *c, Name name) {
    Unit *unit = name_map_get(&c->program, name);
    if (unit != NULL || c->host.module_source == NULL || name_map_get(&c->absent, name) != NULL) {
        return unit;
    }
    CompileSource source;
    Str relative = module_path_of_name(&c->arena, name_str(name));
    if (!c->host.module_source(c->host.context, name_str(name), relative, &source)) {
        name_map_put(&c->arena, &c->absent, name, c);
        return NULL;
    }
    unit = add_unit(c, &source, name);
    run_passes(c, unit, PASS_PARSE, PASS_DECLARE);
    return unit;
}

// Modules.find: a module of the library sees the library; one of the program its own modules first.
static Interface *find_module(void *context, const Interface *from, Name name) {
    Compilation *c = context;
    if (!from->is_library || c->options.library) {
        Unit *unit = find_in_program(c, name);
        if (unit != NULL) {
            c->current->saw_broken |= unit->is_broken && unit != c->current;
            return unit->interface;
        }
    }
    return find_in_library(c, name);
}

static void offer_modules(void *context, const Interface *from, Suggest *suggest) {
    Compilation *c = context;
    (void)from;
    for (uint32_t i = 0; i < c->units.len; i++) {
        suggest_offer(suggest, name_str(c->units.items[i]->shown));
    }
    if (c->host.library_module != NULL) {
        Str name;
        for (uint32_t i = 0; (name = c->host.library_module(c->host.context, i)).len > 0; i++) {
            suggest_offer(suggest, name);
        }
    }
}

// ---- Compiling ----------------------------------------------------------------------------------

Compilation *compilation_new(const CompileOptions *options, const CompileHost *host) {
    Arena arena;
    arena_init(&arena);
    Compilation *c = ARENA_NEW(&arena, Compilation);
    c->arena = arena;
    c->options = *options;
    c->host = *host;
    intern_init(&c->names, &c->arena);
    sources_init(&c->sources, &c->arena);
    diags_init(&c->diags, &c->arena);
    c->modules =
        (Modules){.arena = &c->arena, .intern = &c->names, .diags = &c->diags, .context = c};
    c->modules.find = find_module;
    c->modules.offer = offer_modules;
    for (uint32_t i = 0; i < DUMP_COUNT; i++) {
        c->dumps[i] = buf_new(&c->arena);
    }
    c->times = ARENA_NEW_ARRAY(&c->arena, CompileTime, PASS_COUNT + 1);
    for (uint32_t i = 0; i < PASS_COUNT; i++) {
        c->times[i].pass = passes[i].name;
    }
    return c;
}

void compilation_free(Compilation *c) {
    ArenaPool pool = c->pool;
    Arena arena = c->arena;
    arena_free(&arena);
    arena_pool_free(&pool);
}

static bool has_main(const CoreModule *core) {
    for (uint32_t i = 0; i < core->functions.len; i++) {
        const CoreFunction *f = core->functions.items[i];
        if (f->exported && f->arity <= 1 && name_is(f->name, NAME_MAIN)) {
            return true;
        }
    }
    return false;
}

static void set_result(Unit *unit) {
    unit->result.name = name_str(unit->name);
    unit->result.path = unit->source.path;
    unit->result.interface = unit->core->interface;
    unit->result.has_main = has_main(unit->core);
}

// Lowers the units, those too that are found on the way, and emits them all if nothing was wrong.
static CompileStatus compile_units(Compilation *c) {
    for (uint32_t i = 0; i < c->units.len; i++) {
        Unit *unit = c->units.items[i];
        c->current = unit;
        if (!unit->is_broken) {
            run_passes(c, unit, PASS_LOWER, PASS_LOWER);
            set_result(unit);
        }
    }
    for (uint32_t i = 0; i < c->units.len && c->diags.error_count == 0 && !c->options.check_only;
         i++) {
        run_passes(c, c->units.items[i], PASS_VERIFY, PASS_WRITE);
    }
    return c->diags.error_count > 0 ? COMPILE_ERRORS : COMPILE_OK;
}

CompileStatus compile_program(Compilation *c, const CompileSource *entries, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        Name shown = intern_str(&c->names, module_name_of_path(&c->arena, entries[i].relative));
        add_unit(c, &entries[i], shown)->is_entry = true;
    }
    for (uint32_t i = 0; i < count; i++) {
        c->current = c->units.items[i];
        run_passes(c, c->current, PASS_PARSE, PASS_DECLARE);
    }
    return compile_units(c);
}

static Unit *add_repl_unit(Compilation *c, const ReplInput *input) {
    Buf name = buf_new(&c->arena);
    buf_format(&name, "Repl.%u", input->number);
    CompileSource source = {buf_view(&name), buf_view(&name), input->text};
    Unit *unit = add_unit(c, &source, intern_str(&c->names, buf_view(&name)));
    unit->is_entry = true;
    unit->repl = input;
    c->current = unit;
    for (uint32_t i = 0; i < input->binding_count; i++) {
        vec_push(&c->arena, &unit->bound, intern_str(&c->names, input->bindings[i]));
    }
    for (uint32_t i = 0; i < input->definition_count; i++) {
        Interface *earlier = interface_read(&c->modules, input->definitions[i], false);
        CHECK(earlier != NULL);
        vec_push(&c->arena, &unit->earlier, earlier);
    }
    return unit;
}

CompileStatus compile_repl(Compilation *c, const ReplInput *input, ReplResult *result) {
    *result = (ReplResult){0};
    Unit *unit = add_repl_unit(c, input);
    run_passes(c, unit, PASS_PARSE, PASS_DECLARE);
    if (c->incomplete) {
        return COMPILE_INCOMPLETE;
    }
    if (compile_units(c) != COMPILE_OK) {
        return COMPILE_ERRORS;
    }
    bool defines = unit->ast->defs.len > 0;
    result->module = unit->result.name;
    result->image = compilation_bundle(c);
    result->interface = defines ? unit->result.interface : (Str) { "", 0 };
    result->binding_count = unit->in_sight.len;
    result->bindings = ARENA_NEW_ARRAY(&c->arena, Str, unit->in_sight.len);
    for (uint32_t i = 0; i < unit->in_sight.len; i++) {
        result->bindings[i] = name_str(unit->in_sight.items[i]);
    }
    return COMPILE_OK;
}

// ---- Results ------------------------------------------------------------------------------------

uint32_t compilation_module_count(const Compilation *c) {
    return c->units.len;
}

const CompiledModule *compilation_module(const Compilation *c, uint32_t index) {
    CHECK(index < c->units.len);
    return &c->units.items[index]->result;
}

Str compilation_bundle(Compilation *c) {
    Str *bodies = ARENA_NEW_ARRAY(&c->arena, Str, c->units.len);
    for (uint32_t i = 0; i < c->units.len; i++) {
        bodies[i] = c->units.items[i]->body;
    }
    return image_bundle(&c->arena, bodies, c->units.len);
}

uint32_t compilation_errors(const Compilation *c) {
    return c->diags.error_count;
}

uint32_t compilation_warnings(const Compilation *c) {
    return c->diags.warning_count;
}

Str compilation_diagnostics(Compilation *c, bool colour) {
    Buf out = buf_new(&c->arena);
    diags_sort(&c->diags);
    diags_render(&c->diags, &c->sources, colour ? DIAG_COLOUR : DIAG_PLAIN, &out);
    return buf_view(&out);
}

const struct Diags *compilation_diags(const Compilation *c) {
    return &c->diags;
}

const struct Sources *compilation_sources(const Compilation *c) {
    return &c->sources;
}

Str compilation_dump(Compilation *c, uint32_t stage) {
    return buf_view(dump_of(c, stage));
}

const CompileTime *compilation_times(const Compilation *c) {
    return c->times;
}

uint64_t compilation_size_bytes(const Compilation *c) {
    return c->arena.size_bytes;
}

// ---- Names of modules ---------------------------------------------------------------------------

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

Str module_name_of_path(Arena *a, Str relative) {
    static const char suffix[] = ".cop";
    size_t len = relative.len;
    size_t suffix_len = sizeof(suffix) - 1;
    if (len > suffix_len && memcmp(relative.ptr + len - suffix_len, suffix, suffix_len) == 0) {
        len -= suffix_len;
    }
    Buf name = buf_new(a);
    bool begins = true;
    for (size_t i = 0; i < len; i++) {
        char c = relative.ptr[i];
        if (c == '/' && name.len > 0) {
            buf_byte(&name, '.');
        }
        if (is_word(c)) {
            buf_byte(&name, begins && c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
        }
        begins = !is_word(c);
    }
    if (name.len == 0) {
        buf_text(&name, "Main");
    }
    return buf_view(&name);
}

Str module_path_of_name(Arena *a, Str module) {
    Buf path = buf_new(a);
    bool begins = true;
    for (size_t i = 0; i < module.len; i++) {
        char c = module.ptr[i];
        bool is_upper = c >= 'A' && c <= 'Z';
        if (is_upper && !begins) {
            buf_byte(&path, '_');
        }
        buf_byte(&path, is_upper ? (char)(c - 'A' + 'a') : c == '.' ? '/' : c);
        begins = c == '.';
    }
    buf_text(&path, ".cop");
    return buf_view(&path);
}
