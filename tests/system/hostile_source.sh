# Source that no one means: each gets diagnostics, in time and without a crash.
set -u
dir=$TEST_FOLDER/hostile_source.$$
mkdir -p "$dir"
status=0
check() {
    timeout 20 "$COPPICE" build -o "$dir/image.copc" "$dir/$1" > "$dir/out" 2> "$dir/err"
    got=$?
    [ $got -eq "$2" ] || { echo "$1: status $got, expected $2: $(head -c 300 "$dir/err")"; status=1; }
    [ "$(wc -c < "$dir/err")" -lt 100000 ] || { echo "$1: $(wc -c < "$dir/err") bytes of diagnostics"; status=1; }
}
repeat() { head -c "$2" /dev/zero | tr '\0' "$1"; }

{ printf 'let x = "'; repeat a 1000000; printf '"\n'; } > "$dir/long_string.cop"
check long_string.cop 0
{ printf 'let '; repeat a 1000000; printf ' = 1\n'; } > "$dir/long_name.cop"
check long_name.cop 0
{ printf 'let x = '; repeat 9 1000000; printf '\n'; } > "$dir/long_number.cop"
timeout 20 "$COPPICE" build -o "$dir/image.copc" "$dir/long_number.cop" > /dev/null 2>&1
case $? in 0 | 1) ;; *) echo "long_number.cop: status $?"; status=1 ;; esac
for open in '(' '[' '{'; do
    { printf 'let x = '; repeat "$open" 10000; printf '\n'; } > "$dir/open.cop"
    check open.cop 1
done
{ printf 'let x = '; repeat '-' 10000; printf '1\n'; } > "$dir/minus.cop"
timeout 20 "$COPPICE" build -o "$dir/image.copc" "$dir/minus.cop" > /dev/null 2>&1
case $? in 0 | 1) ;; *) echo "minus.cop: status $?"; status=1 ;; esac
repeat ')' 100000 > "$dir/close.cop"
check close.cop 1
repeat '"' 99999 > "$dir/quotes.cop"
check quotes.cop 1
head -c 200000 /dev/urandom > "$dir/random.cop"
check random.cop 1
repeat '\n' 1000000 > "$dir/blank.cop"
timeout 20 "$COPPICE" build -o "$dir/image.copc" "$dir/blank.cop" > /dev/null 2>&1
case $? in 0 | 1) ;; *) echo "blank.cop: status $?"; status=1 ;; esac
printf '' > "$dir/empty.cop"
timeout 20 "$COPPICE" build -o "$dir/image.copc" "$dir/empty.cop" > /dev/null 2>&1
case $? in 0 | 1) ;; *) echo "empty.cop: status $?"; status=1 ;; esac
{ i=0; while [ $i -lt 3000 ]; do printf 'let x = #{ if { match [ ( %%{ fn\n'; i=$((i + 1)); done; } > "$dir/soup.cop"
check soup.cop 1
exit $status
