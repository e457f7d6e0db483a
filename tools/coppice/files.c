// SPDX-License-Identifier: Apache-2.0
// Files, and the source tree that a program's modules come from (command.h). The tree's root is the
// nearest folder at or above the entry that holds coppice.toml, or else the folder that is given or
// holds the file that is. Tests: tests/system, tests/lang/modules.
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/coppice/command.h"

// ---- Files --------------------------------------------------------------------------------------

// All that `fd` has. False with errno.
static bool read_all(int fd, char **text, size_t *size) {
    size_t capacity = 64 * 1024;
    char *data = malloc(capacity);
    size_t len = 0;
    while (data != NULL) {
        if (len + 1 == capacity) {
            capacity *= 2;
            char *grown = realloc(data, capacity);
            if (grown == NULL) {
                break;
            }
            data = grown;
        }
        ssize_t got = read(fd, data + len, capacity - len - 1);
        if (got == 0) {
            data[len] = 0;
            *text = data;
            *size = len;
            return true;
        }
        if (got < 0 && errno != EINTR) {
            break;
        }
        len += got > 0 ? (size_t)got : 0;
    }
    int error = errno;
    free(data);
    errno = error;
    return false;
}

bool file_load(const char *path, char **text, size_t *size) {
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    bool good = fd >= 0 && read_all(fd, text, size);
    if (!good) {
        complain("%s: %s", standard ? "standard input" : path, strerror(errno));
    }
    if (fd > STDIN_FILENO) {
        close(fd);
    }
    return good;
}

static bool write_all(int fd, const char *data, size_t size) {
    while (size > 0) {
        ssize_t done = write(fd, data, size);
        if (done < 0 && errno != EINTR) {
            return false;
        }
        data += done > 0 ? done : 0;
        size -= done > 0 ? (size_t)done : 0;
    }
    return true;
}

bool file_store(const char *path, const void *data, size_t size) {
    // A device or pipe is written as it stands; a file by way of a new one beside it.
    struct stat info;
    bool special = stat(path, &info) == 0 && !S_ISREG(info.st_mode);
    char name[PATH_MAX];
    snprintf(name, sizeof name, special ? "%s" : "%s.new", path);
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool good = fd >= 0 && write_all(fd, data, size);
    if (fd >= 0 && close(fd) != 0) {
        good = false;
    }
    if (good && !special && rename(name, path) != 0) {
        good = false;
    }
    if (!good) {
        complain("%s: %s", path, strerror(errno));
        if (!special) {
            unlink(name);
        }
    }
    return good;
}

bool is_directory(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool is_image(const char *text, size_t size) {
    return size >= 4 && memcmp(text, "COPC", 4) == 0;
}

bool wants_colour(void) {
    return isatty(STDERR_FILENO) && getenv("NO_COLOR") == NULL;
}

// ---- A program's sources ------------------------------------------------------------------------

typedef struct Text {
    struct Text *next;
    char data[];
} Text;

struct Program {
    char root[PATH_MAX]; // as a prefix of paths shown: "" or ends in '/'
    CompileSource *entries;
    uint32_t count;
    uint32_t capacity;
    Text *texts;  // what the sources point to
    char **files; // read whole
    uint32_t file_count;
    uint32_t file_capacity;
};

static char *keep_text(Program *program, const char *text) {
    Text *kept = malloc(sizeof *kept + strlen(text) + 1);
    if (kept == NULL) {
        abort();
    }
    strcpy(kept->data, text);
    kept->next = program->texts;
    program->texts = kept;
    return kept->data;
}

static void *keep_grown(void *items, uint32_t count, uint32_t *capacity, size_t size) {
    if (count < *capacity) {
        return items;
    }
    *capacity = *capacity == 0 ? 16 : *capacity * 2;
    items = realloc(items, *capacity * size);
    if (items == NULL) {
        abort();
    }
    return items;
}

static void keep_file(Program *program, char *text) {
    program->files =
        keep_grown(program->files, program->file_count, &program->file_capacity, sizeof(char *));
    program->files[program->file_count++] = text;
}

// The prefix of the folder at or above `folder` ("" or ending in '/') that holds coppice.toml;
// false when there is none.
static bool find_project(const char *folder, char *root) {
    char path[PATH_MAX];
    char at[PATH_MAX];
    snprintf(at, sizeof at, "%s", folder);
    for (int level = 0; level < 64; level++) {
        if ((size_t)snprintf(path, sizeof path, "%scoppice.toml", at) >= sizeof path) {
            return false;
        }
        if (access(path, F_OK) == 0) {
            snprintf(root, PATH_MAX, "%s", at);
            return true;
        }
        char real[PATH_MAX];
        if (realpath(at[0] == 0 ? "." : at, real) == NULL || strcmp(real, "/") == 0) {
            return false;
        }
        if ((size_t)snprintf(path, sizeof path, "%s../", at) >= sizeof path) {
            return false;
        }
        strcpy(at, path);
    }
    return false;
}

Program *program_open(const char *path) {
    Program *program = calloc(1, sizeof *program);
    if (program == NULL) {
        abort();
    }
    char folder[PATH_MAX] = "";
    if (strlen(path) + 2 > sizeof folder) {
        complain("the path is too long");
        free(program);
        return NULL;
    }
    if (is_directory(path)) {
        snprintf(folder, sizeof folder, "%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/");
    } else if (strrchr(path, '/') != NULL) {
        snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path + 1), path);
    }
    if (strcmp(folder, "./") == 0) {
        folder[0] = 0;
    }
    if (strcmp(path, "-") == 0 || !find_project(folder, program->root)) {
        strcpy(program->root, folder);
    }
    return program;
}

void program_free(Program *program) {
    if (program == NULL) {
        return;
    }
    while (program->texts != NULL) {
        Text *text = program->texts;
        program->texts = text->next;
        free(text);
    }
    for (uint32_t i = 0; i < program->file_count; i++) {
        free(program->files[i]);
    }
    free(program->files);
    free(program->entries);
    free(program);
}

// The path from the root: what follows the root's prefix, or the name of the file where the path is
// spelt in another way.
static const char *relative_path(const Program *program, const char *path) {
    size_t len = strlen(program->root);
    if (strncmp(path, program->root, len) == 0) {
        return path + len;
    }
    char real[PATH_MAX];
    char root[PATH_MAX];
    const char *base = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    if (realpath(path, real) == NULL ||
        realpath(program->root[0] == 0 ? "." : program->root, root) == NULL) {
        return base;
    }
    size_t depth = strlen(root);
    if (strncmp(real, root, depth) != 0 || real[depth] != '/') {
        return base;
    }
    size_t wanted = strlen(real + depth + 1);
    return strlen(path) >= wanted && strcmp(path + strlen(path) - wanted, real + depth + 1) == 0
               ? path + strlen(path) - wanted
               : base;
}

bool program_add(Program *program, const char *path, char *text, size_t size) {
    if (text == NULL && !file_load(path, &text, &size)) {
        return false;
    }
    keep_file(program, text);
    if (is_image(text, size)) {
        complain("%s: is an image, not a source; coppice run and coppice dump take it", path);
        return false;
    }
    bool standard = strcmp(path, "-") == 0;
    if (strncmp(path, "./", 2) == 0) {
        path += 2;
    }
    const char *relative = standard ? "main.cop" : relative_path(program, path);
    size_t len = strlen(relative);
    char named[PATH_MAX];
    bool ends = len > 4 && strcmp(relative + len - 4, ".cop") == 0;
    snprintf(named, sizeof named, "%s%s", relative, ends ? "" : ".cop");
    program->entries =
        keep_grown(program->entries, program->count, &program->capacity, sizeof(CompileSource));
    program->entries[program->count++] = (CompileSource){
        .path = str_of(keep_text(program, standard ? "standard input" : path)),
        .relative = str_of(keep_text(program, named)),
        .text = {text, size},
    };
    return true;
}

uint32_t program_entry_count(const Program *program) {
    return program->count;
}

const CompileSource *program_entry(const Program *program, uint32_t index) {
    return &program->entries[index];
}

// ---- Folders ------------------------------------------------------------------------------------

// nftw has no context for its callback; the walk is done before anything else runs.
static struct {
    char **paths;
    uint32_t count;
    uint32_t capacity;
} walk;

static int walk_visit(const char *path, const struct stat *info, int kind, struct FTW *where) {
    (void)info;
    size_t len = strlen(path);
    if (where->level > 0 && path[where->base] == '.') {
        return kind == FTW_D ? FTW_SKIP_SUBTREE : FTW_CONTINUE;
    }
    if (kind == FTW_F && len > 4 && strcmp(path + len - 4, ".cop") == 0) {
        walk.paths = keep_grown(walk.paths, walk.count, &walk.capacity, sizeof(char *));
        walk.paths[walk.count] = strdup(path);
        if (walk.paths[walk.count++] == NULL) {
            abort();
        }
    }
    return FTW_CONTINUE;
}

// main.cop of the folder itself first, the others by their paths.
static int walk_order(const void *a, const void *b) {
    const char *left = *(char *const *)a;
    const char *right = *(char *const *)b;
    const char *left_name = strrchr(left, '/') + 1;
    const char *right_name = strrchr(right, '/') + 1;
    bool left_main = strcmp(left_name, "main.cop") == 0;
    bool right_main = strcmp(right_name, "main.cop") == 0;
    if (left_main != right_main) {
        return right_main - left_main;
    }
    if (left_main && (left_name - left) != (right_name - right)) {
        return (left_name - left) < (right_name - right) ? -1 : 1;
    }
    return strcmp(left, right);
}

bool program_add_folder(Program *program, const char *folder) {
    char path[PATH_MAX];
    size_t len = strlen(folder);
    snprintf(path, sizeof path, "%.*s", (int)(len > 1 && folder[len - 1] == '/' ? len - 1 : len),
             folder);
    walk.count = 0;
    if (nftw(path, walk_visit, 16, FTW_PHYS | FTW_ACTIONRETVAL) != 0) {
        complain("%s: %s", folder, strerror(errno));
        return false;
    }
    if (walk.count > 1) {
        qsort(walk.paths, walk.count, sizeof(char *), walk_order);
    }
    bool good = true;
    for (uint32_t i = 0; i < walk.count; i++) {
        good = good && program_add(program, walk.paths[i], NULL, 0);
        free(walk.paths[i]);
    }
    if (good && walk.count == 0) {
        complain("%s: no .cop files in it", folder);
        good = false;
    }
    free(walk.paths);
    memset(&walk, 0, sizeof walk);
    return good;
}

// ---- What the compiler asks ---------------------------------------------------------------------

static bool host_module_source(void *context, Str module, Str relative, CompileSource *source) {
    (void)module;
    Program *program = context;
    char path[PATH_MAX];
    int len = snprintf(path, sizeof path, "%s%.*s", program->root, (int)relative.len, relative.ptr);
    if (len < 0 || (size_t)len >= sizeof path || access(path, F_OK) != 0 || is_directory(path)) {
        return false;
    }
    char *text;
    size_t size;
    if (!file_load(path, &text, &size)) {
        return false;
    }
    keep_file(program, text);
    const char *kept = keep_text(program, path);
    *source =
        (CompileSource){str_of(kept), {kept + strlen(program->root), relative.len}, {text, size}};
    return true;
}

CompileHost program_host(Program *program) {
    return (CompileHost){
        .context = program,
        .module_source = program == NULL ? NULL : host_module_source,
        .library_interface = library_interface,
        .library_module = library_module,
    };
}

Compilation *program_compile(Program *program, const CompileOptions *options,
                             CompileStatus *status) {
    CompileHost host = program_host(program);
    Compilation *c = compilation_new(options, &host);
    *status = compile_program(c, program->entries, program->count);
    Str text = compilation_diagnostics(c, wants_colour());
    fwrite(text.ptr, 1, text.len, stderr);
    return c;
}
