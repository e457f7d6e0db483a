# Exit statuses: of main, of a failure, of Ctrl-C and SIGTERM with supervisors stopped in order.
set -u
dir=$TEST_FOLDER/exit_status.$$
mkdir -p "$dir"
status=0
fail() { echo "$1"; status=1; }

printf 'fn main() { :whatever }\n' > "$dir/ok.cop"
"$COPPICE" run "$dir/ok.cop" || fail "main returned: $?"
printf 'fn main() { fail(:no) }\n' > "$dir/fails.cop"
"$COPPICE" run "$dir/fails.cop" 2> /dev/null
[ $? -eq 1 ] || fail "a failing main is not 1"
printf 'fn main( {\n' > "$dir/bad.cop"
"$COPPICE" run "$dir/bad.cop" 2> /dev/null
[ $? -eq 1 ] || fail "a program that does not compile is not 1"

cat > "$dir/server.cop" <<'END'
actor W(name) {
  on stop(reason) { Io.println("#{name} stops: #{reason}") }
}
supervisor Sup() {
  child W("one"), name: :one
  child W("two"), name: :two
}
fn main() {
  let sup = spawn Sup()
  Io.println("ready")
  Process.wait(sup)
}
END

# $1 signal, $2 expected status
signalled() {
    : > "$dir/out" # the shell empties it only when the child gets its turn
    "$COPPICE" run "$dir/server.cop" > "$dir/out" 2> /dev/null &
    pid=$!
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        grep -q ready "$dir/out" && break
        sleep 0.1
    done
    kill -"$1" $pid
    wait $pid
    got=$?
    [ $got -eq "$2" ] || fail "SIG$1: status $got, expected $2"
    [ "$(tail -n 2 "$dir/out" | tr '\n' '|')" = "two stops: shutdown|one stops: shutdown|" ] ||
        fail "SIG$1: $(cat "$dir/out")"
}
signalled TERM 143
# A shell without job control starts its background children with SIGINT ignored; the program has to
# set its own handler.
signalled INT 130
exit $status
