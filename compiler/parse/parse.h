// The parser: the text of a file, or of what was typed at a prompt, to a tree (compiler/ast/ast.h).
//
// It reports all errors it can find in one run and leaves the statements, definitions and clauses
// with errors out of the tree. Nothing later should run on a tree when there were errors, but tools
// may look at it (it passes ast_verify). Linear in the text; no recursion on its nesting.
// Tests: tests/unit/compiler/parse/, tests/stage/*.ast, tests/fuzz/fuzz_parse.c.
//
//     Arena arena; Intern names; Sources sources; Diags diags;   // all in one arena
//     uint32_t file = sources_add(&sources, STR("shop.cop"), text);
//     AstModule *module;
//     if (parse_file(&(ParseInput){&arena, &names, &sources, &diags}, file, &module) == PARSE_OK) …
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/ast/ast.h"
#include "compiler/base/source.h"
#include "compiler/diag/diag.h"
#include "compiler/lex/lex.h"

typedef enum ParseStatus {
    PARSE_OK,         // no errors (warnings perhaps)
    PARSE_ERRORS,     // there are errors in diags
    PARSE_INCOMPLETE, // parse_prompt only: more lines may make it right; nothing is in diags
} ParseStatus;

// What every parse works with; all of it in one arena and owned by the caller.
typedef struct ParseInput {
    Arena *arena;
    Intern *names;
    Sources *sources;
    Diags *diags;
} ParseInput;

// Parses file number `file` of the sources. *module is NULL only when it is nested too deeply to
// have a tree; otherwise what could be read. Diagnostics are appended, in the order of the text.
ParseStatus parse_file(const ParseInput *input, uint32_t file, AstModule **module);

// The same for a piece of input at a prompt: definitions and statements in any order. Text that
// ends inside brackets or quotes, in an operator, comma or key, or where only a line that begins
// with `catch` or `->` is missing, is PARSE_INCOMPLETE: add a line and parse all of it again.
ParseStatus parse_prompt(const ParseInput *input, uint32_t file, AstModule **module);
