#!/bin/sh
# Programs that were started end with the VM: when main returns, on Ctrl-C, when it fails, by Env.exit.
set -u
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
status=0
# Each program lasts a number of seconds of its own: by that it is found.
number=4000
# $1 what is tried, $2 what main does then, $3 expected status, $4 a signal to send or empty
check() {
    number=$((number + 1))
    seconds=$number.$$
    # Those of /proc with that argument, and not the one that looks.
    find="grep -lszx '[4]${seconds#4}' /proc/[0-9]*/cmdline"
    cat >"$dir/main.cop" <<END
fn main() {
  spawn { Cmd.run("sh", ["-c", "sleep $seconds & wait"]) }
  spawn { Cmd.run("sleep", ["$seconds"]) }
  wait_for(2)
  Io.println("ready")
  $2
}
fn wait_for(n) {
  let :ok((_, out, _)) = Cmd.run("sh", ["-c", "$find | wc -l"])
  if String.trim(out) != "#{n}" { Process.sleep(10); wait_for(n) }
}
END
    : >"$dir/out"
    timeout 20 "$COPPICE" run "$dir/main.cop" >"$dir/out" 2>/dev/null &
    pid=$!
    if [ -n "$4" ]; then
        until grep -q ready "$dir/out"; do kill -0 $pid || break; done
        kill "-$4" $pid
    fi
    wait $pid
    got=$?
    [ $got -eq "$3" ] || { echo "$1: status $got"; status=1; }
    left=$(eval "$find")
    # They were killed; it may take a moment.
    [ -z "$left" ] || { sleep 1; left=$(eval "$find"); }
    [ -z "$left" ] || { echo "$1: still there: $left"; status=1; }
}
check "main returns" ":done" 0 ""
check "main fails" "fail(:no)" 1 ""
check "an exit status" "Env.exit(7)" 7 ""
check "SIGTERM" "Process.sleep(:infinity)" 143 TERM
exit $status
