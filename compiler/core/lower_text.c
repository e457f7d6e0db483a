// Strings with values in them, and bytes made of segments.
//
// Both are BITS nodes: literal parts as they are, `#{v}` as Vm.display shows it; so is a chain of `<>`,
// which goes behind its first part. What is constant is put together here.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/base/check.h"
#include "compiler/base/utf8.h"
#include "compiler/core/lower_private.h"
#include "vm/ops/ops.h"

enum { BITS_MAX_SEGMENTS = 48 }; // of one node; more are nested

static CoreSegment whole_bytes(CoreExpr *value) {
    return (CoreSegment){SEG_BYTES, value, NULL};
}

static bool is_bytes_literal(const CoreExpr *e) {
    return e->kind == CORE_LIT && e->as.lit->kind == CONST_BYTES;
}

// ---- Putting constants together -----------------------------------------------------------------

// Appends what a segment of constants comes to; false if that is not known here.
static bool fold_segment(Buf *out, const CoreSegment *segment) {
    const CoreConst *value = segment->value->kind == CORE_LIT ? segment->value->as.lit : NULL;
    if (value == NULL) {
        return false;
    }
    uint32_t type = segment->spec & SEG_TYPE_MASK;
    if (type == SEG_BYTES && segment->size == NULL && value->kind == CONST_BYTES) {
        buf_str(out, value->text);
        return true;
    }
    bool is_whole = type == SEG_INT && value->kind == CONST_INT &&
                    segment->size->kind == CORE_LIT && segment->size->as.lit->kind == CONST_INT;
    int64_t bits = is_whole ? segment->size->as.lit->integer : -1;
    if (bits < 0 || bits > 64 || bits % 8 != 0) {
        return false;
    }
    for (int64_t i = 0; i < bits / 8; i++) {
        int64_t shift = segment->spec & SEG_LITTLE ? i * 8 : bits - 8 - i * 8;
        buf_byte(out, (char)((uint64_t)value->integer >> shift));
    }
    return true;
}

// Neighbouring constants become one literal.
static uint32_t fold_segments(Lower *L, CoreSegment *segments, uint32_t count) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count;) {
        Buf text = buf_new(L->arena);
        uint32_t next = i;
        while (next < count && fold_segment(&text, &segments[next])) {
            next++;
        }
        bool is_plain = next == i + 1 && is_bytes_literal(segments[i].value);
        if (next == i || is_plain) {
            segments[kept++] = segments[i++];
        } else {
            CoreExpr *joined =
                core_bytes(L->arena, segments[i].value->span, arena_str(L->arena, buf_view(&text)));
            segments[kept++] = whole_bytes(joined);
            i = next;
        }
    }
    return kept;
}

// Bytes of any number of segments, each of which is whole bytes if there are many.
static CoreExpr *build(Lower *L, Span span, CoreSegment *segments, uint32_t count) {
    count = fold_segments(L, segments, count);
    if (count == 0) {
        return core_bytes(L->arena, span, STR(""));
    }
    if (count == 1 && is_bytes_literal(segments[0].value) && segments[0].size == NULL &&
        (segments[0].spec & SEG_TYPE_MASK) == SEG_BYTES) {
        return segments[0].value;
    }
    return core_bits(L->arena, span, segments, count);
}

// ---- Interpolations -----------------------------------------------------------------------------

static bool is_name_byte(char c) {
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// "${x}" in a longer text, where x is a local name: surely meant to be an interpolation.
static void warn_of_dollar(Lower *L, const AstString *text) {
    const char *at = text->bytes.ptr;
    const char *end = at + text->bytes.len;
    while ((at = memchr(at, '$', (size_t)(end - at))) != NULL) {
        const char *name = at + 2;
        const char *to = name;
        while (to < end && is_name_byte(*to)) {
            to++;
        }
        bool is_form = at + 1 < end && at[1] == '{' && to < end && *to == '}';
        Str shown = {at, (size_t)(to + 1 - at)};
        if (is_form && shown.len < text->bytes.len &&
            lower_find(L, intern_str(L->intern, (Str){name, (size_t)(to - name)})) != NULL) {
            DIAG(L->diags, interpolation_foreign, text->node.span, shown);
            return;
        }
        at++;
    }
}

CoreExpr *lower_string(Lower *L, const AstString *text) {
    warn_of_dollar(L, text);
    return core_bytes(L->arena, text->node.span, text->bytes);
}

static CoreSegment part(Lower *L, const AstNode *node) {
    CoreExpr *value = lower_expr(L, node);
    if (is_bytes_literal(value)) {
        return whole_bytes(value);
    }
    if (value->kind == CORE_LIT && value->as.lit->kind == CONST_ATOM) {
        return whole_bytes(core_bytes(L->arena, node->span, name_str(value->as.lit->name)));
    }
    return (CoreSegment){SEG_BYTES | SEG_SHOWN, value, NULL};
}

CoreExpr *lower_interpolation(Lower *L, const AstInterpolation *text) {
    Span span = text->node.span;
    if (L->guard != NULL) {
        return lower_not_in_guard(L, &text->node);
    }
    CoreSegment *segments = arena_alloc(L->arena, text->parts.len * sizeof(CoreSegment));
    for (uint32_t i = 0; i < text->parts.len; i++) {
        segments[i] = part(L, text->parts.items[i]);
    }
    uint32_t count = text->parts.len;
    // A long text is made of texts, still from left to right.
    while (count > BITS_MAX_SEGMENTS) {
        uint32_t groups = 0;
        for (uint32_t i = 0; i < count; i += BITS_MAX_SEGMENTS) {
            uint32_t len = count - i < BITS_MAX_SEGMENTS ? count - i : BITS_MAX_SEGMENTS;
            CoreSegment *group = arena_copy(L->arena, segments + i, len * sizeof(CoreSegment));
            segments[groups++] = whole_bytes(build(L, span, group, len));
        }
        count = groups;
    }
    if (count == 1) {
        CoreExpr *value = segments[0].value;
        return (segments[0].spec & SEG_SHOWN) == 0
                   ? value // already Bytes
                   : lower_runtime(L, value->span, RUNTIME_Vm_display_1, CORE_ARGS(value));
    }
    return build(L, span, segments, count);
}

// ---- Chains -------------------------------------------------------------------------------------

// Is it whole bytes, whatever its value?
static bool is_whole(const CoreSegment *segment) {
    uint32_t type = segment->spec & SEG_TYPE_MASK;
    const CoreConst *size =
        segment->size != NULL && segment->size->kind == CORE_LIT ? segment->size->as.lit : NULL;
    return type == SEG_BYTES || type == SEG_UTF8 ||
           (size != NULL && size->kind == CONST_INT && size->integer % 8 == 0);
}

static bool is_display(const Lower *L, const CoreExpr *e) {
    const RuntimeName *name = &L->runtime[RUNTIME_Vm_display_1];
    return e->kind == CORE_CALL_EXT && name->name != NULL && e->as.call_ext.name == name->name &&
           e->as.call_ext.module == name->module && e->as.call_ext.args.len == 1;
}

// Appends the parts that `e`, an operand of `<>`, is put together from.
static void add_parts(Lower *L, CoreSegments *out, CoreExpr *e) {
    if (e->kind == CORE_BITS && e->as.bits.fail == NULL) {
        bool all = true;
        for (uint32_t i = 0; i < e->as.bits.count; i++) {
            all = all && is_whole(&e->as.bits.segments[i]);
        }
        for (uint32_t i = 0; all && i < e->as.bits.count; i++) {
            CoreSegment segment = e->as.bits.segments[i];
            segment.spec &= out->len == 0 ? UINT32_MAX : ~(uint32_t)SEG_APPEND;
            vec_push(L->arena, out, segment);
        }
        if (all) {
            return;
        }
    }
    if (e->kind == CORE_PRIM && e->as.prim.prim == PRIM_CONCAT && e->as.prim.fail == NULL) {
        add_parts(L, out, e->as.prim.args.items[0]);
        vec_push(L->arena, out, whole_bytes(e->as.prim.args.items[1]));
        return;
    }
    CoreSegment segment = whole_bytes(e);
    if (is_display(L, e)) {
        segment = (CoreSegment){SEG_BYTES | SEG_SHOWN, e->as.call_ext.args.items[0], NULL};
    } else if (out->len == 0 && !is_bytes_literal(e)) {
        segment.spec |= SEG_APPEND;
    }
    vec_push(L->arena, out, segment);
}

CoreExpr *lower_concat(Lower *L, Span span, CoreExpr *left, CoreExpr *right) {
    CoreSegments parts = {0};
    if (L->guard == NULL) {
        add_parts(L, &parts, left);
        add_parts(L, &parts, right);
    }
    if (parts.len > BITS_MAX_SEGMENTS || parts.len < 3) {
        bool is_shown = parts.len == 2 && ((parts.items[0].spec | parts.items[1].spec) & SEG_SHOWN);
        bool is_bits = parts.len == 2 && (left->kind == CORE_BITS || right->kind == CORE_BITS);
        if (!is_shown && !is_bits) {
            return lower_guarded(L, core_prim(L->arena, span, PRIM_CONCAT, CORE_ARGS(left, right)));
        }
    }
    return build(L, span, parts.items, parts.len);
}

// ---- Bytes --------------------------------------------------------------------------------------

static CoreExpr *size_of(Lower *L, const AstSegment *segment, int64_t otherwise) {
    if (segment->size == NULL) {
        return core_int(L->arena, segment->node.span, otherwise);
    }
    CoreExpr *size = lower_expr(L, segment->size);
    bool is_bad =
        size->kind == CORE_LIT && (size->as.lit->kind != CONST_INT || size->as.lit->integer < 0);
    if (is_bad) {
        DIAG(L->diags, segment_size, segment->size->span);
    } else if (segment->kind == AST_SEGMENT_FLOAT && size->kind == CORE_LIT &&
               size->as.lit->integer != 16 && size->as.lit->integer != 32 &&
               size->as.lit->integer != 64) {
        DIAG(L->diags, segment_float_size, segment->size->span);
    }
    return size;
}

CoreSegment lower_segment(Lower *L, const AstSegment *segment) {
    CoreExpr *value = lower_expr(L, segment->value);
    uint32_t quality =
        (segment->is_little ? SEG_LITTLE : 0) | (segment->is_signed ? SEG_SIGNED : 0);
    switch (segment->kind) {
    case AST_SEGMENT_DEFAULT:
        if (segment->value->kind == AST_STRING || segment->value->kind == AST_INTERPOLATION) {
            return whole_bytes(value);
        }
        return (CoreSegment){SEG_INT, value, size_of(L, segment, 8)};
    case AST_SEGMENT_INT: return (CoreSegment){SEG_INT | quality, value, size_of(L, segment, 8)};
    case AST_SEGMENT_FLOAT:
        return (CoreSegment){SEG_FLOAT | (quality & SEG_LITTLE), value, size_of(L, segment, 64)};
    case AST_SEGMENT_BYTES:
        return (CoreSegment){SEG_BYTES, value,
                             segment->size == NULL ? NULL : size_of(L, segment, 0)};
    case AST_SEGMENT_UTF8: return (CoreSegment){SEG_UTF8, value, NULL};
    case AST_SEGMENT_KIND_COUNT: break;
    }
    return whole_bytes(value);
}

// The bits of all segments, if they are constant and no whole number of bytes; else 0.
static int64_t odd_bits(const CoreSegment *segments, uint32_t count) {
    int64_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t type = segments[i].spec & SEG_TYPE_MASK;
        if (type == SEG_BYTES || type == SEG_UTF8) {
            continue;
        }
        const CoreExpr *size = segments[i].size;
        if (size->kind != CORE_LIT || size->as.lit->kind != CONST_INT ||
            size->as.lit->integer > INT32_MAX) {
            return 0;
        }
        total += size->as.lit->integer;
    }
    return total % 8 != 0 ? total : 0;
}

CoreExpr *lower_bytes(Lower *L, const AstBytes *bytes) {
    if (L->guard != NULL) {
        return lower_not_in_guard(L, &bytes->node);
    }
    CoreSegment *segments = arena_alloc(L->arena, bytes->segments.len * sizeof(CoreSegment));
    for (uint32_t i = 0; i < bytes->segments.len; i++) {
        segments[i] = lower_segment(L, AST_AS(Segment, bytes->segments.items[i]));
    }
    int64_t odd = odd_bits(segments, bytes->segments.len);
    if (odd > 0) {
        Buf bits = buf_new(L->arena);
        buf_format(&bits, "%lld", (long long)odd);
        DIAG(L->diags, segment_odd, bytes->node.span, buf_view(&bits));
    }
    return build(L, bytes->node.span, segments, bytes->segments.len);
}
