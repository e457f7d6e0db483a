// SPDX-License-Identifier: Apache-2.0
// coppice repl: reads inputs, compiles each to a module of its own, runs it in the shell's machine,
// and keeps what it binds and defines for those that follow. An input that the compiler calls
// incomplete goes on in the next line; an empty line ends it as it stands. See repl.h. Tests:
// tests/system/*.session.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/repl/repl.h"
#include "vm/term/atom.h"

typedef struct {
    Shell *shell;
    Program *program; // modules of the folder are seen
    Reader *reader;
    uint32_t number; // of the next input
    Str *bindings;   // names, their texts owned
    uint32_t binding_count;
    Str *definitions; // interfaces, owned
    uint32_t definition_count;
    Str *images; // of all inputs, owned: the machine keeps pointing to them
    uint32_t image_count;
    Names defined; // names of functions, actors, … that inputs defined
    char *input;   // the lines so far
    size_t input_len;
    size_t input_capacity;
} Session;

static void *checked(void *memory) {
    if (memory == NULL) {
        abort();
    }
    return memory;
}

static Str str_keep(Str text) {
    char *copy = checked(malloc(text.len + 1));
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    return (Str){copy, text.len};
}

static void free_texts(Str *texts, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        free((void *)texts[i].ptr);
    }
    free(texts);
}

static void complete(void *context, const char *word, size_t len, Names *found) {
    Session *session = context;
    for (uint32_t i = 0; i < session->binding_count; i++) {
        Str name = session->bindings[i];
        if (name.len >= len && memcmp(name.ptr, word, len) == 0) {
            names_add(found, name.ptr, name.len);
        }
    }
    for (uint32_t i = 0; i < session->defined.count; i++) {
        const char *name = session->defined.items[i];
        if (strncmp(name, word, len) == 0) {
            names_add(found, name, strlen(name));
        }
    }
    docs_complete(shell_vm(session->shell), word, len, found);
}

// ---- Running an input ---------------------------------------------------------------------------

static void take_bindings(Session *session, const ReplResult *result) {
    Str *bindings = checked(calloc(result->binding_count + 1, sizeof(Str)));
    for (uint32_t i = 0; i < result->binding_count; i++) {
        bindings[i] = str_keep(result->bindings[i]);
    }
    free_texts(session->bindings, session->binding_count);
    session->bindings = bindings;
    session->binding_count = result->binding_count;
}

// Keeps the interface for later inputs and the names for completion.
static void take_definitions(Session *session, const ReplResult *result, const Module *module) {
    session->definitions =
        checked(realloc(session->definitions, (session->definition_count + 1) * sizeof(Str)));
    session->definitions[session->definition_count++] = str_keep(result->interface);
    for (uint32_t i = 0; i < module->export_count; i++) {
        const Atom *name = atom_get(module->vm->atoms, module->exports[i].name);
        if (strcmp(name->text, "eval") != 0) {
            names_add(&session->defined, name->text, name->len);
        }
    }
}

static void run_result(Session *session, const ReplResult *result) {
    VM *vm = shell_vm(session->shell);
    session->images = checked(realloc(session->images, (session->image_count + 1) * sizeof(Str)));
    Str image = session->images[session->image_count++] = str_keep(result->image);
    CodeError error = {0};
    Term name;
    if (code_load_image(vm->code, (const uint8_t *)image.ptr, image.len, &name, &error) !=
        CODE_OK) {
        complain("%s", error.what[0] != 0 ? error.what : "no memory");
        return;
    }
    const Module *module = code_find_module(vm->code, name, &error);
    bool defines = result->interface.len > 0;
    if (defines && module != NULL) {
        take_definitions(session, result, module);
    }
    if (shell_run(session->shell, name, defines)) {
        take_bindings(session, result);
    }
}

// False: the input is not complete. `last`: there is no more of it, so it is taken as it stands.
static bool run_input(Session *session, bool last) {
    CompileOptions options = {.docs = true};
    CompileHost host = program_host(session->program);
    Compilation *c = compilation_new(&options, &host);
    ReplInput input = {
        .text = {session->input, session->input_len},
        .number = session->number,
        .bindings = session->bindings,
        .binding_count = session->binding_count,
        .definitions = session->definitions,
        .definition_count = session->definition_count,
    };
    ReplResult result = {0};
    CompileStatus status = compile_repl(c, &input, &result);
    if (status == COMPILE_INCOMPLETE && !last) {
        compilation_free(c);
        return false;
    }
    Str text = compilation_diagnostics(c, wants_colour());
    fwrite(text.ptr, 1, text.len, stderr);
    if (status == COMPILE_OK) {
        session->number++;
        run_result(session, &result);
    }
    compilation_free(c);
    return true;
}

// ---- Commands of the shell ----------------------------------------------------------------------

static bool is_bound(const Session *session, const char *name) {
    for (uint32_t i = 0; i < session->binding_count; i++) {
        if (str_is(session->bindings[i], name)) {
            return true;
        }
    }
    return false;
}

static void print_names(const Session *session) {
    for (uint32_t i = 0; i < session->binding_count; i++) {
        printf("%s%.*s", i == 0 ? "" : " ", (int)session->bindings[i].len,
               session->bindings[i].ptr);
    }
    printf("\n");
}

// What could be documented: names with points between. No input begins with two words.
static bool is_documented_word(const char *text) {
    text += strspn(text, " ");
    if (!isalpha((unsigned char)*text)) {
        return false;
    }
    while (isalnum((unsigned char)*text) || (*text != '\0' && strchr("_.?/", *text) != NULL)) {
        text++;
    }
    return *text == '\0';
}

// Whether the line is one: a word that is not bound to anything.
static bool run_command(Session *session, const char *line, size_t len) {
    char text[256];
    if (len >= sizeof text || session->input_len > 0) {
        return false;
    }
    memcpy(text, line, len);
    text[len] = 0;
    size_t end = strlen(text);
    while (end > 0 && text[end - 1] == ' ') {
        text[--end] = 0;
    }
    bool known = true;
    if ((strcmp(text, "h") == 0 && !is_bound(session, "h")) ||
        (strncmp(text, "h ", 2) == 0 && is_documented_word(text + 2))) {
        const char *what = text + 1 + strspn(text + 1, " ");
        docs_show(shell_vm(session->shell), what, strlen(what));
    } else if (strcmp(text, "full") == 0 && !is_bound(session, "full")) {
        shell_print_full(session->shell);
    } else if (strcmp(text, "names") == 0 && !is_bound(session, "names")) {
        print_names(session);
    } else {
        known = false;
    }
    fflush(stdout);
    return known;
}

// ---- The loop -----------------------------------------------------------------------------------

static void add_line(Session *session, const char *line, size_t len) {
    if (session->input_len + len + 2 > session->input_capacity) {
        session->input_capacity = 2 * (session->input_len + len + 2);
        session->input = checked(realloc(session->input, session->input_capacity));
    }
    memcpy(session->input + session->input_len, line, len);
    session->input_len += len;
    session->input[session->input_len++] = '\n';
}

static void take_line(Session *session, const char *line, size_t len) {
    bool blank = strspn(line, " \t") >= len;
    if (session->input_len == 0 && blank) {
        return;
    }
    if (run_command(session, line, len)) {
        return;
    }
    add_line(session, line, len);
    if (run_input(session, blank)) {
        session->input_len = 0;
    }
}

static void loop(Session *session) {
    for (;;) {
        const char *line = "";
        size_t len = 0;
        switch (reader_next(session->reader, session->input_len > 0, &line, &len)) {
        case LINE_OK: take_line(session, line, len); break;
        case LINE_INTERRUPTED: session->input_len = 0; break;
        case LINE_END:
            if (session->input_len > 0) {
                run_input(session, true);
            }
            return;
        }
    }
}

int command_repl(const Options *options) {
    if (options->count > 1) {
        complain("repl takes at most a folder, whose modules it sees");
        return STATUS_USAGE;
    }
    const char *folder = options->count == 1 ? options->operands[0] : ".";
    if (!is_directory(folder)) {
        complain("%s: is not a folder; repl takes one, whose modules it sees", folder);
        return STATUS_FAILED;
    }
    Session session = {.number = 1};
    session.program = program_open(folder);
    session.shell = session.program == NULL ? NULL : shell_open(options);
    if (session.shell == NULL) {
        program_free(session.program);
        return STATUS_FAILED;
    }
    session.reader = reader_open(complete, &session);
    loop(&session);
    reader_close(session.reader);
    int status = shell_close(session.shell);
    free_texts(session.bindings, session.binding_count);
    free_texts(session.definitions, session.definition_count);
    free_texts(session.images, session.image_count);
    free(session.input);
    names_clear(&session.defined);
    program_free(session.program);
    return status;
}
