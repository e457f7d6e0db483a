// compiler/diag: the list of diagnostics and how they are shown.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/diag/diag.h"

#include <criterion/criterion.h>

static Arena arena;
static Sources sources;
static Diags diags;

static void setup(void) {
    arena_init(&arena);
    sources_init(&sources, &arena);
    diags_init(&diags, &arena);
}

static void teardown(void) {
    arena_free(&arena);
}

TestSuite(diag, .init = setup, .fini = teardown);

static const char *render(DiagStyle style) {
    Buf out = buf_new(&arena);
    diags_render(&diags, &sources, style, &out);
    buf_byte(&out, '\0');
    return out.ptr;
}

static uint32_t add(const char *text) {
    return sources_add(&sources, STR("a.cop"), str_of(text));
}

Test(diag, excerpt_and_hint) {
    uint32_t file = add("first\nlet x = 1 && 2\n");
    DIAG(&diags, operator_foreign, ((Span){file, 16, 2}), STR("&&"), STR("and"));
    cr_expect_str_eq(render(DIAG_PLAIN),
                     "a.cop:2:11: error: there is no operator `&&` [operator_foreign]\n"
                     "    2 | let x = 1 && 2\n"
                     "      |           ^~\n"
                     "      = hint: write and\n");
}

Test(diag, tabs_and_wide_characters) {
    uint32_t file = add("\té = \"日本\" $ x");
    DIAG(&diags, character_unknown, ((Span){file, 15, 1}), STR("`$`"));
    cr_expect_str_eq(render(DIAG_PLAIN),
                     "a.cop:1:11: error: `$` means nothing here [character_unknown]\n"
                     "    1 |     é = \"日本\" $ x\n"
                     "      |                ^\n");
}

Test(diag, notes_and_end_of_file) {
    uint32_t file = add("f(");
    DIAG(&diags, unexpected_end, ((Span){file, 2, 0}), STR("`)`"));
    diag_note(&diags, (Span){file, 1, 1}, STR("it was opened here"));
    cr_expect_str_eq(render(DIAG_PLAIN),
                     "a.cop:1:3: error: the file ends too early: expected `)` [unexpected_end]\n"
                     "    1 | f(\n"
                     "      |   ^\n"
                     "a.cop:1:2: note: it was opened here\n"
                     "    1 | f(\n"
                     "      |  ^\n");
}

Test(diag, span_over_lines_is_underlined_on_its_first) {
    uint32_t file = add("abc def\nghi");
    DIAG(&diags, pub_misplaced, ((Span){file, 4, 7}));
    cr_expect(strstr(render(DIAG_PLAIN), "      |     ^~~\n") != NULL);
}

Test(diag, control_characters_are_not_shown) {
    uint32_t file = add("a\x1b[31m\xff\xe2\x80\xae"
                        "b");
    DIAG(&diags, pub_misplaced, ((Span){file, 0, 1}));
    const char *text = render(DIAG_PLAIN);
    cr_expect_null(strchr(text, '\x1b'));
    cr_expect_null(strstr(text, "\xe2\x80\xae"));
}

Test(diag, long_lines_have_a_window) {
    Buf text = buf_new(&arena);
    buf_fill(&text, 'x', 1000000);
    uint32_t file = sources_add(&sources, STR("a.cop"), buf_view(&text));
    DIAG(&diags, pub_misplaced, ((Span){file, 500000, 3}));
    const char *shown = render(DIAG_PLAIN);
    cr_expect_lt(strlen(shown), 600);
    cr_expect(strstr(shown, "a.cop:1:500001:") != NULL);
    cr_expect(strstr(shown, "^~~\n") != NULL);
}

Test(diag, colour) {
    uint32_t file = add("pub x");
    DIAG(&diags, pub_misplaced, ((Span){file, 0, 3}));
    const char *text = render(DIAG_COLOUR);
    cr_expect(strstr(text, "\x1b[1;31merror: \x1b[0m") != NULL);
}

Test(diag, sorting_and_counting) {
    uint32_t file = add("abc");
    DIAG(&diags, unexpected_end, ((Span){file, 2, 1}), STR("b"));
    DIAG(&diags, pub_misplaced, ((Span){file, 1, 1}));
    DIAG(&diags, nul_byte, ((Span){file, 1, 1}));
    diags_sort(&diags);
    cr_expect_eq(diags.list.items[0].id, DIAG_pub_misplaced);
    cr_expect_eq(diags.list.items[1].id, DIAG_nul_byte);
    cr_expect_eq(diags.list.items[2].id, DIAG_unexpected_end);
    diags_cut(&diags, 1);
    cr_expect_eq(diags.error_count, 1);
    for (int i = 0; i < DIAG_MAX + 10; i++) {
        DIAG(&diags, nul_byte, ((Span){file, 1, 1}));
    }
    cr_expect_eq(diags.list.len, DIAG_MAX);
    cr_expect_eq(diags.error_count, DIAG_MAX + 11);
    cr_expect(strstr(render(DIAG_PLAIN), "… and 11 more\n") != NULL);
}

static const char *suggestion(const char *wanted, const char *const *names) {
    Suggest s = suggest_new(str_of(wanted));
    for (; *names != NULL; names++) {
        suggest_offer(&s, str_of(*names));
    }
    return arena_str(&arena, s.best).ptr;
}

Test(diag, did_you_mean) {
    static const char *const names[] = {"length", "reverse", "map", "filter", "fold", "at", NULL};
    cr_expect_str_eq(suggestion("lenght", names), "length");
    cr_expect_str_eq(suggestion("revers", names), "reverse");
    cr_expect_str_eq(suggestion("Map", names), "map");
    cr_expect_str_eq(suggestion("flod", names), "fold");
    cr_expect_str_eq(suggestion("xyzzy", names), "");
    cr_expect_str_eq(suggestion("q", names), "");
    cr_expect_str_eq(suggestion("", names), "");
}
