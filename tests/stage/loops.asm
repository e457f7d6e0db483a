fn main/0
    enter {}
    alloc 2, {}
    list_new x0
    move x1, x0
    move x0, 1
L1:
    ge 10, x0, L3, {x0 hole x1}
    band x2, x0, 1, -, {x0 hole x1}
    same x2, 0, L2, {x0 hole x1}
    mul x2, x0, x0, -, {x0 hole x1}
    alloc 2, {x0 hole x1 x2}
    list_add x1, x1, x2
    add x0, x0, 1, -, {hole x1}
    loop L1, {x0 hole x1}
L2:
    add x0, x0, 1, -, {hole x1}
    loop L1, {x0 hole x1}
L3:
    frame 1, {hole x1}
    list_end y0, x1, []
    alloc 3, {y0}
    closure x1, adder/1/1, (1)
    move x0, 2
    call_fun 1, {y0}
    move x1, x0
    move x0, y0
L4:
    is_empty x0, L5
    move x0, x1
    unframe 1
    tail_ext Io.println/1
L5:
    is_cons x0, L6
    head x2, x0
    tail_of x0, x0
    add x1, x1, x2, -, {x0}
    loop L4, {x0 x1}
L6:
    fail :function_clause

fn adder/1/1+1
    enter {x0 x1}
    add x0, x0, x1, -, {}
    ret

