# The subcommands from outside: run, build, dump, help, and what they say to mistakes.
set -u
dir=$TEST_FOLDER/command_line.$$
mkdir -p "$dir/app/net"
status=0
fail() { echo "$1"; status=1; }
same() { [ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"; }

printf 'Io.println("in #{1 + 1}")\n' > "$dir/script.cop"
same "run a file" "in 2" "$("$COPPICE" run "$dir/script.cop")"
same "run standard input" "in 2" "$("$COPPICE" run - < "$dir/script.cop")"

printf '#!%s run\nIo.println(Env.args())\n' "$(realpath "$COPPICE")" > "$dir/tool"
chmod +x "$dir/tool"
same "a script with arguments" '["a b", "-c"]' "$("$dir/tool" "a b" -c)"

printf 'fn main(args) { Io.println(Net.Client.get(args)) }\n' > "$dir/app/main.cop"
printf 'pub fn get(xs) = "got #{xs}"\n' > "$dir/app/net/client.cop"
"$COPPICE" build "$dir/app/main.cop" -o "$dir/app.copc" || fail "build"
same "run an image" 'got ["x"]' "$("$COPPICE" run "$dir/app.copc" x 2>&1)"
"$COPPICE" build "$dir/app/main.cop" -o "$dir/again.copc"
cmp -s "$dir/app.copc" "$dir/again.copc" || fail "the same source makes different images"
"$COPPICE" build "$dir/app" -o "$dir/folder.copc" || fail "build a folder"
[ -s "$dir/folder.copc" ] || fail "build a folder wrote nothing"
"$COPPICE" dump "$dir/app.copc" | grep -q 'Net.Client' || fail "dump does not name the module"

"$COPPICE" help | grep -q 'run' || fail "help"
"$COPPICE" help > /dev/null || fail "status of help"
"$COPPICE" nonsense > /dev/null 2> "$dir/err"
[ $? -ne 0 ] || fail "an unknown command succeeds"
[ -s "$dir/err" ] || fail "an unknown command says nothing"
"$COPPICE" run "$dir/no_such_file.cop" > /dev/null 2> "$dir/err"
[ $? -ne 0 ] || fail "a missing file succeeds"
grep -q 'no_such_file.cop' "$dir/err" || fail "a missing file is not named"
"$COPPICE" run --no-such-flag "$dir/script.cop" > /dev/null 2> "$dir/err"
[ $? -ne 0 ] || fail "an unknown flag succeeds"
printf 'not an image' > "$dir/bad.copc"
"$COPPICE" run "$dir/bad.copc" > /dev/null 2> "$dir/err"
[ $? -eq 1 ] || fail "a bad image: status $?"
exit $status
