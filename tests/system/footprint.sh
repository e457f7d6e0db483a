# What the command weighs: libraries it needs, its size, hello world in memory and time, and a process that waits.
set -u
dir=$TEST_FOLDER/footprint.$$
mkdir -p "$dir"
status=0
fail() { echo "$1"; status=1; }
# Only a release is measured.
if nm "$COPPICE" | grep -q '__asan_init\|__tsan_init'; then
    echo "built with a sanitizer"
    exit 77
fi
other=$(ldd "$COPPICE" | grep -v 'linux-vdso\|ld-linux\|libc\.so\|libm\.so\|libdl\.so\|libpthread\.so\|librt\.so')
[ -z "$other" ] || fail "it needs: $other"
cp "$COPPICE" "$dir/stripped" && strip "$dir/stripped"
size=$(wc -c < "$dir/stripped")
[ "$size" -lt 6291456 ] || fail "stripped it has $size bytes"

cat > "$dir/hello.cop" <<'END'
let :ok(status) = File.read("/proc/self/status")
for line in String.split(status, "\n") {
  if String.starts_with(line, "VmHWM:") { Io.println(line) }
}
END
set -- $("$COPPICE" run "$dir/hello.cop")
[ "$2" -lt 12288 ] || fail "hello world takes $2 kB"
printf 'Io.println("hello")\n' > "$dir/hello.cop"
# The best of many: the machine may be busy.
best=1000000000
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    start=$(date +%s%N)
    "$COPPICE" run "$dir/hello.cop" > /dev/null
    took=$(($(date +%s%N) - start))
    [ $took -lt $best ] && best=$took
done
[ $best -lt 15000000 ] || fail "hello world takes $((best / 1000)) us"
# Bytes of memory for each process and actor that waits.
while read -r program most; do
    set -- $("$COPPICE" run tests/bench/$program.cop 200000 | grep BYTES_PER_PROC)
    [ "${2%.*}" -le "$most" ] || fail "$program takes $2 bytes each"
done <<END
spawnidle 600
actoridle 700
END
exit $status
