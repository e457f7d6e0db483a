fn main/0
    enter {}
    move x0, (:$start, :supervisor, :App, &3, true, nil, nil, 0, true)
    move x1, :none
    move x2, :infinity
    move x3, nil
    call_ext Vm.start/4, {}
    send :counter, (:add, 1), {}
    ask x0, :counter, :value, 5000, {}
    tail_ext Io.println/1

fn Counter.state/0
    enter {}
    cell x0, 0
    map x0, (:count, x0), {}
    ret

fn Counter/1/0+1
    enter {x0}
    frame 2, {x0}
    set_cell 0, x0
L1:
    recv_peek y0, L10, {}
    recv_take
  # failures go to L8
    is_tagged y0, 3, :$gen_call, L3
    elem x0, y0, 1
    elem x1, y0, 2
    same x1, :value, L2, {x0 y0}
    cell x1, 0
    call_ext Vm.reply/2, {y0}
    jump L9
L2:
    move x1, :unhandled
    call_ext Vm.reply_error/2, {y0}
    jump L9
L3:
    is_tagged y0, 2, :$gen_cast, L5
    elem x1, y0, 1
    is_tagged x1, 2, :add, L4
    elem x0, x1, 1
    cell x1, 0
    add x0, x1, x0, -, {y0}
    set_cell 0, x0
    jump L9
L4:
    move x0, :Counter
    call_ext Actor.unhandled/2, {y0}
    jump L9
L5:
    is_tagged y0, 3, :system, L6
    elem x0, y0, 1
    elem x1, y0, 2
    move x2, &1
    call_ext Actor.system/3, {y0}
    is_tagged x0, 2, :stop, L9
    elem x0, x0, 1
    call_ext Vm.stop/1, {y0}
    jump L9
L6:
    is_tagged y0, 2, :add, L7
    elem x0, y0, 1
    cell x1, 0
    add x0, x1, x0, -, {y0}
    set_cell 0, x0
    jump L9
L7:
    move x1, y0
    move x0, :Counter
    call_ext Actor.unhandled/2, {y0}
    jump L9
L8:
  # to here: L8
    move y1, x0
    move x1, y0
    call_ext Vm.report/2, {y1}
    move x0, y1
    call_ext Vm.stop/1, {}
L9:
    loop L1, {}
L10:
    recv_wait L1, {}

fn App/1/0
    enter {}
    map x1, (:id, :counter, :start, &4, :args, 0, :restart, :permanent, :shutdown, nil, :name, :counter, :backoff, nil, :significant, false), {}
    alloc 2, {x1}
    cons x1, x1, []
    map x0, (:label, :App, :strategy, :one_for_one, :intensity, 3, :within, 5000, :auto_shutdown, :never, :children, x1), {}
    tail_ext Supervisor.run/1

fn App/2/0
    enter {}
    alloc 13, {}
    closure x0, Counter/1/0, (0)
    tuple x0, (:$start, :actor, :Counter, x0, false, nil, nil, 1, false)
    ret

