#!/bin/sh
# On a machine that gives no thread beyond the schedulers', what the blocking pool would do is done all
# the same. Needs to become a user that has no other processes.
set -u
[ "$(id -u)" -eq 0 ] || { echo "skip: needs root"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"
cp "$COPPICE" "$dir/coppice"
cat >"$dir/jobs.cop" <<'COP'
fn main() {
  let :ok(text) = File.read("/etc/passwd")
  Io.println(String.length(text) > 10)
  let n = Int.shl(1, 3_000_000) - 1
  Io.println(n * n % 1_000_007)
  Io.println(List.length(List.sort([i * 7919 % 1_000_003 for i in 1..300_000])))
  Io.println(Io.read_line())
}
COP
limited() {
    echo hello | setpriv --reuid 64999 --clear-groups prlimit --nproc="$1" \
        "$dir/coppice" run --schedulers 1 "$dir/jobs.cop" 2>&1
}
status=0
# One thread for the program, one for the scheduler, and those of the pool.
for threads in 2 3 4; do
    out=$(limited $threads | tr '\n' ' ')
    [ "$out" = 'true 949096 300000 :ok("hello") ' ] || { echo "$threads: $out"; status=1; }
done
# The first line: a sanitizer that looks for leaks at the end wants a thread, too.
out=$(limited 1 | head -n 1)
[ "$out" = "coppice: cannot start a scheduler's thread: Resource temporarily unavailable" ] ||
    { echo "1: $out"; status=1; }
exit $status
