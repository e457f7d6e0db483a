fn map/2
    enter {x0 x1}
    frame 3, {x0 x1}
    move y0, x0
    alloc 2, {x1 y0}
    list_new y1
L1:
    is_empty x1, L2
    list_end x0, y1, []
    unframe 3
    ret
L2:
    is_cons x1, L3
    head x0, x1
    tail_of y2, x1
    move x1, y0
    call_fun 1, {y0 hole y1 y2}
    alloc 2, {x0 y0 hole y1 y2}
    list_add y1, y1, x0
    move x1, y2
    loop L1, {x1 y0 hole y1}
L3:
    fail :function_clause

fn odd/1
    enter {x0}
    frame 1, {x0}
    alloc 2, {x0}
    list_new y0
L1:
    is_cons x0, L3
    head x1, x0
    tail_of x0, x0
    band x2, x1, 1, -, {x0 x1 hole y0}
    same x2, 0, L2, {x0 x1 hole y0}
    loop L1, {x0 hole y0}
L2:
    alloc 2, {x0 x1 hole y0}
    list_add y0, y0, x1
    loop L1, {x0 hole y0}
L3:
    is_empty x0, L4
    list_end x0, y0, []
    unframe 1
    ret
L4:
    call_ext Vm.iterate/1, {hole y0}
    loop L1, {x0 hole y0}

fn last/1
    enter {x0}
L1:
    is_cons x0, L3
    tail_of x1, x0
    is_empty x1, L2
    head x0, x0
    ret
L2:
    move x0, x1
    loop L1, {x0}
L3:
    fail :function_clause

