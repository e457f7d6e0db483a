// SPDX-License-Identifier: Apache-2.0
// Built-ins of Regex, by PCRE2 in UTF mode without its JIT.
//
// A compiled pattern lies in a cache of the VM, found by its source and options, so a Regex of a program is plain data. Matching
// begins on the scheduler with a bound of SHORT_LIMIT steps on short subjects; what needs more goes to the blocking pool
// with LONG_LIMIT, and fails with :limit(:regex) beyond that: so no pattern holds anything up for long. The job has its own
// copy of the subject or a reference to its shared bytes.
// Any thread for the cache, under LOCK_REGEX. Tests: tests/stdlib/regex_test.cop, tests/fuzz.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "vm/base/hash.h"
#include "vm/bif/bif_private.h"
#include "vm/bif/bifs.h"
#include "vm/bif/state.h"
#include "vm/sched/blocking.h"

enum {
    REGEX_CACHE = 256,             // patterns kept
    REGEX_SOURCE_MAX = 64 * 1024,  // bytes of a pattern
    REGEX_GROUPS_MAX = 256,
    SHORT_SUBJECT = 4 * 1024,      // bytes
    SHORT_LIMIT = 2 * 1000,        // steps of PCRE2's matcher
    LONG_LIMIT = 20 * 1000 * 1000,
    HEAP_LIMIT_KB = 64 * 1024,
};

typedef struct Regex {
    struct Regex *next;      // in its chain
    uint64_t hash;
    uint64_t used;           // clock of the cache at the last use
    _Atomic uint32_t refs;   // the cache's and those of matches that run
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
    return r->hash == hash && r->options == options && r->len == source.len && memcmp(r->source, source.data, source.len) == 0;
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
    return PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | (bits & 1 ? PCRE2_CASELESS : 0) | (bits & 2 ? PCRE2_MULTILINE : 0) |
           (bits & 4 ? PCRE2_DOTALL : 0) | (bits & 8 ? PCRE2_EXTENDED : 0);
}

// With one reference. NULL: no memory (*error 0), or the error and where it is.
static Regex *regex_compile(VM *vm, BytesView source, uint32_t options, int *error, size_t *offset) {
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
    regex->code = pcre2_compile((PCRE2_SPTR)regex->source, source.len, regex_pcre_options(options), &code, &where, NULL);
    if (regex->code == NULL) {
        mem_free(vm->mem, MEM_BIF, regex);
        *error = code;
        *offset = where;
        return NULL;
    }
    return regex;
}

// The regex of (source, options), from the cache or compiled. NULL with *error 0 after a failure of p, or with the error.
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

// check(source, options): :ok(names of the groups, nil for one without; without the whole), or :error((message, offset)).
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
        Term why = term_is_value(message) ? bif_pair(p, message, term_small((int64_t)offset)) : TERM_NONE;
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

// ---- Matching --------------------------------------------------------------------------------------

typedef enum { MATCH_FOUND, MATCH_NONE, MATCH_LIMIT, MATCH_MEMORY, MATCH_BAD_TEXT } MatchStatus;

typedef struct {
    MatchStatus status;
    uint32_t count;                                // groups, the whole included
    size_t spans[2 * REGEX_GROUPS_MAX];            // start and end of each; SIZE_MAX: took no part
} Match;

static MatchStatus match_status(int rc) {
    switch (rc) {
    case PCRE2_ERROR_NOMATCH:
        return MATCH_NONE;
    case PCRE2_ERROR_MATCHLIMIT:
    case PCRE2_ERROR_DEPTHLIMIT:
    case PCRE2_ERROR_HEAPLIMIT:
        return MATCH_LIMIT;
    case PCRE2_ERROR_NOMEMORY:
        return MATCH_MEMORY;
    default:
        return rc >= 0 ? MATCH_FOUND : MATCH_BAD_TEXT;
    }
}

// The first match at or after `start`.
static void match_run(const Regex *regex, const uint8_t *text, size_t len, size_t start, uint32_t limit, Match *match) {
    match->status = MATCH_MEMORY;
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(regex->code, NULL);
    if (context != NULL && data != NULL) {
        pcre2_set_match_limit(context, limit);
        pcre2_set_heap_limit(context, HEAP_LIMIT_KB);
        int rc = pcre2_match(regex->code, text, len, start, 0, data, context);
        match->status = match_status(rc);
        if (match->status == MATCH_FOUND) {
            uint32_t groups = pcre2_get_ovector_count(data);
            const PCRE2_SIZE *spans = pcre2_get_ovector_pointer(data);
            match->count = groups < REGEX_GROUPS_MAX ? groups : REGEX_GROUPS_MAX;
            memcpy(match->spans, spans, match->count * 2 * sizeof(size_t));
            // \K in a look-ahead may put the start behind the end: an empty match at the end then.
            match->spans[0] = match->spans[0] < match->spans[1] ? match->spans[0] : match->spans[1];
        }
    }
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
}

typedef struct {
    Job job;
    Regex *regex;
    SharedBytes *shared;   // held, or NULL: the text is in `copy`
    const uint8_t *text;
    size_t len;
    size_t start;
    Match match;
    uint8_t copy[];
} MatchJob;

static void match_job_run(Job *job, Worker *w) {
    (void)w;
    MatchJob *m = (MatchJob *)job;
    match_run(m->regex, m->text, m->len, m->start, LONG_LIMIT, &m->match);
}

static void match_job_free(Job *job) {
    MatchJob *m = (MatchJob *)job;
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
    case KIND_SHARED:
        return shared_of(t);
    case KIND_SLICE:
        return shared_of(box_term(t, 2));
    default:
        return NULL;
    }
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
    MatchJob *m = job_new(p->vm, sizeof *m + copied, p->pid, match_job_run, match_job_free);
    if (m == NULL) {
        regex_release(regex);
        process_limit(p, AM_memory);
        return NULL;
    }
    m->regex = regex;
    m->shared = shared == NULL ? NULL : shared_retain(shared);
    memcpy(m->copy, text.data, copied);
    m->text = shared == NULL ? m->copy : text.data;
    m->len = text.len;
    m->start = (size_t)term_to_small(args[3]);
    return &m->job;
}

// A list of (start, length) for the whole and each group, nil for one that took no part; or nil.
static Term match_answer(Process *p, const Match *match) {
    switch (match->status) {
    case MATCH_NONE:
        return TERM_NIL;
    case MATCH_LIMIT:
        return process_limit(p, AM_regex);
    case MATCH_MEMORY:
        return process_limit(p, AM_memory);
    case MATCH_BAD_TEXT:
        return process_fail(p, AM_bad_utf8);
    case MATCH_FOUND:
        break;
    }
    Room room;
    if (!process_reserve(p, match->count * (CONS_WORDS + 3), NULL, 0, &room)) {
        return TERM_NONE;
    }
    Term list = TERM_EMPTY;
    for (uint32_t i = match->count; i > 0; i--) {
        size_t start = match->spans[2 * i - 2];
        size_t end = match->spans[2 * i - 1];
        bool none = start == PCRE2_UNSET || end < start;
        Term span = none ? TERM_NIL : room_tuple2(&room, term_small((int64_t)start), term_small((int64_t)(end - start)));
        list = room_cons(&room, span, list);
    }
    return list;
}

static Term match_job_finish(Process *p, Term *args, Job *job) {
    const Match *match = &((MatchJob *)job)->match;
    return match->status == MATCH_BAD_TEXT ? process_badarg(p, args[2]) : match_answer(p, match);
}

// run(source, options, text, start)
Term bif_regex_run(Process *p, Term *args) {
    if (p->work == NULL) {
        if (!regex_arguments(p, args)) {
            return TERM_NONE;
        }
        if (!term_is_bytes(args[2])) {
            return process_badarg(p, args[2]);
        }
        BytesView text = bytes_view(args[2]);
        if (!term_is_small(args[3]) || term_to_small(args[3]) < 0 || (size_t)term_to_small(args[3]) > text.len) {
            return process_badarg(p, args[3]);
        }
        if (text.len <= SHORT_SUBJECT) {
            int error;
            size_t offset;
            Regex *regex = regex_get(p, args[0], args[1], &error, &offset);
            if (regex == NULL) {
                return error == 0 ? TERM_NONE : process_badarg(p, args[0]);
            }
            Match match;
            match_run(regex, text.data, text.len, (size_t)term_to_small(args[3]), SHORT_LIMIT, &match);
            regex_release(regex);
            process_charge(p, (int32_t)(32 + text.len / 16));
            if (match.status == MATCH_BAD_TEXT) {
                return process_badarg(p, args[2]);
            }
            if (match.status != MATCH_LIMIT) {
                return match_answer(p, &match);
            }
        }
    }
    return job_await(p, (const void *)bif_regex_run, args, match_job_make, match_job_finish);
}
