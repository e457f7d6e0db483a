# The compiler handles 100,000 lines of real code in two seconds and 500 MB, with room for a busy machine.
# time limit: 60
set -u
dir=$TEST_FOLDER/compile_speed.$$
mkdir -p "$dir/src"
if nm "$COPPICE" | grep -q '__asan_init\|__tsan_init\|__llvm_profile'; then
    echo "only a release is measured"
    exit 77
fi
# Whole files as modules of other names, so that each is compiled: examples and samples, which have a main.
lines=0
copy=0
while [ $lines -lt 100000 ]; do
    copy=$((copy + 1))
    for file in tests/samples/[bcde]*.cop tests/examples/[cdprstw]*.cop tests/bench/jsonish.cop; do
        name=$(basename "$file" .cop)
        cp "$file" "$dir/src/${name}_$copy.cop"
    done
    lines=$(cat "$dir"/src/*.cop | wc -l)
done
cp tests/bench/bench.cop "$dir/src/bench.cop"
# Processor time, which a busy machine does not stretch as much.
(
    ulimit -v 2000000
    "$COPPICE" build "$dir/src" -o "$dir/all.copc" > "$dir/out" 2>&1 || exit 1
    times > "$dir/times"
) || { head -n 5 "$dir/out"; exit 1; }
ms=$(tail -n 1 "$dir/times" | tr 'ms' '  ' | awk '{ printf "%d", ($1 * 60 + $2 + $3 * 60 + $4) * 1000 }')
[ "$ms" -lt 2000 ] || { echo "$lines lines take $ms ms of processor time"; exit 1; }
