// SPDX-License-Identifier: Apache-2.0
// The embedded library: found by name in the table that the build writes (library.h). See
// command.h.
#include "tools/coppice/library.h"

#include <string.h>

#include "tools/coppice/command.h"
#include "vm/code/library.h"

bool library_image(const char *module, size_t len, const uint8_t **bytes, size_t *size) {
    size_t low = 0;
    size_t high = library_image_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const LibraryImage *image = &library_images[middle];
        int order = strncmp(image->module, module, len);
        if (order == 0 && image->module[len] != 0) {
            order = 1;
        }
        if (order == 0) {
            *bytes = image->bytes;
            *size = image->size_bytes;
            return true;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}

static bool embedded_find(const struct Library *library, const char *module, const uint8_t **bytes,
                          size_t *size) {
    (void)library;
    return library_image(module, strlen(module), bytes, size);
}

const struct Library embedded_library = {.find = embedded_find, .data = NULL};

static uint32_t read_u32(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

// The image is one that this command holds or has made: its head was checked. format.h has the
// layout.
bool image_chunk(const uint8_t *bytes, size_t size, const char *id, Str *chunk) {
    enum { FILE_HEAD = 4 + 2 + 2 + 8 + 4, MODULE_HEAD = 4, CHUNK_HEAD = 8 };
    if (size < FILE_HEAD + MODULE_HEAD) {
        return false;
    }
    size_t end = FILE_HEAD + MODULE_HEAD + read_u32(bytes + FILE_HEAD);
    size_t at = FILE_HEAD + MODULE_HEAD;
    end = end < size ? end : size;
    while (end - at >= CHUNK_HEAD) {
        size_t len = read_u32(bytes + at + 4);
        if (len > end - at - CHUNK_HEAD) {
            return false;
        }
        if (memcmp(bytes + at, id, 4) == 0) {
            *chunk = (Str){(const char *)bytes + at + CHUNK_HEAD, len};
            return true;
        }
        at += CHUNK_HEAD + len;
    }
    return false;
}

bool library_interface(void *context, Str module, Str *interface) {
    (void)context;
    const uint8_t *bytes;
    size_t size;
    return library_image(module.ptr, module.len, &bytes, &size) &&
           image_chunk(bytes, size, "TYPE", interface);
}

Str library_module(void *context, uint32_t index) {
    (void)context;
    return index < library_image_count ? str_of(library_images[index].module) : (Str){"", 0};
}
