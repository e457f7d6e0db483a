# What README.md shows: its program, and the commands of its tour.
# time limit: 60
set -u
dir=$TEST_FOLDER/readme.$$
mkdir -p "$dir"
status=0
fail() { echo "$1"; status=1; }
sed -n '/^```coppice/,/^```/p' README.md | sed '/^```/d' > "$dir/readme.cop"
wanted="the count is 42
and now it is 0"
[ "$("$COPPICE" run "$dir/readme.cop" 2> /dev/null)" = "$wanted" ] || fail "the program says something else"
sed -n 's/^    \(\.build\/coppice .*\)$/\1/p' README.md | sed 's/   .*//' > "$dir/commands"
[ "$(wc -l < "$dir/commands")" -ge 5 ] || fail "where are its commands?"
while read -r line; do
    line=$(echo "$line" | sed "s#\.build/coppice#$COPPICE#g; s#chat.copc#$dir/chat.copc#g")
    sh -c "$line" > "$dir/out" 2>&1 < /dev/null || fail "$line: $(tail -n 3 "$dir/out")"
done < "$dir/commands"
exit $status
