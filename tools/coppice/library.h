// The standard library as it is embedded in the command: one verified image for each module of
// stdlib/.
//
// The build writes the table (tools/gen/embed.c): it is sorted by module name (strcmp) and
// constant, so any thread may read it. In coppice0, which compiles the library, it is empty.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdint.h>

typedef struct LibraryImage {
    const char *module;   // "Net.HttpClient"
    const uint8_t *bytes; // a .copc image, aligned to 16
    uint64_t size_bytes;
} LibraryImage;

extern const LibraryImage library_images[];
extern const uint32_t library_image_count;
