// SPDX-License-Identifier: Apache-2.0
// See mutate.h.
#include "tests/unit/vm/interp/mutate.h"

#include <stdlib.h>
#include <string.h>

#include "vm/code/format.h"

enum { HEAP_WORDS = 100000 };

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

// Where chunk `wanted` of the first module begins, or 0.
static size_t find_chunk(const Bytes *image, uint32_t wanted) {
    size_t at = IMAGE_HEAD_BYTES + 8;
    for (uint32_t i = 0; at + 8 <= image->len; i++) {
        size_t size = get_u32(image->data + at + 4);
        if (i == wanted) {
            return at;
        }
        if (size > image->len - at - 8) {
            return 0;
        }
        at += 8 + size;
    }
    return 0;
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

void mutate_image(Bytes *image, uint64_t *random, int count) {
    for (int i = 0; i < count; i++) {
        size_t chunk = find_chunk(image, (uint32_t)(mutate_random(random) % 9));
        uint32_t size = chunk == 0 ? 0 : get_u32(image->data + chunk + 4);
        if (chunk == 0 || size > image->len - chunk - 8 || mutate_random(random) % 20 == 0) {
            change_place(image, IMAGE_HEAD_BYTES, image->len - IMAGE_HEAD_BYTES, random);
        } else if (mutate_random(random) % 4 == 0) {
            change_length(image, chunk, random);
        } else {
            change_place(image, chunk + 8, size, random);
        }
    }
    image_mend(image->data, image->len);
}

static void run_module(Machine *m, const Module *module, uint64_t max_slices) {
    char out[256];
    for (uint32_t i = 0; i < module->function_count; i++) {
        const Function *f = &module->functions[i];
        if (f->arity == 0 && f->captured == 0) {
            machine_call(m, f, HEAP_WORDS, max_slices, out, sizeof out);
            machine_clear(m);
        }
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
