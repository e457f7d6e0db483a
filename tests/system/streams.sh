# A full disk, a closed standard output and a broken pipe: the program ends, without a crash.
set -u
dir=$TEST_FOLDER/streams.$$
mkdir -p "$dir"
status=0
fail() { echo "$1"; status=1; }
# Ended by a signal that means a bug, or by the clock.
sound() { case $2 in 124 | 132 | 134 | 135 | 136 | 137 | 139) fail "$1: status $2" ;; esac; }

printf 'for i in 1..200_000 { Io.println("line #{i}") }\n' > "$dir/many.cop"

timeout 20 "$COPPICE" run "$dir/many.cop" > /dev/full 2> "$dir/err"
sound "disk full" $?
timeout 20 "$COPPICE" run "$dir/many.cop" >&- 2> "$dir/err"
sound "closed standard output" $?
{ timeout 20 "$COPPICE" run "$dir/many.cop" 2> "$dir/err"; echo $? > "$dir/status"; } | head -n 1 > "$dir/first"
sound "broken pipe" "$(cat "$dir/status")"
[ "$(cat "$dir/first")" = "line 1" ] || fail "broken pipe: first line"
timeout 20 "$COPPICE" run "$dir/many.cop" > "$dir/all" 2>&1 || fail "plain output"
[ "$(wc -l < "$dir/all")" -eq 200000 ] || fail "lines are missing: $(wc -l < "$dir/all")"
printf 'fn main() { fail(:x) }\n' > "$dir/fails.cop"
timeout 20 "$COPPICE" run "$dir/fails.cop" 2>&-
sound "closed standard error" $?
printf 'Io.println(Io.read_line())\n' > "$dir/reads.cop"
timeout 20 "$COPPICE" run "$dir/reads.cop" <&- > "$dir/out" 2>&1
sound "closed standard input" $?
exit $status
