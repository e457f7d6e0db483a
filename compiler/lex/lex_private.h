// What the files of the lexer share: its state, and the decoding of texts.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "compiler/lex/lex.h"

typedef enum QuoteKind {
    QUOTE_PLAIN,       // "…"
    QUOTE_HEREDOC,     // """ … """
    QUOTE_RAW,         // r"…"
    QUOTE_RAW_HEREDOC, // r""" … """
} QuoteKind;

static inline bool quote_is_raw(QuoteKind q) {
    return q >= QUOTE_RAW;
}
static inline bool quote_is_heredoc(QuoteKind q) {
    return (q & 1) != 0;
}

// An open bracket, or a string in whose interpolation we are.
typedef struct Bracket {
    uint8_t kind;        // the opening token's
    QuoteKind quote;     // of a STR_OPEN
    uint16_t outer_home; // `home` around it
    uint32_t token;      // index of the opening token
    uint32_t last_piece; // of a STR_OPEN: index of its last piece so far
} Bracket;

typedef struct Lexer {
    const char *text; // of the whole source
    const char *end;  // its NUL
    Arena *arena;
    Intern *names;
    Diags *diags;
    TokenList *out;

    Bracket *brackets; // LEX_DEPTH_MAX of them
    uint32_t depth;    // open ones
    uint16_t home;
    bool has_newline; // a line that may end a statement has ended since the last token
    bool is_fresh;    // nothing but blanks and comments on this line so far
    uint32_t semi;    // offset + 1 of a `;` since the last token, or 0
    bool has_dropped; // something was left out since the last token
    uint32_t soft;    // kind that the last token gets if the next one fits, or 0

    // What an earlier pass over the text found out; see lex_source.
    uint32_t cut_at;          // offset + 1 of a string that ends with its line, or 0
    bool is_strict;           // an `fn` in column 1 closes all brackets
    uint32_t unclosed_string; // offset + 1 of a plain string that the text ends in, or 0
    uint32_t first_multiline; // offset + 1 of the first plain string over several lines, or 0
} Lexer;

static inline Span lexer_span(const Lexer *lexer, const char *from, const char *to) {
    return (Span){lexer->out->file, (uint32_t)(from - lexer->text), (uint32_t)(to - from)};
}

// The piece of a string's source from `from` to `to`, decoded: escapes done (unless raw), carriage
// returns before line feeds dropped, and `indent` removed from the beginnings of lines (heredocs;
// is_line_start: `from` is one). Reports bad escapes.
Str text_decode(Lexer *lexer, const char *from, const char *to, bool is_raw, Str indent,
                bool is_line_start);

// Decodes the character or escape at `at`, before `end`; returns what follows it. *code gets its
// value; *is_byte tells \xHH. Reports bad ones.
const char *text_escape(Lexer *lexer, const char *at, const char *end, uint32_t *code,
                        bool *is_byte);

// The indentation that a heredoc's last line has, given where its text begins and its closing
// quotes stand; empty when the text has no line break.
Str text_heredoc_indent(const char *from, const char *close);
