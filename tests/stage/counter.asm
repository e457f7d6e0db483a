fn main/0
    enter {}
    call App/0, {}
    move x1, :none
    move x2, :infinity
    move x3, nil
    call_ext Vm.start/4, {}
    send :counter, (:add, 1), {}
    ask x0, :counter, :value, 5000, {}
    tail_ext Io.println/1

fn Counter/1
    enter {x0}
    alloc 13, {x0}
    closure x0, Counter/1/0, (x0)
    tuple x0, (:$start, :actor, :Counter, x0, false, nil, nil, 1, false)
    ret

fn App/0
    enter {}
    move x0, (:$start, :supervisor, :App, &10, true, nil, nil, 0, true)
    ret

fn Counter.loop/0
    enter {}
    frame 2, {}
L1:
    recv_peek y0, L4, {}
    recv_take
  # failures go to L2
    move x0, y0
    call Counter.handle/1, {y0}
    jump L3
L2:
  # to here: L2
    move y1, x0
    move x1, y0
    call_ext Vm.report/2, {y1}
    move x0, y1
    call Counter.finish/1, {}
L3:
    loop L1, {}
L4:
    recv_wait L1, {}

fn Counter.handle/1
    enter {x0}
    is_tagged x0, 3, :$gen_call, L1
    elem x1, x0, 2
    elem x0, x0, 1
    tail Counter.ask/2
L1:
    is_tagged x0, 2, :$gen_cast, L2
    elem x0, x0, 1
    tail Counter.tell/1
L2:
    is_tagged x0, 3, :system, L4
    elem x1, x0, 2
    elem x0, x0, 1
    move x2, &8
    call_ext Actor.system/3, {}
    is_tagged x0, 2, :stop, L3
    elem x0, x0, 1
    tail Counter.finish/1
L3:
    move x0, nil
    ret
L4:
    tail Counter.tell/1

fn Counter.tell/1
    enter {x0}
    is_tagged x0, 2, :add, L1
    elem x0, x0, 1
    cell x1, 0
    add x0, x1, x0, -, {}
    set_cell 0, x0
    ret
L1:
    move x1, x0
    move x0, :Counter
    tail_ext Actor.unhandled/2

fn Counter.ask/2
    enter {x0 x1}
    same x1, :value, L1, {x0}
    cell x1, 0
    tail_ext Vm.reply/2
L1:
    move x1, :unhandled
    tail_ext Vm.reply_error/2

fn Counter.finish/1
    enter {x0}
    tail_ext Vm.stop/1

fn Counter.state/0
    enter {}
    cell x0, 0
    map x0, (:count, x0), {}
    ret

fn Counter/1/0+1
    enter {x0}
    set_cell 0, x0
    tail Counter.loop/0

fn App/1/0
    enter {}
    map x1, (:id, :counter, :start, &11, :args, 0, :restart, :permanent, :shutdown, nil, :name, :counter, :backoff, nil, :significant, false), {}
    alloc 2, {x1}
    cons x1, x1, []
    map x0, (:label, :App, :strategy, :one_for_one, :intensity, 3, :within, 5000, :auto_shutdown, :never, :children, x1), {}
    tail_ext Supervisor.run/1

fn App/2/0
    enter {}
    move x0, 0
    tail Counter/1

