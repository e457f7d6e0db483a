// SPDX-License-Identifier: Apache-2.0
// Built-ins of Regex, by PCRE2 in UTF mode without its JIT.
//
// A compiled pattern lies in a cache of the VM, found by its source and options, so a Regex of a
// program is plain data. Short subjects are searched on the scheduler, with a bound on the steps
// from each place; what needs more goes to the blocking pool, where the search goes in windows of
// places, so that it can look at the clock: after LONG_MS it fails with :limit(:regex). So no
// pattern holds anything up. The job has its own copy of the subject or a reference to its shared
// bytes. Any thread for the cache, under LOCK_REGEX. Tests: tests/stdlib/regex_test.cop,
// tests/fuzz.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "vm/base/clock.h"
#include "vm/base/hash.h"
#include "vm/bif/bif_private.h"
#include "vm/bif/bifs.h"
#include "vm/bif/state.h"
#include "vm/sched/blocking.h"

enum {
    REGEX_CACHE = 256,            // patterns kept
    REGEX_SOURCE_MAX = 64 * 1024, // bytes of a pattern
    REGEX_GROUPS_MAX = 256,
    SHORT_SUBJECT = 512, // bytes
    SHORT_LIMIT = 250,   // steps of PCRE2's matcher from one place
    LONG_LIMIT = 10 * 1000 * 1000,
    LONG_MS = 10 * 1000,
    HEAP_LIMIT_KB = 64 * 1024,
    WINDOW_FIRST = 1024, // places between two looks at the clock
    WINDOW_MIN = 16,
    WINDOW_MAX = 64 * 1024,
    SPANS_AT_ONCE = 32 * 1024, // of all matches that one search gives
};

typedef struct Regex {
    struct Regex *next; // in its chain
    uint64_t hash;
    uint64_t used;         // clock of the cache at the last use
    _Atomic uint32_t refs; // the cache's and those of matches that run
    pcre2_code *code;
    MemStats *mem;
    uint32_t options;
    size_t len;
    char source[];
} Regex;

struct RegexCache {
    VM *vm;
    Lock lock;
    uint64_t clock;
    size_t count;
    Regex *chains[REGEX_CACHE];
};

RegexCache *regex_cache_new(VM *vm) {
    RegexCache *cache = mem_alloc_zero(vm->mem, MEM_BIF, sizeof *cache);
    if (cache != NULL) {
        cache->vm = vm;
        lock_init(&cache->lock, LOCK_REGEX);
    }
    return cache;
}

static void regex_release(Regex *regex) {
    // Release and acquire: whoever frees has seen all use.
    if (atomic_fetch_sub_explicit(&regex->refs, 1, memory_order_acq_rel) == 1) {
        pcre2_code_free(regex->code);
        mem_free(regex->mem, MEM_BIF, regex);
    }
}

void regex_cache_free(RegexCache *cache) {
    for (size_t i = 0; i < REGEX_CACHE; i++) {
        while (cache->chains[i] != NULL) {
            Regex *regex = cache->chains[i];
            cache->chains[i] = regex->next;
            regex_release(regex);
        }
    }
    lock_destroy(&cache->lock);
    mem_free(cache->vm->mem, MEM_BIF, cache);
}

static bool regex_is(const Regex *r, uint64_t hash, BytesView source, uint32_t options) {
    return r->hash == hash && r->options == options && r->len == source.len &&
           memcmp(r->source, source.data, source.len) == 0;
}

// With a reference for the caller, or NULL.
static Regex *cache_find(RegexCache *cache, uint64_t hash, BytesView source, uint32_t options) {
    lock_acquire(&cache->lock);
    Regex *r = cache->chains[hash % REGEX_CACHE];
    while (r != NULL && !regex_is(r, hash, source, options)) {
        r = r->next;
    }
    if (r != NULL) {
        r->used = ++cache->clock;
        atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
    }
    lock_release(&cache->lock);
    return r;
}

// Takes out the pattern that was not used for longest.
static Regex *cache_evict_locked(RegexCache *cache) {
    Regex **oldest = NULL;
    for (size_t i = 0; i < REGEX_CACHE; i++) {
        for (Regex **at = &cache->chains[i]; *at != NULL; at = &(*at)->next) {
            if (oldest == NULL || (*at)->used < (*oldest)->used) {
                oldest = at;
            }
        }
    }
    Regex *out = *oldest;
    *oldest = out->next;
    cache->count--;
    return out;
}

static void cache_add(RegexCache *cache, Regex *regex) {
    Regex *evicted = NULL;
    lock_acquire(&cache->lock);
    if (cache->count == REGEX_CACHE) {
        evicted = cache_evict_locked(cache);
    }
    regex->used = ++cache->clock;
    regex->next = cache->chains[regex->hash % REGEX_CACHE];
    cache->chains[regex->hash % REGEX_CACHE] = regex;
    cache->count++;
    lock_release(&cache->lock);
    if (evicted != NULL) {
        regex_release(evicted);
    }
}

// Options of a Regex as bits: 1 caseless, 2 multiline, 4 dotall, 8 extended.
static uint32_t regex_pcre_options(uint32_t bits) {
    return PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT |
           (bits & 1 ? PCRE2_CASELESS : 0) | (bits & 2 ? PCRE2_MULTILINE : 0) |
           (bits & 4 ? PCRE2_DOTALL : 0) | (bits & 8 ? PCRE2_EXTENDED : 0);
}

// With one reference. NULL: no memory (*error 0), or the error and where it is.
static Regex *regex_compile(VM *vm, BytesView source, uint32_t options, int *error,
                            size_t *offset) {
    *error = 0;
    Regex *regex = mem_alloc_zero(vm->mem, MEM_BIF, sizeof *regex + source.len + 1);
    if (regex == NULL) {
        return NULL;
    }
    memcpy(regex->source, source.data, source.len);
    regex->len = source.len;
    regex->mem = vm->mem;
    regex->options = options;
    atomic_init(&regex->refs, 1);
    PCRE2_SIZE where = 0;
    int code = 0;
    regex->code = pcre2_compile((PCRE2_SPTR)regex->source, source.len, regex_pcre_options(options),
                                &code, &where, NULL);
    if (regex->code == NULL) {
        mem_free(vm->mem, MEM_BIF, regex);
        *error = code;
        *offset = where;
        return NULL;
    }
    return regex;
}

// The regex of (source, options), from the cache or compiled. NULL with *error 0 after a failure of
// p, or with the error.
static Regex *regex_get(Process *p, Term source, Term options, int *error, size_t *offset) {
    *error = 0;
    BytesView view = bytes_view(source);
    uint32_t bits = (uint32_t)term_to_small(options);
    uint64_t hash = hash_bytes(p->vm->hash_salt + bits, view.data, view.len);
    Regex *regex = cache_find(p->vm->bifs->regexes, hash, view, bits);
    if (regex != NULL) {
        return regex;
    }
    process_charge(p, (int32_t)(view.len / 8 + 16));
    regex = regex_compile(p->vm, view, bits, error, offset);
    if (regex == NULL) {
        if (*error == 0) {
            process_limit(p, AM_memory);
        }
        return NULL;
    }
    regex->hash = hash;
    atomic_fetch_add_explicit(&regex->refs, 1, memory_order_relaxed);
    cache_add(p->vm->bifs->regexes, regex);
    return regex;
}

static bool regex_arguments(Process *p, Term *args) {
    if (!term_is_bytes(args[0]) || bytes_len(args[0]) > REGEX_SOURCE_MAX) {
        process_badarg(p, args[0]);
        return false;
    }
    if (!term_is_small(args[1]) || term_to_small(args[1]) < 0 || term_to_small(args[1]) > 15) {
        process_badarg(p, args[1]);
        return false;
    }
    return true;
}

// check(source, options): :ok(names of the groups, nil for one without; without the whole), or
// :error((message, offset)).
Term bif_regex_check(Process *p, Term *args) {
    if (!regex_arguments(p, args)) {
        return TERM_NONE;
    }
    int error;
    size_t offset = 0;
    Regex *regex = regex_get(p, args[0], args[1], &error, &offset);
    if (regex == NULL && error == 0) {
        return TERM_NONE;
    }
    if (regex == NULL) {
        PCRE2_UCHAR text[256] = "";
        pcre2_get_error_message(error, text, sizeof text);
        Term message = bif_text(p, (const char *)text);
        Term why =
            term_is_value(message) ? bif_pair(p, message, term_small((int64_t)offset)) : TERM_NONE;
        return term_is_value(why) ? bif_error(p, why) : TERM_NONE;
    }
    uint32_t groups = 0;
    uint32_t named = 0;
    uint32_t entry = 0;
    PCRE2_SPTR table = NULL;
    pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    pcre2_pattern_info(regex->code, PCRE2_INFO_NAMECOUNT, &named);
    pcre2_pattern_info(regex->code, PCRE2_INFO_NAMEENTRYSIZE, &entry);
    pcre2_pattern_info(regex->code, PCRE2_INFO_NAMETABLE, &table);
    Term names = TERM_EMPTY;
    for (uint32_t group = groups; group > 0 && term_is_value(names); group--) {
        const char *name = NULL;
        for (uint32_t i = 0; i < named; i++) {
            PCRE2_SPTR row = table + i * entry;
            if (((uint32_t)row[0] << 8 | row[1]) == group) {
                name = (const char *)row + 2;
            }
        }
        size_t len = name == NULL ? 0 : strlen(name);
        Room room;
        if (!process_reserve(p, CONS_WORDS + bytes_words(len), &names, 1, &room)) {
            names = TERM_NONE;
        } else {
            Term text = name == NULL ? TERM_NIL : room_bytes(bif_mem(p), &room, name, len);
            names = room_cons(&room, text, names);
        }
    }
    regex_release(regex);
    return term_is_value(names) ? bif_ok(p, names) : TERM_NONE;
}

// ---- Matching -----------------------------------------------------------------------------------

typedef enum { MATCH_DONE, MATCH_LIMIT, MATCH_MEMORY, MATCH_BAD_TEXT } MatchStatus;

// A search: up to `max` matches from `start` on.
typedef struct {
    const Regex *regex;
    const uint8_t *text;
    size_t len;
    size_t start;     // then: where a further search goes on, if there is `more`
    bool after_empty; // the match before ends at `start` and is empty
    bool more;
    size_t max;
    uint32_t step_limit;
    uint64_t deadline_ns;        // 0: none, and one window for all
    _Atomic uint32_t *cancelled; // or NULL
    // What was found.
    MatchStatus status;
    uint32_t groups; // of each match, the whole included
    size_t count;    // matches
    size_t *spans;   // start and end of each group of each match; SIZE_MAX: took no part
    size_t capacity;
    MemStats *mem;
    pcre2_match_context *context;
    pcre2_match_data *data;
} Search;

static MatchStatus match_status(int rc) {
    switch (rc) {
    case PCRE2_ERROR_MATCHLIMIT:
    case PCRE2_ERROR_DEPTHLIMIT:
    case PCRE2_ERROR_HEAPLIMIT: return MATCH_LIMIT;
    case PCRE2_ERROR_NOMEMORY: return MATCH_MEMORY;
    default: return MATCH_BAD_TEXT;
    }
}

// The start of the code point after the one at `at`.
static size_t place_after(const Search *s, size_t at) {
    do {
        at++;
    } while (at < s->len && (s->text[at] & 0xc0) == 0x80);
    return at;
}

// The result of the match that begins nearest to `at`, looked for in windows.
static int search_windows(Search *s, size_t at, uint32_t options) {
    size_t window = WINDOW_FIRST;
    for (;;) {
        size_t last = s->deadline_ns == 0 || s->len - at <= window ? s->len : at + window;
        pcre2_set_offset_limit(s->context, last);
        uint64_t before = clock_monotonic_ns();
        int rc = pcre2_match(s->regex->code, s->text, s->len, at, options, s->data, s->context);
        if (rc != PCRE2_ERROR_NOMATCH || last == s->len || (options & PCRE2_ANCHORED) != 0) {
            return rc;
        }
        uint64_t now = clock_monotonic_ns();
        if (now > s->deadline_ns || atomic_load_explicit(s->cancelled, memory_order_relaxed) != 0) {
            return PCRE2_ERROR_MATCHLIMIT;
        }
        enum { SLOW_NS = 10 * 1000 * 1000, QUICK_NS = 1000 * 1000 };
        if (now - before > SLOW_NS) {
            window = WINDOW_MIN;
        } else if (now - before < QUICK_NS && window < WINDOW_MAX) {
            window *= 2;
        }
        at = place_after(s, last);
        options |= PCRE2_NO_UTF_CHECK;
    }
}

// False: no memory.
static bool search_keep(Search *s) {
    size_t width = 2 * (size_t)s->groups;
    if ((s->count + 1) * width > s->capacity) {
        size_t capacity = s->capacity == 0 ? width : s->capacity * 2;
        size_t *grown = mem_realloc(s->mem, MEM_BIF, s->spans, capacity * sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        s->spans = grown;
        s->capacity = capacity;
    }
    size_t *span = s->spans + s->count++ * width;
    memcpy(span, pcre2_get_ovector_pointer(s->data), width * sizeof *span);
    // \K in a look-ahead may put the start behind the end: an empty match at the end then.
    span[0] = span[0] < span[1] ? span[0] : span[1];
    return true;
}

// After an empty match, one that is not empty is looked for at the same place before going on, as
// in Perl.
static MatchStatus search_loop(Search *s) {
    uint32_t checked = 0;
    while (s->count < s->max) {
        uint32_t options = checked | (s->after_empty ? PCRE2_NOTEMPTY_ATSTART | PCRE2_ANCHORED : 0);
        int rc = search_windows(s, s->start, options);
        checked = PCRE2_NO_UTF_CHECK;
        if (rc >= 0) {
            if (!search_keep(s)) {
                return MATCH_MEMORY;
            }
            const size_t *span = s->spans + (s->count - 1) * 2 * s->groups;
            s->start = span[1];
            s->after_empty = span[0] == span[1];
        } else if (rc != PCRE2_ERROR_NOMATCH) {
            return match_status(rc);
        } else if (s->after_empty && s->start < s->len) {
            s->start = place_after(s, s->start);
            s->after_empty = false;
        } else {
            return MATCH_DONE;
        }
    }
    s->more = true;
    return MATCH_DONE;
}

static void search_run(Search *s) {
    s->status = MATCH_MEMORY;
    s->context = pcre2_match_context_create(NULL);
    s->data = pcre2_match_data_create_from_pattern(s->regex->code, NULL);
    if (s->context != NULL && s->data != NULL) {
        uint32_t groups = pcre2_get_ovector_count(s->data);
        s->groups = groups < REGEX_GROUPS_MAX ? groups : REGEX_GROUPS_MAX;
        size_t at_once = SPANS_AT_ONCE / s->groups;
        s->max = s->max < at_once ? s->max : at_once;
        pcre2_set_match_limit(s->context, s->step_limit);
        pcre2_set_heap_limit(s->context, HEAP_LIMIT_KB);
        s->status = search_loop(s);
    }
    pcre2_match_data_free(s->data);
    pcre2_match_context_free(s->context);
}

// ---- On the blocking pool -----------------------------------------------------------------------

typedef struct {
    Job job;
    Regex *regex;
    SharedBytes *shared; // held, or NULL: the text is in `copy`
    Search search;
    uint8_t copy[];
} MatchJob;

static void match_job_run(Job *job, Worker *w) {
    (void)w;
    MatchJob *m = (MatchJob *)job;
    m->search.deadline_ns = clock_monotonic_ns() + (uint64_t)LONG_MS * 1000 * 1000;
    m->search.cancelled = &job->cancelled;
    search_run(&m->search);
}

static void match_job_free(Job *job) {
    MatchJob *m = (MatchJob *)job;
    mem_free(job->vm->mem, MEM_BIF, m->search.spans);
    if (m->regex != NULL) {
        regex_release(m->regex);
    }
    if (m->shared != NULL) {
        shared_release(m->shared);
    }
}

// The shared bytes behind a term, or NULL when it lies on the heap.
static SharedBytes *bytes_shared(Term t) {
    switch (box_kind(t)) {
    case KIND_SHARED: return shared_of(t);
    case KIND_SLICE: return shared_of(box_term(t, 2));
    default: return NULL;
    }
}

static Search search_of(Process *p, Term *args, const Regex *regex, uint32_t step_limit) {
    BytesView text = bytes_view(args[2]);
    return (Search){
        .regex = regex,
        .text = text.data,
        .len = text.len,
        .start = (size_t)term_to_small(args[3]) / 2,
        .after_empty = term_to_small(args[3]) % 2 != 0,
        .max = (size_t)term_to_small(args[4]),
        .step_limit = step_limit,
        .mem = bif_mem(p),
    };
}

static Job *match_job_make(Process *p, Term *args) {
    int error;
    size_t offset;
    Regex *regex = regex_get(p, args[0], args[1], &error, &offset);
    if (regex == NULL) {
        return error == 0 ? NULL : (process_badarg(p, args[0]), NULL);
    }
    BytesView text = bytes_view(args[2]);
    SharedBytes *shared = bytes_shared(args[2]);
    size_t copied = shared == NULL ? text.len : 0;
    MatchJob *m =
        job_new(p->vm, JOB_COMPUTES, sizeof *m + copied, p->pid, match_job_run, match_job_free);
    if (m == NULL) {
        regex_release(regex);
        process_limit(p, AM_memory);
        return NULL;
    }
    m->regex = regex;
    m->shared = shared == NULL ? NULL : shared_retain(shared);
    m->search = search_of(p, args, regex, LONG_LIMIT);
    memcpy(m->copy, text.data, copied);
    m->search.text = shared == NULL ? m->copy : text.data;
    return &m->job;
}

// ---- The answer ---------------------------------------------------------------------------------

typedef struct {
    Work work;
    Term acc;
    size_t left;   // matches not yet in it
    Search search; // owns its spans
} Answering;

static void answering_drop(Process *p, Work *work) {
    mem_free(bif_mem(p), MEM_BIF, ((Answering *)work)->search.spans);
    bif_free(p, work);
}

static void answering_roots(Work *work, RootVisit visit, void *collection) {
    visit(collection, &((Answering *)work)->acc, 1);
}

static Term span_list(Room *room, const size_t *spans, uint32_t groups) {
    Term list = TERM_EMPTY;
    for (uint32_t i = groups; i > 0; i--) {
        size_t start = spans[2 * i - 2];
        size_t end = spans[2 * i - 1];
        bool none = start == PCRE2_UNSET || end < start;
        Term span = none ? TERM_NIL
                         : room_tuple2(room, term_small((int64_t)start),
                                       term_small((int64_t)(end - start)));
        list = room_cons(room, span, list);
    }
    return list;
}

// ([spans of each match], where to go on or nil), a chunk of matches at a time. The place is twice
// the offset, and 1 more after an empty match.
static Term answer_matches(Process *p, Answering *a) {
    const Search *s = &a->search;
    while (a->left > 0) {
        size_t chunk = CELL_CHUNK / s->groups + 1;
        size_t n = a->left < chunk ? a->left : chunk;
        Room room;
        if (!process_reserve(p, n * (CONS_WORDS + s->groups * (CONS_WORDS + 3)), NULL, 0, &room)) {
            bif_end(p);
            return TERM_NONE;
        }
        for (size_t i = 0; i < n; i++) {
            Term match = span_list(&room, s->spans + --a->left * 2 * s->groups, s->groups);
            a->acc = room_cons(&room, match, a->acc);
        }
        if (bif_charge(p, n * s->groups, 2) && a->left > 0) {
            return TERM_YIELD;
        }
    }
    Term list = a->acc;
    Term where = s->more ? term_small((int64_t)(2 * s->start + s->after_empty)) : TERM_NIL;
    bif_end(p);
    return bif_pair(p, list, where);
}

// Takes the spans of the search over.
static Term answer_search(Process *p, Term *args, Search *s) {
    Term failed = s->status == MATCH_LIMIT      ? process_limit(p, AM_regex)
                  : s->status == MATCH_MEMORY   ? process_limit(p, AM_memory)
                  : s->status == MATCH_BAD_TEXT ? process_badarg(p, args[2])
                                                : TERM_TRUE;
    Answering *a = NULL;
    if (s->status == MATCH_DONE) {
        a = bif_begin(p, sizeof *a, bif_regex_run, answering_drop, answering_roots);
    }
    if (a == NULL) {
        mem_free(s->mem, MEM_BIF, s->spans);
        s->spans = NULL;
        return s->status == MATCH_DONE ? TERM_NONE : failed;
    }
    a->acc = TERM_EMPTY;
    a->left = s->count;
    a->search = *s;
    s->spans = NULL;
    return answer_matches(p, a);
}

static Term match_job_finish(Process *p, Term *args, Job *job) {
    return answer_search(p, args, &((MatchJob *)job)->search);
}

// A short subject, here and now. False: it takes more steps than that.
static bool run_short(Process *p, Term *args, Term *answer) {
    int error;
    size_t offset;
    Regex *regex = regex_get(p, args[0], args[1], &error, &offset);
    if (regex == NULL) {
        *answer = error == 0 ? TERM_NONE : process_badarg(p, args[0]);
        return true;
    }
    Search search = search_of(p, args, regex, SHORT_LIMIT);
    search_run(&search);
    regex_release(regex);
    process_charge(p, (int32_t)(32 + search.len / 4));
    if (search.status == MATCH_LIMIT) {
        mem_free(search.mem, MEM_BIF, search.spans);
        return false;
    }
    *answer = answer_search(p, args, &search);
    return true;
}

// Owner of the work while the job runs; that of the answer belongs to the built-in itself.
static const char searching;

// run(source, options, text, place, max): up to max matches from the place on. See answer_matches.
Term bif_regex_run(Process *p, Term *args) {
    if (p->work != NULL && p->work->owner == (const void *)bif_regex_run) {
        return answer_matches(p, bif_resume(p, bif_regex_run));
    }
    if (p->work == NULL) {
        if (!regex_arguments(p, args)) {
            return TERM_NONE;
        }
        if (!term_is_bytes(args[2])) {
            return process_badarg(p, args[2]);
        }
        size_t len = bytes_len(args[2]);
        if (!term_is_small(args[3]) || term_to_small(args[3]) < 0 ||
            (size_t)term_to_small(args[3]) > 2 * len + 1) {
            return process_badarg(p, args[3]);
        }
        if (!term_is_small(args[4]) || term_to_small(args[4]) < 1) {
            return process_badarg(p, args[4]);
        }
        Term answer;
        if (len <= SHORT_SUBJECT && run_short(p, args, &answer)) {
            return answer;
        }
    }
    return job_await(p, &searching, args, match_job_make, match_job_finish);
}
