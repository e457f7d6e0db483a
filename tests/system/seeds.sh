# A seed decides. The same one gives the same event trace twice, byte for byte: of a race, and of timers, asks that time out, supervisors
# that restart, files, sockets and other programs together. Twenty give at least ten different runs of a race, and a
# test with a race in it prints the seed that repeats its failure.
# time limit: 60
set -u
dir=$TEST_FOLDER/seeds.$$
mkdir -p "$dir"
command=$(realpath "$COPPICE")
cd "$dir" || exit 1
status=0
fail() { echo "$1"; status=1; }

cat > race.cop <<'END_OF_RACE'
let me = self()
fn work(0) = :ok
fn work(n) = work(n - 1)
for i in 1..8 {
  spawn {
    work(i * 700)
    me ! i
    Process.sleep(i % 3)
    me ! -i
  }
}
Io.println([receive { n => n } for _ in 1..16])
END_OF_RACE

cat > all.cop <<'END_OF_ALL'
actor Worker(n: Int) {
  state seen = 0
  on start { Process.send_after(self(), :tick, 1 + n) }
  on :tick { seen = seen + 1; Process.send_after(self(), :tick, 3 + Random.int(1, 4)) }
  on :add(k) { seen = seen + k; if seen % 5 == 4 { fail(:five) } }
  on :seen -> Int { seen }
  on :slow -> Int { Process.sleep(50); seen }
}
supervisor App() {
  intensity 1_000 within 10
  child Worker(1), name: :one
  child Worker(2), name: :two
}
fn garbage(0) = []
fn garbage(n) = [n | List.reverse(garbage(n - 1))]

fn client(i) {
  for k in 1..5 {
    Process.sleep(k % 3)
    try { if i % 2 == 0 { :one ! :add(k) } else { :two ! :add(k) } } catch { r => Io.println("#{i} missed #{k}: #{r}") }
  }
  garbage(200)
  Io.println("#{i} got #{Actor.ask(:one, :slow, timeout: 10 * i)}")
}

fn main() {
  spawn App()
  for i in 1..6 { spawn { client(i) } }
  Io.println("#{File.write("file", "text")} #{File.read("file")}")
  let :ok(listener) = Tcp.listen(0)
  let port = Tcp.port(listener)
  spawn {
    let :ok(s) = Tcp.connect("127.0.0.1", port)
    Tcp.write(s, "hello\nmore\n")
    Process.sleep(5)
    Tcp.close(s)
  }
  let :ok(s) = Tcp.accept(listener)
  Io.println([Tcp.read_line(s) for _ in 1..3])
  Io.println(Tcp.accept(listener, timeout: 10))
  Io.println(Cmd.run("echo", ["from echo"]))
  Process.sleep(100)
  Io.println("#{Actor.ask(:one, :seen)} #{Actor.ask(:two, :seen)}")
}
END_OF_ALL

for program in race all; do
    for seed in 1 7 20; do
        timeout 20 "$command" run --seed $seed --trace=all $program.cop > first 2>&1 || fail "$program, seed $seed: status $?"
        timeout 20 "$command" run --seed $seed --trace=all:trace $program.cop > second 2> report || fail "$program, seed $seed: status $?"
        timeout 20 "$command" run --seed $seed --trace=all $program.cop > third 2>&1
        cmp first third || fail "$program, seed $seed: two traces differ"
        [ "$(wc -l < first)" -eq "$(cat second report trace | wc -l)" ] || fail "$program, seed $seed: the trace in a file differs"
        mv first "$program.$seed"
    done
done
# Whatever kind of event is chosen, it is what the whole trace has of it. A turn's real time is not for a seed.
for kind in $("$command" help run | sed '1,/^KINDS/d' | awk '{ print $1 }'); do
    timeout 20 "$command" run --seed 7 --trace=$kind all.cop 2>&1 | grep "^$kind <" > one
    grep "^$kind <" all.7 > same
    cmp one same || fail "--trace=$kind is not what --trace=all says of it"
    [ $kind = long ] || [ -s one ] || fail "--trace=$kind shows nothing"
done

seed=1
while [ $seed -le 20 ]; do
    "$command" run --seed $seed race.cop >> runs || fail "seed $seed failed"
    seed=$((seed + 1))
done
different=$(sort -u runs | wc -l)
[ "$different" -ge 10 ] || fail "twenty seeds gave only $different different runs"

# Two that read and then write: an update gets lost under some schedules.
cat > lost.cop <<'END_OF_LOST'
actor Cell() {
  state value = 0
  on :get -> Int { value }
  on :put(v) { value = v }
}
fn add(cell, done) {
  for _ in 1..3 { cell ! :put((cell ? :get) + 1) }
  done ! :done
}
test "no update is lost" {
  let cell = spawn Cell()
  let me = self()
  for _ in 1..2 { spawn { add(cell, me) } }
  for _ in 1..2 { receive { :done => :ok } }
  assert (cell ? :get) == 6
}
END_OF_LOST
"$command" test --seeds 50 lost.cop > out 2>&1 && fail "the planted race was not found: $(cat out)"
seed=$(sed -n 's/^FAILED lost.cop:[0-9]*: no update is lost (--seed \([0-9]*\))$/\1/p' out)
[ -n "$seed" ] || { fail "no seed is printed: $(cat out)"; seed=1; }
for _ in 1 2 3; do
    "$command" test --seed "$seed" lost.cop > again 2>&1
    [ $? -eq 1 ] || fail "seed $seed does not repeat the failure"
    cmp out again || fail "seed $seed does not repeat the report"
done

# Time passes while code runs, and a wait for a connection ends: with a seed and without.
cat > busy.cop <<'END_OF_BUSY'
fn forever(n) = forever(n + 1)
let :ok(listener) = Tcp.listen(0)
Io.println(Tcp.accept(listener, timeout: 20))
spawn { forever(0) }
Process.sleep(10)
Io.println("slept")
END_OF_BUSY
for mode in "--seed 3" "--schedulers 1"; do
    [ "$(timeout 10 "$command" run $mode busy.cop | tr '\n' ' ')" = ":error(:timeout) slept " ] || fail "busy.cop with $mode"
done
# Others run while one waits for input that takes its time.
printf 'spawn { for i in 1..3 { Process.sleep(20); Io.println("tick") } }\nIo.println(Io.read_line())\n' > input.cop
[ "$( (sleep 0.4; echo line) | timeout 10 "$command" run --seed 1 input.cop | tr '\n' ' ')" = 'tick tick tick :ok("line") ' ] ||
    fail "nothing runs while input is waited for"
exit $status
