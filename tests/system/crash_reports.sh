# Crash reports: short and bounded, whatever the message, the reason and the stack are; they name the actor, what it was handling, why it failed,
# and the source line of each frame.
set -u
dir=$TEST_FOLDER/crash_reports.$$
mkdir -p "$dir"
command=$(realpath "$COPPICE")
cd "$dir" || exit 1
status=0
# $1 what is tried; in standard input the program, then the report, without the pids, behind `#> `
check() {
    cat > crash.cop
    sed -n 's/^#> //p' crash.cop > want
    timeout 20 "$command" run --seed 1 crash.cop 2>&1 > /dev/null | sed 's/<0\.[0-9]*\.0>/PID/g; s/^[0-9:.]* error/TIME error/; s/\(stdlib.*:\)[0-9]*)/\1LINE)/' > got
    diff want got > difference || { echo "$1:"; cat difference; status=1; }
}

check "an ask that fails in a helper" <<'END'
actor A() {
  on :ask(n) -> Int { helper(%{}) + n }

  fn helper(m) = m.field
}
fn main() {
  let a = spawn A()
  Process.register(:a, a)
  Actor.ask(a, :ask(1))
}
#> ** PID A (:a) failed: :badkey(:field)
#>    handling :ask(1), asked by PID
#>    at Crash.A.helper (crash.cop:4)
#>    at Crash.A.ask (crash.cop:2)
#>    at Crash.A.loop (crash.cop:1)
END

check "a timer and on stop" <<'END'
actor A() {
  on start { timeout(:tick, 1) }
  on timeout(:tick) { fail(:late) }
  on stop(_) { fail(:in_stop) }
}
fn main() { spawn A(); Process.sleep(50) }
#> ** PID A failed: :late
#>    handling timeout(:tick)
#>    at Crash.A.timeout (crash.cop:3)
#>    at Crash.A.loop (crash.cop:1)
#> ** PID A failed: :in_stop
#>    at Crash.A.finish (crash.cop:4)
#>    at Crash.A.loop (crash.cop:1)
END

check "a closure in an action" <<'END'
actor A() {
  on :go { act(); :done }
  action act() { List.each([1], fn(_) { fail(:in_action) }); 1 }
}
fn main() { spawn A() ! :go; Process.sleep(50) }
#> ** PID A failed: :in_action
#>    handling :go
#>    at Crash.A.act/1 (crash.cop:3)
#>    at List.each (stdlib/list.cop:LINE)
#>    at Crash.A.act (crash.cop:3)
#>    at Crash.A.tell (crash.cop:2)
#>    at Crash.A.loop (crash.cop:1)
END

check "a supervisor that gives up" <<'END'
actor A() {
  on :crash { fail(:crashed) }
}
supervisor Inner() {
  intensity 0 within 1_000
  child A(), name: :inner
}
supervisor Top() { child Inner(), name: :sup }
fn main() { spawn Top(); :inner ! :crash; Process.sleep(50) }
#> ** PID A (:inner) failed: :crashed
#>    handling :crash
#>    at Crash.A.tell (crash.cop:2)
#>    at Crash.A.loop (crash.cop:1)
#> TIME error PID Inner (:sup): more than 0 restarts within 1000 ms, last of :inner: giving up
END

check "failed assertions" <<'END'
fn two() = 2
fn main() {
  spawn { assert two() + 1 ==
            4 }
  Process.sleep(1)
  spawn { assert List.contains([1], two()) }
  Process.sleep(1)
  spawn { fail(:assert("no text", 1)) }
  spawn { fail((:assert, 1, 2)) }
  Process.sleep(1)
}
#> ** PID main/1 failed: assert two() + 1 == 4
#>    left:  3
#>    right: 4
#>    at Crash.main/1 (crash.cop:3)
#> ** PID main/2 failed: assert List.contains([1], two())
#>    value: false
#>    at Crash.main/2 (crash.cop:6)
#> ** PID main/3 failed: assert no text
#>    value: 1
#>    at Crash.main/3 (crash.cop:8)
#> ** PID main/4 failed: :assert(1, 2)
#>    at Crash.main/4 (crash.cop:9)
END

# Deep stacks, huge reasons and messages: how long the report is.
cat > long.cop <<'END_OF_PROGRAM'
actor A() {
  on :deep(n) { f(n) }
  on other(m) { fail(m) }
  fn f(0) = 1 // 0
  fn f(n) = 1 + f(n - 1)
}
fn nest(0, v) = v
fn nest(n, v) = nest(n - 1, [v, %{k: v}])
fn main() {
  let ns = [x for x in 1..100_000]
  for m in [:deep(1_000_000), :big(ns), String.repeat("x\n", 100_000), :many([String.repeat("y", 1_000) for _ in 1..100]), nest(60, 1)] {
    spawn A() ! m
    Process.sleep(2_000)
  }
}
END_OF_PROGRAM
timeout 60 "$command" run --seed 1 long.cop > out 2>&1
awk '/^\*\*/ { n++; lines = 0; bytes = 0 } { lines++; bytes += length($0) + 1; if (lines > 20 || bytes > 4096) bad = n }
    END { if (n != 5) print n " reports of 5"; if (bad) print "report " bad " is too long" }' out > bad
[ ! -s bad ] || { cat bad; head -c 1000 out; status=1; }
exit $status
