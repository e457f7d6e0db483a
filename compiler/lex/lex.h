// The lexer: source text to an array of tokens, complete and ready for the parser.
//
// Everything that depends on more than the characters of a token is decided here, so that the
// parser sees a plain context-free stream: which line ends end a statement (they are NEWLINE
// tokens, and there is none where the statement goes on, before a closing bracket, or beside
// another); which brackets touch an operand (CALL_LPAREN, INDEX_LBRACKET, RECORD_LBRACE); which
// words are keywords by what follows them; and that brackets are balanced (wrong ones are reported
// and left out, missing ones reported and put in as virtual tokens). README.md has the rules. Runs
// in time linear in the text (a few passes over it, when something is never closed). Diagnostics go
// to the list given; tokens, names and texts lie in the arena. One thread. Tests:
// tests/unit/compiler/lex/, tests/stage/*.tokens.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/base/buf.h"
#include "compiler/base/intern.h"
#include "compiler/base/source.h"
#include "compiler/base/str.h"
#include "compiler/base/vec.h"
#include "compiler/diag/diag.h"
#include "gen/grammar.h"

// More brackets than this open at once are refused.
enum { LEX_DEPTH_MAX = 1000 };

enum { TOKEN_EOF = 0 }; // the number that lemon gives the end of the input

typedef enum TokenFlag {
    TOKEN_FLAG_SPELLED = 1 << 0,
    TOKEN_FLAG_OPERAND = 1 << 1,
    TOKEN_FLAG_GOES_ON = 1 << 2,
    TOKEN_FLAG_CARRIES = 1 << 3,
    TOKEN_FLAG_OPENS = 1 << 4,
    TOKEN_FLAG_CLOSES = 1 << 5,
    TOKEN_FLAG_WORD = 1 << 6,
    TOKEN_FLAG_EXPR = 1 << 7,
    TOKEN_FLAG_PATTERN = 1 << 8,
    TOKEN_FLAG_TYPE = 1 << 9,
    TOKEN_FLAG_INFIX = 1 << 10,
} TokenFlag;

typedef struct TokenInfo {
    const char *name;     // "CALL_LPAREN"
    const char *spelling; // "("
    uint16_t flags;       // of TokenFlag
} TokenInfo;

enum {
#define TOKEN(KIND, spelling, flags) TOKEN_ORDINAL_##KIND,
#include "compiler/lex/tokens.def"
#undef TOKEN
    TOKEN_KIND_COUNT // without TOKEN_EOF
};

typedef struct Token {
    uint8_t kind;    // TOKEN_* of gen/grammar.h
    bool is_virtual; // put in by the lexer, where the source lacks it
    bool is_suspect; // what stands before it was reported and left out: it may not fit
    uint16_t depth;  // how many brackets are open around it (around both ends, for a bracket)
    uint16_t home;   // the depth of the statements of the innermost block around it
    uint32_t offset; // in the source
    uint32_t len;
    union {
        Name name;       // WORD kinds: without the colon of a key or an atom
        const Str *text; // STRING and STR_*: the decoded text up to the next `#{` or the end
        uint32_t code;   // CHAR: the code point
    };
} Token;

// A doc comment: consecutive `## ` lines.
typedef struct LexDoc {
    uint32_t offset; // of its first `#`
    uint32_t len;    // to the end of its last line
    bool is_apart;   // an empty line, another doc comment or the end of the file follows it
} LexDoc;

typedef struct TokenList {
    uint32_t file;
    VEC(Token) tokens; // begins with START and ends with EOF
    VEC(LexDoc) docs;
    bool is_open;     // the text ends inside a bracket or string, or where a line goes on: a prompt
                      // should ask for more before it believes the diagnostics
    bool is_too_deep; // over LEX_DEPTH_MAX: reported, and the tokens are not to be parsed
} TokenList;

// What an end inside brackets or a string means: an error to be blamed on the right place, for
// which the text is read again, or (at a prompt) that there is more to come.
typedef enum LexMode { LEX_FILE, LEX_PROMPT } LexMode;

// Lexes file `file` of `sources`. Reports to diags; always gives a balanced list, unless
// is_too_deep.
void lex_source(const Sources *sources, uint32_t file, LexMode mode, Arena *arena, Intern *names,
                Diags *diags, TokenList *out);

static inline Span token_span(const TokenList *list, const Token *token) {
    return (Span){list->file, token->offset, token->len};
}

// Data of a kind (any but TOKEN_EOF).
const TokenInfo *token_info(uint32_t kind);

static inline bool token_has(const Token *token, TokenFlag flag) {
    return token->kind != TOKEN_EOF && (token_info(token->kind)->flags & flag) != 0;
}

// The text of a doc comment: its lines without `## `, joined by line feeds.
Str lex_doc_text(const Sources *sources, uint32_t file, const LexDoc *doc, Arena *arena);

// The value of a FLOAT token's text (underscores and all); false when it is too large for a double.
bool lex_float_value(Str text, Arena *arena, double *value);

// One token a line for `--dump=tokens`: place, kind, value.
void tokens_print(const TokenList *list, Sources *sources, Buf *out);
