// Fuzz target: any bytes as a source file, and as input at a prompt, through lexer, parser, the
// check of the tree, its printing, and the rendering of what is reported. Nothing may crash, hang
// or leak, and what the parser says of the input is consistent.
//
// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>

#include "compiler/ast/print.h"
#include "compiler/ast/verify.h"
#include "compiler/base/check.h"
#include "compiler/parse/parse.h"

typedef ParseStatus Parse(const ParseInput *input, uint32_t file, AstModule **module);

static void parse_bytes(Parse *parse, const uint8_t *data, size_t size) {
    Arena arena;
    Intern names;
    Sources sources;
    Diags diags;
    arena_init(&arena);
    intern_init(&names, &arena);
    sources_init(&sources, &arena);
    diags_init(&diags, &arena);
    uint32_t file = sources_add(&sources, STR("fuzz.cop"), (Str){(const char *)data, size});
    AstModule *module = NULL;
    ParseStatus status = parse(&(ParseInput){&arena, &names, &sources, &diags}, file, &module);
    CHECK((status == PARSE_ERRORS) == (diags.error_count > 0));
    CHECK(status != PARSE_INCOMPLETE || parse == parse_prompt);
    CHECK(module != NULL || status == PARSE_ERRORS);
    Buf out = buf_new(&arena);
    if (module != NULL) {
        CHECK(ast_verify(&module->node, &sources, &arena).len == 0);
        ast_print(&module->node, &sources, &out);
    }
    diags_render(&diags, &sources, DIAG_PLAIN, &out);
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    parse_bytes(parse_file, data, size);
    parse_bytes(parse_prompt, data, size);
    return 0;
}
