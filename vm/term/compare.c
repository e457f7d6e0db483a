// SPDX-License-Identifier: Apache-2.0
// Comparing terms. decide() settles what needs no descent; all else goes over frames on the work
// stack:
//
//   FRAME_LIST  a, b: rests of two lists, heads before are equal
//   FRAME_BOX   a, b: two boxes of one kind and size; index: next element
//   FRAME_MAP   a, b: two large maps of one size, being ordered; index: cursor; data: a MapState; on top of a
//   FRAME_BEST  a: the deciding key so far; b: the key that is looked at; index: sign of each
//
// A difference ends the comparison, but where a FRAME_MAP lies below: it asked, and goes on with
// the answer.
#include "vm/term/compare.h"

#include "vm/term/bignum.h"
#include "vm/term/bytes.h"
#include "vm/term/fn.h"
#include "vm/term/list.h"
#include "vm/term/map.h"
#include "vm/term/record.h"

enum { FRAME_LIST, FRAME_BOX, FRAME_MAP, FRAME_BEST };

// What decide() says when the terms have parts to compare.
enum { DESCEND = 2 };

static int sign_of(int64_t v) {
    return (v > 0) - (v < 0);
}

static int compare_words(uint64_t a, uint64_t b) {
    return (a > b) - (a < b);
}

// Numbers -----------------------------------------------------------------------------------------

static int compare_doubles(double a, double b) {
    return (a > b) - (a < b);
}

int number_compare(Term a, Term b) {
    if (terms_are_small(a, b)) {
        return sign_of(term_to_small(a) < term_to_small(b) ? -1
                                                           : term_to_small(a) > term_to_small(b));
    }
    bool a_float = term_is_float(a);
    bool b_float = term_is_float(b);
    if (a_float) {
        return b_float ? compare_doubles(term_to_double(a), term_to_double(b))
                       : -bignum_compare_double(b, term_to_double(a));
    }
    return sign_of(b_float ? bignum_compare_double(a, term_to_double(b)) : bignum_compare(a, b));
}

static int compare_number_keys(Term a, Term b) {
    bool a_float = term_is_float(a);
    bool b_float = term_is_float(b);
    if (a_float != b_float) {
        return a_float ? 1 : -1;
    }
    int order = number_compare(a, b);
    if (order == 0 && a_float) {
        // 0.0 and -0.0, if they differ
        return __builtin_signbit(term_to_double(b)) - __builtin_signbit(term_to_double(a));
    }
    return order;
}

// Terms without parts -----------------------------------------------------------------------------

typedef enum {
    RANK_NUMBER,
    RANK_ATOM,
    RANK_REF,
    RANK_FN,
    RANK_PID,
    RANK_TUPLE,
    RANK_RECORD,
    RANK_RANGE,
    RANK_MAP,
    RANK_LIST,
    RANK_BYTES,
    RANK_NODE, // inside a map
} Rank;

static Rank kind_rank(Kind kind) {
    switch (kind) {
    case KIND_FLOAT:
    case KIND_BIGNUM: return RANK_NUMBER;
    case KIND_BYTES:
    case KIND_SHARED:
    case KIND_SLICE: return RANK_BYTES;
    case KIND_TUPLE: return RANK_TUPLE;
    case KIND_RECORD: return RANK_RECORD;
    case KIND_FN:
    case KIND_FNREF: return RANK_FN;
    case KIND_REF: return RANK_REF;
    case KIND_RANGE: return RANK_RANGE;
    case KIND_FLATMAP:
    case KIND_MAP: return RANK_MAP;
    case KIND_MAPNODE:
    case KIND_MAPLEAF: return RANK_NODE;
    case KIND_COUNT: break;
    }
    UNREACHABLE();
}

static Rank term_rank(Term t) {
    if (term_is_small(t) || term_is_flo(t)) {
        return RANK_NUMBER;
    }
    if (term_is_cons(t) || term_is_empty(t)) {
        return RANK_LIST;
    }
    if (term_is_box(t)) {
        return kind_rank(box_kind(t));
    }
    ASSERT(term_is_atom(t) || term_is_pid(t));
    return term_is_atom(t) ? RANK_ATOM : RANK_PID;
}

static int compare_fns(const AtomTable *atoms, Term a, Term b) {
    Kind kind = box_kind(a);
    if (kind != box_kind(b)) {
        return kind == KIND_FN ? -1 : 1;
    }
    if (kind == KIND_FNREF) {
        int order = atom_compare(atoms, box_term(a, 0), box_term(b, 0));
        order = order != 0 ? order : atom_compare(atoms, box_term(a, 1), box_term(b, 1));
        return sign_of(order != 0 ? order : number_compare(box_term(a, 2), box_term(b, 2)));
    }
    int order =
        compare_words(function_head(fn_function(a))->serial, function_head(fn_function(b))->serial);
    order = order != 0 ? order : compare_words(box_words(a), box_words(b));
    return order != 0 ? order : DESCEND;
}

// Records of different types: by size, as tuples are, then by name, module and field names.
static int compare_descs(const AtomTable *atoms, const RecordDesc *a, const RecordDesc *b) {
    if (a == b) {
        return DESCEND;
    }
    if (a->field_count != b->field_count) {
        return a->field_count < b->field_count ? -1 : 1;
    }
    int order = atom_compare(atoms, a->name, b->name);
    order = order != 0 ? order : atom_compare(atoms, a->module, b->module);
    for (uint32_t i = 0; order == 0 && i < a->field_count; i++) {
        order = atom_compare(atoms, a->fields[i], b->fields[i]);
    }
    return sign_of(order);
}

// Below, equal, above, or DESCEND. a and b are not the same word.
static int decide_order(const AtomTable *atoms, CompareMode mode, Term a, Term b) {
    Rank rank = term_rank(a);
    Rank b_rank = term_rank(b);
    if (rank != b_rank) {
        return rank < b_rank ? -1 : 1;
    }
    switch (rank) {
    case RANK_NUMBER:
        return mode == COMPARE_KEYS ? compare_number_keys(a, b) : number_compare(a, b);
    case RANK_ATOM: return sign_of(atom_compare(atoms, a, b));
    case RANK_PID: return compare_words(a.bits, b.bits);
    case RANK_REF: return compare_words(ref_id(a), ref_id(b));
    case RANK_FN: return compare_fns(atoms, a, b);
    case RANK_TUPLE:
        return box_words(a) != box_words(b) ? compare_words(box_words(a), box_words(b)) : DESCEND;
    case RANK_RECORD: return compare_descs(atoms, record_desc(a), record_desc(b));
    case RANK_RANGE:
    case RANK_NODE: return DESCEND;
    case RANK_MAP:
        return map_size(a) != map_size(b) ? compare_words(map_size(a), map_size(b)) : DESCEND;
    case RANK_LIST: return term_is_empty(a) ? -1 : term_is_empty(b) ? 1 : DESCEND;
    case RANK_BYTES: return sign_of(bytes_compare(bytes_view(a), bytes_view(b)));
    }
    UNREACHABLE();
}

static bool same_raw_words(Term a, Term b, size_t count) {
    return memcmp(term_pointer(a) + 1, term_pointer(b) + 1, count * sizeof(Term)) == 0;
}

// 0, 1 (they differ) or DESCEND. a and b are not the same word.
static int decide_equality(CompareMode mode, Term a, Term b) {
    if (mode == COMPARE_NUMERIC && term_is_number(a)) {
        return term_is_number(b) ? number_compare(a, b) != 0 : 1;
    }
    if (!term_is_pointer(a) || !term_is_pointer(b)) {
        return 1;
    }
    if (term_is_cons(a) || term_is_cons(b)) {
        return term_is_cons(a) && term_is_cons(b) ? DESCEND : 1;
    }
    if (term_is_bytes(a)) {
        return !term_is_bytes(b) || bytes_len(a) != bytes_len(b) ||
               bytes_compare(bytes_view(a), bytes_view(b)) != 0;
    }
    if (!term_same_bits(term_pointer(a)[0], term_pointer(b)[0])) { // kind, flags, size
        return 1;
    }
    Kind kind = box_kind(a);
    size_t raw = kind_raw_words(kind, box_words(a));
    if (!same_raw_words(a, b, raw)) {
        return 1;
    }
    return raw == box_words(a) || kind == KIND_REF ? 0 : DESCEND;
}

static int decide(const AtomTable *atoms, CompareMode mode, Term a, Term b) {
    if (term_same_bits(a, b)) {
        return 0;
    }
    return mode <= COMPARE_NUMERIC ? decide_equality(mode, a, b) : decide_order(atoms, mode, a, b);
}

// Descending --------------------------------------------------------------------------------------

// How elements of a box are compared: keys of a map exactly.
static CompareMode element_mode(CompareMode mode, Term box, size_t index) {
    if (mode == COMPARE_EXACT || mode == COMPARE_KEYS) {
        return mode;
    }
    CompareMode key_mode = mode == COMPARE_NUMERIC ? COMPARE_EXACT : COMPARE_KEYS;
    switch (box_kind(box)) {
    case KIND_FLATMAP: return index < box_words(box) / 2 ? key_mode : mode;
    case KIND_MAPNODE: {
        size_t pairs = (size_t)__builtin_popcountll(box_raw(box, 0) >> 32);
        return index - 1 < 2 * pairs && (index - 1) % 2 == 0 ? key_mode : mode;
    }
    case KIND_MAPLEAF: return (index - 1) % 2 == 0 ? key_mode : mode;
    default: return mode;
    }
}

// FRAME_MAP.data: what an ordering of large maps is about.
typedef enum {
    MAP_KEYS_OF_A, // looking for keys of a that b lacks
    MAP_KEYS_OF_B,
    MAP_VALUES, // the keys are the same: looking for values that differ
} MapPhase;

typedef enum { MAP_NEXT, MAP_KEY_ASKED, MAP_VALUE_ASKED } MapWait;

typedef struct {
    MapPhase phase;
    MapWait wait;
    int best_sign; // the result if the best key stays: 0 while there is none
    int sign;      // the same for the key that is looked at
} MapState;

static uint32_t pack_state(MapState s, CompareMode mode) {
    return (uint32_t)s.phase | (uint32_t)s.wait << 2 | (uint32_t)(s.best_sign + 1) << 4 |
           (uint32_t)(s.sign + 1) << 6 | (uint32_t)mode << 8;
}

static MapState unpack_state(uint32_t data) {
    return (MapState){(MapPhase)(data & 3), (MapWait)(data >> 2 & 3), (int)(data >> 4 & 3) - 1,
                      (int)(data >> 6 & 3) - 1};
}

static bool push(Comparison *c, uint32_t kind, Term a, Term b, uint64_t index, uint32_t data) {
    TermFrame *f = term_stack_push(&c->stack);
    if (f == NULL) {
        return false;
    }
    *f = (TermFrame){a, b, index, kind, data};
    return true;
}

// The parts of two terms for which decide() said DESCEND. False: no memory.
static bool descend(Comparison *c, Term a, Term b, CompareMode mode) {
    if (term_is_cons(a)) {
        return push(c, FRAME_LIST, a, b, 0, mode);
    }
    if (box_kind(a) == KIND_MAP && mode >= COMPARE_ORDER) {
        return push(c, FRAME_BEST, TERM_NONE, TERM_NONE, 0, 0) &&
               push(c, FRAME_MAP, a, b, 0,
                    pack_state((MapState){MAP_KEYS_OF_A, MAP_NEXT, 0, 0}, mode));
    }
    size_t first = kind_raw_words(box_kind(a), box_words(a));
    return first == box_words(a) || push(c, FRAME_BOX, a, b, first, mode);
}

static void set_next(Comparison *c, Term a, Term b, CompareMode mode) {
    c->a = a;
    c->b = b;
    c->mode = mode;
}

// The next pair from a list frame; equal words are passed over here. Nothing is set when the lists
// end equal.
static void next_of_lists(Comparison *c, TermFrame *f, int64_t *budget) {
    Term a = f->a;
    Term b = f->b;
    CompareMode mode = (CompareMode)f->data;
    while (term_is_cons(a) && term_is_cons(b)) {
        Term x = cons_head(a);
        Term y = cons_head(b);
        a = cons_tail(a);
        b = cons_tail(b);
        if (!term_same_bits(x, y)) {
            set_next(c, x, y, mode);
            break;
        }
        if (term_same_bits(a, b) || --*budget <= 0) {
            break;
        }
    }
    if (term_same_bits(a, b)) {
        term_stack_pop(&c->stack);
    } else if (term_same_bits(c->a, TERM_NONE) && !(term_is_cons(a) && term_is_cons(b))) {
        term_stack_pop(&c->stack);
        set_next(c, a, b, mode); // the ends of the lists
    } else {
        f->a = a;
        f->b = b;
    }
}

static void next_of_boxes(Comparison *c, TermFrame *f, int64_t *budget) {
    size_t words = box_words(f->a);
    Term a = f->a;
    Term b = f->b;
    size_t i = f->index;
    while (i < words && term_same_bits(box_term(a, i), box_term(b, i)) && *budget > 0) {
        i++;
        --*budget;
    }
    CompareMode mode = (CompareMode)f->data;
    if (i<words && * budget> 0) {
        set_next(c, box_term(a, i), box_term(b, i), element_mode(mode, a, i));
        i++;
    }
    f->index = i;
    if (i == words) {
        term_stack_pop(&c->stack);
    }
}

// Ordering large maps -----------------------------------------------------------------------------
// Maps of one size are ordered as the sorted lists of their keys, then as the values in the order
// of the keys. The smallest key that just one has decides: that one comes first. If there is none,
// the smallest key with values that differ does.

// The key of frame `best`.b decides for `sign` unless a smaller key does: asks which, if there is
// one.
static void offer(Comparison *c, TermFrame *best, MapState *s, int sign) {
    if (s->best_sign == 0) {
        best->a = best->b;
        s->best_sign = sign;
    } else {
        s->sign = sign;
        s->wait = MAP_KEY_ASKED;
        set_next(c, best->b, best->a, COMPARE_KEYS);
    }
}

static void take_answer(Comparison *c, TermFrame *best, MapState *s, int answer) {
    MapWait asked = s->wait;
    s->wait = MAP_NEXT;
    if (asked == MAP_KEY_ASKED && answer < 0) {
        best->a = best->b;
        s->best_sign = s->sign;
    } else if (asked == MAP_VALUE_ASKED && answer != 0) {
        offer(c, best, s, sign_of(answer));
    }
}

// Looks at one more entry. True when the phase is over.
static bool look_at_entry(Comparison *c, TermFrame *f, TermFrame *best, MapState *s,
                          CompareMode mode) {
    Term walked = s->phase == MAP_KEYS_OF_B ? f->b : f->a;
    Term other = s->phase == MAP_KEYS_OF_B ? f->a : f->b;
    Term value;
    uint64_t cursor = map_next(walked, f->index, &best->b, &value);
    if (cursor == MAP_END) {
        return true;
    }
    f->index = cursor;
    Term there = map_get(c->atoms, other, best->b);
    if (s->phase == MAP_VALUES) {
        s->wait = MAP_VALUE_ASKED;
        set_next(c, value, there, mode);
    } else if (term_same_bits(there, TERM_NONE)) {
        offer(c, best, s, s->phase == MAP_KEYS_OF_A ? -1 : 1);
    }
    return false;
}

// Goes on with the order of two maps: sets what to compare next, or pops the frames and gives the
// result. `answer` is of what was asked last.
static int step_maps(Comparison *c, int answer, int64_t *budget) {
    TermFrame *f = term_stack_top(&c->stack);
    TermFrame *best = f - 1;
    CompareMode mode = (CompareMode)(f->data >> 8);
    MapState s = unpack_state(f->data);
    take_answer(c, best, &s, answer);
    bool over = false;
    while (term_same_bits(c->a, TERM_NONE) && *budget > 0 && !over) {
        *budget -= 4;
        if (look_at_entry(c, f, best, &s, mode)) {
            f->index = 0;
            // Maps of one size of which neither has a key of its own have the same keys.
            over = s.phase == MAP_VALUES || (s.phase == MAP_KEYS_OF_B && s.best_sign != 0);
            s.phase = s.phase == MAP_KEYS_OF_A && s.best_sign != 0 ? MAP_KEYS_OF_B : MAP_VALUES;
        }
    }
    f->data = pack_state(s, mode);
    if (!over) {
        return 0;
    }
    term_stack_pop(&c->stack);
    term_stack_pop(&c->stack);
    return s.best_sign;
}

// The machine -------------------------------------------------------------------------------------

// Unwinds after a difference, to the map that asked. True when none did.
static bool unwind(Comparison *c) {
    while (c->stack.count > 0 && term_stack_top(&c->stack)->kind != FRAME_MAP) {
        term_stack_pop(&c->stack);
    }
    return c->stack.count == 0;
}

static void start(Comparison *c, const AtomTable *atoms, CompareMode mode, Term a, Term b,
                  bool urgent) {
    c->atoms = atoms;
    c->result = 0;
    set_next(c, a, b, mode);
    term_stack_init(&c->stack, atoms->mem, urgent);
}

void comparison_init(Comparison *c, const AtomTable *atoms, CompareMode mode, Term a, Term b) {
    start(c, atoms, mode, a, b, false);
}

// Compares the pair that is set: 0 also when it was left on the stack. False: no memory.
static bool compare_next(Comparison *c, int *result) {
    Term a = c->a;
    Term b = c->b;
    int decision = decide(c->atoms, c->mode, a, b);
    if (decision == DESCEND) {
        if (!descend(c, a, b, c->mode)) {
            return false;
        }
        decision = 0;
    }
    c->a = TERM_NONE;
    *result = decision;
    return true;
}

StepStatus comparison_run(Comparison *c, int64_t *budget) {
    for (;;) {
        if (*budget <= 0) {
            return STEP_MORE;
        }
        --*budget;
        int result = 0;
        if (!term_same_bits(c->a, TERM_NONE)) {
            size_t depth = c->stack.count;
            if (!compare_next(c, &result)) {
                return STEP_MEMORY;
            }
            if (result == 0 && c->stack.count > depth) {
                continue; // its parts come next
            }
        }
        // Deliver the result to the frames below; a map's order is a result in turn.
        for (;;) {
            if (result != 0 && unwind(c)) {
                c->result = result;
                return STEP_DONE;
            }
            TermFrame *top = term_stack_top(&c->stack);
            if (top == NULL) {
                c->result = 0;
                return STEP_DONE;
            }
            if (top->kind != FRAME_MAP) {
                if (top->kind == FRAME_LIST) {
                    next_of_lists(c, top, budget);
                } else {
                    next_of_boxes(c, top, budget);
                }
                break;
            }
            size_t depth = c->stack.count;
            result = step_maps(c, result, budget);
            if (c->stack.count == depth) {
                break;
            }
        }
    }
}

void comparison_each_root(Comparison *c, RootVisit visit, void *collection) {
    visit(collection, &c->a, 1);
    visit(collection, &c->b, 1);
    term_stack_each_root(&c->stack, visit, collection);
}

void comparison_free(Comparison *c) {
    term_stack_free(&c->stack);
}

static int run_to_end(const AtomTable *atoms, CompareMode mode, Term a, Term b) {
    Comparison c;
    start(&c, atoms, mode, a, b, true);
    int64_t budget = INT64_MAX;
    StepStatus status = comparison_run(&c, &budget);
    ASSERT(status == STEP_DONE);
    int result = c.result;
    comparison_free(&c);
    return result;
}

int compare_full(const AtomTable *atoms, CompareMode mode, Term a, Term b) {
    int decision = decide(atoms, mode, a, b);
    return decision == DESCEND ? run_to_end(atoms, mode, a, b) : decision;
}

bool compare_equal(const AtomTable *atoms, CompareMode mode, Term a, Term b) {
    return compare_full(atoms, mode, a, b) == 0;
}
