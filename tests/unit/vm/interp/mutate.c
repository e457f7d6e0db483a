// SPDX-License-Identifier: Apache-2.0
// See mutate.h.
#include "tests/unit/vm/interp/mutate.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/vm/interp/mutate_private.h"
#include "vm/code/format.h"

enum { HEAP_WORDS = 100000, ARGUMENTS_MAX = 4 };

uint64_t mutate_random(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

static uint32_t get_u32(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put_u32(uint8_t *at, uint32_t value) {
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

// Where a chunk of the first module begins, or 0.
static size_t find_chunk(const Bytes *image, uint32_t wanted) {
#define X(id) #id,
    static const char *const names[] = {IMAGE_CHUNKS(X)};
#undef X
    size_t at = IMAGE_HEAD_BYTES + 8;
    while (at + 8 <= image->len) {
        size_t size = get_u32(image->data + at + 4);
        if (size > image->len - at - 8) {
            return 0;
        }
        if (memcmp(image->data + at, names[wanted], 4) == 0) {
            return at;
        }
        at += 8 + size;
    }
    return 0;
}

bool mutate_chunk(const Bytes *image, uint32_t chunk, const uint8_t **start, const uint8_t **end) {
    size_t at = find_chunk(image, chunk);
    if (at != 0) {
        *start = image->data + at + 8;
        *end = *start + get_u32(image->data + at + 4);
    }
    return at != 0;
}

void mutate_replace(Bytes *image, uint32_t chunk, const Bytes *payload) {
    size_t at = find_chunk(image, chunk) + 8;
    size_t size = get_u32(image->data + at - 4);
    Bytes rest = {0};
    bytes_add(&rest, image->data + at + size, image->len - at - size);
    image->len = at;
    bytes_add(image, payload->data, payload->len);
    bytes_add(image, rest.data, rest.len);
    bytes_free(&rest);
    put_u32(image->data + at - 4, (uint32_t)payload->len);
    uint8_t *module = image->data + IMAGE_HEAD_BYTES + 4;
    put_u32(module, get_u32(module) + (uint32_t)payload->len - (uint32_t)size);
}

static void change_place(Bytes *image, size_t start, size_t len, uint64_t *random) {
    if (len == 0) {
        return;
    }
    uint8_t *at = image->data + start + mutate_random(random) % len;
    switch (mutate_random(random) % 6) {
    case 0: *at = (uint8_t)mutate_random(random); break;
    case 1: *at ^= (uint8_t)(1u << mutate_random(random) % 8); break;
    case 2: *at = (uint8_t)(*at + 1); break;
    case 3: *at = (uint8_t)(*at - 1); break;
    case 4: *at = image->data[start + mutate_random(random) % len]; break;
    default: *at = (uint8_t)(mutate_random(random) % 16); break;
    }
}

static void change_place_of(Bytes *image, uint32_t chunk, uint64_t *random) {
    size_t at = find_chunk(image, chunk);
    if (at != 0) {
        change_place(image, at + 8, get_u32(image->data + at + 4), random);
    }
}

// Removes or doubles a byte of a chunk and mends the sizes around it.
static void change_length(Bytes *image, size_t chunk, uint64_t *random) {
    uint32_t size = get_u32(image->data + chunk + 4);
    if (size == 0) {
        return;
    }
    size_t at = chunk + 8 + mutate_random(random) % size;
    bool grow = mutate_random(random) % 2 != 0;
    if (grow) {
        bytes_add_byte(image, 0);
        memmove(image->data + at + 1, image->data + at, image->len - at - 1);
    } else {
        memmove(image->data + at, image->data + at + 1, image->len - at - 1);
        image->len--;
    }
    put_u32(image->data + chunk + 4, grow ? size + 1 : size - 1);
    uint8_t *module = image->data + IMAGE_HEAD_BYTES + 4;
    put_u32(module, grow ? get_u32(module) + 1 : get_u32(module) - 1);
}

static void change_bytes(Bytes *image, uint64_t *random, int count) {
    for (int i = 0; i < count; i++) {
        size_t chunk = find_chunk(image, (uint32_t)(mutate_random(random) % CHUNK_TYPE));
        uint32_t size = chunk == 0 ? 0 : get_u32(image->data + chunk + 4);
        if (chunk == 0 || size > image->len - chunk - 8 || mutate_random(random) % 20 == 0) {
            change_place(image, IMAGE_HEAD_BYTES, image->len - IMAGE_HEAD_BYTES, random);
        } else if (mutate_random(random) % 4 == 0) {
            change_length(image, chunk, random);
        } else {
            change_place(image, chunk + 8, size, random);
        }
    }
}

void mutate_image(Bytes *image, uint64_t *random, int count) {
    switch (mutate_random(random) % 8) {
    case 0: change_bytes(image, random, count); break;
    case 1: change_place_of(image, CHUNK_LITS, random); break;
    case 2:
        change_place_of(image, mutate_random(random) % 2 == 0 ? CHUNK_IMPT : CHUNK_RECS, random);
        mutate_code(image, random, 1);
        break;
    default: mutate_code(image, random, count); break;
    }
    image_mend(image->data, image->len);
}

// A value of some kind, by number.
static Term argument(const Module *module, uint32_t number) {
    switch (number % 6) {
    case 0: return term_small((int64_t)number - 3);
    case 1: return TERM_EMPTY;
    case 2: return TERM_NIL;
    default:
        return module->literal_count == 0 ? term_small(number)
                                          : module->literals[number % module->literal_count];
    }
}

static void run_module(Machine *m, const Module *module, uint64_t max_slices) {
    char out[256];
    for (uint32_t i = 0; i < module->function_count; i++) {
        const Function *f = &module->functions[i];
        if (f->arity > ARGUMENTS_MAX || f->captured != 0) {
            continue;
        }
        Term args[ARGUMENTS_MAX];
        for (uint32_t n = 0; n < f->arity; n++) {
            args[n] = argument(module, 5 * i + 2 * n);
        }
        machine_call_with(m, f, args, HEAP_WORDS, max_slices, out, sizeof out);
        machine_clear(m);
    }
}

uint32_t mutate_run(Machine *m, const uint8_t *image, size_t len, uint64_t max_slices) {
    CodeError error;
    ImageCursor cursor;
    ImageModule part;
    uint32_t loaded = 0;
    if (image_open(image, len, &cursor, &error) != CODE_OK) {
        return 0;
    }
    while (image_next(&cursor, &part, &error)) {
        Module *module;
        if (module_load(&m->vm, &part, false, &module, &error) != CODE_OK) {
            continue;
        }
        if (m->vm.engine->prepare(&m->vm, module)) {
            run_module(m, module, max_slices);
            m->vm.engine->discard(&m->vm, module);
            loaded++;
        }
        module_free(module);
    }
    return loaded;
}
