# What the host programs of this folder make: PROGRAM:OUTPUT. `PROGRAM OUTPUT` prints .build/CFG/gen/OUTPUT.
# A program that reads more than it includes names it as a prerequisite: $(B)/gen/OUTPUT: file
# SPDX-License-Identifier: Apache-2.0
GENERATED += powgen:powers_of_ten.h
GENERATED += opgen:ops_variants.h opgen:ops_cases.h opgen:ops_cold.h
$(B)/gen/ops_cases.h $(B)/gen/ops_cold.h: $(wildcard vm/ops/*.op.h)
ifneq ($(JIT),0)
GENERATED += stencilgen:stencils.c stencilgen:stencil_numbers.h offsets:offsets.h
$(B)/gen/stencils.c: $(wildcard vm/ops/*.op.h vm/jit/*.op.h)
GEN_H += $(B)/gen/stencil_tables.h
endif
