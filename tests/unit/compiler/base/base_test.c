// compiler/base: the arena, vectors, buffers, UTF-8, names and sources.
//
// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <stdio.h>

#include "compiler/base/arena.h"
#include "compiler/base/buf.h"
#include "compiler/base/intern.h"
#include "compiler/base/source.h"
#include "compiler/base/utf8.h"
#include "compiler/base/vec.h"

static Arena arena;

static void setup(void) {
    arena_init(&arena);
}

static void teardown(void) {
    arena_free(&arena);
}

TestSuite(compiler_base, .init = setup, .fini = teardown);

Test(compiler_base, arena_keeps_what_it_gave) {
    unsigned char *blocks[200];
    for (unsigned i = 0; i < 200; i++) {
        size_t size = (size_t)i * i * 7;
        blocks[i] = arena_alloc(&arena, size);
        cr_expect_eq((uintptr_t)blocks[i] % 8, 0);
        memset(blocks[i], (int)i, size);
    }
    for (unsigned i = 0; i < 200; i++) {
        for (size_t k = 0; k < (size_t)i * i * 7; k++) {
            cr_assert_eq(blocks[i][k], i);
        }
    }
    cr_expect_gt(arena.size_bytes, 0);
    arena_free(&arena);
    cr_expect_eq(arena.size_bytes, 0);
    char *zeroed = arena_alloc_zeroed(&arena, 100000);
    for (int i = 0; i < 100000; i++) {
        cr_assert_eq(zeroed[i], 0);
    }
}

Test(compiler_base, pooled_arenas_use_chunks_again) {
    ArenaPool pool = {0};
    Arena a, b;
    arena_init_pooled(&a, &pool);
    arena_init_pooled(&b, &pool);
    char *first = arena_alloc(&a, 100);
    char *alone = arena_alloc(&a, 50000); // of no size that is pooled
    memset(alone, 1, 50000);
    arena_free(&a);
    cr_expect(arena_alloc(&b, 100) == first);
    cr_expect(arena_alloc(&a, 100) != first);
    arena_free(&a);
    arena_free(&b);
    arena_pool_free(&pool);
    cr_expect(pool.free[0] == NULL);
}

Test(compiler_base, arena_copies) {
    Str s = arena_str(&arena, (Str){"a\0b", 3});
    cr_expect(str_equal(s, (Str){"a\0b", 3}));
    cr_expect_eq(s.ptr[3], '\0');
    cr_expect(str_equal(arena_str(&arena, (Str){NULL, 0}), STR("")));
}

Test(compiler_base, vec_grows) {
    VEC(uint32_t) numbers = {0};
    for (uint32_t i = 0; i < 10000; i++) {
        vec_push(&arena, &numbers, i * 3);
    }
    cr_expect_eq(numbers.len, 10000);
    for (uint32_t i = 0; i < 10000; i++) {
        cr_assert_eq(numbers.items[i], i * 3);
    }
}

Test(compiler_base, buf_builds_text) {
    Buf b = buf_new(&arena);
    buf_text(&b, "a");
    buf_byte(&b, 'b');
    buf_fill(&b, '-', 100);
    buf_format(&b, "%d %s", 42, "x");
    buf_utf8(&b, 0x20ac);
    cr_expect_eq(b.len, 2 + 100 + 4 + 3);
    Buf q = buf_new(&arena);
    buf_quoted(&q, (Str){"a\"\\\n\x01#{€\xff\0", 12});
    cr_expect(str_is(buf_view(&q), "\"a\\\"\\\\\\n\\x01\\#{€\\xff\\x00\""));
    cr_expect(str_is(buf_view(&(Buf){.arena = &arena}), ""));
}

Test(compiler_base, utf8) {
    static const struct {
        const char *bytes;
        size_t len;
        size_t taken;
    } cases[] = {
        {"a", 1, 1},
        {"\xc3\xa9", 2, 2},
        {"\xe2\x82\xac", 3, 3},
        {"\xf0\x9f\x8c\xb3", 4, 4},
        {"", 0, 0},
        {"\xc3", 1, 0},
        {"\xc0\x80", 2, 0},
        {"\xe0\x80\x80", 3, 0},
        {"\xed\xa0\x80", 3, 0},
        {"\xf4\x90\x80\x80", 4, 0},
        {"\x80", 1, 0},
        {"\xff", 1, 0},
        {"\xe2\x82", 2, 0},
        {"\xf0\x8f\xbf\xbf", 4, 0},
        {"\xf4\x8f\xbf\xbf", 4, 4},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t code;
        cr_expect_eq(utf8_read(cases[i].bytes, cases[i].len, &code), cases[i].taken, "%zu", i);
    }
    for (uint32_t code = 0; code <= 0x10ffff; code += 37) {
        char bytes[4];
        uint32_t back = 0;
        size_t len = utf8_write(code, bytes);
        bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
        cr_assert_eq(utf8_read(bytes, len, &back), is_surrogate ? 0 : len);
        cr_assert(is_surrogate || back == code);
    }
    cr_expect_eq(utf8_good_prefix("abcdefghijklm\xc3\xa9nop\xffq", 20), 18);
    cr_expect_eq(utf8_good_prefix("abcdefgh", 8), 8);
}

Test(compiler_base, names_are_unique) {
    Intern names;
    intern_init(&names, &arena);
    cr_expect_eq(intern_text(&names, "true"), names.known[NAME_TRUE]);
    cr_expect(name_is(intern_text(&names, "start"), NAME_START));
    Name many[5000];
    for (int i = 0; i < 5000; i++) {
        char text[32];
        snprintf(text, sizeof(text), "name_%d", i);
        many[i] = intern_text(&names, text);
    }
    for (int i = 0; i < 5000; i++) {
        char text[32];
        snprintf(text, sizeof(text), "name_%d", i);
        cr_assert_eq(intern_text(&names, text), many[i]);
        cr_assert_eq(many[i]->id, (uint32_t)(NAME_COUNT + i));
    }
    cr_expect_neq(intern_str(&names, (Str){"a\0b", 3}), intern_str(&names, (Str){"a\0c", 3}));
    cr_expect_eq(intern_str(&names, STR("")), intern_str(&names, (Str){NULL, 0}));
}

Test(compiler_base, places) {
    Sources sources;
    sources_init(&sources, &arena);
    uint32_t file = sources_add(&sources, STR("x"), STR("a\né€b\r\n\nlast"));
    static const struct {
        uint32_t offset, line, column;
    } cases[] = {{0, 1, 1}, {1, 1, 2},  {2, 2, 1},  {4, 2, 2},
                 {7, 2, 3}, {10, 3, 1}, {11, 4, 1}, {15, 4, 5}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Place place = source_place(&sources, file, cases[i].offset);
        cr_expect_eq(place.line, cases[i].line, "%u", cases[i].offset);
        cr_expect_eq(place.column, cases[i].column, "%u", cases[i].offset);
    }
    cr_expect(str_is(source_line(&sources, file, 2), "é€b"));
    cr_expect(str_is(source_line(&sources, file, 3), ""));
    cr_expect(str_is(source_line(&sources, file, 4), "last"));
    cr_expect(str_is(source_text(&sources, (Span){file, 2, 2}), "é"));
    uint32_t empty = sources_add(&sources, STR("y"), STR(""));
    cr_expect_eq(source_place(&sources, empty, 0).line, 1);
    cr_expect(str_is(source_line(&sources, empty, 1), ""));
}
