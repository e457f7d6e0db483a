#!/bin/sh
# Threads that compute are nice; what a program starts is not, though it is started beside them.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/start.cop" <<'COP'
fn main() {
  let big = Int.shl(3, 400_000)
  for _ in 1..8 { assert big * big > big }        # on the blocking pool
  let :ok((0, niceness, _)) = Cmd.run("nice")
  Io.print(niceness)
}
COP
[ "$("$COPPICE" run "$dir/start.cop")" = "$(nice)" ]
