// compiler/core/match.c: decision trees choose what trying one clause after another would, bind the
// same, and call unreachable only what is; their size stays in proportion to the patterns.
//
// Random clauses are written as source, lowered, and run (machine.c) on random values; the same
// patterns are matched naively here.
//
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/compiler/core/machine.h"
#include "tests/unit/compiler/core_fixture.h"

// ---- Random numbers, values ---------------------------------------------------------------------

static uint64_t seed;

static uint32_t below(uint32_t limit) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % limit;
}

static CoreFixture fixture;

static Arena *arena(void) {
    return &fixture.source.arena;
}

static const char *const atoms[] = {"a", "b", "c", "nil"};
static const char *const texts[] = {"", "a", "ab", "abc", "b", "\x01", "\x01x", "\x02xy"};

static CoreConst *make_atom(uint32_t i) {
    return core_const_atom(arena(), intern_text(&fixture.source.names, atoms[i]));
}

static CoreConst *make_value(uint32_t depth) {
    CoreConst *items[4];
    uint32_t count = below(4);
    switch (below(depth == 0 ? 3 : 7)) {
    case 0: return core_const_int(arena(), below(5));
    case 1: return make_atom(below(4));
    case 2: return core_const_bytes(arena(), str_of(texts[below(8)]));
    case 3:
    case 4:
        for (uint32_t i = 0; i < count; i++) {
            items[i] = i == 0 && below(2) == 0 ? make_atom(below(4)) : make_value(depth - 1);
        }
        return core_const_items(arena(), CONST_TUPLE, items, count);
    case 5:
        for (uint32_t i = 0; i < count; i++) {
            items[i] = make_value(depth - 1);
        }
        return core_const_list(arena(), items, count, core_const_empty(arena()));
    default:
        count = below(3);
        for (uint32_t i = 0; i < count; i++) {
            items[i * 2] = make_atom(i);
            items[i * 2 + 1] = make_value(depth - 1);
        }
        return core_const_items(arena(), CONST_MAP, items, count * 2);
    }
}

// ---- Patterns: as text, and to match naively ----------------------------------------------------

typedef enum Kind {
    ANY,
    VAR,
    CONSTANT,
    RANGE,
    TUPLE,
    LIST,
    MAP,
    OR,
    AS,
    PREFIX,
    SEGMENTS,
    PIN
} Kind;

typedef struct Pattern Pattern;
struct Pattern {
    Kind kind;
    uint32_t name; // VAR, AS: v0, v1 …; SEGMENTS: of the length
    const CoreConst *value;
    int64_t first, last;
    Pattern *items[4]; // LIST: elements; MAP: values of :a, :b …
    uint32_t count;
    bool has_tail; // LIST: the last item is the tail
    uint32_t keys[4];
    const char *text; // PREFIX
};

typedef struct Names {
    uint32_t next;  // number of the next fresh name
    uint32_t fixed; // of an alternative: names that it must bind, from here on
    bool may_bind;
} Names;

static Pattern *make_pattern(uint32_t depth, Names *names);

static Pattern *new_pattern(Kind kind) {
    Pattern *p = ARENA_NEW(arena(), Pattern);
    p->kind = kind;
    return p;
}

static Pattern *make_const(void) {
    Pattern *p = new_pattern(CONSTANT);
    p->value = make_value(0);
    return p;
}

static void make_items(Pattern *p, uint32_t count, uint32_t depth, Names *names) {
    p->count = count;
    for (uint32_t i = 0; i < count; i++) {
        p->items[i] = i == 0 && p->kind == TUPLE && below(2) == 0 ? make_const()
                                                                  : make_pattern(depth - 1, names);
    }
}

// Alternatives all bind one name, or none.
static Pattern *make_or(uint32_t depth, Names *names) {
    Pattern *p = new_pattern(OR);
    p->count = 2 + below(2);
    bool binds = names->may_bind && below(2) == 0;
    Names none = {.may_bind = false};
    for (uint32_t i = 0; i < p->count; i++) {
        Pattern *plain = make_pattern(depth - 1, &none);
        if (binds) {
            Pattern *tuple = new_pattern(TUPLE);
            Pattern *var = new_pattern(VAR);
            var->name = names->next;
            tuple->count = 2;
            tuple->items[0] = plain;
            tuple->items[1] = var;
            plain = tuple;
        }
        p->items[i] = plain;
    }
    names->next += binds;
    return p;
}

static Pattern *make_pattern(uint32_t depth, Names *names) {
    uint32_t choice = below(depth == 0 ? 6 : 14);
    Pattern *p;
    switch (choice) {
    case 0: return new_pattern(ANY);
    case 1:
    case 2:
        if (names->may_bind) {
            p = new_pattern(VAR);
            p->name = names->next++;
            return p;
        }
        return make_const();
    case 3:
        p = new_pattern(RANGE);
        p->first = below(4);
        p->last = p->first + below(3);
        return p;
    case 4: p = new_pattern(PIN); return p;
    case 5:
    case 6: return make_const();
    case 7:
    case 8:
        p = new_pattern(TUPLE);
        make_items(p, below(4), depth, names);
        return p;
    case 9:
        p = new_pattern(LIST);
        make_items(p, below(4), depth, names);
        p->has_tail = p->count > 1 && below(2) == 0;
        return p;
    case 10:
        p = new_pattern(MAP);
        make_items(p, below(3), depth, names);
        for (uint32_t i = 0; i < p->count; i++) {
            p->keys[i] = i;
        }
        return p;
    case 11: return make_or(depth, names);
    case 12:
        if (names->may_bind) {
            p = new_pattern(AS);
            p->count = 1;
            p->items[0] = make_pattern(depth - 1, names);
            p->name = names->next++;
            return p;
        }
        return make_const();
    default:
        p = new_pattern(below(2) == 0 || !names->may_bind ? PREFIX : SEGMENTS);
        p->name = p->kind == SEGMENTS ? names->next++ : 0;
        p->text = texts[1 + below(4)];
        p->count = 1;
        p->items[0] = names->may_bind ? new_pattern(VAR) : new_pattern(ANY);
        p->items[0]->name = names->may_bind ? names->next++ : 0;
        return p;
    }
}

static void write_const(Buf *out, const CoreConst *c) {
    core_const_print(fixture.core, c, out);
}

static void write_pattern(Buf *out, const Pattern *p);

static void write_items(Buf *out, const Pattern *p) {
    for (uint32_t i = 0; i < p->count; i++) {
        buf_text(out, i == 0 ? "" : p->has_tail && i + 1 == p->count ? " | " : ", ");
        if (p->kind == MAP) {
            buf_format(out, "%s: ", atoms[p->keys[i]]);
        }
        write_pattern(out, p->items[i]);
    }
}

static void write_pattern(Buf *out, const Pattern *p) {
    switch (p->kind) {
    case ANY: buf_text(out, "_"); break;
    case VAR: buf_format(out, "v%u", p->name); break;
    case PIN: buf_text(out, "^pinned"); break;
    case CONSTANT: write_const(out, p->value); break;
    case RANGE: buf_format(out, "%d..%d", (int)p->first, (int)p->last); break;
    case TUPLE:
        buf_text(out, "(");
        write_items(out, p);
        buf_text(out, p->count == 1 ? ",)" : ")");
        break;
    case LIST:
        buf_text(out, "[");
        write_items(out, p);
        buf_text(out, "]");
        break;
    case MAP:
        buf_text(out, "%{");
        write_items(out, p);
        buf_text(out, "}");
        break;
    case OR:
        buf_text(out, "(");
        for (uint32_t i = 0; i < p->count; i++) {
            buf_text(out, i == 0 ? "" : " | ");
            write_pattern(out, p->items[i]);
        }
        buf_text(out, ")");
        break;
    case AS:
        buf_text(out, "(");
        write_pattern(out, p->items[0]);
        buf_format(out, " as v%u)", p->name);
        break;
    case PREFIX:
        buf_text(out, "(");
        buf_quoted(out, str_of(p->text));
        buf_text(out, " <> ");
        write_pattern(out, p->items[0]);
        buf_text(out, ")");
        break;
    case SEGMENTS:
        buf_format(out, "<<v%u::8, ", p->name);
        write_pattern(out, p->items[0]);
        buf_format(out, "::bytes(v%u), _::bytes>>", p->name);
        break;
    }
}

// ---- The naive matcher --------------------------------------------------------------------------

typedef struct Bound {
    const CoreConst *values[64];
} Bound;

static const CoreConst *pinned;

static bool matches(const Pattern *p, const CoreConst *v, Bound *bound);

static bool list_matches(const Pattern *p, const CoreConst *v, Bound *bound) {
    for (uint32_t i = 0; i < p->count; i++) {
        if (p->has_tail && i + 1 == p->count) {
            return matches(p->items[i], v, bound);
        }
        if (v->kind != CONST_LIST || !matches(p->items[i], v->items[0], bound)) {
            return false;
        }
        v = core_const_list(arena(), v->items + 1, v->item_count - 1, v->tail);
    }
    return v->kind == CONST_EMPTY;
}

static bool map_matches(const Pattern *p, const CoreConst *v, Bound *bound) {
    for (uint32_t i = 0; v->kind == CONST_MAP && i < p->count; i++) {
        const CoreConst *key = make_atom(p->keys[i]);
        const CoreConst *found = NULL;
        for (uint32_t k = 0; k < v->item_count; k += 2) {
            found = core_const_same(v->items[k], key) ? v->items[k + 1] : found;
        }
        if (found == NULL || !matches(p->items[i], found, bound)) {
            return false;
        }
    }
    return v->kind == CONST_MAP;
}

static bool bytes_match(const Pattern *p, const CoreConst *v, Bound *bound) {
    if (v->kind != CONST_BYTES) {
        return false;
    }
    size_t skip = p->kind == PREFIX ? strlen(p->text) : 1;
    if (v->text.len < skip || (p->kind == PREFIX && memcmp(v->text.ptr, p->text, skip) != 0)) {
        return false;
    }
    size_t len = p->kind == PREFIX ? v->text.len - skip : (unsigned char)v->text.ptr[0];
    if (p->kind == SEGMENTS) {
        bound->values[p->name] = core_const_int(arena(), (int64_t)len);
    }
    if (len > v->text.len - skip) {
        return false;
    }
    return matches(p->items[0], core_const_bytes(arena(), (Str){v->text.ptr + skip, len}), bound);
}

static bool matches(const Pattern *p, const CoreConst *v, Bound *bound) {
    switch (p->kind) {
    case ANY: return true;
    case VAR: bound->values[p->name] = v; return true;
    case PIN: return core_const_same(v, pinned);
    case CONSTANT: return core_const_same(p->value, v);
    case RANGE: return v->kind == CONST_INT && p->first <= v->integer && v->integer <= p->last;
    case TUPLE:
        if (v->kind != CONST_TUPLE || v->item_count != p->count) {
            return false;
        }
        for (uint32_t i = 0; i < p->count; i++) {
            if (!matches(p->items[i], v->items[i], bound)) {
                return false;
            }
        }
        return true;
    case LIST: return list_matches(p, v, bound);
    case MAP: return map_matches(p, v, bound);
    case OR:
        for (uint32_t i = 0; i < p->count; i++) {
            if (matches(p->items[i], v, bound)) {
                return true;
            }
        }
        return false;
    case AS: bound->values[p->name] = v; return matches(p->items[0], v, bound);
    case PREFIX:
    case SEGMENTS: return bytes_match(p, v, bound);
    }
    return false;
}

// ---- The property -------------------------------------------------------------------------------

enum { CLAUSES_MAX = 7 };

typedef struct Program {
    Pattern *patterns[CLAUSES_MAX];
    uint32_t name_counts[CLAUSES_MAX];
    bool guarded[CLAUSES_MAX]; // by `v0 == 1`, if it binds v0
    uint32_t count;
    const char *text;
} Program;

// fn f(pinned, x) { match x { p => (0, v0, v1 …); … } }
static void make_program(Program *p) {
    Buf out = buf_new(arena());
    p->count = 1 + below(CLAUSES_MAX);
    buf_text(&out, "fn f(pinned, x) {\n  match x {\n");
    for (uint32_t i = 0; i < p->count; i++) {
        Names names = {.may_bind = true};
        p->patterns[i] = make_pattern(1 + below(3), &names);
        p->name_counts[i] = names.next;
        p->guarded[i] = names.next > 0 && below(3) == 0;
        buf_text(&out, "    ");
        write_pattern(&out, p->patterns[i]);
        buf_text(&out, p->guarded[i] ? " if v0 + 1 == 2 => (" : " => (");
        buf_format(&out, "%u", i);
        for (uint32_t k = 0; k < names.next; k++) {
            buf_format(&out, ", v%u", k);
        }
        buf_text(&out, names.next == 0 ? ",)\n" : ")\n");
    }
    buf_text(&out, "  }\n}\n");
    buf_byte(&out, '\0');
    p->text = out.ptr;
}

// The clause that fits first, or -1.
static int32_t choose(const Program *p, const CoreConst *value, Bound *bound) {
    for (uint32_t i = 0; i < p->count; i++) {
        *bound = (Bound){0};
        if (!matches(p->patterns[i], value, bound)) {
            continue;
        }
        const CoreConst *first = bound->values[0];
        if (!p->guarded[i] || (first->kind == CONST_INT && first->integer == 1)) {
            return (int32_t)i;
        }
    }
    return -1;
}

static const CoreConst *expected(const Program *p, int32_t clause, const Bound *bound) {
    CoreConst *items[65];
    if (clause < 0) {
        items[0] = core_const_atom(arena(), intern_text(&fixture.source.names, "fail"));
        items[1] = core_const_atom(arena(), intern_text(&fixture.source.names, "case_clause"));
        return core_const_items(arena(), CONST_TUPLE, items, 2);
    }
    items[0] = core_const_int(arena(), clause);
    for (uint32_t k = 0; k < p->name_counts[clause]; k++) {
        items[k + 1] = (CoreConst *)bound->values[k];
    }
    return core_const_items(arena(), CONST_TUPLE, items, p->name_counts[clause] + 1);
}

static const char *const_text(const CoreConst *c) {
    Buf out = buf_new(arena());
    core_const_print(fixture.core, c, &out);
    buf_byte(&out, '\0');
    return out.ptr;
}

// Which line of the source an error is about: clause i stands on line i + 3.
static uint64_t unreachable_clauses(void) {
    uint64_t result = 0;
    for (uint32_t i = 0; i < fixture.source.diags.list.len; i++) {
        const Diag *diag = &fixture.source.diags.list.items[i];
        Place place = source_place(&fixture.source.sources, diag->span.file, diag->span.offset);
        if (diag->id == DIAG_pattern_unreachable) {
            result |= (uint64_t)1 << (place.line - 3);
        } else {
            cr_assert(diag->id == DIAG_alternative_repeated || diag->id == DIAG_pattern_never, "%s",
                      fixture_errors(&fixture.source));
        }
    }
    return result;
}

static void check_program(uint64_t number) {
    seed = number * 2654435761u + 1;
    core_fixture_init(&fixture);
    fixture.core = ARENA_NEW(arena(), CoreModule);
    Program p;
    make_program(&p);
    core_fixture_lower(&fixture, p.text);
    uint64_t unreachable = unreachable_clauses();
    for (int i = 0; i < 60; i++) {
        const CoreConst *value = make_value(3);
        Bound bound;
        pinned = make_value(1);
        int32_t clause = choose(&p, value, &bound);
        cr_assert(clause < 0 || (unreachable >> clause & 1) == 0,
                  "program %llu: clause %d is reached by %s\n%s", (unsigned long long)number,
                  clause, const_text(value), p.text);
        if (fixture.source.diags.error_count == 0) {
            const CoreConst *args[] = {pinned, value};
            const CoreConst *got =
                machine_run(arena(), &fixture.source.names, fixture.core->functions.items[0], args);
            const CoreConst *wanted = expected(&p, clause, &bound);
            cr_assert(core_const_same(got, wanted), "program %llu: %s gives %s, not %s\n%s%s",
                      (unsigned long long)number, const_text(value), const_text(got),
                      const_text(wanted), p.text, core_fixture_text(&fixture));
        }
    }
    core_fixture_free(&fixture);
}

Test(match, trees_choose_as_trying_in_order_does) {
    for (uint64_t i = 0; i < 4000; i++) {
        check_program(i);
    }
}

// ---- Size ---------------------------------------------------------------------------------------

// `head`, then `count` copies of `piece` with '#' as their number, then `tail`.
static const char *repeated(Arena *a, const char *head, const char *piece, uint32_t count,
                            const char *tail) {
    Buf out = buf_new(a);
    buf_text(&out, head);
    for (uint32_t i = 0; i < count; i++) {
        for (const char *c = piece; *c != '\0'; c++) {
            if (*c == '#') {
                buf_format(&out, "%u", i);
            } else {
                buf_byte(&out, *c);
            }
        }
    }
    buf_text(&out, tail);
    buf_byte(&out, '\0');
    return out.ptr;
}

// Characters of core for so many pieces.
static size_t size_of(const char *head, const char *piece, uint32_t count, const char *tail) {
    Arena a;
    arena_init(&a);
    CoreFixture f;
    core_fixture(&f, repeated(&a, head, piece, count, tail));
    cr_assert(f.source.diags.error_count == 0, "%s", fixture_errors(&f.source));
    uint32_t labels = 0;
    for (uint32_t i = 0; i < f.core->functions.len; i++) {
        labels += f.core->functions.items[i]->var_count + f.core->functions.items[i]->label_count;
    }
    core_fixture_free(&f);
    arena_free(&a);
    return labels;
}

// Eight times as many pieces: at most `factor` times as much.
static void check_growth(const char *head, const char *piece, const char *tail, size_t factor) {
    size_t small = size_of(head, piece, 20, tail);
    size_t large = size_of(head, piece, 160, tail);
    cr_expect(large <= small * factor + 2000, "%s: %zu, then %zu", piece, small, large);
}

static void check_linear(const char *head, const char *piece, const char *tail) {
    check_growth(head, piece, tail, 16);
}

Test(match, trees_grow_with_the_patterns) {
    check_linear("fn f(x) { match x {\n", "%{k#: v} => v\n", "_ => 0 } }");
    check_linear("fn f(x) { match x {\n", "%{k#: 1, other: v} if v > # => v\n", "_ => 0 } }");
    check_linear("fn f(x) { match x {\n", "<<#::16, n::8, r::bytes(n), _::bytes>> => r\n",
                 "_ => 0 } }");
    check_linear("fn f(x) { match x {\n", "\"text#\" <> r => r\n", "_ => 0 } }");
    check_linear("fn f(x) { match x {\n", "\"text#\" => #\n", "_ => 0 } }");
    check_linear("fn f(x) { match x {\n", "(#, y) if y > 0 => y\n", "_ => 0 } }");
    check_linear("fn f(x) { match x {\n", "0..# => #\n", "_ => 0 } }");
    check_linear("fn f(x, y, z) { match (x, y, z) {\n", "(#, _, 1) => 1; (_, #, 2) => 2\n",
                 "_ => 0 } }");
    check_linear("fn f(x) { let [", "(:a | :b), ", "_] = x; 1 }");
    // Each leaf passes on all names.
    check_growth("fn f(x) { let [", "(:a(v#) | :b(v#)), ", "_] = x; 1 }", 64);
    check_linear("fn f(x, y) { match x {\n", "(^y, #) => #\n", "_ => 0 } }");
    check_linear("", "fn f(#, :x) = 1\nfn f(_, :a#) = 2\n", "fn f(_, _) = 0");
}

Test(match, many_clauses) {
    size_t size = size_of("fn f(x) { match x {\n", "\"t#\" => #\n", 20000, "_ => 0 } }");
    cr_expect(size < 200000);
    size = size_of("fn f(x) { match x {\n", "# => :n#\n", 20000, "_ => 0 } }");
    cr_expect(size < 200000);
    size = size_of("fn f(x) { match x {\n", "y if y == # => #\n", 20000, "_ => 0 } }");
    cr_expect(size < 400000);
}
