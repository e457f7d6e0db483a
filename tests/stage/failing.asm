fn main/0
    enter {}
    self x0
    send x0, (:ok, 1), {}
L1:
    recv_peek x0, L8, {}
    frame 2, {x0}
    recv_take
    is_tagged x0, 2, :ok, L7
    elem x0, x0, 1
    move y0, false
  # failures go to L2
  # failures go to L4
    add y1, x0, 1, -, {y0}
    jump L5
L2:
  # to here: L2
    is_tagged x0, 2, :badarg, L3
    elem y1, x0, 1
    jump L5
L3:
    fail x0
L4:
  # to here: L4
    move y0, true
    move y1, x0
L5:
    move x0, "after"
    call_ext Io.println/1, {y0 y1}
    truthy y0, L6
    reraise y1
L6:
    move x0, y1
L7:
    unframe 2
    tail_ext Io.println/1
L8:
    recv_wait_for 10, L1, {}
    recv_done
    move x0, :timeout
    ret

