// The grammar (lemon, LALR(1), no conflicts). The lexer has decided all that depends on context, so
// what is here is the language as LANGUAGE has it; README.md of this folder explains the choices.
//
// Actions only call the builders of build.h; each builds one node. `start` is a token that the
// driver feeds first, so that an error in the first statement finds a state that takes `error`.
// Errors: statements, definitions, clauses and the items of actors and supervisors may be `error`;
// the driver (run, at the end) skips the rest of such an item.
//
// SPDX-License-Identifier: Apache-2.0

%include {
#include "compiler/parse/build.h"
#include "compiler/parse/errors.h"

typedef struct yyParser yyParser;
static void find_expected(const yyParser *parser, bool *expected);
}
%name Grammar
%token_prefix TOKEN_
%token_type {const Token *}
%default_type {AstNode *}
%extra_context {Parser *p}
%stack_size 12000
%stack_overflow { p->is_too_deep = true; }
%syntax_error {
    bool expected[TOKEN_KIND_COUNT + 1];
    find_expected(yypParser, expected);
    p->error = TOKEN;
    report_unexpected(p, TOKEN, expected);
}

%token START NEWLINE ID UPPER KEY ATOM INT FLOAT CHAR STRING STR_OPEN STR_MID STR_CLOSE
    CONST FN LET IF ELSE MATCH FOR IN TRY CATCH AFTER RECEIVE SPAWN AND OR NOT AS ASSERT PUB IMPORT
    TRUE FALSE NIL ACTOR SUPERVISOR DYNAMIC DURABLE RECORD TYPE TEST EXTERN BECOME STATE ON
    BEHAVIOUR ACTION MAILBOX STRATEGY INTENSITY AUTO_SHUTDOWN CHILD WITHIN LINK MONITOR UNSAFE
    LPAREN CALL_LPAREN RPAREN LBRACKET INDEX_LBRACKET RBRACKET LBRACE RBRACE RECORD_LBRACE
    MAP_LBRACE CLOSE_BRACE LBYTES RBYTES COMMA DOT COLON2 FATARROW ARROW EQ BAR CARET AMP BANG EQEQ
    NE SAME DIFFERS LT LE GT GE PIPE APPEND CONCAT RANGE PLUS MINUS STAR SLASH SLASH2 PERCENT
    QUESTION.

%fallback ID STATE ON BEHAVIOUR ACTION MAILBOX STRATEGY INTENSITY AUTO_SHUTDOWN CHILD WITHIN LINK
    MONITOR UNSAFE.

// Loosest first. The first line is for what reaches as far right as it can.
%right FATARROW ASSERT.
%nonassoc IF_WITHOUT_ELSE.
%nonassoc ELSE.
%left BAR.
%left AS.
%right BANG.
%left OR.
%left AND.
%right NOT.
%nonassoc EQEQ NE SAME DIFFERS LT LE GT GE IN.
%left PIPE.
%right APPEND CONCAT.
%left RANGE.
%left PLUS MINUS.
%left STAR SLASH SLASH2 PERCENT.
%right NEGATION.
%left QUESTION.
%left WITHIN.
%nonassoc BARE.
%left DOT CALL_LPAREN INDEX_LBRACKET RECORD_LBRACE.

// ---- The file ----------------------------------------------------------------------------------

%start_symbol module
module ::= START.
module ::= START tops.
tops ::= top.
tops ::= tops NEWLINE top.
top ::= stmt(S).                        { build_top_statement(p, S); }
top ::= def(D).                         { build_top_definition(p, D); }
top ::= PUB(T) def(D).                  { build_top_definition(p, build_public(p, T, D)); }
top ::= PUB(T) fn(D).                   { build_top_definition(p, build_public(p, T, D)); }

// ---- Definitions -------------------------------------------------------------------------------

def(A) ::= CONST(T) ID(N) EQ expr(V).           { A = build_const(p, T, N, NULL, V); }
def(A) ::= CONST(T) KEY(N) type(Y) EQ expr(V).  { A = build_const(p, T, N, Y, V); }
def(A) ::= RECORD(T) UPPER(N) LBRACE RBRACE(E). { A = build_record_def(p, T, N, NULL, E); }
def(A) ::= RECORD(T) UPPER(N) LBRACE field_defs(F) RBRACE(E).
                                                { A = build_record_def(p, T, N, F, E); }
def(A) ::= RECORD(T) UPPER(N) LBRACE field_defs(F) COMMA RBRACE(E).
                                                { A = build_record_def(p, T, N, F, E); }
def(A) ::= TYPE(T) UPPER(N) EQ type(Y).         { A = build_type_def(p, T, N, NULL, Y); }
def(A) ::= TYPE(T) UPPER(N) lparen type_vars(V) comma RPAREN EQ type(Y).
                                                { A = build_type_def(p, T, N, V, Y); }
def(A) ::= IMPORT(T) path(P).                   { A = build_import(p, T, P, NULL, NULL, NULL); }
def(A) ::= IMPORT(T) path(P) AS UPPER(N).       { A = build_import(p, T, P, N, NULL, NULL); }
def(A) ::= IMPORT(T) path(P) lparen names(L) comma RPAREN(E).
                                                { A = build_import(p, T, P, NULL, L, E); }
def(A) ::= IMPORT(T) path(P) AS UPPER(N) lparen names(L) comma RPAREN(E).
                                                { A = build_import(p, T, P, N, L, E); }
def(A) ::= TEST(T) STRING(N) block(B).          { A = build_test(p, T, N, B); }
def(A) ::= EXTERN(T) STRING(L) LBRACE RBRACE(E).
                                                { A = build_extern(p, T, false, L, NULL, E); }
def(A) ::= EXTERN(T) STRING(L) LBRACE extern_fns(F) RBRACE(E).
                                                { A = build_extern(p, T, false, L, F, E); }
def(A) ::= EXTERN(T) UNSAFE STRING(L) LBRACE RBRACE(E).
                                                { A = build_extern(p, T, true, L, NULL, E); }
def(A) ::= EXTERN(T) UNSAFE STRING(L) LBRACE extern_fns(F) RBRACE(E).
                                                { A = build_extern(p, T, true, L, F, E); }

%type comma {bool}
comma(A) ::= .                          { A = false; }
comma(A) ::= COMMA.                     { A = true; }
%type lparen {const Token *}
lparen(A) ::= LPAREN(T).                { A = T; }
lparen(A) ::= CALL_LPAREN(T).           { A = T; }

%type names {AstList *}
names(A) ::= name(N).                   { A = build_list(p, N); }
names(A) ::= names(L) COMMA name(N).    { A = build_list_add(p, L, N); }
name(A) ::= ID(N).                      { A = build_import_name(p, N); }
name(A) ::= UPPER(N).                   { A = build_import_name(p, N); }

%type type_vars {AstList *}
type_vars(A) ::= ID(N).                 { A = build_list(p, build_type_var(p, N)); }
type_vars(A) ::= type_vars(L) COMMA ID(N). { A = build_list_add(p, L, build_type_var(p, N)); }

%type field_defs {AstList *}
field_defs(A) ::= field_def(F).         { A = build_list(p, F); }
field_defs(A) ::= field_defs(L) COMMA field_def(F). { A = build_list_add(p, L, F); }
field_defs(A) ::= field_defs(L) NEWLINE field_def(F). { A = build_list_add(p, L, F); }
field_def(A) ::= error.                 { A = NULL; }
field_def(A) ::= ID(N).                 { A = build_field_def(p, N, NULL, NULL); }
field_def(A) ::= ID(N) EQ expr(V).      { A = build_field_def(p, N, NULL, V); }
field_def(A) ::= KEY(N) type(Y).        { A = build_field_def(p, N, Y, NULL); }
field_def(A) ::= KEY(N) type(Y) EQ expr(V). { A = build_field_def(p, N, Y, V); }

%type extern_fns {AstList *}
extern_fns(A) ::= extern_fn(F).         { A = build_list(p, F); }
extern_fns(A) ::= extern_fns(L) NEWLINE extern_fn(F). { A = build_list_add(p, L, F); }
extern_fn(A) ::= PUB(T) extern_sig(F).  { A = build_public(p, T, F); }
extern_fn(A) ::= extern_sig(F).         { A = F; }
extern_fn(A) ::= error.                 { A = NULL; }
extern_sig(A) ::= FN(T) ID(N) lparen params(L) RPAREN(E).
        { A = build_extern_fn(p, T, N, L, E, NULL); }
extern_sig(A) ::= FN(T) ID(N) lparen params(L) RPAREN(E) ARROW type(Y).
                                        { A = build_extern_fn(p, T, N, L, E, Y); }

fn(A) ::= FN(T) ID(N) lparen params(L) RPAREN guard(G) result(R) EQ expr(B).
                                        { A = build_fn(p, T, N, L, G, R, B); }
fn(A) ::= FN(T) ID(N) lparen params(L) RPAREN guard(G) result(R) block(B).
                                        { A = build_fn(p, T, N, L, G, R, B); }
guard(A) ::= .                          { A = NULL; }
guard(A) ::= IF expr(E).                { A = E; }
result(A) ::= .                         { A = NULL; }
result(A) ::= ARROW type(Y).            { A = Y; }

%type params {AstList *}
params(A) ::= .                         { A = NULL; }
params(A) ::= param_list(L) comma.      { A = L; }
%type param_list {AstList *}
param_list(A) ::= param(P).             { A = build_list(p, P); }
param_list(A) ::= param_list(L) COMMA param(P). { A = build_list_add(p, L, P); }
param(A) ::= typed(P).                  { A = build_param(p, P, NULL); }
param(A) ::= typed(P) EQ expr(E).       { A = build_param(p, P, E); }

// ---- Actors ------------------------------------------------------------------------------------

def(A) ::= actor(D).                    { A = D; }
def(A) ::= DURABLE(T) actor(D).         { A = build_durable(p, T, D); }
actor(A) ::= ACTOR(T) UPPER(N) lparen params(L) RPAREN mailbox(M) LBRACE RBRACE(E).
                                        { A = build_actor(p, T, N, L, &M, NULL, E); }
actor(A) ::= ACTOR(T) UPPER(N) lparen params(L) RPAREN mailbox(M) LBRACE actor_items(I) RBRACE(E).
                                        { A = build_actor(p, T, N, L, &M, I, E); }
%type mailbox {Mailbox}
mailbox(A) ::= .                        { A = (Mailbox){0}; }
mailbox(A) ::= MAILBOX expr(M) ATOM(O). { A = (Mailbox){.limit = M, .policy = O}; }

// Lists between braces are never empty, and empty braces have productions of their own: an empty
// list would be reduced before the parser looks at a token that does not fit.
%type actor_items {ActorItems *}
actor_items(A) ::= actor_item(I).       { A = build_actor_item(p, NULL, I); }
actor_items(A) ::= actor_items(L) NEWLINE actor_item(I). { A = build_actor_item(p, L, I); }

actor_item(A) ::= behaviour_item(I).    { A = I; }
actor_item(A) ::= STATE(T) ID(N) EQ expr(V). { A = build_state(p, T, N, NULL, V); }
actor_item(A) ::= STATE(T) KEY(N) type(Y) EQ expr(V). { A = build_state(p, T, N, Y, V); }
actor_item(A) ::= BEHAVIOUR(T) ID(N) LBRACE RBRACE(E). { A = build_behaviour(p, T, N, NULL, E); }
actor_item(A) ::= BEHAVIOUR(T) ID(N) LBRACE behaviour_items(I) RBRACE(E).
                                        { A = build_behaviour(p, T, N, I, E); }
actor_item(A) ::= fn(F).                { A = F; }
actor_item(A) ::= ACTION(T) ID(N) lparen params(L) RPAREN guard(G) result(R) EQ expr(B).
                                        { A = build_action(p, T, N, L, G, R, B); }
actor_item(A) ::= ACTION(T) ID(N) lparen params(L) RPAREN guard(G) result(R) block(B).
                                        { A = build_action(p, T, N, L, G, R, B); }
actor_item(A) ::= error.                { A = NULL; }

%type behaviour_items {ActorItems *}
behaviour_items(A) ::= behaviour_entry(I). { A = build_actor_item(p, NULL, I); }
behaviour_items(A) ::= behaviour_items(L) NEWLINE behaviour_entry(I).
        { A = build_actor_item(p, L, I); }
behaviour_entry(A) ::= behaviour_item(I). { A = I; }
behaviour_entry(A) ::= error.           { A = NULL; }

behaviour_item(A) ::= AFTER(T) expr(E) block(B). { A = build_after(p, T, E, B); }
behaviour_item(A) ::= ON(T) ID(N) guard(G) result(R) block(B).
                                        { A = build_event(p, T, N, NULL, G, R, B); }
behaviour_item(A) ::= ON(T) ID(N) CALL_LPAREN typed_items(L) RPAREN guard(G) result(R) block(B).
                                        { A = build_event(p, T, N, L, G, R, B); }
behaviour_item(A) ::= ON(T) head(H) guard(G) result(R) block(B).
                                        { A = build_handler(p, T, H, G, R, B); }

// After `on` a bare name is an event, so a pattern there does not begin with one.
head(A) ::= head_one(H).                { A = H; }
head(A) ::= head(L) BAR one(R).         { A = build_pat_or(p, L, R); }
head_one(A) ::= pat(P).                 { A = P; }
head_one(A) ::= head_one(P) AS ID(N).   { A = build_pat_as(p, P, N); }
head_one(A) ::= STRING(T) CONCAT one(R). { A = build_pat_prefix(p, T, R); }

// ---- Supervisors -------------------------------------------------------------------------------

def(A) ::= supervisor(D).               { A = D; }
def(A) ::= DYNAMIC(T) supervisor(D).    { A = build_dynamic(p, T, D); }
supervisor(A) ::= SUPERVISOR(T) UPPER(N) lparen params(L) RPAREN LBRACE RBRACE(E).
                                        { A = build_supervisor(p, T, N, L, NULL, E); }
supervisor(A) ::= SUPERVISOR(T) UPPER(N) lparen params(L) RPAREN LBRACE sup_items(I) RBRACE(E).
                                        { A = build_supervisor(p, T, N, L, I, E); }
%type sup_items {AstSupervisor *}
sup_items(A) ::= sup_item(I).           { A = build_sup_item(p, NULL, &I); }
sup_items(A) ::= sup_items(L) NEWLINE sup_item(I). { A = build_sup_item(p, L, &I); }
%type sup_item {SupItem}
sup_item(A) ::= STRATEGY(T) ATOM(V).    { A = (SupItem){.word = T, .atom = V}; }
sup_item(A) ::= AUTO_SHUTDOWN(T) ATOM(V). { A = (SupItem){.word = T, .atom = V}; }
sup_item(A) ::= INTENSITY(T) expr(I) WITHIN expr(P).
                                        { A = (SupItem){.word = T, .intensity = I, .period = P}; }
sup_item(A) ::= CHILD(T) path(P) CALL_LPAREN args(L) RPAREN(E) options(O).
        { A = (SupItem){.word = T, .child = build_child(p, T, P, L, E, O)}; }
sup_item(A) ::= CHILD(T) FN LPAREN params(R) RPAREN FATARROW path(P) CALL_LPAREN args(L) RPAREN(E)
                options(O).
        { A = (SupItem){.word = T, .child = build_child_fn(p, T, R, P, L, E, O)}; }
sup_item(A) ::= error.                  { A = (SupItem){0}; }

%type options {AstList *}
options(A) ::= .                        { A = NULL; }
options(A) ::= options(L) COMMA KEY(K) expr(V). { A = build_list_add(p, L, build_field(p, K, V)); }

// ---- Statements --------------------------------------------------------------------------------

block(A) ::= LBRACE(T) RBRACE(E).       { A = build_block(p, T, NULL, E); }
block(A) ::= LBRACE(T) stmts(L) RBRACE(E). { A = build_block(p, T, L, E); }
%type stmts {AstList *}
stmts(A) ::= stmt(S).                   { A = build_list(p, S); }
stmts(A) ::= stmts(L) NEWLINE stmt(S).  { A = build_list_add(p, L, S); }

stmt(A) ::= rhs(S).                     { A = S; }
stmt(A) ::= fn(F).                      { A = F; }
stmt(A) ::= LET(T) typed(P) EQ expr(V). { A = build_let(p, T, P, V, NULL, NULL); }
stmt(A) ::= LET(T) typed(P) EQ expr(V) ELSE block(B). { A = build_let(p, T, P, V, NULL, B); }
stmt(A) ::= LET(T) typed(P) EQ expr(V) ELSE ID(N) block(B). { A = build_let(p, T, P, V, N, B); }
stmt(A) ::= error.                      { A = NULL; }

// What may stand right of `=>`.
rhs(A) ::= expr(E).                     { A = E; }
rhs(A) ::= ID(N) EQ expr(V).            { A = build_assign(p, N, V); }
rhs(A) ::= BECOME(T) ID(N).             { A = build_become(p, T, N); }

// ---- Expressions -------------------------------------------------------------------------------

expr(A) ::= INT(T).                     { A = build_int(p, T, NULL); }
expr(A) ::= CHAR(T).                    { A = build_int(p, T, NULL); }
expr(A) ::= FLOAT(T).                   { A = build_float(p, T, NULL); }
expr(A) ::= STRING(T).                  { A = build_string(p, T); }
expr(A) ::= interpolation(L) STR_CLOSE(E). { A = build_interpolation(p, L, E); }
expr(A) ::= ATOM(T). [BARE]             { A = build_atom(p, T); }
expr(A) ::= TRUE(T).                    { A = build_atom(p, T); }
expr(A) ::= FALSE(T).                   { A = build_atom(p, T); }
expr(A) ::= NIL(T).                     { A = build_atom(p, T); }
expr(A) ::= ID(T).                      { A = build_var(p, T); }
expr(A) ::= path(P). [BARE]             { A = P; }
expr(A) ::= path(P) DOT ID(N).          { A = build_remote(p, P, N); }
expr(A) ::= AMP(T) ID(N) SLASH INT(I).  { A = build_fn_ref(p, T, NULL, N, I); }
expr(A) ::= AMP(T) path(P) DOT ID(N) SLASH INT(I). { A = build_fn_ref(p, T, P, N, I); }

%type interpolation {Parts *}
interpolation(A) ::= STR_OPEN(T) expr(E). { A = build_parts(p, NULL, T, E); }
interpolation(A) ::= interpolation(L) STR_MID(T) expr(E). { A = build_parts(p, L, T, E); }

path(A) ::= UPPER(T).                   { A = build_path(p, NULL, T); }
path(A) ::= path(P) DOT UPPER(T).       { A = build_path(p, P, T); }

expr(A) ::= LPAREN(T) RPAREN(E).        { A = build_tuple(p, T, NULL, E); }
expr(A) ::= LPAREN expr(V) RPAREN.      { A = V; }
expr(A) ::= LPAREN(T) expr(V) COMMA RPAREN(E). { A = build_tuple(p, T, build_list(p, V), E); }
expr(A) ::= LPAREN(T) expr(V) COMMA exprs(L) comma RPAREN(E).
                                        { A = build_tuple(p, T, build_list_first(p, V, L), E); }
expr(A) ::= ATOM(T) CALL_LPAREN args(L) RPAREN(E). { A = build_tagged(p, T, L, E); }
%type exprs {AstList *}
exprs(A) ::= expr(E).                   { A = build_list(p, E); }
exprs(A) ::= exprs(L) COMMA expr(E).    { A = build_list_add(p, L, E); }

expr(A) ::= LBRACKET(T) RBRACKET(E).    { A = build_list_expr(p, T, NULL, NULL, E); }
expr(A) ::= LBRACKET(T) exprs(L) comma RBRACKET(E). { A = build_list_expr(p, T, L, NULL, E); }
expr(A) ::= LBRACKET(T) exprs(L) BAR expr(V) RBRACKET(E). { A = build_list_expr(p, T, L, V, E); }
expr(A) ::= LBRACKET(T) expr(V) FOR sources(S) RBRACKET(E). { A = build_list_comp(p, T, V, S, E); }

expr(A) ::= MAP_LBRACE(T) CLOSE_BRACE(E). { A = build_map(p, T, NULL, NULL, E); }
expr(A) ::= MAP_LBRACE(T) entries(L) comma CLOSE_BRACE(E). { A = build_map(p, T, NULL, L, E); }
expr(A) ::= MAP_LBRACE(T) expr(B) BAR entries(L) comma CLOSE_BRACE(E).
        { A = build_map(p, T, B, L, E); }
expr(A) ::= MAP_LBRACE(T) pair(V) FOR sources(S) CLOSE_BRACE(E).
        { A = build_map_comp(p, T, V, S, E); }
%type entries {AstList *}
entries(A) ::= entry(E).                { A = build_list(p, E); }
entries(A) ::= entries(L) COMMA entry(E). { A = build_list_add(p, L, E); }
entry(A) ::= KEY(K).                    { A = build_key_entry(p, K, NULL); }
entry(A) ::= KEY(K) expr(V).            { A = build_key_entry(p, K, V); }
entry(A) ::= pair(E).                   { A = E; }
pair(A) ::= expr(K) FATARROW expr(V).   { A = build_entry(p, K, V); }

expr(A) ::= path(P) RECORD_LBRACE CLOSE_BRACE(E). { A = build_record(p, P, NULL, NULL, E); }
expr(A) ::= path(P) RECORD_LBRACE fields(L) comma CLOSE_BRACE(E).
        { A = build_record(p, P, NULL, L, E); }
expr(A) ::= path(P) RECORD_LBRACE expr(B) BAR fields(L) comma CLOSE_BRACE(E).
                                        { A = build_record(p, P, B, L, E); }
%type fields {AstList *}
fields(A) ::= field(F).                 { A = build_list(p, F); }
fields(A) ::= fields(L) COMMA field(F). { A = build_list_add(p, L, F); }
field(A) ::= KEY(K).                    { A = build_field(p, K, NULL); }
field(A) ::= KEY(K) expr(V).            { A = build_field(p, K, V); }

expr(A) ::= LBYTES(T) RBYTES(E).        { A = build_bytes(p, T, NULL, E); }
expr(A) ::= LBYTES(T) segments(L) comma RBYTES(E). { A = build_bytes(p, T, L, E); }
expr(A) ::= LBYTES(T) segment(V) FOR sources(S) RBYTES(E). { A = build_bytes_comp(p, T, V, S, E); }
%type segments {AstList *}
segments(A) ::= segment(S).             { A = build_list(p, S); }
segments(A) ::= segments(L) COMMA segment(S). { A = build_list_add(p, L, S); }
segment(A) ::= expr(V).                 { A = build_segment(p, V, NULL); }
segment(A) ::= expr(V) COLON2 spec(S).  { A = build_segment(p, V, &S); }
%type spec {SegmentSpec}
spec(A) ::= spec_item(I).               { A = build_spec(p, NULL, &I); }
spec(A) ::= spec(S) SLASH spec_item(I). { A = build_spec(p, &S, &I); }
%type spec_item {SpecItem}
spec_item(A) ::= INT(T).
        { A = (SpecItem){.word = T, .size = build_int(p, T, NULL)}; }
spec_item(A) ::= ID(T).                 { A = (SpecItem){.word = T}; }
spec_item(A) ::= ID(T) CALL_LPAREN expr(E) RPAREN.
        { A = (SpecItem){.word = T, .size = E, .is_sized_word = true}; }
spec_item(A) ::= LPAREN(T) expr(E) RPAREN. { A = (SpecItem){.word = T, .size = E}; }

%type sources {AstList *}
sources(A) ::= source(S).               { A = build_list(p, S); }
sources(A) ::= sources(L) COMMA source(S). { A = build_list_add(p, L, S); }
source(A) ::= typed(P) IN expr(E).      { A = build_source(p, P, E, NULL); }
source(A) ::= typed(P) IN expr(E) IF expr(F). { A = build_source(p, P, E, F); }

expr(A) ::= expr(L) OR(T) expr(R).      { A = build_binary(p, AST_OP_OR, T, L, R); }
expr(A) ::= expr(L) AND(T) expr(R).     { A = build_binary(p, AST_OP_AND, T, L, R); }
expr(A) ::= expr(L) EQEQ(T) expr(R).    { A = build_binary(p, AST_OP_EQ, T, L, R); }
expr(A) ::= expr(L) NE(T) expr(R).      { A = build_binary(p, AST_OP_NE, T, L, R); }
expr(A) ::= expr(L) SAME(T) expr(R).    { A = build_binary(p, AST_OP_SAME, T, L, R); }
expr(A) ::= expr(L) DIFFERS(T) expr(R). { A = build_binary(p, AST_OP_DIFFERS, T, L, R); }
expr(A) ::= expr(L) LT(T) expr(R).      { A = build_binary(p, AST_OP_LT, T, L, R); }
expr(A) ::= expr(L) LE(T) expr(R).      { A = build_binary(p, AST_OP_LE, T, L, R); }
expr(A) ::= expr(L) GT(T) expr(R).      { A = build_binary(p, AST_OP_GT, T, L, R); }
expr(A) ::= expr(L) GE(T) expr(R).      { A = build_binary(p, AST_OP_GE, T, L, R); }
expr(A) ::= expr(L) IN(T) expr(R).      { A = build_binary(p, AST_OP_IN, T, L, R); }
expr(A) ::= expr(L) APPEND(T) expr(R).  { A = build_binary(p, AST_OP_APPEND, T, L, R); }
expr(A) ::= expr(L) CONCAT(T) expr(R).  { A = build_binary(p, AST_OP_CONCAT, T, L, R); }
expr(A) ::= expr(L) RANGE(T) expr(R).   { A = build_binary(p, AST_OP_RANGE, T, L, R); }
expr(A) ::= expr(L) PLUS(T) expr(R).    { A = build_binary(p, AST_OP_ADD, T, L, R); }
expr(A) ::= expr(L) MINUS(T) expr(R).   { A = build_binary(p, AST_OP_SUB, T, L, R); }
expr(A) ::= expr(L) STAR(T) expr(R).    { A = build_binary(p, AST_OP_MUL, T, L, R); }
expr(A) ::= expr(L) SLASH(T) expr(R).   { A = build_binary(p, AST_OP_DIV, T, L, R); }
expr(A) ::= expr(L) SLASH2(T) expr(R).  { A = build_binary(p, AST_OP_IDIV, T, L, R); }
expr(A) ::= expr(L) PERCENT(T) expr(R). { A = build_binary(p, AST_OP_MOD, T, L, R); }
expr(A) ::= NOT(T) expr(E).             { A = build_unary(p, AST_OP_NOT, T, E); }
expr(A) ::= MINUS(T) expr(E). [NEGATION] { A = build_unary(p, AST_OP_NEG, T, E); }
expr(A) ::= expr(L) PIPE expr(R).       { A = build_pipe(p, L, R); }
expr(A) ::= expr(L) BANG expr(R).       { A = build_send(p, L, R); }
expr(A) ::= expr(L) QUESTION expr(R).   { A = build_ask(p, L, R, NULL); }
expr(A) ::= expr(L) QUESTION expr(R) WITHIN expr(M). { A = build_ask(p, L, R, M); }
expr(A) ::= expr(O) DOT ID(N).          { A = build_field_of(p, O, N); }
expr(A) ::= expr(O) DOT UPPER(N).       { A = build_field_of(p, O, N); }
expr(A) ::= expr(O) INDEX_LBRACKET expr(K) RBRACKET(E). { A = build_index(p, O, K, E); }
expr(A) ::= expr(C) CALL_LPAREN args(L) RPAREN(E). { A = build_call(p, C, L, E); }

%type args {Args *}
args(A) ::= .                           { A = NULL; }
args(A) ::= arg_list(L) comma.          { A = L; }
%type arg_list {Args *}
arg_list(A) ::= expr(E).                { A = build_arg(p, NULL, E); }
arg_list(A) ::= entry_key(E).           { A = build_arg_key(p, NULL, E); }
arg_list(A) ::= arg_list(L) COMMA expr(E). { A = build_arg(p, L, E); }
arg_list(A) ::= arg_list(L) COMMA entry_key(E). { A = build_arg_key(p, L, E); }
entry_key(A) ::= KEY(K).                { A = build_key_entry(p, K, NULL); }
entry_key(A) ::= KEY(K) expr(V).        { A = build_key_entry(p, K, V); }

expr(A) ::= FN(T) LPAREN params(L) RPAREN guard(G) result(R) FATARROW expr(B).
                                        { A = build_lambda(p, T, L, G, R, B); }
expr(A) ::= FN(T) LPAREN params(L) RPAREN guard(G) result(R) block(B).
                                        { A = build_lambda(p, T, L, G, R, B); }
expr(A) ::= ASSERT(T) expr(E).          { A = build_assert(p, T, E); }
expr(A) ::= SPAWN(T) mode(M) path(P) CALL_LPAREN args(L) RPAREN(E). [QUESTION]
                                        { A = build_spawn(p, T, M, P, L, E, NULL); }
expr(A) ::= SPAWN(T) mode(M) path(P) CALL_LPAREN args(L) RPAREN(E) WITHIN expr(W). [WITHIN]
                                        { A = build_spawn(p, T, M, P, L, E, W); }
expr(A) ::= SPAWN(T) mode(M) block(B).  { A = build_spawn_block(p, T, M, B); }
%type mode {AstSpawnMode}
mode(A) ::= .                           { A = AST_SPAWN_PLAIN; }
mode(A) ::= LINK.                       { A = AST_SPAWN_LINK; }
mode(A) ::= MONITOR.                    { A = AST_SPAWN_MONITOR; }

expr(A) ::= block(B).                   { A = B; }
expr(A) ::= if(I).                      { A = I; }
if(A) ::= IF(T) expr(C) block(B). [IF_WITHOUT_ELSE] { A = build_if(p, T, C, B, NULL); }
if(A) ::= IF(T) expr(C) block(B) ELSE block(E). { A = build_if(p, T, C, B, E); }
if(A) ::= IF(T) expr(C) block(B) ELSE if(E). { A = build_if(p, T, C, B, E); }
expr(A) ::= MATCH(T) expr(V) LBRACE RBRACE(E). { A = build_match(p, T, V, NULL, E); }
expr(A) ::= MATCH(T) expr(V) LBRACE clauses(L) RBRACE(E). { A = build_match(p, T, V, L, E); }
expr(A) ::= TRY(T) block(B) AFTER block(E). { A = build_try(p, T, B, NULL, E); }
expr(A) ::= TRY(T) block(B) catch(C).   { A = build_try(p, T, B, &C, NULL); }
expr(A) ::= TRY(T) block(B) catch(C) AFTER block(R). { A = build_try(p, T, B, &C, R); }
%type catch {Catch}
catch(A) ::= CATCH LBRACE RBRACE(E).    { A = (Catch){.close = E}; }
catch(A) ::= CATCH LBRACE clauses(L) RBRACE(E). { A = (Catch){.clauses = L, .close = E}; }
expr(A) ::= RECEIVE(T) LBRACE RBRACE(E). { A = build_receive(p, T, NULL, E); }
expr(A) ::= RECEIVE(T) LBRACE receive_clauses(L) RBRACE(E). { A = build_receive(p, T, L, E); }
expr(A) ::= FOR(T) sources(S) block(B). { A = build_for(p, T, S, B); }

%type clauses {AstList *}
clauses(A) ::= clause_entry(C).         { A = build_list(p, C); }
clauses(A) ::= clauses(L) NEWLINE clause_entry(C). { A = build_list_add(p, L, C); }
clause_entry(A) ::= clause(C).          { A = C; }
clause_entry(A) ::= error.              { A = NULL; }
clause(A) ::= pattern(P) guard(G) FATARROW rhs(B). { A = build_clause(p, P, G, B); }

%type receive_clauses {AstReceive *}
receive_clauses(A) ::= receive_entry(C). { A = build_receive_clause(p, NULL, &C); }
receive_clauses(A) ::= receive_clauses(L) NEWLINE receive_entry(C).
        { A = build_receive_clause(p, L, &C); }
%type receive_entry {ReceiveEntry}
receive_entry(A) ::= clause(C).         { A = (ReceiveEntry){.clause = C}; }
receive_entry(A) ::= AFTER(T) expr(E) FATARROW rhs(B).
        { A = (ReceiveEntry){.after = T, .timeout = E, .body = B}; }
receive_entry(A) ::= error.             { A = (ReceiveEntry){0}; }

// ---- Patterns ----------------------------------------------------------------------------------

// With or without `: Type`.
typed(A) ::= pattern(P).                { A = P; }
typed(A) ::= KEY(K) type(Y).            { A = build_pat_typed(p, K, Y); }

pattern(A) ::= one(P).                  { A = P; }
pattern(A) ::= pattern(L) BAR one(R).   { A = build_pat_or(p, L, R); }
// Without `|`, which in a list means the tail.
one(A) ::= ID(T).                       { A = build_pat_var(p, T); }
one(A) ::= pat(P).                      { A = P; }
one(A) ::= one(P) AS ID(N).             { A = build_pat_as(p, P, N); }
one(A) ::= STRING(T) CONCAT one(R).     { A = build_pat_prefix(p, T, R); }

pat(A) ::= int(I).                      { A = I; }
pat(A) ::= int(F) RANGE int(L).         { A = build_pat_range(p, F, L); }
pat(A) ::= FLOAT(T).                    { A = build_float(p, T, NULL); }
pat(A) ::= MINUS(M) FLOAT(T).           { A = build_float(p, T, M); }
pat(A) ::= STRING(T).                   { A = build_string(p, T); }
pat(A) ::= interpolation(L) STR_CLOSE(E). { A = build_pat_interpolation(p, L, E); }
pat(A) ::= ATOM(T). [BARE]              { A = build_atom(p, T); }
pat(A) ::= TRUE(T).                     { A = build_atom(p, T); }
pat(A) ::= FALSE(T).                    { A = build_atom(p, T); }
pat(A) ::= NIL(T).                      { A = build_atom(p, T); }
pat(A) ::= CARET(T) ID(N).              { A = build_pat_pin(p, T, N); }
pat(A) ::= LPAREN(T) RPAREN(E).         { A = build_pat_tuple(p, T, NULL, E); }
pat(A) ::= LPAREN typed(V) RPAREN.      { A = V; }
pat(A) ::= LPAREN(T) typed(V) COMMA RPAREN(E). { A = build_pat_tuple(p, T, build_list(p, V), E); }
pat(A) ::= LPAREN(T) typed(V) COMMA typed_list(L) comma RPAREN(E).
                                        { A = build_pat_tuple(p, T, build_list_first(p, V, L), E); }
pat(A) ::= ATOM(T) CALL_LPAREN typed_items(L) RPAREN(E). { A = build_pat_tagged(p, T, L, E); }
pat(A) ::= LBRACKET(T) RBRACKET(E).     { A = build_pat_list(p, T, NULL, NULL, E); }
pat(A) ::= LBRACKET(T) ones(L) comma RBRACKET(E). { A = build_pat_list(p, T, L, NULL, E); }
pat(A) ::= LBRACKET(T) ones(L) BAR one(V) RBRACKET(E). { A = build_pat_list(p, T, L, V, E); }
pat(A) ::= MAP_LBRACE(T) CLOSE_BRACE(E). { A = build_pat_map(p, T, NULL, E); }
pat(A) ::= MAP_LBRACE(T) pat_entries(L) comma CLOSE_BRACE(E). { A = build_pat_map(p, T, L, E); }
pat(A) ::= path(P) RECORD_LBRACE CLOSE_BRACE(E). { A = build_pat_record(p, P, NULL, E); }
pat(A) ::= path(P) RECORD_LBRACE pat_fields(L) comma CLOSE_BRACE(E).
        { A = build_pat_record(p, P, L, E); }
pat(A) ::= LBYTES(T) RBYTES(E).         { A = build_pat_bytes(p, T, NULL, E); }
pat(A) ::= LBYTES(T) pat_segments(L) comma RBYTES(E). { A = build_pat_bytes(p, T, L, E); }

int(A) ::= INT(T).                      { A = build_int(p, T, NULL); }
int(A) ::= CHAR(T).                     { A = build_int(p, T, NULL); }
int(A) ::= MINUS(M) INT(T).             { A = build_int(p, T, M); }

%type typed_items {AstList *}
typed_items(A) ::= .                    { A = NULL; }
typed_items(A) ::= typed_list(L) comma. { A = L; }
%type typed_list {AstList *}
typed_list(A) ::= typed(P).             { A = build_list(p, P); }
typed_list(A) ::= typed_list(L) COMMA typed(P). { A = build_list_add(p, L, P); }
%type ones {AstList *}
ones(A) ::= one(P).                     { A = build_list(p, P); }
ones(A) ::= ones(L) COMMA one(P).       { A = build_list_add(p, L, P); }
%type pat_entries {AstList *}
pat_entries(A) ::= pat_entry(E).        { A = build_list(p, E); }
pat_entries(A) ::= pat_entries(L) COMMA pat_entry(E). { A = build_list_add(p, L, E); }
pat_entry(A) ::= KEY(K).                { A = build_pat_key_entry(p, K, NULL); }
pat_entry(A) ::= KEY(K) pattern(V).     { A = build_pat_key_entry(p, K, V); }
pat_entry(A) ::= pattern(K) FATARROW pattern(V). { A = build_pat_entry(p, K, V); }
%type pat_fields {AstList *}
pat_fields(A) ::= pat_field(F).         { A = build_list(p, F); }
pat_fields(A) ::= pat_fields(L) COMMA pat_field(F). { A = build_list_add(p, L, F); }
pat_field(A) ::= KEY(K).                { A = build_pat_field(p, K, NULL); }
pat_field(A) ::= KEY(K) pattern(V).     { A = build_pat_field(p, K, V); }
%type pat_segments {AstList *}
pat_segments(A) ::= pat_segment(S).     { A = build_list(p, S); }
pat_segments(A) ::= pat_segments(L) COMMA pat_segment(S). { A = build_list_add(p, L, S); }
pat_segment(A) ::= segment_value(V).    { A = build_pat_segment(p, V, NULL); }
pat_segment(A) ::= segment_value(V) COLON2 spec(S). { A = build_pat_segment(p, V, &S); }
segment_value(A) ::= ID(T).             { A = build_pat_var(p, T); }
segment_value(A) ::= pat(P).            { A = P; }

// ---- Types -------------------------------------------------------------------------------------

type(A) ::= type_one(Y).                { A = Y; }
type(A) ::= type(L) BAR type_one(R).    { A = build_type_union(p, L, R); }
type_one(A) ::= path(P). [BARE]         { A = build_type_name(p, P, NULL, NULL); }
type_one(A) ::= path(P) CALL_LPAREN types(L) comma RPAREN(E). { A = build_type_name(p, P, L, E); }
type_one(A) ::= ID(T).                  { A = build_type_var(p, T); }
type_one(A) ::= ATOM(T). [BARE]         { A = build_type_atom(p, T); }
type_one(A) ::= TRUE(T).                { A = build_type_atom(p, T); }
type_one(A) ::= FALSE(T).               { A = build_type_atom(p, T); }
type_one(A) ::= NIL(T).                 { A = build_type_atom(p, T); }
type_one(A) ::= ATOM(T) CALL_LPAREN RPAREN(E). { A = build_type_tagged(p, T, NULL, E); }
type_one(A) ::= ATOM(T) CALL_LPAREN types(L) comma RPAREN(E). { A = build_type_tagged(p, T, L, E); }
type_one(A) ::= LBRACKET(T) type(Y) RBRACKET(E). { A = build_type_list(p, T, Y, E); }
type_one(A) ::= LPAREN(T) RPAREN(E).    { A = build_type_tuple(p, T, NULL, E); }
type_one(A) ::= LPAREN type(Y) RPAREN.  { A = Y; }
type_one(A) ::= LPAREN(T) type(Y) COMMA RPAREN(E).
        { A = build_type_tuple(p, T, build_list(p, Y), E); }
type_one(A) ::= LPAREN(T) type(Y) COMMA types(L) comma RPAREN(E).
        { A = build_type_tuple(p, T, build_list_first(p, Y, L), E); }
type_one(A) ::= MAP_LBRACE(T) type(K) FATARROW type(V) CLOSE_BRACE(E).
        { A = build_type_map(p, T, K, V, E); }
type_one(A) ::= FN(T) LPAREN RPAREN ARROW type(Y). [FATARROW] { A = build_type_fn(p, T, NULL, Y); }
type_one(A) ::= FN(T) LPAREN types(L) comma RPAREN ARROW type(Y). [FATARROW]
                                        { A = build_type_fn(p, T, L, Y); }
%type types {AstList *}
types(A) ::= type(Y).                   { A = build_list(p, Y); }
types(A) ::= types(L) COMMA type(Y).    { A = build_list_add(p, L, Y); }

// ---- The driver --------------------------------------------------------------------------------

%code {
#include "compiler/base/check.h"

// The numbers of tokens.def and of this grammar are the same. The end of the input and the three
// names that stand only in precedences have numbers too.
_Static_assert(TOKEN_KIND_COUNT + 4 == YYNTOKEN, "tokens.def and %token have the same tokens");
#undef TOKEN
enum {
#define TOKEN(KIND, spelling, flags) \
    SAME_NUMBER_##KIND = 1 / (TOKEN_##KIND == TOKEN_ORDINAL_##KIND + 1),
#include "compiler/lex/tokens.def"
#undef TOKEN
};

// Would the parser, as it stands, take a token of this kind next? Runs the automaton on a copy of
// as much of the stack as the reductions touch.
static bool accepts(const yyParser *parser, YYCODETYPE kind) {
    enum { PUSHED_MAX = 64 };
    YYACTIONTYPE pushed[PUSHED_MAX];
    uint32_t pushed_count = 0;
    const yyStackEntry *base = parser->yytos;
    for (;;) {
        YYACTIONTYPE state = pushed_count > 0 ? pushed[pushed_count - 1] : base->stateno;
        YYACTIONTYPE action = yy_find_shift_action(kind, state);
        if (action < YY_MIN_REDUCE) {
            return action <= YY_MAX_SHIFTREDUCE || action == YY_ACCEPT_ACTION;
        }
        uint32_t rule = (uint32_t)(action - YY_MIN_REDUCE);
        uint32_t pops = (uint32_t)-yyRuleInfoNRhs[rule];
        uint32_t own = pops < pushed_count ? pops : pushed_count;
        pushed_count -= own;
        base -= pops - own;
        state = pushed_count > 0 ? pushed[pushed_count - 1] : base->stateno;
        if (pushed_count == PUSHED_MAX) {
            return false;
        }
        pushed[pushed_count++] = yy_find_reduce_action(state, yyRuleInfoLhs[rule]);
    }
}

// What the parser would take next: every kind is tried.
static void find_expected(const yyParser *parser, bool *expected) {
    for (uint32_t kind = 0; kind <= TOKEN_KIND_COUNT; kind++) {
        expected[kind] = accepts(parser, (YYCODETYPE)kind);
    }
}

// Goes on behind the statement, clause or item that the token at `at` is in: the next token to feed
// is the one that ends it, at the level of the innermost block.
static uint32_t skip_item(const Parser *p, uint32_t at) {
    const Token *tokens = p->tokens.tokens.items;
    uint32_t home = tokens[at].home;
    for (;; at++) {
        const Token *token = &tokens[at];
        bool ends_item = token->kind == TOKEN_NEWLINE && token->depth == home;
        bool ends_block = token->kind == TOKEN_RBRACE && token->depth + 1 == home;
        if (ends_item || ends_block || token->kind == TOKEN_EOF) {
            return at;
        }
    }
}

void parser_run(Parser *p) {
    yyParser *parser = arena_alloc(p->arena, sizeof(yyParser));
    GrammarInit(parser, p);
    const Token *tokens = p->tokens.tokens.items;
    uint32_t count = p->tokens.tokens.len;
    for (uint32_t i = 0; i < count && !p->is_too_deep; i++) {
        const Token *token = &tokens[i];
        if (token->kind == TOKEN_EOF) {
            p->wants_more = accepts(parser, TOKEN_CATCH) || accepts(parser, TOKEN_ARROW);
        }
        if (!accepts(parser, token->kind)) {
            find_expected(parser, p->expected);
        }
        Grammar(parser, token->kind, token);
        if (p->error != NULL) {
            p->error = NULL;
            if (token->kind == TOKEN_EOF) {
                break;
            }
            bool is_end = token->kind == TOKEN_NEWLINE || token->kind == TOKEN_RBRACE;
            uint32_t next = is_end ? i + 1 : skip_item(p, i);
            i = next - 1;
            parser->yyerrcnt = -1;
        }
    }
}
}
