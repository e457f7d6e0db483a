// The lexer's rules (re2c) and its three bits of context; compiler/lex/lex.h says what it promises.
//
// Context is: the stack of open brackets and strings, the last token, and the line ends since.
// emit() puts the NEWLINE in when the next token is known; soft words become keywords when the
// token after them fits; touching brackets look at the last token. A string with interpolation is a
// STR_OPEN, the tokens of an expression, any STR_MID and a STR_CLOSE; the bracket stack knows that
// a `}` resumes the string. The text ends in a NUL at lexer->end, which re2c takes for the end of
// input; other NULs are errors.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/lex/lex.h"

#include "compiler/base/check.h"
#include "compiler/base/utf8.h"
#include "compiler/lex/lex_private.h"

/*!re2c
    re2c:define:YYCTYPE = "unsigned char";
    re2c:define:YYCURSOR = at;
    re2c:define:YYMARKER = marker;
    re2c:define:YYLIMIT = limit;
    re2c:yyfill:enable = 0;
    re2c:eof = 0;
    re2c:indent:string = "    ";
    re2c:flags:unsafe = 0;
*/

static const uint16_t flags_of[TOKEN_KIND_COUNT + 2] = {
#define SPELLED TOKEN_FLAG_SPELLED
#define OPERAND TOKEN_FLAG_OPERAND
#define GOES_ON TOKEN_FLAG_GOES_ON
#define CARRIES TOKEN_FLAG_CARRIES
#define OPENS TOKEN_FLAG_OPENS
#define CLOSES TOKEN_FLAG_CLOSES
#define WORD TOKEN_FLAG_WORD
#define EXPR TOKEN_FLAG_EXPR
#define PATTERN TOKEN_FLAG_PATTERN
#define TYPE TOKEN_FLAG_TYPE
#define INFIX TOKEN_FLAG_INFIX
#define TOKEN(KIND, spelling, flags) [TOKEN_##KIND] = flags,
#include "compiler/lex/tokens.def"
#undef TOKEN
    [TOKEN_EOF] = TOKEN_FLAG_CARRIES,
};

// ---- Emitting ----------------------------------------------------------------------------------

static inline Token *last_token(const Lexer *lexer) {
    return &lexer->out->tokens.items[lexer->out->tokens.len - 1];
}

static inline uint32_t offset_of(const Lexer *lexer, const char *at) {
    return (uint32_t)(at - lexer->text);
}

static inline Token *push(Lexer *lexer, uint32_t kind, const char *from, const char *to) {
    Token token = {
        .kind = (uint8_t)kind,
        .is_suspect = lexer->has_dropped,
        .depth = (uint16_t)lexer->depth,
        .home = lexer->home,
        .offset = offset_of(lexer, from),
        .len = (uint32_t)(to - from),
    };
    lexer->has_dropped = false;
    vec_push(lexer->arena, &lexer->out->tokens, token);
    return last_token(lexer);
}

// The last line, or a `;`, may have ended a statement: says so unless the statement goes on.
static void separate(Lexer *lexer, uint32_t next, const char *from) {
    uint32_t before = last_token(lexer)->kind;
    if (lexer->semi != 0) {
        const char *semi = lexer->text + lexer->semi - 1;
        bool is_needless = before == TOKEN_LBRACE || before == TOKEN_START ||
                           next == TOKEN_RBRACE || next == TOKEN_EOF;
        if (!is_needless) {
            push(lexer, TOKEN_NEWLINE, semi, semi + 1);
        }
    } else if (!(flags_of[before] & TOKEN_FLAG_GOES_ON) && !(flags_of[next] & TOKEN_FLAG_CARRIES)) {
        // Its place is the end of the line that it ends.
        const Token *last = last_token(lexer);
        const char *end = lexer->text + last->offset + last->len;
        push(lexer, TOKEN_NEWLINE, end, end < from && *end == '\n' ? end + 1 : end);
    }
    lexer->semi = 0;
    lexer->has_newline = false;
}

// Does `next` make a keyword of the soft word before it?
static bool soft_follows(uint32_t soft, uint32_t next, uint32_t next_soft) {
    switch (soft) {
    case TOKEN_ACTOR: case TOKEN_SUPERVISOR: case TOKEN_RECORD: case TOKEN_TYPE:
        return next == TOKEN_UPPER;
    case TOKEN_TEST: return next == TOKEN_STRING || next == TOKEN_STR_OPEN;
    case TOKEN_EXTERN: return next == TOKEN_STRING || next == TOKEN_UNSAFE;
    case TOKEN_DYNAMIC: return next_soft == TOKEN_SUPERVISOR;
    case TOKEN_DURABLE: return next_soft == TOKEN_ACTOR;
    case TOKEN_BECOME: return next == TOKEN_ID || (next >= TOKEN_STATE && next <= TOKEN_UNSAFE);
    default: return false;
    }
}

static void close_all(Lexer *lexer, const char *at);

// A definition in the first column ends whatever is still open: nothing of the kind can stand
// inside.
static void check_column(Lexer *lexer, const char *from) {
    bool is_first_column = from == lexer->text || from[-1] == '\n';
    if (is_first_column && lexer->depth > 0) {
        close_all(lexer, from);
    }
}

// The last token is a soft word, and `next` (soft itself as next_soft) follows it.
static void settle_soft(Lexer *lexer, uint32_t next, uint32_t next_soft) {
    uint32_t soft = lexer->soft;
    lexer->soft = 0;
    bool is_apart = lexer->has_newline || lexer->semi != 0;
    if (is_apart || !soft_follows(soft, next, next_soft)) {
        return;
    }
    if (soft != TOKEN_BECOME && lexer->depth > 0) {
        Token word = *last_token(lexer);
        lexer->out->tokens.len--;
        const char *from = lexer->text + word.offset;
        check_column(lexer, from);
        word.depth = (uint16_t)lexer->depth;
        word.home = lexer->home;
        if (last_token(lexer)->is_virtual) {
            push(lexer, TOKEN_NEWLINE, from, from);
        }
        vec_push(lexer->arena, &lexer->out->tokens, word);
    }
    last_token(lexer)->kind = (uint8_t)soft;
}

static inline Token *emit(Lexer *lexer, uint32_t kind, const char *from, const char *to) {
    if (lexer->soft != 0) {
        settle_soft(lexer, kind, 0);
    }
    if (lexer->has_newline || lexer->semi != 0) {
        separate(lexer, kind, from);
    }
    lexer->is_fresh = false;
    return push(lexer, kind, from, to);
}

// ---- Texts of strings --------------------------------------------------------------------------

static const Str *new_text(Lexer *lexer, Str text) {
    Str *result = arena_alloc(lexer->arena, sizeof(Str));
    *result = text;
    return result;
}

static inline uint32_t quotes_len(QuoteKind quote) { return quote_is_heredoc(quote) ? 3 : 1; }

// What the opening quotes at `from` and, in a heredoc, the line break behind them take.
static const char *text_start(const char *from, QuoteKind quote) {
    const char *at = from + quotes_len(quote) + quote_is_raw(quote);
    if (quote_is_heredoc(quote)) {
        const char *line = at;
        while (*line == ' ' || *line == '\t' || *line == '\r') {
            line++;
        }
        at = *line == '\n' ? line + 1 : at;
    }
    return at;
}

// Where the text of a piece begins and ends in the source, and whether it begins a line.
static void piece_bounds(const Lexer *lexer, const Token *piece, QuoteKind quote, const char **from,
                         const char **to, bool *is_line_start) {
    const char *start = lexer->text + piece->offset;
    const char *end = start + piece->len;
    bool is_first = piece->kind == TOKEN_STRING || piece->kind == TOKEN_STR_OPEN;
    bool is_last = piece->kind == TOKEN_STRING || piece->kind == TOKEN_STR_CLOSE;
    *from = is_first ? text_start(start, quote) : start + 1;
    *to = is_last ? end - quotes_len(quote) : end - 2;
    *is_line_start = is_first && (*from)[-1] == '\n';
}

static void decode_piece(Lexer *lexer, Token *piece, QuoteKind quote, Str indent) {
    const char *from;
    const char *to;
    bool is_line_start;
    piece_bounds(lexer, piece, quote, &from, &to, &is_line_start);
    Str text = text_decode(lexer, from, to, quote_is_raw(quote), indent, is_line_start);
    piece->text = new_text(lexer, text);
}

// Decodes all pieces of a heredoc, now that its last line is known. Each holds the index of the one
// before it in `code` until then. `close` is NULL when there are no closing quotes.
static void decode_heredoc(Lexer *lexer, uint32_t open, uint32_t last, QuoteKind quote,
                           const char *close) {
    Token *tokens = lexer->out->tokens.items;
    const char *from = text_start(lexer->text + tokens[open].offset, quote);
    Str indent = close == NULL ? STR("") : text_heredoc_indent(from, close);
    for (uint32_t i = last;;) {
        uint32_t before = i == open ? open : tokens[i].code;
        decode_piece(lexer, &tokens[i], quote, indent);
        if (i == open) {
            break;
        }
        i = before;
    }
}

// ---- Brackets ----------------------------------------------------------------------------------

static uint32_t closer_of(uint32_t opener) {
    switch (opener) {
    case TOKEN_LPAREN: case TOKEN_CALL_LPAREN: return TOKEN_RPAREN;
    case TOKEN_LBRACKET: case TOKEN_INDEX_LBRACKET: return TOKEN_RBRACKET;
    case TOKEN_LBRACE: return TOKEN_RBRACE;
    case TOKEN_LBYTES: return TOKEN_RBYTES;
    case TOKEN_STR_OPEN: return TOKEN_STR_CLOSE;
    default: return TOKEN_CLOSE_BRACE;
    }
}

// Remembers an opening bracket that was just emitted as the last token. False: too many.
static bool bracket_push(Lexer *lexer, uint32_t kind, QuoteKind quote) {
    uint32_t token = lexer->out->tokens.len - 1;
    if (lexer->depth == LEX_DEPTH_MAX) {
        const Token *t = last_token(lexer);
        DIAG(lexer->diags, nested_too_deeply,
             ((Span){lexer->out->file, t->offset, t->len}));
        lexer->out->is_too_deep = true;
        return false;
    }
    lexer->brackets[lexer->depth++] = (Bracket){
        .kind = (uint8_t)kind, .quote = quote, .outer_home = lexer->home, .token = token,
        .last_piece = token,
    };
    if (kind == TOKEN_LBRACE) {
        lexer->home = (uint16_t)lexer->depth;
    }
    return true;
}

static void bracket_pop(Lexer *lexer) {
    lexer->depth--;
    lexer->home = lexer->brackets[lexer->depth].outer_home;
}

static inline const Bracket *innermost(const Lexer *lexer) {
    return lexer->depth == 0 ? NULL : &lexer->brackets[lexer->depth - 1];
}

// Reports the innermost bracket as never closed and closes it at `at` by a virtual token.
static void close_virtually(Lexer *lexer, const char *at, bool is_reported) {
    const Bracket *open = innermost(lexer);  // stays where it is when popped
    const Token *token = &lexer->out->tokens.items[open->token];
    if (is_reported) {
        const char *start = lexer->text + token->offset;
        uint32_t len = token->kind == TOKEN_STR_OPEN ? 1 : token->len;
        DIAG(lexer->diags, bracket_unclosed, lexer_span(lexer, start, start + len),
             (Str){start, len});
    }
    lexer->has_newline = false;
    lexer->semi = 0;
    uint32_t closer = closer_of(open->kind);
    bracket_pop(lexer);
    Token *made = push(lexer, closer, at, at);
    made->is_virtual = true;
    if (closer == TOKEN_STR_CLOSE) {
        made->text = new_text(lexer, STR(""));
        if (quote_is_heredoc(open->quote)) {
            decode_heredoc(lexer, open->token, open->last_piece, open->quote, NULL);
        }
    }
}

// Closes all brackets before `at`, and reports the outermost one (the others are its victims more
// often than not).
static void close_all(Lexer *lexer, const char *at) {
    while (lexer->depth > 0) {
        close_virtually(lexer, at, lexer->depth == 1);
    }
}

// Does a closing bracket that begins with `c` fit this opening one?
static bool closes(char c, uint32_t opener) {
    uint32_t closer = closer_of(opener);
    switch (c) {
    case ')': return closer == TOKEN_RPAREN;
    case ']': return closer == TOKEN_RBRACKET;
    case '>': return closer == TOKEN_RBYTES;
    default:
        return closer == TOKEN_RBRACE || closer == TOKEN_CLOSE_BRACE || closer == TOKEN_STR_CLOSE;
    }
}

// A closing bracket that fits no open one. True: it shall close the innermost, which it was
// mistaken for; false: it was left out.
static bool close_instead(Lexer *lexer, const char *from, const char *to) {
    const Bracket *open = innermost(lexer);
    Str found = {from, (size_t)(to - from)};
    if (open == NULL || open->kind == TOKEN_LBRACE || open->kind == TOKEN_STR_OPEN) {
        DIAG(lexer->diags, bracket_unopened, lexer_span(lexer, from, to), found);
        lexer->has_dropped = true;
        return false;
    }
    const Token *token = &lexer->out->tokens.items[open->token];
    const char *opener = lexer->text + token->offset;
    DIAG(lexer->diags, bracket_mismatched, lexer_span(lexer, from, to), found,
         (Str){opener, token->len}, str_of(token_info(closer_of(open->kind))->spelling));
    diag_note(lexer->diags, lexer_span(lexer, opener, opener + token->len),
              STR("it was opened here"));
    return true;
}

// A closing bracket in the source. Those that were opened after its partner are closed first; one
// without partner is left out. True: it is the `}` after which a string goes on, and nothing else
// is done yet.
static bool close_bracket(Lexer *lexer, const char *from, const char *to) {
    uint32_t depth = lexer->depth;
    while (depth > 0 && !closes(*from, lexer->brackets[depth - 1].kind)) {
        depth--;
    }
    if (depth == 0 && !close_instead(lexer, from, to)) {
        return false;
    }
    while (depth > 0 && lexer->depth > depth) {
        close_virtually(lexer, from, true);
    }
    uint32_t closer = closer_of(innermost(lexer)->kind);
    if (closer == TOKEN_STR_CLOSE) {
        return true;
    }
    if (lexer->soft != 0) {
        settle_soft(lexer, closer, 0);
    }
    if (lexer->has_newline || lexer->semi != 0) {
        separate(lexer, closer, from);
    }
    bracket_pop(lexer);
    push(lexer, closer, from, to);
    lexer->is_fresh = false;
    return false;
}

// Does the bracket at `from` touch an operand?
static inline bool touches(const Lexer *lexer, const char *from) {
    const Token *last = last_token(lexer);
    return (flags_of[last->kind] & TOKEN_FLAG_OPERAND) != 0 &&
           last->offset + last->len == offset_of(lexer, from);
}

// ---- Strings -----------------------------------------------------------------------------------

typedef enum TextEnd { TEXT_CLOSED, TEXT_INTERPOLATED, TEXT_ENDED } TextEnd;

// Finds the end of a stretch of text: the closing quotes, a `#{`, or the end of the source.
static const char *skip_text(Lexer *lexer, const char *at, QuoteKind quote, TextEnd *end,
                             bool *has_newline) {
    const char *marker;
    const char *limit = lexer->end;
    for (;;) {
        const char *start = at;
        /*!re2c
            "\"\"\""        { *end = TEXT_CLOSED; return start; }
            "\""            { if (quote_is_heredoc(quote)) { continue; }
                              *end = TEXT_CLOSED; return start; }
            "\\"            { if (!quote_is_raw(quote) && at < limit && *at != '\0') {
                                  *has_newline |= *at == '\n';
                                  at++;
                              }
                              continue; }
            "#{"            { if (quote_is_raw(quote)) { continue; }
                              *end = TEXT_INTERPOLATED; return start; }
            "\n"            { *has_newline = true; continue; }
            [^"\\#\n\x00]+  { continue; }
            $               { *end = TEXT_ENDED; return start; }
            *               { if (*start == '\0') {
                                  DIAG(lexer->diags, nul_byte, lexer_span(lexer, start, at));
                              }
                              continue; }
        */
    }
}

// The text ends inside the string that `open` begins: reports it; see lex_source for what follows.
static void string_unclosed(Lexer *lexer, uint32_t open_offset, QuoteKind quote) {
    const char *open = lexer->text + open_offset;
    DIAG(lexer->diags, string_unclosed,
         lexer_span(lexer, open, open + quotes_len(quote) + quote_is_raw(quote)));
    lexer->out->is_open = true;
    if (quote == QUOTE_PLAIN && lexer->unclosed_string == 0) {
        lexer->unclosed_string = open_offset + 1;
    }
}

// The rest of a string in whose interpolation we were; `from` is at the `}`. Returns what follows.
static const char *resume_string(Lexer *lexer, const char *from) {
    Bracket *open = &lexer->brackets[lexer->depth - 1];
    QuoteKind quote = open->quote;
    uint32_t open_token = open->token;
    TextEnd end;
    bool has_newline = false;
    const char *stop = skip_text(lexer, from + 1, quote, &end, &has_newline);
    if (has_newline && quote == QUOTE_PLAIN && lexer->first_multiline == 0) {
        lexer->first_multiline = lexer->out->tokens.items[open_token].offset + 1;
    }
    lexer->has_newline = false;
    lexer->semi = 0;
    lexer->soft = 0;
    lexer->is_fresh = false;
    Token *piece;
    const char *next = stop;
    if (end == TEXT_INTERPOLATED) {
        next = stop + 2;
        piece = push(lexer, TOKEN_STR_MID, from, next);
    } else {
        bracket_pop(lexer);
        if (end == TEXT_CLOSED) {
            next = stop + quotes_len(quote);
            piece = push(lexer, TOKEN_STR_CLOSE, from, next);
        } else {
            string_unclosed(lexer, lexer->out->tokens.items[open_token].offset, quote);
            piece = push(lexer, TOKEN_STR_CLOSE, from, next);
            piece->is_virtual = true;
            piece->text = new_text(lexer, STR(""));
            if (quote_is_heredoc(quote)) {
                decode_heredoc(lexer, open_token, open->last_piece, quote, NULL);
            }
            return next;
        }
    }
    if (!quote_is_heredoc(quote)) {
        decode_piece(lexer, piece, quote, STR(""));
        return next;
    }
    piece->code = open->last_piece;
    open->last_piece = lexer->out->tokens.len - 1;
    if (end == TEXT_CLOSED) {
        decode_heredoc(lexer, open_token, lexer->out->tokens.len - 1, quote, stop);
    }
    return next;
}

// A string that is known to lack its closing quote: its text is the rest of the line.
static const char *cut_string(Lexer *lexer, const char *from) {
    const char *to = from + 1;
    while (to < lexer->end && *to != '\n') {
        to++;
    }
    DIAG(lexer->diags, string_unclosed, lexer_span(lexer, from, from + 1));
    Token *token = emit(lexer, TOKEN_STRING, from, to);
    token->text = new_text(lexer, (Str){from + 1, (size_t)(to - from - 1)});
    // What was opened on this line was surely closed in what is now text.
    while (lexer->depth > lexer->home) {
        const char *open = lexer->text + lexer->out->tokens.items[innermost(lexer)->token].offset;
        if (memchr(open, '\n', (size_t)(from - open)) != NULL) {
            break;
        }
        close_virtually(lexer, to, false);
    }
    return to;
}

// A string literal, whose opening quotes (and `r`) are at `from`. Returns what follows its first
// piece, or NULL when brackets are nested too deeply.
static const char *start_string(Lexer *lexer, const char *from, QuoteKind quote) {
    if (lexer->cut_at == offset_of(lexer, from) + 1) {
        return cut_string(lexer, from);
    }
    const char *text = text_start(from, quote);
    TextEnd end;
    bool has_newline = false;
    const char *stop = skip_text(lexer, text, quote, &end, &has_newline);
    if (has_newline && quote == QUOTE_PLAIN && lexer->first_multiline == 0) {
        lexer->first_multiline = offset_of(lexer, from) + 1;
    }
    if (end == TEXT_INTERPOLATED) {
        Token *open = emit(lexer, TOKEN_STR_OPEN, from, stop + 2);
        if (!quote_is_heredoc(quote)) {
            decode_piece(lexer, open, quote, STR(""));
        } else {
            open->text = new_text(lexer, STR(""));  // until the end is known
        }
        // The bracket is outside of the string: its tokens are one deeper.
        return bracket_push(lexer, TOKEN_STR_OPEN, quote) ? stop + 2 : NULL;
    }
    if (end == TEXT_ENDED) {
        string_unclosed(lexer, offset_of(lexer, from), quote);
        emit(lexer, TOKEN_STRING, from, stop)->text = new_text(lexer, STR(""));
        return stop;
    }
    const char *next = stop + quotes_len(quote);
    Token *token = emit(lexer, TOKEN_STRING, from, next);
    Str indent = quote_is_heredoc(quote) ? text_heredoc_indent(text, stop) : STR("");
    decode_piece(lexer, token, quote, indent);
    return next;
}

// ---- Single literals ---------------------------------------------------------------------------

// :"any text", `from` at the colon. Returns what follows.
static const char *quoted_atom(Lexer *lexer, const char *from) {
    const char *at = from + 2;
    const char *text = at;
    while (at < lexer->end && *at != '"' && *at != '\n') {
        at += *at == '\\' && at + 1 < lexer->end && at[1] != '\n' ? 2 : 1;
    }
    Str decoded = text_decode(lexer, text, at, false, STR(""), false);
    if (at == lexer->end || *at != '"') {
        DIAG(lexer->diags, string_unclosed, lexer_span(lexer, from, from + 2));
    } else {
        at++;
        for (const char *p = text; p + 1 < at; p++) {
            if (p[0] == '\\') {
                p++;
            } else if (p[0] == '#' && p[1] == '{') {
                DIAG(lexer->diags, atom_interpolation, lexer_span(lexer, p, p + 2));
                break;
            }
        }
    }
    emit(lexer, TOKEN_ATOM, from, at)->name = intern_str(lexer->names, decoded);
    return at;
}

// 'c', `from` at the first quote. Returns what follows.
static const char *character(Lexer *lexer, const char *from) {
    const char *at = from + 1;
    if (at < lexer->end && *at != '\'' && *at != '\n') {
        uint32_t code;
        bool is_byte;
        const char *next = text_escape(lexer, at, lexer->end, &code, &is_byte);
        if (next < lexer->end && *next == '\'') {
            emit(lexer, TOKEN_CHAR, from, next + 1)->code = code;
            return next + 1;
        }
    }
    // Not one character: text up to the next quote on this line, if there is one.
    while (at < lexer->end && *at != '\'' && *at != '\n') {
        at++;
    }
    bool is_closed = at < lexer->end && *at == '\'';
    const char *next = is_closed ? at + 1 : from + 1;
    if (is_closed && at > from + 1) {
        Str text = {from + 1, (size_t)(at - from - 1)};
        DIAG(lexer->diags, char_too_long, lexer_span(lexer, from, next));
        emit(lexer, TOKEN_STRING, from, next)->text = new_text(lexer, text);
    } else {
        DIAG(lexer->diags, char_empty, lexer_span(lexer, from, next));
        emit(lexer, TOKEN_CHAR, from, next)->code = 0;
    }
    return next;
}

static inline bool is_word_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// A number of the right form; what touches it must not be a letter.
static const char *number(Lexer *lexer, uint32_t kind, const char *from, const char *to) {
    if (is_word_byte(*to)) {
        while (is_word_byte(*to)) {
            to++;
        }
        DIAG(lexer->diags, number_malformed, lexer_span(lexer, from, to),
             (Str){from, (size_t)(to - from)});
        // A token that reads well, in the place of the one that does not.
        emit(lexer, TOKEN_INT, from, from + 1);
        last_token(lexer)->is_suspect = true;
        return to;
    }
    emit(lexer, kind, from, to);
    return to;
}

// ---- Words -------------------------------------------------------------------------------------

// A word of lower or upper case, of kind `kind` (ID, UPPER, reserved or contextual), or a soft one
// (then kind is ID). Returns what follows it, which is behind the colon of a key.
static inline const char *word(Lexer *lexer, uint32_t kind, uint32_t soft, const char *from,
                               const char *to) {
    if (*to == ':' && to[1] != ':') {
        Name name = intern_str(lexer->names, (Str){from, (size_t)(to - from)});
        emit(lexer, TOKEN_KEY, from, to + 1)->name = name;
        return to + 1;
    }
    if (last_token(lexer)->kind == TOKEN_DOT && kind != TOKEN_UPPER) {
        kind = TOKEN_ID;
        soft = 0;
    }
    if (soft != 0 && lexer->soft != 0) {
        settle_soft(lexer, TOKEN_ID, soft);
    }
    Token *token = emit(lexer, kind, from, to);
    if (flags_of[kind] & TOKEN_FLAG_WORD) {
        Name name = intern_str(lexer->names, (Str){from, (size_t)(to - from)});
        token->name = name;
        lexer->soft = soft;
    }
    return to;
}

// A reserved word that begins a definition and can stand nowhere else.
static const char *definition_word(Lexer *lexer, uint32_t kind, const char *from, const char *to) {
    bool is_key = *to == ':' && to[1] != ':';
    if (lexer->depth > 0 && !is_key && last_token(lexer)->kind != TOKEN_DOT) {
        check_column(lexer, from);
        lexer->has_newline |= lexer->depth == 0;
    }
    return word(lexer, kind, 0, from, to);
}

// `fn`: in the first column, of a name, and when something is known to be left open, it ends that.
static const char *fn_word(Lexer *lexer, const char *from, const char *to) {
    bool names_function = to[0] == ' ' && to[1] >= 'a' && to[1] <= 'z';
    if (lexer->is_strict && names_function && lexer->depth > 0) {
        check_column(lexer, from);
        lexer->has_newline |= lexer->depth == 0;
    }
    return word(lexer, TOKEN_FN, 0, from, to);
}

// ---- Comments ----------------------------------------------------------------------------------

static const char *line_end(const Lexer *lexer, const char *at) {
    const char *found = memchr(at, '\n', (size_t)(lexer->end - at));
    return found == NULL ? lexer->end : found;
}

static bool is_doc_line(const char *at) {
    return at[0] == '#' && at[1] == '#' &&
           (at[2] == ' ' || at[2] == '\n' || at[2] == '\r' || at[2] == '\0');
}

// A comment at `from`; a doc comment takes all its lines. Returns the line end behind it.
static const char *comment(Lexer *lexer, const char *from) {
    if (!lexer->is_fresh || !is_doc_line(from)) {
        return line_end(lexer, from);
    }
    const char *end = line_end(lexer, from);
    const char *next;
    for (;;) {
        next = end + (end < lexer->end);
        while (*next == ' ' || *next == '\t' || *next == '\r') {
            next++;
        }
        if (!is_doc_line(next)) {
            break;
        }
        end = line_end(lexer, next);
    }
    LexDoc doc = {
        .offset = offset_of(lexer, from),
        .len = (uint32_t)(end - from),
        .is_apart = *next == '\n' || next == lexer->end,
    };
    vec_push(lexer->arena, &lexer->out->docs, doc);
    return end;
}

// `//` where a statement would begin, or `/*`: other languages' comments.
static const char *foreign_comment(Lexer *lexer, const char *from) {
    DIAG(lexer->diags, comment_foreign, lexer_span(lexer, from, from + 2),
         (Str){from, 2});
    if (from[1] == '/') {
        return line_end(lexer, from);
    }
    const char *at = from + 2;
    while (at < lexer->end && !(at[0] == '*' && at[1] == '/')) {
        at++;
    }
    return at < lexer->end ? at + 2 : at;
}

// ---- The rules ---------------------------------------------------------------------------------

static void newline(Lexer *lexer) {
    lexer->is_fresh = true;
    const Bracket *open = innermost(lexer);
    lexer->has_newline |= open == NULL || open->kind == TOKEN_LBRACE;
}

static void semicolon(Lexer *lexer, const char *from) {
    const Bracket *open = innermost(lexer);
    if (open != NULL && open->kind != TOKEN_LBRACE) {
        DIAG(lexer->diags, semicolon_in_brackets, lexer_span(lexer, from, from + 1));
        lexer->has_dropped = true;
    } else if (lexer->semi == 0) {
        if (lexer->soft != 0) {
            settle_soft(lexer, TOKEN_NEWLINE, 0);
        }
        lexer->semi = offset_of(lexer, from) + 1;
    }
}

// A colon that is neither a key's nor an atom's: what it was meant for.
static const char *colon_hint(const Lexer *lexer, const char *from) {
    const Token *last = last_token(lexer);
    const Bracket *open = innermost(lexer);
    bool is_map = open != NULL && open->kind == TOKEN_MAP_LBRACE;
    if (is_map && (last->kind == TOKEN_STRING || last->kind == TOKEN_STR_CLOSE)) {
        return "a key that is a text is written \"text\" => value";
    }
    const char *next = from + 1;
    while (*next == ' ' || *next == '\r') {
        next++;
    }
    if (*next == '\n') {
        return "a block stands between { and }";
    }
    if (last->kind == TOKEN_RPAREN) {
        return "the type of a result is written `-> Type`";
    }
    for (const Token *at = last; at->kind != TOKEN_NEWLINE && at->kind != TOKEN_START; at--) {
        if (at->kind == TOKEN_QUESTION) {
            return "a choice is written `if c { a } else { b }`";
        }
    }
    bool is_clause = open != NULL && open->kind == TOKEN_LBRACE;
    return is_clause && token_has(last, TOKEN_FLAG_PATTERN)
               ? "a clause is written `pattern => result`"
               : "a key is written `name:` or \"text\" =>, an atom `:name`";
}

// A character that begins no token. Returns what follows it.
static const char *bad_character(Lexer *lexer, const char *from) {
    lexer->has_dropped = true;
    uint32_t code;
    size_t len = utf8_read(from, (size_t)(lexer->end - from), &code);
    if (len == 0) {
        return from + 1;  // broken UTF-8, reported before
    }
    if (code == 0) {
        DIAG(lexer->diags, nul_byte, lexer_span(lexer, from, from + 1));
        return from + 1;
    }
    Span span = lexer_span(lexer, from, from + len);
    Buf shown = buf_new(lexer->arena);
    if (code == '`') {
        buf_format(&shown, "a backtick");
    } else if (code < 0x20 || code == 0x7f) {
        buf_format(&shown, "`\\x%02x`", code);
    } else {
        buf_format(&shown, "`%.*s`", (int)len, from);
    }
    Diag *diag = DIAG(lexer->diags, character_unknown, span, buf_view(&shown));
    const struct {
        uint32_t code;
        const char *hint;
    } hints[] = {
        {0xa0, "this is a no-break space; use an ordinary one"},
        {0x201c, "strings stand between straight quotes: \"…\""},
        {0x201d, "strings stand between straight quotes: \"…\""},
        {0x2018, "characters stand between straight quotes: 'c'"},
        {0x2019, "characters stand between straight quotes: 'c'"},
        {0x2026, "a range is written with two dots: 1..10"},
        {0x2192, "an arrow is written -> or =>"},
        {'@', "there are no attributes; a constant is `const name = value`"},
        {'$', "names have no sigil; in a string write \"#{name}\""},
        {'`', "text stands between double quotes"},
        {'\\', "a function value is `fn(x) => x + 1`; a line needs no mark to go on"},
        {'~', "bit operations are functions: Int.bnot(x)"},
        {':', colon_hint(lexer, from)},
    };
    for (size_t i = 0; diag != NULL && i < sizeof(hints) / sizeof(hints[0]); i++) {
        if (hints[i].code == code) {
            diag->hint = str_of(hints[i].hint);
        }
    }
    if (diag != NULL && diag->hint.len == 0 && code >= 0x80) {
        diag->hint = STR("names are written in a-z, A-Z, 0-9 and _; other letters may stand in "
                         "strings and comments");
    }
    return from + len;
}

// An operator of another language: reported, and `kind` stands for it.
static void foreign_operator(Lexer *lexer, uint32_t kind, const char *from, const char *to,
                             const char *instead) {
    DIAG(lexer->diags, operator_foreign, lexer_span(lexer, from, to),
         (Str){from, (size_t)(to - from)}, str_of(instead));
    lexer->has_dropped = true;
    emit(lexer, kind, from, to);
}

// `x++` and `x--`: the operand before it is touched, and none can follow. (With the end of the line
// behind it, it must be all that the statement says: lists may be joined over several lines.)
static bool is_step(const Lexer *lexer, const char *from, const char *to) {
    const Token *last = last_token(lexer);
    if (last->kind != TOKEN_ID || !touches(lexer, from)) {
        return false;
    }
    while (*to == ' ' || *to == '\r') {
        to++;
    }
    uint32_t before = last[-1].kind;
    bool is_all = before == TOKEN_NEWLINE || before == TOKEN_LBRACE || before == TOKEN_START;
    return *to == ')' || *to == '}' || *to == ';' || (is_all && (*to == '\n' || *to == '\0'));
}

static void foreign_step(Lexer *lexer, const char *from, const char *to) {
    DIAG(lexer->diags, operator_foreign, lexer_span(lexer, from, to), (Str){from, 2},
         *from == '+' ? STR("x = x + 1 (state only; otherwise a new `let`)")
                      : STR("x = x - 1 (state only; otherwise a new `let`)"));
    lexer->has_dropped = true;
}

// `{` of any kind that is not a map's.
static bool open_brace(Lexer *lexer, const char *from, const char *to) {
    const Token *last = last_token(lexer);
    bool is_definition = last->kind == TOKEN_UPPER && !lexer->has_newline &&
                         lexer->out->tokens.len > 1 && last[-1].kind == TOKEN_RECORD;
    bool is_record = last->kind == TOKEN_UPPER && touches(lexer, from) && !is_definition;
    uint32_t kind = is_record ? TOKEN_RECORD_LBRACE : TOKEN_LBRACE;
    emit(lexer, kind, from, to);
    return bracket_push(lexer, kind, QUOTE_PLAIN);
}

static bool open_bracket(Lexer *lexer, uint32_t kind, const char *from, const char *to) {
    emit(lexer, kind, from, to);
    return bracket_push(lexer, kind, QUOTE_PLAIN);
}

// `<<`: a shift when an operand stands before it on the line, which no program may have.
static bool open_bytes(Lexer *lexer, const char *from, const char *to) {
    const Token *last = last_token(lexer);
    bool is_contextual = last->kind >= TOKEN_STATE && last->kind <= TOKEN_UNSAFE;
    if ((flags_of[last->kind] & TOKEN_FLAG_OPERAND) && !is_contextual && !lexer->has_newline &&
        lexer->semi == 0 && lexer->soft == 0) {
        foreign_operator(lexer, TOKEN_STAR, from, to, "Int.shl(x, n)");
        return true;
    }
    return open_bracket(lexer, TOKEN_LBYTES, from, to);
}

static void close_bytes(Lexer *lexer, const char *from, const char *to) {
    for (uint32_t depth = lexer->depth; depth > lexer->home; depth--) {
        if (lexer->brackets[depth - 1].kind == TOKEN_LBYTES) {
            close_bracket(lexer, from, to);
            return;
        }
    }
    foreign_operator(lexer, TOKEN_STAR, from, to, "Int.shr(x, n)");
}

// All tokens from `at` on. False when brackets are nested too deeply.
static bool scan(Lexer *lexer, const char *at) {
    const char *marker;
    const char *const limit = lexer->end;
    for (;;) {
        const char *start = at;
#define EMIT(KIND) emit(lexer, TOKEN_##KIND, start, at); continue
#define WORD_RULE(KIND) at = word(lexer, TOKEN_##KIND, 0, start, at); continue
#define SOFT_RULE(KIND) at = word(lexer, TOKEN_ID, TOKEN_##KIND, start, at); continue
#define OPEN(KIND) if (!open_bracket(lexer, TOKEN_##KIND, start, at)) { return false; } continue
#define OPEN_TOUCHING(TOUCHING, KIND)         \
    if (touches(lexer, start)) {              \
        OPEN(TOUCHING);                       \
    }                                         \
    OPEN(KIND)
#define STRING_RULE(quote)                    \
    at = start_string(lexer, start, quote);   \
    if (at == NULL) { return false; }         \
    continue
#define NUMBER(KIND) at = number(lexer, TOKEN_##KIND, start, at); continue
#define FOREIGN(KIND, instead) foreign_operator(lexer, TOKEN_##KIND, start, at, instead); continue
        /*!re2c
            lower   = [a-z_][a-zA-Z0-9_]*;
            upper   = [A-Z][a-zA-Z0-9_]*;
            decimal = [0-9]+ ("_" [0-9]+)*;

            [ \t\r]+        { continue; }
            "\n"            { newline(lexer); continue; }
            "#"             { at = comment(lexer, start); continue; }
            $               { break; }

            "const"         { at = definition_word(lexer, TOKEN_CONST, start, at); continue; }
            "pub"           { at = definition_word(lexer, TOKEN_PUB, start, at); continue; }
            "import"        { at = definition_word(lexer, TOKEN_IMPORT, start, at); continue; }
            "fn"            { at = fn_word(lexer, start, at); continue; }
            "let"           { WORD_RULE(LET); }
            "if"            { WORD_RULE(IF); }
            "else"          { WORD_RULE(ELSE); }
            "match"         { WORD_RULE(MATCH); }
            "for"           { WORD_RULE(FOR); }
            "in"            { WORD_RULE(IN); }
            "try"           { WORD_RULE(TRY); }
            "catch"         { WORD_RULE(CATCH); }
            "after"         { WORD_RULE(AFTER); }
            "receive"       { WORD_RULE(RECEIVE); }
            "spawn"         { WORD_RULE(SPAWN); }
            "and"           { WORD_RULE(AND); }
            "or"            { WORD_RULE(OR); }
            "not"           { WORD_RULE(NOT); }
            "as"            { WORD_RULE(AS); }
            "assert"        { WORD_RULE(ASSERT); }
            "true"          { WORD_RULE(TRUE); }
            "false"         { WORD_RULE(FALSE); }
            "nil"           { WORD_RULE(NIL); }

            "actor"         { SOFT_RULE(ACTOR); }
            "supervisor"    { SOFT_RULE(SUPERVISOR); }
            "dynamic"       { SOFT_RULE(DYNAMIC); }
            "durable"       { SOFT_RULE(DURABLE); }
            "record"        { SOFT_RULE(RECORD); }
            "type"          { SOFT_RULE(TYPE); }
            "test"          { SOFT_RULE(TEST); }
            "extern"        { SOFT_RULE(EXTERN); }
            "become"        { SOFT_RULE(BECOME); }

            "state"         { WORD_RULE(STATE); }
            "on"            { WORD_RULE(ON); }
            "behaviour"     { WORD_RULE(BEHAVIOUR); }
            "action"        { WORD_RULE(ACTION); }
            "mailbox"       { WORD_RULE(MAILBOX); }
            "strategy"      { WORD_RULE(STRATEGY); }
            "intensity"     { WORD_RULE(INTENSITY); }
            "auto_shutdown" { WORD_RULE(AUTO_SHUTDOWN); }
            "child"         { WORD_RULE(CHILD); }
            "within"        { WORD_RULE(WITHIN); }
            "link"          { WORD_RULE(LINK); }
            "monitor"       { WORD_RULE(MONITOR); }
            "unsafe"        { WORD_RULE(UNSAFE); }

            lower           { WORD_RULE(ID); }
            upper           { WORD_RULE(UPPER); }
            ":" (lower | upper) {
                Name name = intern_str(lexer->names, (Str){start + 1, (size_t)(at - start - 1)});
                emit(lexer, TOKEN_ATOM, start, at)->name = name;
                continue;
            }
            ":\""           { at = quoted_atom(lexer, start); continue; }

            decimal                                     { NUMBER(INT); }
            decimal "." decimal ([eE] [+\-]? decimal)?  { NUMBER(FLOAT); }
            "0x" [0-9a-fA-F]+ ("_" [0-9a-fA-F]+)*       { NUMBER(INT); }
            "0o" [0-7]+ ("_" [0-7]+)*                   { NUMBER(INT); }
            "0b" [01]+ ("_" [01]+)*                     { NUMBER(INT); }

            "'"             { at = character(lexer, start); continue; }
            "\""            { STRING_RULE(QUOTE_PLAIN); }
            "\"\"\""        { STRING_RULE(QUOTE_HEREDOC); }
            "r\""           { STRING_RULE(QUOTE_RAW); }
            "r\"\"\""       { STRING_RULE(QUOTE_RAW_HEREDOC); }

            "("             { OPEN_TOUCHING(CALL_LPAREN, LPAREN); }
            "["             { OPEN_TOUCHING(INDEX_LBRACKET, LBRACKET); }
            "{"             { if (!open_brace(lexer, start, at)) { return false; } continue; }
            "%{"            { OPEN(MAP_LBRACE); }
            "<<"            { if (!open_bytes(lexer, start, at)) { return false; } continue; }
            ")" | "]"       { close_bracket(lexer, start, at); continue; }
            ">>"            { close_bytes(lexer, start, at); continue; }
            "}"             {
                if (close_bracket(lexer, start, at)) { at = resume_string(lexer, start); }
                continue;
            }

            ";"             { semicolon(lexer, start); continue; }
            ","             { EMIT(COMMA); }
            "."             { EMIT(DOT); }
            "::"            { EMIT(COLON2); }
            "=>"            { EMIT(FATARROW); }
            "->"            { EMIT(ARROW); }
            "="             { EMIT(EQ); }
            "|"             { EMIT(BAR); }
            "^"             { EMIT(CARET); }
            "&"             { EMIT(AMP); }
            "!"             { EMIT(BANG); }
            "=="            { EMIT(EQEQ); }
            "!="            { EMIT(NE); }
            "==="           { EMIT(SAME); }
            "!=="           { EMIT(DIFFERS); }
            "<"             { EMIT(LT); }
            "<="            { EMIT(LE); }
            ">"             { EMIT(GT); }
            ">="            { EMIT(GE); }
            "|>"            { EMIT(PIPE); }
            "++"            {
                if (is_step(lexer, start, at)) { foreign_step(lexer, start, at); continue; }
                EMIT(APPEND);
            }
            "--"            {
                if (is_step(lexer, start, at)) { foreign_step(lexer, start, at); continue; }
                at = start + 1;
                EMIT(MINUS);
            }
            "<>"            { EMIT(CONCAT); }
            ".."            { EMIT(RANGE); }
            "+"             { EMIT(PLUS); }
            "-"             { EMIT(MINUS); }
            "*"             { EMIT(STAR); }
            "/"             { EMIT(SLASH); }
            "//"            {
                bool begins = lexer->has_newline || last_token(lexer)->kind == TOKEN_START;
                if (begins && lexer->is_fresh) { at = foreign_comment(lexer, start); continue; }
                EMIT(SLASH2);
            }
            "/*"            { at = foreign_comment(lexer, start); continue; }
            "%"             { EMIT(PERCENT); }
            "?"             { EMIT(QUESTION); }

            "&&"            { FOREIGN(AND, "and"); }
            "||"            { FOREIGN(OR, "or"); }
            "**"            { FOREIGN(STAR, "Math.pow(x, y)"); }
            "..." | "..="   { FOREIGN(RANGE, ".., which includes its end"); }
            "=:="           { FOREIGN(SAME, "==="); }
            "=/="           { FOREIGN(DIFFERS, "!=="); }
            "/="            { FOREIGN(NE, "x != y, or x = x / y (state only; otherwise a new `let`)"); }
            "+=" | "*="     { FOREIGN(EQ, "x = x + y (state only; otherwise a new `let`)"); }
            ":="            { FOREIGN(EQ, "let x = …"); }
            *               { at = bad_character(lexer, start); continue; }
        */
    }
    lexer->soft = 0;
    return true;
}

// ---- The whole ---------------------------------------------------------------------------------

// The end of the source: brackets that are still open are closed.
static void finish(Lexer *lexer) {
    Token *last = last_token(lexer);
    bool goes_on = (flags_of[last->kind] & TOKEN_FLAG_GOES_ON) && last->kind != TOKEN_START;
    lexer->out->is_open |= goes_on || lexer->depth > 0;
    const char *end = lexer->end;
    for (uint32_t i = lexer->depth; i > 0; i--) {
        const Bracket *open = &lexer->brackets[i - 1];
        if (open->kind == TOKEN_STR_OPEN && open->quote == QUOTE_PLAIN) {
            lexer->unclosed_string = lexer->out->tokens.items[open->token].offset + 1;
        }
    }
    close_all(lexer, end);
    lexer->has_newline = false;
    lexer->semi = 0;
    push(lexer, TOKEN_EOF, end, end);
}

static const char *first_byte(const Lexer *lexer) {
    const char *at = lexer->text;
    if (lexer->end - at >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0) {
        at += 3;
    }
    if (at[0] == '#' && at[1] == '!') {
        at = line_end(lexer, at);
    }
    return at;
}

// One pass over the text. False when brackets are nested too deeply.
static bool pass(Lexer *lexer) {
    TokenList *out = lexer->out;
    out->tokens.len = 0;
    out->docs.len = 0;
    out->is_open = false;
    lexer->depth = 0;
    lexer->home = 0;
    lexer->has_newline = false;
    lexer->is_fresh = true;
    lexer->semi = 0;
    lexer->soft = 0;
    lexer->has_dropped = false;
    lexer->unclosed_string = 0;
    lexer->first_multiline = 0;
    push(lexer, TOKEN_START, lexer->text, lexer->text);
    bool result = scan(lexer, first_byte(lexer));
    if (result) {
        finish(lexer);
    }
    return result;
}

static void check_utf8(Lexer *lexer) {
    size_t len = (size_t)(lexer->end - lexer->text);
    size_t bad = utf8_good_prefix(lexer->text, len);
    if (bad < len) {
        const char *at = lexer->text + bad;
        DIAG(lexer->diags, utf8_invalid, lexer_span(lexer, at, at + 1));
    }
}

// A string that was never closed, cut at the end of the line it began in. Which one it is is not
// sure: a missing quote turns all after it inside out, so the first string over several lines is
// suspect, but that may be meant, and the one that the text ends in the bad one. What gives fewer
// errors is taken.
static bool pass_with_cut(Lexer *lexer, uint32_t diag_count) {
    uint32_t candidates[2] = {lexer->unclosed_string, lexer->unclosed_string};
    if (lexer->first_multiline != 0 && lexer->first_multiline < lexer->unclosed_string) {
        candidates[0] = lexer->first_multiline;
    }
    uint32_t best = 0;
    uint32_t best_errors = UINT32_MAX;
    for (uint32_t i = 0; i < 2; i++) {
        lexer->cut_at = candidates[i];
        diags_cut(lexer->diags, diag_count);
        if (!pass(lexer)) {
            return false;
        }
        if (lexer->diags->error_count < best_errors) {
            best = i;
            best_errors = lexer->diags->error_count;
        }
    }
    lexer->cut_at = candidates[best];
    diags_cut(lexer->diags, diag_count);
    return pass(lexer);
}

// A text that ends inside a string or bracket is read again, to blame the right place: with one
// string ending with its line, and with an `fn` in the first column ending what is open.
void lex_source(const Sources *sources, uint32_t file, LexMode mode, Arena *arena, Intern *names,
                Diags *diags, TokenList *out) {
    const Source *source = sources_file(sources, file);
    *out = (TokenList){.file = file};
    Lexer lexer = {
        .text = source->text.ptr,
        .end = source->text.ptr + source->text.len,
        .arena = arena,
        .names = names,
        .diags = diags,
        .out = out,
        .brackets = arena_alloc(arena, sizeof(Bracket) * LEX_DEPTH_MAX),
    };
    out->tokens.cap = (uint32_t)(source->text.len / 5) + 16;
    out->tokens.items = arena_alloc(arena, out->tokens.cap * sizeof(Token));
    check_utf8(&lexer);
    uint32_t diag_count = diags->list.len;
    if (!pass(&lexer) || mode == LEX_PROMPT) {
        return;
    }
    bool is_open = out->is_open;
    if (lexer.unclosed_string != 0) {
        if (!pass_with_cut(&lexer, diag_count)) {
            return;
        }
    }
    bool has_open_bracket = out->is_open;
    if (has_open_bracket) {
        lexer.is_strict = true;
        diags_cut(diags, diag_count);
        if (!pass(&lexer)) {
            return;
        }
    }
    out->is_open = is_open;
}
