# Programs that take without end, in an operating system process that has 3 GB of addresses: each is ended or refused with a
# named reason, while a process beside it lives on.
# time limit: 120
set -u
dir=$TEST_FOLDER/without_end.$$
mkdir -p "$dir"
status=0
cat > "$dir/takes.cop" <<'END'
fn recurse(n) = 1 + recurse(n + 1)
fn send_grown(m) { self() ! m ++ m; receive { x => send_grown(x) } }
fn flood(pid, n) { pid ! n; flood(pid, n + 1) }
fn spawns(n) { spawn link { receive { :never => 1 } }; spawns(n + 1) }
fn text(s) = text(s <> s)
fn square(n) = square(n * n)
fn keep(xs, n) = if n < 0 { xs } else { keep([n | xs], n + 1) }

fn takes("recursion") = recurse(0)
fn takes("list")      = keep([], 0)
fn takes("message")   = send_grown([1])
fn takes("mailbox")   = flood(self(), 0)
fn takes("bounded") {
  Process.limit(:mailbox, 10_000)
  flood(self(), 0)
}
fn takes("processes") = spawns(0)
fn takes("bytes")     = text("abc")
fn takes("integer")   = square(12345)

fn main([what, limit]) {
  Io.println(self() in Process.list())
  let beside = spawn { for _ in 1..1_000_000 { Process.sleep(1) } }
  let other = spawn { receive { from => from ! :alive } }
  let (_, ref) = spawn monitor {
    if limit != "none" { let :ok(n) = String.to_int(limit); Process.limit(:heap, n) }
    takes(what)
  }
  receive { :down(^ref, _, why) => Io.println(why) }
  Process.sleep(1_000)
  other ! self()
  receive { :alive => Io.println(if beside in Process.list() { :alive } else { :gone }) }
}
END
# ThreadSanitizer and AddressSanitizer need addresses without end.
limit="ulimit -v 3000000"
(eval "$limit"; "$COPPICE" help > /dev/null 2>&1) || { echo "no limit on addresses can be set"; exit 77; }
# $1 what, $2 heap limit, $3 reasons, one of which it must end with
check() {
    (eval "$limit"; exec timeout 40 "$COPPICE" run "$dir/takes.cop" "$1" "$2") > "$dir/out" 2> "$dir/err"
    got=$?
    [ $got -eq 0 ] || { echo "$1: status $got: $(head -c 300 "$dir/err")"; status=1; return; }
    why=$(sed -n 2p "$dir/out")
    case " $3 " in *" $why "*) ;; *) echo "$1: $why, expected $3"; status=1 ;; esac
    [ "$(tail -n 1 "$dir/out")" = alive ] || { echo "$1: nobody lives on"; status=1; }
}
check recursion 20000000 ":limit(:stack) :limit(:heap)"
check list 20000000 ":limit(:heap)"
check message 20000000 ":limit(:heap)"
check bytes 20000000 ":limit(:heap)"
check bounded none ":limit(:mailbox)"
check integer none ":limit(:integer)"
check message none ":limit(:memory)"
check bytes none ":limit(:memory)"
check mailbox none ":limit(:memory)"
check processes none ":limit(:processes) :limit(:memory)"
exit $status
