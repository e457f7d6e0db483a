fn sum/2
    enter {x0 x1}
L1:
    is_empty x0, L2
    move x0, x1
    ret
L2:
    is_cons x0, L3
    head x2, x0
    tail_of x0, x0
    add x1, x1, x2, -, {x0}
    loop L1, {x0 x1}
L3:
    fail :function_clause

fn squares/1
    enter {x0}
    is_int x0, L4
    move x1, 1
    move x2, []
L1:
    ge x0, x1, L3, {x0 x1 x2}
    band x3, x1, 1, -, {x0 x1 x2}
    eq x3, 0, L2, {x0 x1 x2}
    add x3, x1, 1, -, {x0 x1 x2}
    mul x1, x1, x1, -, {x0 x2 x3}
    alloc 2, {x0 x1 x2 x3}
    cons x2, x1, x2
    move x1, x3
    loop L1, {x0 x1 x2}
L2:
    add x1, x1, 1, -, {x0 x2}
    loop L1, {x0 x1 x2}
L3:
    move x0, x2
    move x1, []
    tail_ext Vm.reverse/2
L4:
    fail_with :badarg, x0

fn adder/1
    enter {x0}
    alloc 3, {x0}
    closure x0, adder/1/1, (x0)
    ret

fn main/0
    enter {}
    frame 1, {}
    move x0, 10
    call squares/1, {}
    move y0, x0
    move x0, 1
    call adder/1, {y0}
    move x1, x0
    move x0, 2
    call_fun 1, {y0}
    move x1, x0
    move x0, y0
    call sum/2, {}
    unframe 1
    tail_ext Io.println/1

fn adder/1/1+1
    enter {x0 x1}
    add x0, x0, x1, -, {}
    ret

