// SPDX-License-Identifier: Apache-2.0
// From the bytes of an image to modules. Every byte may be hostile: what comes out has passed all
// checks of structure and range and the verifier, so that running it cannot crash the VM.
// Publishing is the code table's (module.h). Tests: tests/unit/vm/code/loader_test.c,
// tests/fuzz/fuzz_image.c.
#pragma once

#include "vm/code/module.h"

// One module's part of an image.
typedef struct {
    const uint8_t *image; // start of the file, for offsets
    const uint8_t *bytes;
    size_t size_bytes;
    const uint8_t *name; // in UTF-8
    size_t name_len;
} ImageModule;

typedef struct {
    uint32_t count; // at least 1
    const uint8_t *image;
    const uint8_t *at; // of the module that image_next gives next
    const uint8_t *end;
} ImageCursor;

// Looks at the head, the checksum and the sizes of all modules; then image_next gives each.
// O(bytes).
CodeStatus image_open(const uint8_t *bytes, size_t size, ImageCursor *cursor, CodeError *error);
// False when there are no more, or (error->what is not empty) the module has no sound ATOM chunk.
bool image_next(ImageCursor *cursor, ImageModule *module, CodeError *error);

// Loads and verifies one module: neither prepared by an engine nor published. *module is set when
// the result is CODE_OK. O(bytes) but for maps among literals. Any thread; takes LOCK_ATOM,
// LOCK_RECORD and LOCK_LITERAL for moments.
CodeStatus module_load(VM *vm, const ImageModule *image, bool library, Module **module,
                       CodeError *error);
// Frees a module that nothing refers to, its literals too; engine data must be gone.
void module_free(Module *module);
