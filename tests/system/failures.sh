# Failures of the world beside streams.sh: unreadable and odd files, few descriptors, huge arguments, signals, a supervisor
# that gives up. Each ends in order, with its status and a message that names what failed.
# time limit: 60
set -u
dir=$TEST_FOLDER/failures.$$
mkdir -p "$dir"
status=0
fail() { echo "$1"; status=1; }

# $1 what it is, $2 expected status, $3 what standard error must hold ('' nothing at all), then the arguments
expect() {
    what=$1 want=$2 text=$3
    shift 3
    timeout 20 "$COPPICE" "$@" > "$dir/out" 2> "$dir/err"
    got=$?
    [ $got -eq "$want" ] || fail "$what: status $got, expected $want: $(head -c 300 "$dir/err")"
    if [ -n "$text" ]; then
        grep -qF -- "$text" "$dir/err" || fail "$what: no '$text' in: $(head -c 300 "$dir/err")"
    elif [ -s "$dir/err" ]; then
        fail "$what: $(head -c 300 "$dir/err")"
    fi
}

printf 'fn main() { Io.println("hi") }\n' > "$dir/hi.cop"
expect "a file that is not there" 1 "No such file or directory" run "$dir/none.cop"
expect "a file below a file" 1 "Not a directory" run "$dir/hi.cop/none.cop"
mkdir "$dir/folder.cop" "$dir/folder.copc"
expect "a folder for a source" 1 "is a folder without a main.cop" run "$dir/folder.cop"
expect "a folder for an image" 1 "is a folder without a main.cop" run "$dir/folder.copc"
expect "nothing to test" 1 "no .cop files in it" test "$dir/folder.copc"
expect "an empty program" 1 "nothing to run" run /dev/null
head -c 64 /dev/zero > "$dir/zeros.copc"
expect "no image" 1 "not an image" run "$dir/zeros.copc"
expect "no image to dump" 1 "is no image" dump "$dir/zeros.copc"
expect "an image" 0 "" build "$dir/hi.cop" -o "$dir/hi.copc"
head -c 100 "$dir/hi.copc" > "$dir/cut.copc"
expect "a cut image" 1 "cut.copc" run "$dir/cut.copc"
# Who is root may read and write everything.
if [ "$(id -u)" -ne 0 ]; then
    cp "$dir/hi.cop" "$dir/secret.cop"
    chmod 0 "$dir/secret.cop"
    expect "a file that may not be read" 1 "Permission denied" run "$dir/secret.cop"
    mkdir "$dir/closed"
    chmod 500 "$dir/closed"
    expect "a folder that may not be written" 1 "Permission denied" build "$dir/hi.cop" -o "$dir/closed/hi.copc"
fi
expect "output to a folder that is not there" 1 "No such file or directory" build "$dir/hi.cop" -o "$dir/none/hi.copc"
expect "output to a folder" 1 "Is a directory" build "$dir/hi.cop" -o "$dir/folder.cop"
expect "output to a file system that cannot be written" 1 "/proc/hi.copc" build "$dir/hi.cop" -o /proc/hi.copc
expect "output to a full disk" 1 "No space left on device" build "$dir/hi.cop" -o /dev/full

# What the command prints itself.
for what in "help" "dump $dir/hi.copc" "test $dir/hi.cop"; do
    timeout 20 "$COPPICE" $what > /dev/full 2> "$dir/err"
    got=$?
    [ $got -eq 1 ] || fail "$what, disk full: status $got: $(cat "$dir/err")"
    timeout 20 "$COPPICE" $what >&- 2> "$dir/err"
    got=$?
    [ $got -eq 1 ] || fail "$what, closed output: status $got: $(cat "$dir/err")"
done
timeout 20 "$COPPICE" run "$dir/hi.cop" <&- >&- 2>&-
[ $? -eq 1 ] || fail "no standard descriptors at all"
# As a shell starts it where nobody restored SIGPIPE.
{ (trap '' PIPE; timeout 20 "$COPPICE" run "$dir/hi.cop" 2> "$dir/err"; echo $? > "$dir/status"); } | true
case $(cat "$dir/status") in 0 | 1) ;; *) fail "ignored SIGPIPE: status $(cat "$dir/status")" ;; esac

# Few file descriptors: files and sockets are refused by name, and the program goes on.
cat > "$dir/open.cop" <<'END'
fn open_all(n) {
  match Tcp.listen(0) {
    :ok(_)    => if n == 1_000 { :endless } else { open_all(n + 1) }
    :error(e) => e
  }
}
fn main() {
  Io.println(open_all(0))
  Io.println(match File.read("/etc/passwd") { :ok(_) => :read; :error(e) => e })
  let (_, ref) = spawn monitor { open_all(0) }
  receive { :down(^ref, _, why) => Io.println(why) }
}
END
(exec > "$dir/out" 2> "$dir/err"; ulimit -n 40; exec timeout 20 "$COPPICE" run "$dir/open.cop")
got=$?
[ $got -eq 0 ] || fail "few descriptors: status $got: $(head -c 300 "$dir/err")"
[ "$(tr '\n' '|' < "$dir/out")" = "emfile|emfile|normal|" ] || fail "few descriptors: $(cat "$dir/out")"
for n in 4 6 8 10 12; do
    (exec > "$dir/out" 2> "$dir/err"; ulimit -n $n; exec timeout 20 "$COPPICE" run "$dir/hi.cop")
    got=$?
    case $got in
    0) [ "$(cat "$dir/out")" = hi ] || fail "$n descriptors: $(cat "$dir/out")" ;;
    1) grep -q coppice: "$dir/err" || fail "$n descriptors: no message: $(cat "$dir/err")" ;;
    *) fail "$n descriptors: status $got: $(head -c 300 "$dir/err")" ;;
    esac
done

# Huge arguments.
printf 'fn main(args) {\n  Io.println(List.length(args))\n  Io.println(Bytes.size(List.at(args, 0)))\n}\n' > "$dir/args.cop"
long=$(head -c 100000 /dev/zero | tr '\0' x)
timeout 20 "$COPPICE" run "$dir/args.cop" "$long" $(seq 1 20000) > "$dir/out" 2>&1 || fail "huge arguments"
[ "$(tr '\n' '|' < "$dir/out")" = "20001|100000|" ] || fail "huge arguments: $(head -c 300 "$dir/out")"
printf 'fn main(args) = Io.println(List.map(args, &Bytes.size/1))\n' > "$dir/odd.cop"
timeout 20 "$COPPICE" run "$dir/odd.cop" "$(printf '\377\376')" "" > "$dir/out" 2>&1 || fail "odd arguments"
[ "$(cat "$dir/out")" = "[2, 0]" ] || fail "odd arguments: $(cat "$dir/out")"

# Signals. The child of the supervisor takes its time to stop.
cat > "$dir/slow.cop" <<'END'
actor Slow() {
  state n = 0
  on exit(_pid, reason) { stop(reason) }
  on stop(_) { Io.println("stopping"); Process.sleep(3_000); Io.println("stopped") }
}
supervisor Sup() {
  child Slow(), shutdown: 10_000
}
fn main() {
  let sup = spawn Sup()
  Io.println("ready")
  Process.wait(sup)
}
END
wait_for() { # $1 text
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
        grep -q "$1" "$dir/out" && return
        sleep 0.1
    done
    fail "no '$1': $(cat "$dir/out")"
}
start() { # $1 program
    : > "$dir/out"
    timeout 20 "$COPPICE" run "$dir/$1" > "$dir/out" 2> "$dir/err" &
    timed=$!
    wait_for ready
    pid=$(ps -o pid= --ppid $timed | tr -d ' ')
}
ended() { # $1 what, $2 status, $3 output
    wait $timed
    got=$?
    [ $got -eq "$2" ] || fail "$1: status $got, expected $2: $(cat "$dir/err")"
    [ "$(tr '\n' '|' < "$dir/out")" = "$3" ] || fail "$1: $(cat "$dir/out")"
}
start slow.cop
kill -HUP "$pid"
ended "SIGHUP" 129 "ready|stopping|stopped|"
start slow.cop
kill -INT "$pid"
wait_for stopping
kill -INT "$pid"
ended "Ctrl-C twice" 130 "ready|stopping|"
start slow.cop
kill -TERM "$pid"
wait_for stopping
kill -INT "$pid"
ended "SIGTERM and Ctrl-C" 130 "ready|stopping|"
# One that computes without end does not keep the program from ending.
printf 'fn spin(n) = spin(n + 1)\nfn main() { for _ in 1..4 { spawn { spin(0) } }\n  Io.println("ready")\n  spin(0) }\n' > "$dir/spin.cop"
start spin.cop
kill -INT "$pid"
ended "Ctrl-C of busy processes" 130 "ready|"
# Nor one that waits for input or runs a command.
printf 'fn main() { spawn { Cmd.run("sleep", ["30"]) }\n  Io.println("ready")\n  Io.read_line() }\n' > "$dir/waits.cop"
mkfifo "$dir/fifo"
sleep 20 > "$dir/fifo" &
holder=$!
: > "$dir/out"
timeout 20 "$COPPICE" run "$dir/waits.cop" < "$dir/fifo" > "$dir/out" 2> "$dir/err" &
timed=$!
wait_for ready
kill -TERM "$(ps -o pid= --ppid $timed | tr -d ' ')"
ended "SIGTERM while input is awaited" 143 "ready|"
kill $holder

# A supervisor that main started and that gives up.
cat > "$dir/gives_up.cop" <<'END'
actor Bad() {
  on start { next(:go) }
  on :go { fail(:broken) }
}
actor Good() {
  on exit(_pid, reason) { stop(reason) }
  on stop(reason) { Io.println("good stops: #{reason}") }
}
supervisor Sup() {
  intensity 1 within 5_000
  child Good()
  child Bad()
}
fn main() {
  let sup = spawn Sup()
  Process.wait(sup)
  Io.println("never")
}
END
expect "a supervisor that gives up" 1 "broken" run "$dir/gives_up.cop"
grep -q "good stops: shutdown" "$dir/out" || fail "a supervisor that gives up: $(cat "$dir/out")"
exit $status
