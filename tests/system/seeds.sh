# A seed decides: the same one gives the same run twice, byte for byte; twenty give many different ones.
set -u
dir=$TEST_FOLDER/seeds.$$
mkdir -p "$dir"
status=0
cat > "$dir/race.cop" <<'END'
let me = self()
fn work(0) = :ok
fn work(n) = work(n - 1)
for i in 1..8 {
  spawn {
    work(i * 700)
    me ! i
    Process.sleep(i % 3)
    me ! -i
  }
}
Io.println([receive { n => n } for _ in 1..16])
END
seed=1
while [ $seed -le 20 ]; do
    "$COPPICE" run --seed $seed "$dir/race.cop" > "$dir/out.$seed" || { echo "seed $seed failed"; exit 1; }
    seed=$((seed + 1))
done
for seed in 1 7 20; do
    "$COPPICE" run --seed $seed --trace=sched,send "$dir/race.cop" > "$dir/first" 2>&1
    "$COPPICE" run --seed $seed --trace=sched,send "$dir/race.cop" > "$dir/second" 2>&1
    cmp -s "$dir/first" "$dir/second" || { echo "seed $seed: two traces differ"; status=1; }
    [ "$(wc -l < "$dir/first")" -gt 20 ] || { echo "seed $seed: no trace"; status=1; }
done
different=$(cat "$dir"/out.* | sort -u | wc -l)
[ "$different" -ge 10 ] || { echo "twenty seeds gave only $different different runs"; status=1; }
exit $status
