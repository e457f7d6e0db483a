// What is said of a syntax error: what stands there, what was expected, and a hint.
//
// The expected kinds come from the automaton (every kind is tried). Kinds that begin an expression,
// a pattern or a type, and those that continue an expression, are summed up; the rest are listed.
// Tests: tests/unit/compiler/parse/, tests/lang/errors/.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/parse/errors.h"

enum { LISTED_MAX = 6 };

// What is expected, as phrases in the order they are said.
typedef struct Phrases {
    Str items[LISTED_MAX];
    uint32_t count;
    bool has_more;
} Phrases;

static void add_phrase(Phrases *phrases, Str text) {
    for (uint32_t i = 0; i < phrases->count; i++) {
        if (str_equal(phrases->items[i], text)) {
            return;
        }
    }
    if (phrases->count == LISTED_MAX) {
        phrases->has_more = true;
    } else {
        phrases->items[phrases->count++] = text;
    }
}

static Str quoted_kind(Parser *p, uint32_t kind) {
    const TokenInfo *info = token_info(kind);
    if ((info->flags & TOKEN_FLAG_SPELLED) == 0) {
        return str_of(info->spelling);
    }
    Buf text = buf_new(p->arena);
    buf_format(&text, "`%s`", info->spelling);
    return buf_view(&text);
}

// The class of kinds that stands for many: 0, or the flag of those that it sums up.
static uint32_t summed_up(const bool *expected, Phrases *phrases) {
    if (expected[TOKEN_FLOAT] && expected[TOKEN_IF]) {
        add_phrase(phrases, expected[TOKEN_LET] ? STR("a statement") : STR("an expression"));
        return TOKEN_FLAG_EXPR;
    }
    if (expected[TOKEN_FLOAT] && expected[TOKEN_CARET]) {
        add_phrase(phrases, STR("a pattern"));
        return TOKEN_FLAG_PATTERN;
    }
    if (expected[TOKEN_LBRACKET] && expected[TOKEN_NIL] && expected[TOKEN_FN]) {
        add_phrase(phrases, STR("a type"));
        return TOKEN_FLAG_TYPE;
    }
    return 0;
}

static Str expected_text(Parser *p, const bool *expected) {
    Phrases phrases = {0};
    uint32_t hidden = summed_up(expected, &phrases);
    bool is_definition = expected[TOKEN_PUB] && expected[TOKEN_IMPORT];
    if (is_definition) {
        add_phrase(&phrases, STR("a definition"));
    }
    if (expected[TOKEN_PLUS] && expected[TOKEN_STAR]) {
        hidden |= TOKEN_FLAG_INFIX;
    }
    bool is_statement = expected[TOKEN_LET];
    bool has_id = expected[TOKEN_ID];
    for (uint32_t kind = 0; kind <= TOKEN_KIND_COUNT; kind++) {
        bool is_contextual = kind >= TOKEN_STATE && kind <= TOKEN_UNSAFE && has_id;
        bool is_hidden = (token_info(kind)->flags & hidden) != 0 || is_contextual ||
                         (is_definition && kind >= TOKEN_CONST && kind <= TOKEN_BECOME) ||
                         (is_statement && (kind == TOKEN_LET || kind == TOKEN_BECOME)) ||
                         kind == TOKEN_START;
        if (expected[kind] && !is_hidden) {
            add_phrase(&phrases, quoted_kind(p, kind));
        }
    }
    if (phrases.count == 0) {
        bool is_period = expected[TOKEN_WITHIN] && !expected[TOKEN_NEWLINE];
        add_phrase(&phrases, is_period ? STR("`within`") : STR("an operator"));
    }
    Buf text = buf_new(p->arena);
    for (uint32_t i = 0; i < phrases.count; i++) {
        bool is_last = i + 1 == phrases.count && !phrases.has_more;
        buf_text(&text, i == 0 ? "" : is_last ? " or " : ", ");
        buf_str(&text, phrases.items[i]);
    }
    buf_text(&text, phrases.has_more ? " and others" : "");
    return buf_view(&text);
}

static Str found_text(Parser *p, const Token *token) {
    Str source = source_text(p->sources, token_at(p, token));
    if (token->kind == TOKEN_NEWLINE) {
        return source.len == 1 && source.ptr[0] == ';' ? STR("`;`") : STR("end of the line");
    }
    enum { SHOWN_MAX = 40 };
    bool is_short = source.len > 0 && source.len <= SHOWN_MAX;
    if (token->kind == TOKEN_STR_CLOSE || token->kind == TOKEN_STR_MID) {
        source.len = 1; // of what closes an expression in a string
    }
    if (!is_short || memchr(source.ptr, '\n', source.len) != NULL) {
        return quoted_kind(p, token->kind);
    }
    Buf text = buf_new(p->arena);
    buf_byte(&text, '`');
    buf_str(&text, source);
    buf_byte(&text, '`');
    return buf_view(&text);
}

// Has the lexer said already what is wrong here? Something was left out or put in just here, or the
// token is in brackets (not of a block) that are never closed and took in what follows them.
static bool is_known_wrong(const Parser *p, const Token *token) {
    if (token->is_virtual || token->is_suspect || (token - 1)->is_virtual ||
        (token - 1)->is_suspect) {
        return true;
    }
    if (p->diags->list.len >= DIAG_MAX || token->kind == TOKEN_EOF) {
        return false;
    }
    for (const Token *at = token; token->depth > token->home; at++) {
        if (at->depth < token->depth) {
            return at->is_virtual;
        }
    }
    return false;
}

void report_unexpected(Parser *p, const Token *token, const bool *expected) {
    if (is_known_wrong(p, token)) {
        return;
    }
    Str wanted = expected_text(p, p->expected);
    Diag *diag;
    if (token->kind == TOKEN_EOF) {
        diag = DIAG(p->diags, unexpected_end, token_at(p, token), wanted);
    } else {
        diag = DIAG(p->diags, unexpected, token_at(p, token), found_text(p, token), wanted);
    }
    if (diag == NULL) {
        return;
    }
    diag->hint = hint_for(p, token, expected);
    bool is_repetition = diag->hint.len > 0 && str_equal(diag->hint, p->last_hint) &&
                         str_equal(diag->message, p->last_message);
    p->last_message = diag->message;
    p->last_hint = diag->hint;
    if (is_repetition) {
        diags_cut(p->diags, p->diags->list.len - 1);
    }
}
