fn double/1
    enter {x0}
    mul x0, x0, 2, -, {}
    ret

fn data/1
    enter {x0}
    alloc 16, {x0}
    cons x0, x0, [2.5 | %{:a, 1, "k", [1, 2 | 3], :r, range(1, 5, 1)}]
    tuple x0, (%{:a, 1, "k", [1, 2 | 3], :r, range(1, 5, 1)}, &0, P{0, 1.5}, 0x01000000000000000000000000, -0x01000000000000000000000000, 2e+100, 0.10000000000000001, "text\n", "\xff\x00", [], (), &7, x0)
    ret

fn parts/2
    enter {x0 x1}
    get_field x2, x0, :x, P, 0, -, {x0 x1}
    index x3, x1, :k, -, {x0 x1 x2}
    is_record_of x0, P, L1
    field x0, x0, P, 1
    alloc 4, {x0 x1 x2 x3}
    record x0, P, (2, x0)
    get x4, x1, :size, -, {x0 x1 x2 x3}
    alloc 4, {x0 x1 x2 x3 x4}
    record x4, P, (x4, 1.5)
    get_field x4, x4, :x, P, 0, -, {x0 x1 x2 x3}
    map_update x1, x1, :a, 1, -, {x0 x2 x3 x4}
    alloc 6, {x0 x1 x2 x3 x4}
    tuple x0, (x2, x3, x0, x4, x1)
    ret
L1:
    fail_with :badarg, x0

fn pick/1
    enter {x0}
    switch x0, (:a L1, :b L2, :c L3, 1 L4, 2 L5), L6
L1:
    move x0, 1
    ret
L2:
    move x0, 2
    ret
L3:
    move x0, 3
    ret
L4:
    move x0, 4
    ret
L5:
    move x0, 5
    ret
L6:
    same x0, "s", L7, {x0}
    move x0, 6
    ret
L7:
    is_record_of x0, P, L8
    field x1, x0, P, 0
    same x1, 1, L13, {x0}
    field x0, x0, P, 1
    ret
L8:
    map_get x1, x0, :k, L9, {x0}
    move x0, x1
    ret
L9:
    bytes_bits x1, x0, L10
    bits_int x1, x0, 0, 8, 0, L12, {x0}
    bits_float x2, x0, 8, 64, 1, L12, {x0 x1}
    bits_utf8 x3, x0, 72, L12, {x0 x1 x2}
    utf8_bits x4, x3
    add x4, x4, 72, -, {x0 x1 x2 x3}
    bits_bytes x5, x0, x4, x1, L12, {x0 x1 x2 x3 x4}
    mul x1, x1, 8, -, {x0 x2 x3 x4 x5}
    add x1, x4, x1, -, {x0 x2 x3 x5}
    bits_rest x1, x0, x1, L12, {x0 x2 x3 x5}
    alloc 5, {x1 x2 x3 x5}
    tuple x0, (x2, x3, x5, x1)
    ret
L10:
    is_int x0, L11
    ge x0, 1, L11, {x0}
    ge 9, x0, L11, {x0}
    move x0, 7
    ret
L11:
    is_cons x0, L12
    head x0, x0
    ret
L12:
    is_float x0, L13
    lt 1.5, x0, L13, {x0}
    ret
L13:
    move x0, 0
    ret

fn pack/2
    enter {x0 x1}
    bits_build x0, (0 x0 4, 4 x1 12, 1 1.5 32, 2 "x" [], 2 x0 x1, 3 x1 []), -, {}
    ret

fn join/1
    enter {x0}
    frame 2, {x0}
    move y0, x0
    call_ext List.length/1, {y0}
    move y1, x0
    bits_build x0, (18 y0 [], 2 " of " [], 18 y1 [], 2 "." []), L1, {y0 y1}
    jump L2
L1:
    move x0, y0
    call_ext Vm.display/1, {y1}
    move y0, x0
    move x0, y1
    call_ext Vm.display/1, {y0}
    bits_build x0, (2 y0 [], 2 " of " [], 2 x0 [], 2 "." []), -, {}
L2:
    unframe 2
    ret

fn walk/1
    enter {x0}
    frame 1, {x0}
    alloc 2, {x0}
    list_new y0
L1:
    is_cons x0, L6
    head x1, x0
    tail_of x0, x0
    is_int x1, L5
    move x3, y0
    move x2, 1
L2:
    ge x1, x2, L4, {x0 x1 x2 hole x3}
    eq x1, x2, L3, {x0 x1 x2 hole x3}
    add x2, x2, 1, -, {x0 x1 hole x3}
    loop L2, {x0 x1 x2 hole x3}
L3:
    alloc 5, {x0 x1 x2 hole x3}
    tuple x4, (x1, x2)
    list_add x3, x3, x4
    add x2, x2, 1, -, {x0 x1 hole x3}
    loop L2, {x0 x1 x2 hole x3}
L4:
    move y0, x3
    loop L1, {x0 hole y0}
L5:
    fail_with :badarg, x1
L6:
    is_empty x0, L7
    list_end x0, y0, []
    unframe 1
    ret
L7:
    call_ext Vm.iterate/1, {hole y0}
    loop L1, {x0 hole y0}

fn data/1/1
    enter {x0}
    ret

