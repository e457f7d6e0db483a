// What is known of tokens besides how they are found: data by kind, values of numbers, doc
// comments, and how they are printed. compiler/lex/lex.h has the contracts.
//
// SPDX-License-Identifier: Apache-2.0
#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include "compiler/base/check.h"
#include "compiler/lex/lex.h"

enum {
    SPELLED = TOKEN_FLAG_SPELLED,
    OPERAND = TOKEN_FLAG_OPERAND,
    GOES_ON = TOKEN_FLAG_GOES_ON,
    CARRIES = TOKEN_FLAG_CARRIES,
    OPENS = TOKEN_FLAG_OPENS,
    CLOSES = TOKEN_FLAG_CLOSES,
    WORD = TOKEN_FLAG_WORD,
    EXPR = TOKEN_FLAG_EXPR,
    PATTERN = TOKEN_FLAG_PATTERN,
    TYPE = TOKEN_FLAG_TYPE,
    INFIX = TOKEN_FLAG_INFIX,
};

const TokenInfo *token_info(uint32_t kind) {
    static const TokenInfo infos[TOKEN_KIND_COUNT + 1] = {
        [TOKEN_EOF] = {"EOF", "the end of the file", CARRIES},
#define TOKEN(KIND, spelling, flags) [TOKEN_##KIND] = {#KIND, spelling, flags},
#include "compiler/lex/tokens.def"
#undef TOKEN
    };
    CHECK(kind <= TOKEN_KIND_COUNT);
    return &infos[kind];
}

bool lex_float_value(Str text, Arena *arena, double *value) {
    // strtod wants the decimal point of the locale, which a host program may have set.
    Str point = str_of(localeconv()->decimal_point);
    Buf digits = buf_new(arena);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '.') {
            buf_str(&digits, point);
        } else if (text.ptr[i] != '_') {
            buf_byte(&digits, text.ptr[i]);
        }
    }
    buf_byte(&digits, '\0');
    *value = strtod(digits.ptr, NULL);
    return isfinite(*value);
}

Str lex_doc_text(const Sources *sources, uint32_t file, const LexDoc *doc, Arena *arena) {
    Str source = source_text(sources, (Span){file, doc->offset, doc->len});
    Buf out = buf_new(arena);
    const char *end = source.ptr + source.len;
    bool is_first = true;
    for (const char *at = source.ptr; at < end;) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        const char *next = line == NULL ? end : line + 1;
        const char *stop = line == NULL ? end : line;
        while (*at != '#') {
            at++;
        }
        at += 2;
        at += at < stop && *at == ' ';
        stop -= stop > at && stop[-1] == '\r';
        if (!is_first) {
            buf_byte(&out, '\n');
        }
        is_first = false;
        buf_str(&out, (Str){at, (size_t)(stop - at)});
        at = next;
    }
    return buf_view(&out);
}

static void print_value(const TokenList *list, const Token *token, Sources *sources, Buf *out) {
    switch (token->kind) {
    case TOKEN_INT:
    case TOKEN_FLOAT:
        buf_byte(out, ' ');
        buf_str(out, source_text(sources, token_span(list, token)));
        break;
    case TOKEN_CHAR: buf_format(out, " U+%04X", token->code); break;
    case TOKEN_STRING:
    case TOKEN_STR_OPEN:
    case TOKEN_STR_MID:
    case TOKEN_STR_CLOSE:
        buf_byte(out, ' ');
        buf_quoted(out, *token->text);
        break;
    case TOKEN_ATOM:
        buf_byte(out, ' ');
        buf_quoted(out, name_str(token->name));
        break;
    case TOKEN_ID:
    case TOKEN_UPPER:
    case TOKEN_KEY:
        buf_byte(out, ' ');
        buf_str(out, name_str(token->name));
        break;
    default: break;
    }
}

void tokens_print(const TokenList *list, Sources *sources, Buf *out) {
    uint32_t doc = 0;
    for (uint32_t i = 1; i < list->tokens.len; i++) { // START is the parser's own
        const Token *token = &list->tokens.items[i];
        for (; doc < list->docs.len && list->docs.items[doc].offset <= token->offset; doc++) {
            Place place = source_place(sources, list->file, list->docs.items[doc].offset);
            buf_format(out, "%u:%u DOC ", place.line, place.column);
            buf_quoted(out, lex_doc_text(sources, list->file, &list->docs.items[doc], out->arena));
            buf_byte(out, '\n');
        }
        Place place = source_place(sources, list->file, token->offset);
        buf_format(out, "%u:%u %s%s", place.line, place.column, token_info(token->kind)->name,
                   token->is_virtual ? " (virtual)" : "");
        print_value(list, token, sources, out);
        buf_byte(out, '\n');
    }
}
