%% Spawn N processes that do nothing and end, of which every thousandth is
%% waited for. The result is how many of those ended normally.
-module(spawnexit).
-include("bench.hrl").

main(Args) ->
    N = arg(1, Args, 1000000),
    {R, Ms} = timed(fun() -> isolate(fun() -> batches(N div 1000, 0) end) end),
    report(R, Ms).

batches(0, Ended) -> Ended;
batches(Left, Ended) ->
    spawn_all(999),
    {_, Ref} = spawn_monitor(fun() -> ok end),
    receive {'DOWN', Ref, process, _, normal} -> batches(Left - 1, Ended + 1) end.

spawn_all(0) -> ok;
spawn_all(N) ->
    spawn(fun() -> ok end),
    spawn_all(N - 1).
