// SPDX-License-Identifier: Apache-2.0
// 100,000 damaged images with mended checksums: what the verifier lets through is run with small
// limits, and nothing crashes, leaks or hangs. MUTATE_SEED and MUTATE_COUNT in the environment
// change the seed and the number.
#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/vm/interp/mutate.h"

enum { SOURCES_MAX = 2048, MACHINE_RUNS = 2000, RUN_SLICES = 5 };

static Bytes sources[SOURCES_MAX];
static uint32_t source_count;

// An image for each module that tests/ops assembles.
static void load_sources(void) {
    glob_t files;
    cr_assert_eq(glob("tests/ops/*.copasm", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        FILE *f = fopen(files.gl_pathv[i], "r");
        static char text[1 << 20];
        text[fread(text, 1, sizeof text - 1, f)] = '\0';
        fclose(f);
        for (char *at = strstr(text, "module "); at != NULL && source_count < SOURCES_MAX;) {
            char *next = strstr(at, "\nmodule ");
            if (next != NULL) {
                *next = '\0';
            }
            char error[256];
            // Not those that are refused as they are.
            if (memchr(at, '?', strcspn(at, "\n")) == NULL) {
                cr_assert(assemble(at, &sources[source_count], error), "%s: %s", files.gl_pathv[i],
                          error);
                source_count++;
            }
            at = next == NULL ? NULL : next + 1;
        }
    }
    globfree(&files);
}

// Code that waits for what is there already and never looks at it: each turn counts.
Test(mutation, waiting_in_a_circle_yields, .timeout = 60) {
    Bytes image;
    char error[256];
    cr_assert(assemble("module Waits\nfn f/0\n  enter {}\n  self x0\n  send x0 :hello {}\n"
                       "again:\n  recv_wait @again {}\n",
                       &image, error),
              "%s", error);
    Machine *m = machine_new(0);
    CodeError why;
    Term name;
    cr_assert_eq(code_load_image(m->vm.code, image.data, image.len, &name, &why), CODE_OK, "%s",
                 why.what);
    const Module *module = code_find_module(m->vm.code, name, &why);
    char out[64];
    cr_expect_eq(machine_call(m, &module->functions[0], 0, 20, out, sizeof out), CALL_LONG);
    machine_free(m);
    bytes_free(&image);
}

static uint64_t from_environment(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

Test(mutation, images, .timeout = 600) {
    load_sources();
    uint64_t seed = from_environment("MUTATE_SEED", 1);
    uint64_t count = from_environment("MUTATE_COUNT", 100000);
    uint64_t random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    Machine *m = machine_new((size_t)64 << 20);
    uint64_t loaded = 0;
    for (uint64_t i = 0; i < count; i++) {
        const Bytes *source = &sources[mutate_random(&random) % source_count];
        Bytes image = {0};
        bytes_add(&image, source->data, source->len);
        mutate_image(&image, &random, mutate_random(&random) % 3 == 0 ? 3 : 1);
        if (getenv("MUTATE_KEEP") != NULL) {
            FILE *f = fopen(getenv("MUTATE_KEEP"), "w");
            fwrite(image.data, 1, image.len, f);
            fclose(f);
        }
        loaded += mutate_run(m, image.data, image.len, RUN_SLICES);
        bytes_free(&image);
        if (i % MACHINE_RUNS == MACHINE_RUNS - 1) {
            // Atoms and records live as long as the VM.
            machine_free(m);
            m = machine_new((size_t)64 << 20);
        }
    }
    machine_free(m);
    for (uint32_t i = 0; i < source_count; i++) {
        bytes_free(&sources[i]);
    }
    cr_assert(loaded > count * 3 / 10, "only %llu of %llu images were loaded",
              (unsigned long long)loaded, (unsigned long long)count);
    printf("seed %llu: %llu of %llu damaged images were loaded and run\n", (unsigned long long)seed,
           (unsigned long long)loaded, (unsigned long long)count);
}
