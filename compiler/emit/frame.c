// Where the frame is made: as late as one place for all who need it allows.
//
// Blocks that call with something living across, and blocks of regions whose handler needs values,
// need a frame. The frame block is their nearest common dominator; from it on everything runs with
// the frame until it returns or goes to a tail call. So a path that leaves the function before,
// such as the base case of a recursion, pays nothing. Where a framed block would lead to a block
// that can also be reached without the frame (a loop's header before it, a join behind it) the
// frame block moves up to dominate that too; and it is never a header itself, which would make a
// frame at each turn. Values then live in X registers up to the frame block and, if they want one,
// in slots from there on. Each block is looked at once, whatever the frame block's way up.
//
// SPDX-License-Identifier: Apache-2.0
#include "compiler/emit/emit_private.h"

typedef struct {
    Emit *e;
    IrBlock *frame;
    VEC(IrBlock *) work;
} Framing;

// Takes in `block`'s subtree of dominators but for the part that is in already.
static void take_in(Framing *p, IrBlock *block) {
    p->e->is_framed[block->order] = true;
    vec_push(p->e->arena, &p->work, block);
}

// The frame block moves up to `to`, which dominates it.
static void move_up(Framing *p, IrBlock *to) {
    p->frame = to;
    if (!p->e->is_framed[to->order]) {
        take_in(p, to);
    }
}

// `from` or the nearest of its dominators that dominates `block` too. A frame block that moves up
// by these steps makes each once.
static IrBlock *dominator_of_both(IrBlock *from, const IrBlock *block) {
    while (!ir_dominates(from, block)) {
        from = from->idom;
    }
    return from;
}

static void visit_target(Framing *p, const IrBlock *to) {
    if (!ir_dominates(p->frame, to)) {
        move_up(p, dominator_of_both(p->frame, to));
    }
}

static void visit(Framing *p, IrBlock *block) {
    for (IrBlock *child = block->dom_child; child != NULL; child = child->dom_sibling) {
        if (!p->e->is_framed[child->order]) {
            take_in(p, child);
        }
    }
    for (uint32_t i = 0; i < block->last->target_count; i++) {
        visit_target(p, block->last->targets[i]);
    }
    if (block->region != NULL) {
        visit_target(p, block->region->handler);
    }
}

void frame_place(Emit *e) {
    IrFunction *f = e->f;
    IrBlock *frame = NULL;
    for (uint32_t i = 0; i < f->blocks.len; i++) {
        if (e->needs_frame[i]) {
            frame =
                frame == NULL ? f->blocks.items[i] : dominator_of_both(frame, f->blocks.items[i]);
        }
    }
    e->is_framed = ARENA_NEW_ARRAY(e->arena, bool, f->blocks.len);
    if (e->all_y) {
        frame = f->entry;
    }
    if (frame == NULL) {
        return;
    }
    Framing p = {.e = e};
    move_up(&p, frame);
    while (p.work.len > 0 || p.frame->is_header) {
        if (p.work.len > 0) {
            visit(&p, p.work.items[--p.work.len]);
        } else {
            move_up(&p, p.frame->idom);
        }
    }
    e->frame_block = p.frame;
}
