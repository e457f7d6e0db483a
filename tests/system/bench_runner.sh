#!/bin/sh
# The runner of tests/bench leaves out what is missing or too old, says so, and goes on.
set -u
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
printf '#!/bin/sh\necho go version go1.19.8 linux/amd64\n' >"$dir/go"
chmod +x "$dir/go"
status=0
fail() { echo "$1"; status=1; }

GO=$dir/go LUAJIT=$dir/none BENCH_BUILD=$dir tests/bench/run -n 1 -a 5 -p cop,go,luajit fib \
    >"$dir/out" 2>"$dir/err" || fail "status $?"
grep -q '^go is left out: needs Go 1.22, this is 1.19$' "$dir/err" || fail "nothing of Go"
grep -q "^luajit is left out: $dir/none is not there; set LUAJIT$" "$dir/err" || fail "nothing of LuaJIT"
grep -q '^median ms *cop *RESULT$' "$dir/out" && grep -q '^fib .*5$' "$dir/out" || fail "no table"
GO=$dir/go BENCH_BUILD=$dir tests/bench/run -p go fib >"$dir/out" 2>/dev/null &&
    fail "nothing to run, and status 0"
[ $status -eq 0 ] || cat "$dir/out" "$dir/err"
exit $status
