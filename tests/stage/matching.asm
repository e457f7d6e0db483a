fn area/1
    enter {x0}
    is_tagged x0, 2, :circle, L1
    elem x0, x0, 1
    mul x1, 3, x0, -, {x0}
    mul x0, x1, x0, -, {}
    ret
L1:
    is_tagged x0, 3, :rect, L3
    elem x1, x0, 1
    elem x0, x0, 2
    eq x1, x0, L2, {x0 x1}
    mul x0, x1, x1, -, {}
    ret
L2:
    mul x0, x1, x0, -, {}
    ret
L3:
    fail :function_clause

fn first/2
    enter {x0 x1}
    is_cons x0, L1
    head x0, x0
    ret
L1:
    is_empty x0, L2
    move x0, x1
    ret
L2:
    fail :function_clause

fn main/0
    enter {}
    move x0, 6
    tail_ext Io.println/1

