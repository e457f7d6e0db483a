// Hints for syntax errors: what newcomers from other languages write, and what is written here.
//
// A rule looks at the token that did not fit, the one before it and what was expected, and is tried
// in order; the first that fits gives the hint. Adding one means adding a function to the table.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/parse/errors.h"

typedef struct Site {
    const Parser *p;
    const Token *token;  // the one that did not fit
    const Token *before; // the one before it (START at least)
    const bool *expected;
} Site;

static bool is_word(const Token *token, const char *text) {
    return token->kind == TOKEN_ID && str_is(name_str(token->name), text);
}

static bool is_one_of(const Token *token, const char *const *words) {
    for (; *words != NULL; words++) {
        if (is_word(token, *words)) {
            return true;
        }
    }
    return false;
}

static bool begins_operand(const Token *token) {
    return token_has(token, TOKEN_FLAG_EXPR) || token->kind == TOKEN_KEY;
}

// The kind of the token n before that; START is the first.
static int kind_before(const Site *s, int n) {
    const Token *token = s->before;
    while (n-- > 0 && token->kind != TOKEN_START) {
        token--;
    }
    return token->kind;
}

// A word of another language, before or at the token that did not fit.
static const char *foreign_word(const Site *s) {
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
        {"lambda", "a function value is written `fn(x) => x + 1`"},
        {"new", "an actor is started by `spawn Name(…)`, a record made by `Name{…}`"},
        {"go", "a process is started by `spawn { … }`"},
        {"defer", "what always runs at the end stands in `try { … } after { … }`"},
        {"package", "a file is a module; its name is its path"},
        {"namespace", "a file is a module; its name is its path"},
        {"require", "write `import Module (names)`; `Module.name` needs no import"},
        {"include", "write `import Module (names)`; `Module.name` needs no import"},
        {"auto", "a name is bound by `let name = value`"},
        {"int", "a name is bound by `let name: Int = value`"},
        {"string", "a name is bound by `let name: String = value`"},
        {"rescue", "failures are caught by `catch { reason => … }`"},
        {"except", "failures are caught by `catch { reason => … }`"},
        {"finally", "what always runs stands in `after { … }`"},
        {"ensure", "what always runs stands in `after { … }`"},
        {"div", "integers are divided by `//`"},
        {"mod", "the remainder is `%`"},
        {"rem", "the remainder is `%`"},
        {"xor", "write `a != b`, or Int.bxor(a, b) for bits"},
        {"is", "values are compared by `==`; is_int(x) and the like tell what one is"},
        {"print", "a call needs parentheses: Io.println(text)"},
        {"println", "a call needs parentheses: Io.println(text)"},
        {"do", "a block stands between { and }"},
        {"then", "a block stands between { and }"},
        {"end", "a block stands between { and }"},
        {"begin", "a block stands between { and }"},
    };
    bool is_field = s->before->kind == TOKEN_ID && kind_before(s, 1) == TOKEN_DOT;
    for (size_t i = 0; !is_field && i < sizeof(before) / sizeof(before[0]); i++) {
        if (is_word(s->before, before[i].word)) {
            return before[i].hint;
        }
    }
    static const char *const here[] = {"do",     "then",    "end",    "begin",  "elif",
                                       "elsif",  "elseif",  "when",   "unless", "rescue",
                                       "except", "finally", "ensure", "div",    "mod",
                                       "rem",    "xor",     "is",     NULL};
    if (is_one_of(s->token, here)) {
        for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
            if (is_word(s->token, before[i].word)) {
                return before[i].hint;
            }
        }
    }
    return NULL;
}

static bool ends_operand(const Token *token) {
    return token_has(token, TOKEN_FLAG_OPERAND);
}

// Operators of other languages that are two tokens here.
static const char *split_operator(const Site *s) {
    const Token *next = s->token + 1;
    bool touches = next->offset == s->token->offset + s->token->len;
    return s->token->kind == TOKEN_EQ && next->kind == TOKEN_LT && touches &&
                   ends_operand(s->before)
               ? "write `<=`"
               : NULL;
}

// Braces of other languages' maps, tuples, patterns and records.
static const char *braces(const Site *s) {
    uint32_t kind = s->token->kind;
    if (kind == TOKEN_KEY && s->before->kind == TOKEN_LBRACE) {
        return "`{` opens a block; a map is written %{name: value}";
    }
    if (kind == TOKEN_RECORD_LBRACE && s->expected[TOKEN_LBRACE]) {
        return "a `{` that touches a name opens a record; put a space before a block";
    }
    if (kind == TOKEN_LBRACE && s->expected[TOKEN_CARET]) {
        return "in a pattern a tuple is written (a, b), a map %{k: v}, a record Name{field: v}";
    }
    if (kind == TOKEN_LBRACE && s->before->kind == TOKEN_UPPER) {
        return s->expected[TOKEN_LPAREN] ? "write the parentheses too: `Name() {`"
                                         : "the `{` of a record touches its name: User{name: n}";
    }
    if (kind == TOKEN_LBRACE && s->before->kind == TOKEN_NEWLINE) {
        return "the `{` of a block stands on the line of what it belongs to";
    }
    if (kind == TOKEN_PERCENT && s->expected[TOKEN_MAP_LBRACE]) {
        return "a map is written %{name: value}, a record User{name: value}";
    }
    if (kind == TOKEN_COMMA && s->expected[TOKEN_RBRACE]) {
        return "statements and clauses end with the line or a `;`, without a comma; a tuple is "
               "written (a, b), a map %{k: v}";
    }
    if (kind == TOKEN_KEY && s->expected[TOKEN_COMMA] && s->expected[TOKEN_RBRACE]) {
        return "fields are separated by commas or line ends";
    }
    return NULL;
}

// A body without its block.
static const char *blocks(const Site *s) {
    uint32_t kind = s->token->kind;
    bool wants_block = s->expected[TOKEN_LBRACE] && !s->expected[TOKEN_IF];
    if (kind == TOKEN_LBRACE && s->expected[TOKEN_FATARROW] && !s->expected[TOKEN_CARET]) {
        return "a clause is written `pattern => result`, the last of a receive "
               "`after ms => result`";
    }
    if (!wants_block || (kind == TOKEN_NOT && ends_operand(s->before))) {
        return NULL;
    }
    if (s->before->kind == TOKEN_CATCH) {
        return "what is caught is a list of clauses: `catch { reason => … }`";
    }
    if (kind == TOKEN_FATARROW && s->expected[TOKEN_EQ]) {
        return "a named function is `fn name(args) = value`; `=>` is for `fn(args) => value`";
    }
    if (kind == TOKEN_EQ) {
        return "`=` binds; values are compared by `==`";
    }
    if (s->before->kind == TOKEN_SPAWN) {
        return "spawn takes an actor or a block: `spawn Counter(0)`, `spawn { f() }`";
    }
    if (kind == TOKEN_NEWLINE) {
        return "the `{` of a block stands on the line of what it belongs to";
    }
    if (s->before->kind == TOKEN_ELSE && s->expected[TOKEN_ID]) {
        return "between `else` and its block may stand a name for the value that did not fit";
    }
    return kind == TOKEN_FATARROW || begins_operand(s->token) ? "a block stands between { and }"
                                                              : NULL;
}

static const char *arrows(const Site *s) {
    if (s->before->kind == TOKEN_ARROW && s->expected[TOKEN_UPPER]) {
        return "`->` gives the type of the result; the body follows `=`, or stands in { }";
    }
    bool is_result = kind_before(s, 1) == TOKEN_ARROW && s->expected[TOKEN_EQ];
    if (is_result && token_has(s->token, TOKEN_FLAG_INFIX)) {
        return "`->` gives the type of the result; the body follows `=`, or stands in { }";
    }
    if (kind_before(s, 1) == TOKEN_ARROW && s->expected[TOKEN_FATARROW] &&
        s->expected[TOKEN_LBRACE]) {
        return "`->` gives the type of the result; the body follows `=>`, or stands in { }";
    }
    if (s->token->kind == TOKEN_ARROW && s->expected[TOKEN_FATARROW]) {
        return "a clause is written `pattern => result`";
    }
    if (s->token->kind == TOKEN_FATARROW && s->expected[TOKEN_RBRACE]) {
        return "a map is written %{key => value}, a function value `fn(x) => x + 1`";
    }
    if (s->token->kind == TOKEN_ARROW || s->token->kind == TOKEN_FATARROW) {
        return "a function value is written `fn(x) => x + 1`";
    }
    return NULL;
}

static const char *equals(const Site *s) {
    if (s->token->kind == TOKEN_EQEQ && s->expected[TOKEN_EQ]) {
        return "`=` binds, `==` compares";
    }
    if (s->before->kind == TOKEN_ID && kind_before(s, 1) == TOKEN_STATE && s->expected[TOKEN_EQ] &&
        s->token->kind == TOKEN_NEWLINE) {
        return "a state has its first value: `state name = value`";
    }
    if (s->token->kind != TOKEN_EQ) {
        return NULL;
    }
    bool is_compound = s->before->kind == TOKEN_PLUS || s->before->kind == TOKEN_MINUS ||
                       s->before->kind == TOKEN_STAR || s->before->kind == TOKEN_SLASH;
    if (is_compound) {
        return "write `x = x + 1` (state only; elsewhere bind a new name by `let`)";
    }
    if (s->before->kind == TOKEN_RBRACKET ||
        (s->before->kind == TOKEN_ID && kind_before(s, 1) == TOKEN_DOT)) {
        return "values do not change: `%{m | key: value}` and `User{u | name: n}` make new ones, "
               "and Map.put(m, k, v)";
    }
    if (kind_before(s, 1) == TOKEN_LPAREN && kind_before(s, 2) == TOKEN_FOR) {
        return "a loop is written `for x in xs { … }`, as in `for i in 0..9 { … }`";
    }
    if (s->expected[TOKEN_RECORD_LBRACE]) {
        return "names of functions and values begin with a small letter";
    }
    if (s->expected[TOKEN_FATARROW]) {
        return "in a map write `name: value` or `key => value`; values are compared by `==`";
    }
    return "a pattern is bound by `let pattern = value`; values are compared by `==`";
}

static bool is_comparison(const Token *token) {
    return (token->kind >= TOKEN_EQEQ && token->kind <= TOKEN_GE) || token->kind == TOKEN_IN;
}

static const char *operators(const Site *s) {
    uint32_t kind = s->token->kind;
    if (kind == TOKEN_BANG && !ends_operand(s->before)) {
        return "negation is written `not x`; `!` sends a message";
    }
    if (kind == TOKEN_CONCAT && s->expected[TOKEN_FATARROW]) {
        return "in a pattern the left of `<>` is a plain string";
    }
    if (kind == TOKEN_RANGE && s->expected[TOKEN_FATARROW]) {
        return "the bounds of a range pattern are integers or characters";
    }
    if (s->expected[TOKEN_IN] && !s->expected[TOKEN_PLUS]) {
        return "a source is written `pattern in values`";
    }
    if (is_comparison(s->token) && ends_operand(s->before)) {
        return "comparisons do not chain: write `a < b and b < c`";
    }
    if (kind == TOKEN_BAR && ends_operand(s->before)) {
        return "`|` is for patterns and types; bits are joined by Int.bor(a, b)";
    }
    if (kind == TOKEN_AMP && ends_operand(s->before)) {
        return "bit operations are functions: Int.band(a, b)";
    }
    if (kind == TOKEN_CARET) {
        return "`^name` is for patterns; bits are compared by Int.bxor(a, b)";
    }
    if (kind == TOKEN_NOT && ends_operand(s->before)) {
        return "write `not (x in xs)`, `not (a == b)` or `a != b`";
    }
    if (kind == TOKEN_BAR && s->expected[TOKEN_FLOAT]) {
        return "a function value is written `fn(x) => x + 1`";
    }
    if (kind == TOKEN_DOT && s->expected[TOKEN_FLOAT]) {
        return "a float has digits on both sides of its point: 0.5";
    }
    return NULL;
}

static const char *names(const Site *s) {
    uint32_t kind = s->token->kind;
    if (kind == TOKEN_ID && s->before->kind == TOKEN_ID && s->expected[TOKEN_EQ] &&
        (kind_before(s, 1) == TOKEN_LET || kind_before(s, 1) == TOKEN_STATE)) {
        return "a type is written `name: Type = value`";
    }
    bool is_end = kind == TOKEN_RPAREN || kind == TOKEN_COMMA;
    if (is_end && s->before->kind == TOKEN_UPPER && s->expected[TOKEN_RECORD_LBRACE] &&
        !s->expected[TOKEN_PLUS]) {
        return "names of functions and values begin with a small letter";
    }
    if (kind == TOKEN_LET && s->before->kind == TOKEN_LPAREN) {
        return "a loop is written `for x in xs { … }`";
    }
    if (kind == TOKEN_LET && s->before->kind == TOKEN_FATARROW) {
        return "several statements right of `=>` need a block: `=> { let x = …; x }`";
    }
    bool is_reserved = kind >= TOKEN_CONST && kind <= TOKEN_NIL;
    bool wants_name = s->expected[TOKEN_ID] && !s->expected[TOKEN_IF];
    if (is_reserved && wants_name) {
        return "this word is reserved and cannot be a name";
    }
    if (kind == TOKEN_UPPER && wants_name && !s->expected[TOKEN_UPPER]) {
        return "names of functions and values begin with a small letter";
    }
    static const char *const definers[] = {"record", "actor", "supervisor", "type", NULL};
    bool wants_upper = s->expected[TOKEN_UPPER] && !wants_name && !s->expected[TOKEN_FLOAT];
    bool is_definer = is_one_of(s->before, definers);
    if (kind == TOKEN_ID && (wants_upper || is_definer) && s->before->kind != TOKEN_SPAWN) {
        return "names of modules, types, records, actors and supervisors begin with a capital";
    }
    if (kind == TOKEN_ID && s->expected[TOKEN_ATOM] && !s->expected[TOKEN_FLOAT]) {
        return "an atom is written :name";
    }
    if (kind == TOKEN_LBRACE && is_word(s->before, "test")) {
        return "a test has a name: test \"it works\" { … }";
    }
    if (kind == TOKEN_STRING && s->before->kind == TOKEN_IMPORT) {
        return "a module is imported by its name: `import Net.Http`";
    }
    return NULL;
}

static const char *functions(const Site *s) {
    if (s->before->kind == TOKEN_FN && s->token->kind != TOKEN_LPAREN &&
        s->expected[TOKEN_LPAREN]) {
        return "a function value is written `fn(x) => x + 1` or `fn(x) { … }`";
    }
    if (s->before->kind == TOKEN_DOT &&
        (s->token->kind == TOKEN_LPAREN || s->token->kind == TOKEN_CALL_LPAREN)) {
        return "a function value is called as others are: f(x)";
    }
    if (s->expected[TOKEN_SLASH] && !s->expected[TOKEN_PLUS] && kind_before(s, 1) == TOKEN_AMP) {
        return "a function's value is named with its number of arguments: &name/1";
    }
    bool is_call_like = s->token->kind == TOKEN_LPAREN && ends_operand(s->before);
    if (is_call_like && s->expected[TOKEN_NEWLINE]) {
        return "the `(` of a call touches the name: f(x)";
    }
    if (s->token->kind == TOKEN_LBRACKET && ends_operand(s->before)) {
        return "the `[` of an index touches what it looks into: m[k]";
    }
    if (s->token->kind == TOKEN_CALL_LPAREN && s->expected[TOKEN_FATARROW] &&
        s->before->kind == TOKEN_ID) {
        return "a call cannot be a pattern; bind the value before, or use a guard";
    }
    return NULL;
}

// Between the token and the one before it: does this text stand there?
static bool has_between(const Site *s, const char *text) {
    const char *from = s->p->text + s->before->offset + s->before->len;
    const char *to = s->p->text + s->token->offset;
    return to > from && memmem(from, (size_t)(to - from), text, strlen(text)) != NULL;
}

static const char *others(const Site *s) {
    uint32_t kind = s->token->kind;
    if (has_between(s, "#{")) {
        return "outside of a string `#{` begins a comment; a map is written %{name: value}";
    }
    if (s->before->kind == TOKEN_DOT && has_between(s, "\n")) {
        return "a statement ends with its line, without a `.`";
    }
    bool is_text = kind == TOKEN_STRING || kind == TOKEN_STR_OPEN;
    if (is_text && s->before->kind == TOKEN_ID &&
        s->before->offset + s->before->len == s->token->offset) {
        return "strings take no prefix but r: \"#{x}\" works in every other";
    }
    if (kind == TOKEN_PUB || kind == TOKEN_IMPORT || kind == TOKEN_CONST) {
        return "this stands at the top level of a file only";
    }
    if (s->expected[TOKEN_ON] && !s->expected[TOKEN_ID]) {
        return "an actor holds `state name = value`, `on message { … }`, behaviours, actions, "
               "`after`, and private functions";
    }
    if (kind == TOKEN_INT && s->before->kind == TOKEN_DOT) {
        return "the items of a tuple are t[0], t[1], or come from `let (a, b) = t`";
    }
    if (kind == TOKEN_ELSE) {
        return "this `else` has no `if` or `let`";
    }
    if (kind == TOKEN_KEY && s->before->kind == TOKEN_LBYTES) {
        return "what a segment is stands after two colons: <<size::16>>";
    }
    if (s->expected[TOKEN_CALL_LPAREN] && s->before->kind == TOKEN_UPPER) {
        return "write the parentheses too: `Name()`";
    }
    bool is_joined = s->expected[TOKEN_NEWLINE] && ends_operand(s->before);
    if (is_joined && begins_operand(s->token)) {
        return "a call needs parentheses: f(x); two statements need a line end or `;` between them";
    }
    return NULL;
}

Str hint_for(const Parser *p, const Token *token, const bool *expected) {
    static const char *(*const rules[])(const Site *) = {
        split_operator, foreign_word, names,  functions, braces,
        blocks,         arrows,       equals, operators, others,
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
