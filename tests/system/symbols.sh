# Machine code has names for perf and gdb, and is never writable where it can be executed.
# time limit: 60
set -u
dir=$TEST_FOLDER/symbols.$$
mkdir -p "$dir"
status=0
fail() { echo "$1"; status=1; }

echo 'Io.println(1)' | "$COPPICE" run --engine jit - > /dev/null 2>&1 || { echo "this build makes no machine code"; exit 77; }

cat > "$dir/deep.cop" <<'END'
fn deep(0) = Math.tan(0.0)
fn deep(n) = 1 + deep(n - 1)
fn main() {
  Io.println(deep(3))
  Io.read_line()
}
END

# It waits for a line while its mappings are looked at.
mkfifo "$dir/in"
"$COPPICE" run --symbols=perf "$dir/deep.cop" < "$dir/in" > "$dir/out" &
pid=$!
exec 3> "$dir/in"
for _ in $(seq 100); do
    [ -s "$dir/out" ] && break
    sleep 0.1
done
[ "$(cat "$dir/out")" = 3.0 ] || fail "it printed: $(cat "$dir/out")"
grep -q ' r-xs .*' "/proc/$pid/maps" || fail "no machine code is mapped"
grep ' [r-]wx' "/proc/$pid/maps" && fail "these can be written and executed"
map=/tmp/perf-$pid.map
grep -qx '[0-9a-f]* [0-9a-f]* Deep.deep/1' "$map" || fail "the map does not name deep/1: $(head -5 "$map")"
grep -qx '[0-9a-f]* [0-9a-f]* List.map/2' "$map" && fail "the map names what was not loaded"
echo >&3
exec 3>&-
wait $pid || fail "status $?"
rm -f "$map"

# The frames of machine code stand behind those of the C that it called.
if command -v gdb > /dev/null; then
    timeout 50 gdb -nx -batch -iex 'set debuginfod enabled off' -ex 'set pagination off' -ex 'break bif_math_tan' -ex run -ex backtrace \
        --args "$COPPICE" run --opt=0 --symbols=gdb "$dir/deep.cop" < /dev/null > "$dir/gdb" 2>&1
    if grep -q 'ptrace\|Operation not permitted' "$dir/gdb"; then
        echo "gdb may not run programs here"
    else
        [ "$(grep -c '^#.* in Deep.deep/1 ()' "$dir/gdb")" = 4 ] || fail "gdb does not see four frames of deep/1: $(tail -15 "$dir/gdb")"
        grep -q '^#.* in Deep.main/0 ()' "$dir/gdb" || fail "nor the one of main/0"
    fi
fi
rm -rf "$dir"
exit $status
