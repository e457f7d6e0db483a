// Texts of string literals: escapes, and the indentation of heredocs; see lex_private.h.
//
// Decoding works on the source between the quotes, piece by piece, after the end of the literal has
// been found, since a heredoc's indentation is known only then. A piece without anything to change
// is not copied.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/base/utf8.h"
#include "compiler/lex/lex_private.h"

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// \xHH, `at` behind the x.
static const char *escape_hex(Lexer *lexer, const char *at, const char *end, uint32_t *code,
                              bool *is_byte) {
    if (end - at < 2 || hex_digit(at[0]) < 0 || hex_digit(at[1]) < 0) {
        DIAG(lexer->diags, escape_hex, lexer_span(lexer, at - 2, at));
        *code = '?';
        return at;
    }
    *code = (uint32_t)(hex_digit(at[0]) * 16 + hex_digit(at[1]));
    *is_byte = true;
    return at + 2;
}

// \u{…}, `at` behind the u.
static const char *escape_unicode(Lexer *lexer, const char *at, const char *end, uint32_t *code) {
    const char *start = at - 2;
    uint32_t value = 0;
    uint32_t digits = 0;
    if (at < end && *at == '{') {
        at++;
        for (; at < end && digits <= 6 && hex_digit(*at) >= 0; at++, digits++) {
            value = value * 16 + (uint32_t)hex_digit(*at);
        }
    }
    bool is_closed = digits > 0 && at < end && *at == '}';
    at += is_closed;
    bool is_scalar = value <= 0x10ffff && !(value >= 0xd800 && value <= 0xdfff);
    if (!is_closed || digits > 6 || !is_scalar) {
        DIAG(lexer->diags, escape_unicode, lexer_span(lexer, start, at));
        value = '?';
    }
    *code = value;
    return at;
}

const char *text_escape(Lexer *lexer, const char *at, const char *end, uint32_t *code,
                        bool *is_byte) {
    *is_byte = false;
    if (*at != '\\') {
        size_t len = utf8_read(at, (size_t)(end - at), code);
        if (len == 0) { // reported when the whole text was looked over
            *code = (unsigned char)*at;
            *is_byte = true;
            return at + 1;
        }
        return at + len;
    }
    const char *start = at++;
    char c = at < end ? *at++ : '\0';
    switch (c) {
    case 'n': *code = '\n'; break;
    case 't': *code = '\t'; break;
    case 'r': *code = '\r'; break;
    case '0': *code = 0; break;
    case 'e': *code = 0x1b; break;
    case '"':
    case '\\':
    case '#':
    case '\'': *code = (unsigned char)c; break;
    case 'x': return escape_hex(lexer, at, end, code, is_byte);
    case 'u': return escape_unicode(lexer, at, end, code);
    default: {
        uint32_t ignored;
        size_t len = at > start + 1 ? utf8_read(at - 1, (size_t)(end - at + 1), &ignored) : 0;
        at = len > 1 ? at - 1 + len : at;
        DIAG(lexer->diags, escape_unknown, lexer_span(lexer, start, at),
             (Str){start, (size_t)(at - start)});
        *code = '?';
    }
    }
    return at;
}

// Skips what a line has in common with the indentation.
static const char *skip_indent(Lexer *lexer, const char *at, const char *end, Str indent) {
    size_t i = 0;
    while (i < indent.len && at < end && *at == indent.ptr[i]) {
        at++;
        i++;
    }
    bool is_blank = at == end || *at == '\n' || *at == '\r';
    if (i < indent.len && !is_blank) {
        DIAG(lexer->diags, heredoc_indent, lexer_span(lexer, at, at + 1));
    }
    return at;
}

static bool is_as_it_stands(const char *from, const char *to, bool is_raw, Str indent) {
    size_t len = (size_t)(to - from);
    return (is_raw || memchr(from, '\\', len) == NULL) && memchr(from, '\r', len) == NULL &&
           indent.len == 0;
}

Str text_decode(Lexer *lexer, const char *from, const char *to, bool is_raw, Str indent,
                bool is_line_start) {
    if (from >= to) {
        return STR("");
    }
    if (is_as_it_stands(from, to, is_raw, indent)) {
        return (Str){from, (size_t)(to - from)};
    }
    Buf out = buf_new(lexer->arena);
    buf_room(&out, (size_t)(to - from));
    const char *at = is_line_start ? skip_indent(lexer, from, to, indent) : from;
    while (at < to) {
        if (*at == '\\' && !is_raw) {
            uint32_t code;
            bool is_byte;
            at = text_escape(lexer, at, to, &code, &is_byte);
            if (is_byte) {
                buf_byte(&out, (char)code);
            } else {
                buf_utf8(&out, code);
            }
        } else if (*at == '\r' && at + 1 < to && at[1] == '\n') {
            at++;
        } else {
            buf_byte(&out, *at++);
            if (at[-1] == '\n' && indent.len > 0) {
                at = skip_indent(lexer, at, to, indent);
            }
        }
    }
    return buf_view(&out);
}

Str text_heredoc_indent(const char *from, const char *close) {
    const char *line = close;
    while (line > from && line[-1] != '\n') {
        line--;
    }
    if (line == from && from[-1] != '\n') {
        return STR(""); // all on the line of the opening quotes, which stand before `from`
    }
    const char *at = line;
    while (at < close && (*at == ' ' || *at == '\t')) {
        at++;
    }
    return (Str){line, (size_t)(at - line)};
}
