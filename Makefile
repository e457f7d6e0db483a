# Builds Coppice: everything a person types is here; `make help` lists it.
#
# One make file for the whole tree, without recursion into folders: sources are found by wildcard, so
# a new file registers itself. What is built goes to B, one folder for each configuration:
#   $(B)/gen   what re2c, lemon and the programs of tools/gen write; included as "gen/NAME.h"
#   $(B)/obj   objects, mirroring the tree         $(B)/host  the host programs of tools/gen
#   $(B)/lib   the library's images                $(B)/coppice0, $(B)/coppice
# The library is written in the language, so the link has two steps: coppice0, which holds no
# library, compiles stdlib/ to images, and these are linked into coppice.
#
# Variables: CFG=release|debug|asan|tsan|cover|fuzz|arm64  CC=clang-19|gcc  B=folder  WERROR=1  T=tests to run
# SPDX-License-Identifier: Apache-2.0

CFG ?= release
B ?= .build/$(CFG)
ifeq ($(origin CC),default)
CC := $(if $(shell command -v clang-19 2>/dev/null),clang-19,gcc)
endif
HOST_CC := $(CC)
RE2C ?= re2c
LEMON ?= lemon
WERROR ?= $(if $(CI),1)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules --no-print-directory
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif

# ---- Flags -------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes $(if $(WERROR),-Werror)

FLAGS_release := -O2 -g -DNDEBUG
FLAGS_debug := -O1 -g -fno-omit-frame-pointer
FLAGS_asan := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
FLAGS_tsan := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
FLAGS_cover := -O2 -g -DNDEBUG
FLAGS_fuzz := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
    -fno-sanitize-recover=undefined
FLAGS_arm64 := $(FLAGS_release)
# On all machines floats are rounded after every operation.
CFLAGS_aarch64 := -ffp-contract=off
ifndef FLAGS_$(CFG)
$(error CFG=$(CFG) is none of release, debug, asan, tsan, cover, fuzz, arm64)
endif

# For aarch64, with what tools/arm64 lays out, and run by an emulator.
ifeq ($(CFG),arm64)
MACHINE := aarch64
ARM64 := $(CURDIR)/.build/arm64/system
CC := clang-19 --target=aarch64-linux-gnu --sysroot=$(ARM64)/root
STENCIL_CC := $(CC)
EMULATOR := $(ARM64)/tools/usr/bin/qemu-aarch64-static -L $(ARM64)/root
endif
MACHINE ?= $(shell uname -m)

CPPFLAGS = -I. -I$(B) -D_GNU_SOURCE $(if $(filter 1,$(JIT)),-DCOPPICE_JIT)
CFLAGS := -std=gnu17 $(WARNINGS) $(FLAGS_$(CFG)) -fvisibility=hidden -fno-strict-aliasing \
    -ffunction-sections -fdata-sections -pthread $(CFLAGS_$(MACHINE))
LDFLAGS := $(filter -fsanitize=% -g,$(FLAGS_$(CFG))) -pthread -Wl,--gc-sections \
    $(if $(ARM64),--ld-path=$(ARM64)/tools/usr/lib/llvm-19/bin/ld.lld)
# Archives: what ldd shows of the command are glibc's own libraries only.
LDLIBS := -l:libuv_a.a -l:libpcre2-8.a -l:libutf8proc.a -l:libedit.a -l:libtinfo.a -l:libbsd.a \
    -l:libmd.a -l:libffi.a -l:libgmp.a -lm -ldl

# Generated C holds code that no one wrote by hand, and some of its habits are not ours.
GEN_CFLAGS := -Wno-unused-parameter -Wno-unused-variable -Wno-unused-but-set-variable \
    -Wno-missing-prototypes -Wno-sign-compare -Wno-implicit-fallthrough -Wno-shadow

# ---- Sources -----------------------------------------------------------------------------------

comma := ,
find = $(sort $(foreach d,$(wildcard $(1)),$(shell find $(d) -name '$(2)' -not -path '*/.*')))

# Machine code wants clang 19 for its stencils, whatever compiles the rest; JIT=0 leaves it out.
STENCIL_CC ?= clang-19
JIT ?= $(if $(filter x86_64 aarch64,$(MACHINE)),$(if $(shell command -v $(firstword $(STENCIL_CC)) 2>/dev/null),1,0),0)
# The stencils count bits with an instruction; then C may, too.
ifeq ($(JIT)$(MACHINE),1x86_64)
CFLAGS += -march=x86-64-v2
endif
VM_C := $(filter-out $(if $(filter 0,$(JIT)),vm/jit/%),$(call find,vm,*.c))
VM_S := $(if $(filter 1,$(JIT)),vm/jit/glue_$(MACHINE).S)
COMPILER_C := $(call find,compiler,*.c)
LEXERS := $(call find,compiler,*.re)
GRAMMARS := $(call find,compiler,*.y)
TOOLS_C := $(filter-out tools/gen/%,$(sort $(wildcard tools/*/*.c)))
STDLIB := $(call find,stdlib,*.cop)
UNIT_C := $(call find,tests/unit,*.c)
FUZZ_C := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_COMMON_C := $(filter-out $(FUZZ_C),$(sort $(wildcard tests/fuzz/*.c))) tools/coppice/library.c \
    $(wildcard $(addprefix tests/unit/vm/interp/,assembler.c machine.c mutate.c mutate_code.c))
DIFFER_C := $(sort $(wildcard tests/fuzz/differ/*.c))
RUNNER_C := $(sort $(wildcard tests/runner/*.c))
MAIN_C := $(wildcard tools/coppice/main.c)

GEN_C := $(patsubst %.re,$(B)/gen/%.c,$(notdir $(LEXERS))) $(patsubst %.y,$(B)/gen/%.c,$(notdir $(GRAMMARS)))
GEN_H := $(patsubst %.y,$(B)/gen/%.h,$(notdir $(GRAMMARS)))

# GENERATED lists PROGRAM:OUTPUT pairs: tools/gen/PROGRAM.c, run with OUTPUT as its argument, prints gen/OUTPUT.
GENERATED :=
-include tools/gen/outputs.mk

objects = $(patsubst $(B)/gen/%.c,$(B)/obj/gen/%.o,$(filter $(B)/gen/%.c,$(1))) \
    $(patsubst %,$(B)/obj/%.o,$(basename $(filter-out $(B)/gen/%,$(1))))

CORE_O := $(call objects,$(VM_C) $(VM_S) $(COMPILER_C) $(GEN_C))
TOOLS_O := $(call objects,$(TOOLS_C))
UNIT_O := $(call objects,$(UNIT_C))

# Only the compiler is counted, so that the programs of the tests run at full speed; of the unit tests
# its own run.
ifeq ($(CFG),cover)
UNIT_C := $(call find,tests/unit/compiler,*.c)
UNIT_O := $(call objects,$(UNIT_C))
LDFLAGS += -fprofile-instr-generate
$(call objects,$(COMPILER_C) $(GEN_C)): CFLAGS += -O1 -UNDEBUG -fprofile-instr-generate -fcoverage-mapping
endif

# ---- Building ----------------------------------------------------------------------------------

.PHONY: all
all: $(B)/objects.list .build/compile_commands.json
ifneq ($(MAIN_C),)
all: $(B)/coppice $(if $(filter .build/release,$(B)),.build/coppice)
else
all: $(CORE_O) $(TOOLS_O)
endif

RUN_offsets := $(EMULATOR)
define generate
$(B)/gen/$(2): $(B)/host/$(1)
	@mkdir -p $$(@D)
	@echo "  GEN   $(2)"
	@$(RUN_$(1)) $$< $(2) >$$@.new && mv -f $$@.new $$@
GEN_H += $(if $(filter %.h,$(2)),$(B)/gen/$(2))
endef
$(foreach g,$(GENERATED),$(eval $(call generate,$(word 1,$(subst :, ,$(g))),$(word 2,$(subst :, ,$(g))))))

$(B)/host/%: tools/gen/%.c
	@mkdir -p $(@D)
	@echo "  HOST  $<"
	@$(HOST_CC) $(CPPFLAGS) -std=gnu17 $(WARNINGS) -O1 -g -MMD -MP -MF $@.d -o $@ $(HOST_LDFLAGS) $<
# Offsets are the machine's: it prints them itself.
$(B)/host/offsets: HOST_CC := $(CC)
$(B)/host/offsets: HOST_LDFLAGS := $(LDFLAGS)

define lexer
$(B)/gen/$(basename $(notdir $(1))).c: $(1)
	@mkdir -p $$(@D)
	@echo "  RE2C  $(1)"
	@$(RE2C) -W --no-generation-date -o $$@ $(1)
endef
$(foreach f,$(LEXERS),$(eval $(call lexer,$(f))))

# Lemon ends with an error when the grammar has a conflict. For coverage each of its tests for a rule becomes
# a branch of its own line.
define grammar
$(B)/gen/$(basename $(notdir $(1))).c: $(1)
	@mkdir -p $$(@D)
	@echo "  LEMON $(1)"
	@$(LEMON) -q -d$(B)/gen $(1)
	$(if $(filter cover,$(CFG)),@sed -i 's/yytestcase(\(yyruleno==[0-9]*\));/if (\1) {\n(void)0;\n}/' $$@)
$(B)/gen/$(basename $(notdir $(1))).h: $(B)/gen/$(basename $(notdir $(1))).c ;
endef
$(foreach f,$(GRAMMARS),$(eval $(call grammar,$(f))))

# Stencils: compiled to assembly, each split into hot and cold code, assembled, and packed into tables.
STENCIL_FLAGS_x86_64 := -mcmodel=small -mno-red-zone -march=x86-64-v2 -mtune=znver4
STENCIL_FLAGS_aarch64 := -mcmodel=tiny
STENCIL_FLAGS := -std=gnu17 -Wall -Wno-unused -O2 -DNDEBUG -fno-pic -fomit-frame-pointer -fno-jump-tables \
    -fno-asynchronous-unwind-tables -fno-stack-protector -fno-strict-aliasing -fno-math-errno -ffp-contract=off \
    -Xclang -no-enable-noundef-analysis $(STENCIL_FLAGS_$(MACHINE))
$(B)/gen/stencil_tables.h: $(B)/gen/stencils.c $(B)/host/stencilpack | $(GEN_STENCILS)
	@echo "  GEN   stencil_tables.h"
	@$(STENCIL_CC) $(CPPFLAGS) $(STENCIL_FLAGS) -MMD -MP -MF $(B)/host/stencils.d -MT $@ -S -o $(B)/gen/stencils.s $<
	@$(B)/host/stencilpack split $(MACHINE) $(B)/gen/stencils.s >$(B)/gen/stencils_split.s
	@$(STENCIL_CC) -c -o $(B)/gen/stencils.o $(B)/gen/stencils_split.s
	@$(B)/host/stencilpack pack $(MACHINE) $(B)/gen/stencils.o >$@.new && mv -f $@.new $@

$(B)/obj/gen/%.o: $(B)/gen/%.c $(B)/flags | $(GEN_H)
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) $(GEN_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/obj/%.o: %.c $(B)/flags | $(GEN_H)
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/obj/%.o: %.S $(B)/flags | $(GEN_H)
	@mkdir -p $(@D)
	@echo "  AS    $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Changes when flags do, so that all is compiled again.
FLAGS := $(filter-out -Werror,$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS))
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' >$@

# Changes when a source comes or goes, so that what is linked is linked again.
$(B)/objects.list: FORCE
	@mkdir -p $(@D)
	@echo '$(CORE_O) $(TOOLS_O) $(STDLIB)' | cmp -s - $@ || echo '$(CORE_O) $(TOOLS_O) $(STDLIB)' >$@

link = @mkdir -p $(@D); echo "  LINK  $@"; \
    $(CC) $(LDFLAGS) -o $@.new $(filter %.o,$^) $(1) $(LDLIBS) && mv -f $@.new $@

# The library: embed without arguments makes the empty one that coppice0 is linked with.
$(B)/gen/library_none.S: $(B)/host/embed
	@mkdir -p $(@D); $< >$@
$(B)/obj/gen/library_none.o: $(B)/gen/library_none.S
	@mkdir -p $(@D); $(CC) -c -o $@ $<

$(B)/coppice0: $(CORE_O) $(TOOLS_O) $(B)/obj/gen/library_none.o $(B)/objects.list
	$(call link)

$(B)/lib/stamp: $(B)/coppice0 $(STDLIB) $(B)/objects.list
	@rm -rf $(B)/lib && mkdir -p $(B)/lib
	@echo "  COP   stdlib"
	@$(if $(STDLIB),$(EMULATOR) $(B)/coppice0 build --library stdlib -o $(B)/lib)
	@touch $@

$(B)/gen/library.S: $(B)/lib/stamp $(B)/host/embed
	@$(B)/host/embed $(B)/lib $(STDLIB:stdlib/%.cop=%) >$@
$(B)/obj/gen/library.o: $(B)/gen/library.S
	@mkdir -p $(@D); $(CC) -c -o $@ $<

$(B)/coppice: $(CORE_O) $(TOOLS_O) $(B)/obj/gen/library.o $(B)/objects.list
	$(call link)

.build/coppice: $(B)/coppice
	@cp $< $@.new && mv -f $@.new $@

# The tests are found through a section of the binary, which the linker must leave whole.
$(B)/unit: $(CORE_O) $(UNIT_O) $(B)/obj/gen/library.o $(B)/objects.list
	$(call link,-Wl$(comma)--no-gc-sections -lcriterion)
$(UNIT_O): CFLAGS += -Wno-missing-prototypes -Wno-missing-field-initializers

# The runner of the program tests: built plainly, whatever the configuration.
.build/testrun: $(RUNNER_C) $(wildcard tests/runner/*.h)
	@mkdir -p $(@D)
	@echo "  CC    $@"
	@$(HOST_CC) -I. -D_GNU_SOURCE -std=gnu17 $(WARNINGS) -O2 -g -o $@.new $(RUNNER_C) && mv -f $@.new $@

# For editors: one entry for each C file, as this configuration compiles it.
.build/compile_commands.json: $(B)/objects.list
	@{ echo '['; sep=; for f in $(VM_C) $(COMPILER_C) $(TOOLS_C) $(UNIT_C); do \
	    printf '%s{"directory": "%s", "file": "%s", "command": "%s -c %s"}\n' "$$sep" "$(CURDIR)" "$$f" \
	        '$(CC) $(CPPFLAGS) $(CFLAGS)' "$$f"; sep=,; done; echo ']'; } >$@.new && mv -f $@.new $@

.PHONY: FORCE
FORCE:

-include $(patsubst %.o,%.d,$(CORE_O) $(TOOLS_O) $(UNIT_O)) $(wildcard $(B)/host/*.d)

# ---- What a person types -----------------------------------------------------------------------

EXAMPLE := tests/examples/supervision_tree.cop
COPPICE := $(if $(filter .build/release,$(B)),.build/coppice,$(B)/coppice)
SEEDS ?= 20
FUZZ_SECONDS ?= 5
TALLY := .build/tally

.PHONY: help
help:
	@echo 'make             build the command: .build/coppice   (CFG=debug|asan|tsan: .build/CFG/coppice)'
	@echo 'make run         install what is missing, build, and run $(EXAMPLE)'
	@echo 'make test        install what is missing, build, and run all tests'
	@echo 'make test T=...  only these program tests: make test T=lang/match'
	@echo 'make unit        the unit tests (CFG=asan: with sanitizers)'
	@echo 'make asan tsan   the program tests under AddressSanitizer and UBSan, and ThreadSanitizer'
	@echo 'make arm64       some program tests on an emulated aarch64'
	@echo 'make stress      the program tests, collecting garbage wherever it could happen'
	@echo 'make sim         the behaviour tests under SEEDS=$(SEEDS) seeds'
	@echo 'make fuzz        each fuzz target, and random programs on both engines, for FUZZ_SECONDS=$(FUZZ_SECONDS)'
	@echo 'make bench       the benchmarks beside their peers (BENCH="-n 3 pingpong": options and names)'
	@echo 'make cover       grammar rules that no test reduces, lines of the compiler that none runs'
	@echo 'make fmt tidy    format the C sources; print what the style asks to look at'
	@echo 'make docs        the library as Markdown, in .build/docs'
	@echo 'make repl gdb    a shell of the language; the debug build under gdb (RUN=file.cop)'
	@echo 'make clean       remove .build'

.PHONY: bootstrap
bootstrap:
	@tools/bootstrap

# The tools may be missing when make reads this file: what follows the installation reads it again.
.PHONY: run
run: bootstrap
	@$(MAKE) all
	@$(COPPICE) run $(EXAMPLE)

.PHONY: unit
unit: $(if $(UNIT_C),$(B)/unit) .build/testrun
	@$(if $(UNIT_C),.build/testrun --unit $(B)/unit)

ifdef T
.PHONY: test
test: all .build/testrun
	@.build/testrun -c $(COPPICE) $(T)
else
.PHONY: test
test: bootstrap
	@$(MAKE) -k test-all
endif

# The parts of `make test`: what is built for release first, then the same under sanitizers, each with the
# tests that show it most for their time (threads: those of processes, on two schedulers), and with a
# collection wherever there could be one; then each fuzz target for some seconds; then, on an emulator,
# what another machine makes of a few.
TEST_PARTS ?= unit programs asan tsan stress fuzz arm64

# Every part runs, whatever became of the one before it; the last line counts them all. A part that fails
# without having counted a failure, because it could not be built, counts as one.
.PHONY: test-all
test-all: test-builds
	@rm -f $(TALLY) $(TALLY).bad; touch $(TALLY)
	@for part in $(TEST_PARTS); do \
	    start=$$(date +%s); \
	    counted=$$(grep -cv '^[0-9]* 0 ' $(TALLY)); \
	    $(MAKE) test-$$part || \
	    [ "$$(grep -cv '^[0-9]* 0 ' $(TALLY))" != "$$counted" ] || echo "make test-$$part failed" >>$(TALLY).bad; \
	    echo "   in $$(($$(date +%s) - start)) s"; done
	@.build/testrun --total $(TALLY)

.PHONY: test-builds $(addprefix test-,unit programs asan tsan stress fuzz arm64)
test-builds: all $(if $(UNIT_C),$(B)/unit) .build/testrun
test-unit:
	@echo '== unit tests'
	@$(if $(UNIT_C),.build/testrun --tally $(TALLY) --unit $(B)/unit)
test-programs:
	@echo '== program tests'
	@.build/testrun --tally $(TALLY) -c $(COPPICE)
# Of damaged images fewer, and others, than without the sanitizers. The programs run whatever became of the unit tests.
test-asan:
	@echo '== under AddressSanitizer and UBSan'
	@$(MAKE) CFG=asan test-builds
	@bad=0; $(if $(UNIT_C),MUTATE_SEED=2 MUTATE_COUNT=2000 .build/testrun --tally $(TALLY) -x 4 --unit .build/asan/unit || bad=1;) \
	    .build/testrun --tally $(TALLY) -x 5 -m source -c .build/asan/coppice || bad=1; exit $$bad
test-tsan:
	@echo '== under ThreadSanitizer'
	@$(MAKE) CFG=tsan all
	@.build/testrun --tally $(TALLY) -x 8 -m schedulers=1,schedulers=2 -c .build/tsan/coppice \
	    behave samples examples lang/actors lang/supervisors lang/receive
test-stress:
	@echo '== collecting garbage, or yielding, wherever it could happen'
	@$(MAKE) CFG=debug all
	@bad=0; COP_STRESS=gc .build/testrun --tally $(TALLY) -x 10 -m source -c .build/debug/coppice \
	    lang behave samples || bad=1; \
	    COP_STRESS=yield .build/testrun --tally $(TALLY) -x 10 -m source,engine=interp -c $(COPPICE) \
	    lang behave samples || bad=1; exit $$bad
test-fuzz:
	@echo '== fuzz targets, a few seconds each'
	@bad=0; $(MAKE) CFG=fuzz CC=clang-19 FUZZ_SECONDS=$(FUZZ_SECONDS) fuzz-run || bad=1; \
	    $(MAKE) CFG=debug .build/debug/differ; \
	    .build/testrun --tally $(TALLY) -x 600 --check .build/debug/differ -- -j 2 -s 1 -n 400 \
	        -o .build/faults || bad=1; exit $$bad
# Without its packages (they are fetched once) it is skipped.
test-arm64:
	@echo '== on an emulated aarch64'
	@if tools/arm64 .build/arm64/system; then \
	    $(MAKE) arm64-build && .build/testrun --tally $(TALLY) -x 20 -m source,engine=interp \
	        -c .build/arm64/run $(ARM64_TESTS); \
	    else echo 'SKIP  aarch64: its libraries and emulator cannot be had'; echo '0 0 1' >>$(TALLY); fi

.PHONY: asan tsan stress sim
asan:
	@$(MAKE) CFG=asan all .build/testrun
	@.build/testrun -x 5 -c .build/asan/coppice $(T)
tsan:
	@$(MAKE) CFG=tsan all .build/testrun
	@.build/testrun -x 8 -m schedulers=1,schedulers=2 -c .build/tsan/coppice $(T)
stress:
	@$(MAKE) CFG=debug all .build/testrun
	@COP_STRESS=gc .build/testrun -x 10 -m source -c .build/debug/coppice $(T)
sim: all .build/testrun
	@.build/testrun -m $$(seq -s, -f 'seed=%g' 1 $(SEEDS)) -c $(COPPICE) $(or $(T),behave samples)

# On an emulated aarch64, as machine code and interpreted.
ARM64_TESTS := samples lang/match lang/bytes system/large_module.sh
.PHONY: arm64 arm64-build
arm64: arm64-build
	@.build/testrun -x 20 -m source,engine=interp -c .build/arm64/run $(or $(T),$(ARM64_TESTS))
arm64-build:
	@tools/arm64 .build/arm64/system
	@$(MAKE) CFG=arm64 all .build/arm64/run .build/testrun
.build/arm64/run: Makefile
	@printf '#!/bin/sh\nexec %s %s "$$@"\n' '$(EMULATOR)' $(CURDIR)/.build/arm64/coppice >$@
	@chmod +x $@

# ---- Fuzzing: one program for each tests/fuzz/fuzz_*.c ------------------------------------------

FUZZERS := $(FUZZ_C:tests/fuzz/fuzz_%.c=%)
# Inputs to start from: tests/fuzz/corpus/NAME, and folders named here.
SEEDS_parse := tests/samples tests/examples tests/lang
SEEDS_compile := $(SEEDS_parse) tests/behave

.PHONY: fuzz fuzz-run fuzz-programs
fuzz:
	@$(MAKE) CFG=fuzz CC=clang-19 .build/testrun fuzz-run
	@$(MAKE) CFG=debug fuzz-programs
fuzz-run: $(FUZZERS:%=fuzz-run-%)
fuzz-run-%: $(B)/fuzz/%
	@mkdir -p $(B)/corpus/$*
	@echo "  FUZZ  $*"
	@.build/testrun --tally $(TALLY) --fuzz $< -x $(FUZZ_SECONDS) $(B)/corpus/$* \
	    $(wildcard tests/fuzz/corpus/$*) $(SEEDS_$*)
$(FUZZERS:%=$(B)/fuzz/%): $(B)/fuzz/%: $(B)/obj/tests/fuzz/fuzz_%.o $(CORE_O) \
    $(call objects,$(FUZZ_COMMON_C)) $(B)/obj/gen/library.o $(B)/objects.list
	$(call link,-fsanitize=fuzzer)
$(call objects,$(FUZZ_C)): CFLAGS += -Wno-missing-prototypes

# Random programs, each on both engines and so on; the seed is printed with what fails.
fuzz-programs: $(B)/differ
	@echo "  FUZZ  programs"
	@$< -j $$(nproc) -t $(FUZZ_SECONDS) -s $(or $(SEED),$$(date +%s)) -o .build/faults
$(B)/differ: $(CORE_O) $(call objects,$(DIFFER_C) tools/coppice/library.c) $(B)/obj/gen/library.o $(B)/objects.list
	$(call link)

# ---- Measuring ---------------------------------------------------------------------------------

.PHONY: bench
bench: all
	@COPPICE=$(abspath $(COPPICE)) BENCH_BUILD=$(abspath .build/bench) tests/bench/run $(BENCH)

.PHONY: cover
cover: export LLVM_PROFILE_FILE := $(CURDIR)/.build/cover/profile/%4m.profraw
cover:
	@rm -rf .build/cover/profile
	@$(MAKE) CFG=cover CC=clang-19 all $(if $(UNIT_C),.build/cover/unit) .build/testrun
	@-$(if $(UNIT_C),.build/testrun -x 4 --unit .build/cover/unit)
	@-.build/testrun -x 4 -m source -c .build/cover/coppice $(T) | tail -n 1
	@tools/cover .build/cover

# ---- The sources -------------------------------------------------------------------------------

OWN_C := $(VM_C) $(COMPILER_C) $(TOOLS_C) $(UNIT_C) $(FUZZ_C) $(DIFFER_C) $(RUNNER_C) $(wildcard tools/gen/*.c tools/*.c) \
    $(call find,vm,*.h) $(call find,compiler,*.h) $(call find,tools,*.h) $(call find,tests,*.h)

.PHONY: fmt tidy
fmt:
	@clang-format -i $(sort $(OWN_C))
tidy: .build/tidy
	@.build/tidy $(sort $(OWN_C)) $(call find,vm,*.op.h) $(STDLIB)
.build/tidy: tools/tidy.c
	@mkdir -p $(@D)
	@$(HOST_CC) -D_GNU_SOURCE -std=gnu17 $(WARNINGS) -O1 -g -o $@ $<

# One Markdown file a module: .build/docs/list.md.
DOCS := $(STDLIB:stdlib/%.cop=.build/docs/%.md)
.PHONY: docs
docs: $(DOCS)
	@echo '.build/docs: $(words $(DOCS)) modules'
.build/docs/%.md: stdlib/%.cop $(B)/host/docgen
	@mkdir -p $(@D)
	@$(B)/host/docgen $< >$@

.PHONY: repl gdb clean
repl: all
	@$(COPPICE) repl
gdb:
	@$(MAKE) CFG=debug all
	@gdb -x tools/gdb/coppice.py --args .build/debug/coppice $(if $(RUN),run --symbols=gdb $(RUN),repl --symbols=gdb)
clean:
	@rm -rf .build
