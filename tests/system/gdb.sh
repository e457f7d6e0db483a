# What tools/gdb shows of a program stopped in gdb: terms as values, processes, and one of them.
# time limit: 60
set -u
dir=$TEST_FOLDER/gdb.$$
mkdir -p "$dir"
if ! command -v gdb > /dev/null; then
    echo "there is no gdb"
    exit 77
fi
if nm "$COPPICE" | grep -q '__asan_init\|__tsan_init\|__llvm_profile'; then
    echo "built with a sanitizer"
    exit 77
fi
cat > "$dir/box.cop" <<'END_OF_PROGRAM'
record Point { x: Int, y: Int }
actor Box() {
  on :wait { receive { :never => :ok } }
}
fn main() {
  let box = spawn Box()
  box ! :wait
  Process.sleep(5)
  box ! (1, -2.5, "text", [1, 2 | :end], %{key: nil}, Point{x: 1, y: -2}, 1_000_000_000_000_000_000_000, ())
  Process.sleep(5)
  fail(:shown("by gdb"))
}
END_OF_PROGRAM
gdb -nx -q -batch -ex 'source tools/gdb/coppice.py' -ex 'set breakpoint pending on' -ex 'break report_crash' -ex run \
    -ex 'print reason' -ex processes -ex 'process 1' -ex 'process p' \
    --args "$COPPICE" run --seed 1 "$dir/box.cop" > "$dir/out" 2>&1
status=0
# $1: an expression that a line of what gdb printed fits
shows() { grep -q -e "$1" "$dir/out" || { echo "nothing like '$1'"; status=1; }; }
shows '^\$1 = (:shown, "by gdb")$'
shows '^<0.0.0>  *running  *Box.main/0  *0 '
shows '^<0.1.0>  *waiting  *Box.Box/.* 1 '
shows '#0  \(Box.Box.tell/1\|Box.tell, inlined\)'
shows 'message (1, -2.5, "text", \[1, 2 | :end\], %{:key => nil}, Point{x: 1, y: -2}, 1000000000000000000000, ())'
shows '<0.0.0> running, runs Box.main/0'
if [ $status -ne 0 ]; then
    # A sandbox may forbid it.
    grep -q 'ptrace\|Operation not permitted' "$dir/out" && { echo "gdb may not run programs here"; exit 77; }
    tail -n 30 "$dir/out"
fi
exit $status
