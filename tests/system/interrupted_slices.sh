#!/bin/sh
# Ctrl-C at any moment of the seeded mode, whose processes run on the thread that signals reach: no handler may run on the
# stack of a process.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/busy.cop" <<'COP'
fn spin(n) = spin(n + 1)

fn main() {
  for _ in 1..20 { spawn { spin(0) } }
  Io.println("ready")
  Process.sleep(:infinity)
}
COP
for seed in 1 2 3 4 5 6 7 8; do
    : >"$dir/out" # the shell empties it only when the child gets its turn
    "$COPPICE" run --seed $seed "$dir/busy.cop" >"$dir/out" &
    pid=$!
    until grep -q ready "$dir/out"; do
        kill -0 $pid
    done
    kill -INT $pid
    status=0
    wait $pid || status=$?
    [ $status -eq 130 ] || { echo "seed $seed: status $status"; exit 1; }
done
