// Syntax errors: what is said when the grammar cannot take a token.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/parse/build.h"

// Reports `token`, where the parser would have taken any kind that p->expected says, or `expected`
// once optional parts were left out: hints look at that. Silent when the lexer has already said
// what is wrong there, and for a repetition of the last message.
void report_unexpected(Parser *p, const Token *token, const bool *expected);

// A hint for the usual mistakes of those who come from other languages, or an empty Str.
Str hint_for(const Parser *p, const Token *token, const bool *expected);
