// SPDX-License-Identifier: Apache-2.0
// libFuzzer target for images: loads what it is given, and runs what the verifier lets through with
// small limits. Inputs are mutated with knowledge of the format and a mended checksum, so that the
// damage reaches the parts behind it. Corpus: tests/fuzz/corpus/image.
#include <stdlib.h>
#include <string.h>

#include "tests/unit/vm/interp/mutate.h"
#include "vm/code/format.h"

enum { MACHINE_RUNS = 1000, RUN_SLICES = 20, MEMORY_LIMIT = 64 << 20 };

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static Machine *machine;
static uint32_t runs;

// What hangs from the mapped parts of a machine (its process table, heaps) is no leak, but looks
// like one to LeakSanitizer. The machine counts its memory itself, and ends when some is left after
// it was freed, as it is every so often.
int __lsan_is_turned_off(void) {
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    // Atoms and records live as long as the VM.
    if (runs++ % MACHINE_RUNS == 0) {
        if (machine != NULL) {
            machine_free(machine);
        }
        machine = machine_new(MEMORY_LIMIT);
    }
    mutate_run(machine, data, size, RUN_SLICES);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed) {
    uint64_t random = (uint64_t)seed << 1 | 1;
    if (size < IMAGE_HEAD_BYTES + 8 || mutate_random(&random) % 4 == 0) {
        size = LLVMFuzzerMutate(data, size, max_size);
        if (size >= IMAGE_HEAD_BYTES) {
            image_mend(data, size);
        }
        return size;
    }
    Bytes image = {0};
    bytes_add(&image, data, size);
    mutate_image(&image, &random, 1 + (int)(mutate_random(&random) % 4));
    size = image.len < max_size ? image.len : max_size;
    memcpy(data, image.data, size);
    bytes_free(&image);
    return size;
}
