// SPDX-License-Identifier: Apache-2.0
// The loader: heads and chunks that are not sound, literals, lines, exports.
#include "vm/code/loader.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/vm/interp/assembler.h"
#include "tests/unit/vm/interp/machine.h"
#include "vm/code/lines.h"
#include "vm/interp/disasm.h"
#include "vm/term/print.h"

static const char text[] =
    "module Test\n"
    "record Point x y\n"
    "fn f/1\n"
    "  enter {x0}\n"
    "  is_int x0 @no\n"
    "  add x0 x0 1 - {}\n"
    "  ret\n"
    "no:\n"
    "  move x0 (1 2.5 \"text\" [] [1 | 2] %{:a => 1} Point{1 2} 1..5 &List.map/2 "
    "100000000000000000000)\n"
    "  ret\n";

static Bytes sound_image(void) {
    Bytes image;
    char error[256];
    cr_assert(assemble(text, &image, error), "%s", error);
    return image;
}

static CodeStatus load(Machine *m, const Bytes *image, Module **module, CodeError *error) {
    ImageCursor cursor;
    ImageModule part;
    CodeStatus status = image_open(image->data, image->len, &cursor, error);
    if (status != CODE_OK) {
        return status;
    }
    return image_next(&cursor, &part, error) ? module_load(&m->vm, &part, false, module, error)
                                             : CODE_INVALID;
}

// Loads the image after `count` bytes at `at` were replaced.
static void refuses(size_t at, const void *bytes, size_t count, bool mend, const char *why) {
    Machine *m = machine_new(0);
    Bytes image = sound_image();
    memcpy(image.data + at, bytes, count);
    if (mend) {
        image_mend(image.data, image.len);
    }
    Module *module;
    CodeError error;
    cr_expect_eq(load(m, &image, &module, &error), CODE_INVALID);
    cr_expect(strstr(error.what, why) != NULL, "expected '%s', got '%s'", why, error.what);
    bytes_free(&image);
    machine_free(m);
}

Test(loader, heads) {
    refuses(0, "COPX", 4, false, "does not begin with COPC");
    refuses(4, "\x09", 1, false, "format version 9");
    refuses(6, "\x01", 1, false, "unknown flags");
    refuses(40, "\xff", 1, false, "checksum");
    refuses(16, "\x00", 1, true, "0 modules");
    refuses(16, "\x02", 1, true, "data ends too early");
    refuses(20, "\x01\x00\x00\x00", 4, true, "bytes after the last module");
}

Test(loader, chunks) {
    refuses(24, "ATOX", 4, true, "does not begin with its atoms");
    refuses(32, "\x00", 1, true, "without a name");
}

Test(loader, every_shorter_file_is_refused) {
    Machine *m = machine_new(0);
    Bytes image = sound_image();
    for (size_t len = 0; len < image.len; len++) {
        Bytes part = {image.data, len, len};
        Module *module;
        CodeError error;
        cr_expect_eq(load(m, &part, &module, &error), CODE_INVALID);
        cr_expect(error.what[0] != '\0');
    }
    bytes_free(&image);
    machine_free(m);
}

Test(loader, no_memory_is_no_crash) {
    Bytes image = sound_image();
    for (uint64_t n = 1; n < 60; n++) {
        Machine *m = machine_new(0);
        Module *module;
        CodeError error;
        mem_fail_nth(m->vm.mem, n);
        CodeStatus status = load(m, &image, &module, &error);
        mem_fail_nth(m->vm.mem, 0);
        cr_expect(status == CODE_OK || status == CODE_MEMORY, "%d: %s", (int)status, error.what);
        if (status == CODE_OK) {
            module_free(module);
        }
        machine_free(m);
    }
    bytes_free(&image);
}

Test(loader, literals) {
    Machine *m = machine_new(0);
    Bytes image = sound_image();
    Module *module;
    CodeError error;
    cr_assert_eq(load(m, &image, &module, &error), CODE_OK, "%s", error.what);
    cr_assert_eq(module->literal_count, 1);
    Buffer out;
    buffer_init(&out, m->vm.mem);
    cr_assert(term_print(m->vm.atoms, &out, PRINT_INSPECT, module->literals[0]));
    cr_expect_str_eq(
        buffer_text(&out),
        "(1, 2.5, \"text\", [], [1 | 2], %{a: 1}, Point{x: 1, y: 2}, 1..5, &List.map/2, "
        "100000000000000000000)");
    buffer_free(&out);
    module_free(module);
    bytes_free(&image);
    machine_free(m);
}

Test(loader, lines_and_exports) {
    Machine *m = machine_new(0);
    Bytes image = sound_image();
    Module *module;
    CodeError error;
    cr_assert_eq(load(m, &image, &module, &error), CODE_OK, "%s", error.what);
    Term name;
    cr_assert(atom_find(m->vm.atoms, "f", 1, &name));
    const Function *f = module_export(module, name, 1);
    cr_assert_eq(f, &module->functions[0]);
    cr_assert_null(module_export(module, name, 2));
    uint32_t count;
    const LineFrame *frames = lines_find(f, 2, &count);
    cr_assert_eq(count, 1);
    cr_expect_eq(frames[0].line, 5);
    cr_expect_str_eq(lines_file(f, &frames[0]), "test.copasm");
    module_free(module);
    bytes_free(&image);
    machine_free(m);
}

Test(loader, disassembly) {
    Machine *m = machine_new(0);
    Bytes image = sound_image();
    Module *module;
    CodeError error;
    cr_assert_eq(load(m, &image, &module, &error), CODE_OK, "%s", error.what);
    Buffer out;
    buffer_init(&out, m->vm.mem);
    disasm_module(&out, module);
    static const char begin[] =
        "module Test\nrecord Point x y\n\nfn f/1\n  # test.copasm:4\n  enter {x0}\n"
        "  # test.copasm:5\n  is_int x0 @L12\n  # test.copasm:6\n  add x0 x0 1 - {x0}\n";
    cr_expect(strncmp(buffer_text(&out), begin, sizeof begin - 1) == 0, "%s", buffer_text(&out));
    buffer_free(&out);
    module_free(module);
    bytes_free(&image);
    machine_free(m);
}
