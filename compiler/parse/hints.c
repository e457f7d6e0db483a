// Hints for syntax errors: what newcomers from other languages write, and what is written here.
//
// A rule looks at the token that did not fit, the one before it and what was expected, and is tried in
// order; the first that fits gives the hint. Adding one means adding a function to the table.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/parse/errors.h"

typedef struct Site {
    const Parser *p;
    const Token *token;   // the one that did not fit
    const Token *before;  // the one before it (START at least)
    const bool *expected;
} Site;

static bool is_word(const Token *token, const char *text)
{
    return token->kind == TOKEN_ID && str_is(name_str(token->name), text);
}

static bool is_one_of(const Token *token, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (is_word(token, *words)) {
            return true;
        }
    }
    return false;
}

static bool begins_operand(const Token *token)
{
    return token_has(token, TOKEN_FLAG_EXPR) || token->kind == TOKEN_KEY;
}

// A word of another language, before or at the token that did not fit.
static const char *foreign_word(const Site *s)
{
    static const struct {
        const char *word;
        const char *hint;
    } before[] = {
        {"return", "the value of a block is that of its last expression; there is no `return`"},
        {"def", "a function is defined by `fn name(args) { … }`"},
        {"defp", "a function is defined by `fn name(args) { … }`; it is private without `pub`"},
        {"fun", "a function is defined by `fn name(args) { … }`"},
        {"func", "a function is defined by `fn name(args) { … }`"},
        {"function", "a function is defined by `fn name(args) { … }`"},
        {"var", "a name is bound by `let name = value`"},
        {"val", "a name is bound by `let name = value`"},
        {"mut", "nothing changes in place but an actor's state; bind a new name by `let`"},
        {"class", "data is a `record`, something with state an `actor`"},
        {"struct", "data is a `record Name { field: Type }`"},
        {"enum", "a choice of shapes is `type Name = :a(Int) | :b`"},
        {"module", "a file is a module; its name is its path"},
        {"defmodule", "a file is a module; its name is its path"},
        {"switch", "write `match value { pattern => result }`"},
        {"case", "write `match value { pattern => result }`"},
        {"when", "a guard is written `if condition`"},
        {"while", "there are no loops but `for`; use recursion or List.fold"},
        {"loop", "there are no loops but `for`; use recursion or List.fold"},
        {"elif", "write `else if`"},
        {"elsif", "write `else if`"},
        {"elseif", "write `else if`"},
        {"unless", "write `if not …`"},
        {"throw", "write `fail(reason)`"},
        {"raise", "write `fail(reason)`"},
        {"use", "write `import Module (names)`; `Module.name` needs no import"},
        {"from", "write `import Module (names)`; `Module.name` needs no import"},
        {"export", "write `pub` before what is to be seen from outside"},
        {"public", "write `pub`"},
        {"private", "what is not `pub` is private"},
        {"interface", "there are no interfaces; messages are what actors agree on"},
        {"send", "a message is sent by `pid ! message`"},
        {"await", "an actor is asked by `pid ? message`"},
        {"async", "a process is started by `spawn { … }`"},
        {"yield", "there are no generators; `for` and List work on any enumerable"},
        {"print", "a call needs parentheses: Io.println(text)"},
        {"println", "a call needs parentheses: Io.println(text)"},
        {"do", "a block stands between { and }"},
        {"then", "a block stands between { and }"},
        {"end", "a block stands between { and }"},
        {"begin", "a block stands between { and }"},
    };
    bool is_field = s->before->kind == TOKEN_ID && (s->before - 1)->kind == TOKEN_DOT;
    for (size_t i = 0; !is_field && i < sizeof(before) / sizeof(before[0]); i++) {
        if (is_word(s->before, before[i].word)) {
            return before[i].hint;
        }
    }
    static const char *const here[] = {"do", "then", "end", "begin", "elif", "elsif", "elseif",
                                       "when", "unless", NULL};
    if (is_one_of(s->token, here)) {
        for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
            if (is_word(s->token, before[i].word)) {
                return before[i].hint;
            }
        }
    }
    return NULL;
}

static const char *braces(const Site *s)
{
    bool is_after_brace = s->before->kind == TOKEN_LBRACE;
    if (s->token->kind == TOKEN_KEY && is_after_brace) {
        return "`{` opens a block; a map is written %{name: value}";
    }
    if (s->token->kind == TOKEN_KEY && s->before->kind == TOKEN_NEWLINE) {
        return "fields and entries are separated by commas; a map is written %{name: value}";
    }
    if (s->token->kind == TOKEN_RECORD_LBRACE && s->expected[TOKEN_LBRACE]) {
        return "a `{` that touches a name opens a record; put a space before a block";
    }
    if (s->token->kind == TOKEN_LBRACE && s->expected[TOKEN_LPAREN]) {
        return "write the parentheses too, even when there is nothing between them: `Name() {`";
    }
    if (s->token->kind == TOKEN_LBRACE && s->before->kind == TOKEN_NEWLINE) {
        return "the `{` of a block stands on the line of what it belongs to";
    }
    return NULL;
}

static const char *tuple_in_braces(const Site *s)
{
    bool is_comma = s->token->kind == TOKEN_COMMA && s->expected[TOKEN_RBRACE];
    if (!is_comma) {
        return NULL;
    }
    // `{a, b}`: is the innermost bracket a brace opened for an expression?
    return "a tuple is written (a, b), a list [a, b], a map %{k: v}; statements end with the line or a `;`";
}

static const char *arrows(const Site *s)
{
    if (s->token->kind == TOKEN_ARROW && s->expected[TOKEN_FATARROW]) {
        return "a clause is written `pattern => result`";
    }
    if (s->token->kind == TOKEN_FATARROW && s->expected[TOKEN_ARROW]) {
        return "a type is written after `->`, the body after `=` or in a block";
    }
    if (s->token->kind == TOKEN_FATARROW && s->before->kind == TOKEN_RPAREN &&
        s->expected[TOKEN_LBRACE]) {
        return "a named function is `fn name(args) = value`; `=>` is for `fn(args) => value`";
    }
    if (s->token->kind == TOKEN_ARROW || s->token->kind == TOKEN_FATARROW) {
        return "a function value is written `fn(x) => x + 1`";
    }
    return NULL;
}

static const char *equals(const Site *s)
{
    if (s->token->kind != TOKEN_EQ) {
        return NULL;
    }
    bool is_compound = s->before->kind == TOKEN_PLUS || s->before->kind == TOKEN_MINUS ||
                       s->before->kind == TOKEN_STAR || s->before->kind == TOKEN_SLASH;
    if (is_compound) {
        return "write `x = x + 1` (state only; elsewhere bind a new name by `let`)";
    }
    if (s->expected[TOKEN_LBRACE] || s->expected[TOKEN_FATARROW]) {
        return "`=` binds; values are compared by `==`";
    }
    return "a pattern is bound by `let pattern = value`; values are compared by `==`";
}

static bool is_comparison(const Token *token)
{
    return (token->kind >= TOKEN_EQEQ && token->kind <= TOKEN_GE) || token->kind == TOKEN_IN;
}

static const char *operators(const Site *s)
{
    if (s->token->kind == TOKEN_BANG && s->expected[TOKEN_NOT]) {
        return "negation is written `not x`; `!` sends a message";
    }
    if (is_comparison(s->token) && s->expected[TOKEN_AND]) {
        return "comparisons do not chain: write `a < b and b < c`";
    }
    if (s->token->kind == TOKEN_EQEQ && s->expected[TOKEN_EQ]) {
        return "`=` binds, `==` compares";
    }
    if (s->token->kind == TOKEN_CONCAT && s->expected[TOKEN_FATARROW]) {
        return "in a pattern the left of `<>` is a plain string";
    }
    if (s->token->kind == TOKEN_RANGE && s->expected[TOKEN_FATARROW]) {
        return "the bounds of a range pattern are integers or characters";
    }
    if (s->token->kind == TOKEN_LT && s->expected[TOKEN_IN]) {
        return "a source is written `pattern in values`";
    }
    if (s->token->kind == TOKEN_BAR && s->expected[TOKEN_PLUS]) {
        return "bit operations are functions: Int.bor(a, b)";
    }
    if ((s->token->kind == TOKEN_AMP || s->token->kind == TOKEN_CARET) &&
        s->expected[TOKEN_PLUS]) {
        return "bit operations are functions: Int.band(a, b), Int.bxor(a, b)";
    }
    if (s->token->kind == TOKEN_CARET && s->expected[TOKEN_FLOAT]) {
        return "`^name` is for patterns; a value needs no mark";
    }
    if (s->before->kind == TOKEN_APPEND) {
        return "`++` joins lists; write `x = x + 1` (state only)";
    }
    if (s->token->kind == TOKEN_BAR && s->expected[TOKEN_FLOAT]) {
        return "a function value is written `fn(x) => x + 1`";
    }
    return NULL;
}

static const char *names(const Site *s)
{
    bool is_reserved = s->token->kind >= TOKEN_CONST && s->token->kind <= TOKEN_NIL;
    bool wants_name = s->expected[TOKEN_ID] && !s->expected[TOKEN_IF];
    if (is_reserved && wants_name) {
        return "this word is reserved and cannot be a name";
    }
    if (s->token->kind == TOKEN_UPPER && wants_name && !s->expected[TOKEN_UPPER]) {
        return "names of functions and values begin with a small letter";
    }
    if (s->token->kind == TOKEN_ID && s->expected[TOKEN_UPPER] && !s->expected[TOKEN_ID]) {
        return "names of modules, types, records, actors and supervisors begin with a capital";
    }
    if (s->before->kind == TOKEN_ELSE && s->expected[TOKEN_ID]) {
        return "between `else` and its block may stand a name for the value that did not fit";
    }
    return NULL;
}

static const char *functions(const Site *s)
{
    if (s->before->kind == TOKEN_FN && s->token->kind != TOKEN_LPAREN && s->expected[TOKEN_LPAREN]) {
        return "a function value is written `fn(x) => x + 1` or `fn(x) { … }`";
    }
    bool is_paren = s->token->kind == TOKEN_LPAREN && s->before->kind != TOKEN_NEWLINE;
    if (is_paren && token_has(s->before, TOKEN_FLAG_OPERAND)) {
        return "the `(` of a call touches the name: f(x)";
    }
    if (s->token->kind == TOKEN_LBRACKET && token_has(s->before, TOKEN_FLAG_OPERAND)) {
        return "the `[` of an index touches what it looks into: m[k]";
    }
    if (s->token->kind == TOKEN_CALL_LPAREN && s->expected[TOKEN_FATARROW] &&
        s->before->kind == TOKEN_ID) {
        return "a call cannot be a pattern; bind the value before, or use a guard";
    }
    if (s->token->kind == TOKEN_PUB || s->token->kind == TOKEN_IMPORT ||
        s->token->kind == TOKEN_CONST) {
        return "this stands at the top level of a file only";
    }
    if (s->token->kind == TOKEN_LET && s->before->kind == TOKEN_FATARROW) {
        return "several statements right of `=>` need a block: `=> { let x = …; x }`";
    }
    return NULL;
}

static const char *others(const Site *s)
{
    if (s->token->kind == TOKEN_KEY && s->before->kind == TOKEN_QUESTION) {
        return "there is no `c ? a : b`; write `if c { a } else { b }`";
    }
    if (s->token->kind == TOKEN_INT && s->before->kind == TOKEN_DOT) {
        return "the items of a tuple are t[0], t[1], or come from `let (a, b) = t`";
    }
    if (s->token->kind == TOKEN_ELSE && s->before->kind == TOKEN_RBRACE) {
        return "this `else` has no `if` or `let`";
    }
    if (s->token->kind == TOKEN_KEY && s->expected[TOKEN_LBRACE] && is_word(s->before, "else")) {
        return "a block stands between { and }";
    }
    if (s->token->kind == TOKEN_STRING && s->expected[TOKEN_KEY]) {
        return "a key that is a string is written \"text\" => value";
    }
    if (s->token->kind == TOKEN_NEWLINE && s->before->kind == TOKEN_RPAREN &&
        s->expected[TOKEN_LBRACE]) {
        return "the `{` of a block stands on the line of what it belongs to";
    }
    if (s->before->kind == TOKEN_ID && begins_operand(s->token) && s->expected[TOKEN_CALL_LPAREN]) {
        return "a call needs parentheses: f(x); two statements need a line end or `;` between them";
    }
    return NULL;
}

Str hint_for(const Parser *p, const Token *token, const bool *expected)
{
    static const char *(*const rules[])(const Site *) = {
        names, functions, foreign_word, braces, arrows, equals, operators, tuple_in_braces, others,
    };
    Site site = {p, token, token - 1, expected};
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        const char *hint = rules[i](&site);
        if (hint != NULL) {
            return str_of(hint);
        }
    }
    return STR("");
}
