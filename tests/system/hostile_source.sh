# Source that no one means: each gets diagnostics, in time and without a crash.
# time limit: 60
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


# Every construct that nests, 10,000 deep: it is refused or compiled, never more.
deep() {
    name=$1
    { printf '%s' "$2"; repeat_text "$3" 10000; printf '%s' "$4"; repeat_text "$5" 10000; printf '%s\n' "$6"; } > "$dir/$name.cop"
    timeout 20 "$COPPICE" build -o "$dir/image.copc" "$dir/$name.cop" > "$dir/out" 2> "$dir/err"
    got=$?
    case $got in 0 | 1) ;; *) echo "$name: status $got: $(head -c 300 "$dir/err")"; status=1 ;; esac
    [ $got -eq 0 ] || [ -s "$dir/err" ] || { echo "$name: no diagnostics"; status=1; }
    [ "$(wc -c < "$dir/err")" -lt 100000 ] || { echo "$name: $(wc -c < "$dir/err") bytes of diagnostics"; status=1; }
}
repeat_text() { awk -v text="$1" -v n="$2" 'BEGIN { for (i = 0; i < n; i++) printf "%s", text }'; }
deep calls 'let x = ' 'f(' 1 ')' ''
deep lists 'let x = ' '[' 1 ']' ''
deep tuples 'let x = ' '(1, ' 1 ')' ''
deep maps 'let x = ' '%{a: ' 1 '}' ''
deep records 'let x = ' 'User{a: ' 1 '}' ''
deep bytes 'let x = ' '<<' 1 '>>' ''
deep indexes 'let x = ' 'm[' 1 ']' ''
deep chained 'let x = m' '[1]' '' '' ''
deep fields 'let x = m' '.a' '' '' ''
deep called 'let x = f' '()' '' '' ''
deep blocks 'fn f() ' '{ ' 1 ' }' ''
deep ifs 'fn f(x) { ' 'if x { ' 1 ' }' ' }'
deep elses 'fn f(x) { if x { 1 } ' 'else if x { 2 } ' '' '' ' }'
deep matches 'fn f(x) { ' 'match x { 1 => ' 1 ' }' ' }'
deep tries 'fn f(x) { ' 'try { ' 1 ' } after { }' ' }'
deep receives 'fn f() { ' 'receive { 1 => ' 1 ' }' ' }'
deep spawns 'fn f() { ' 'spawn { ' 1 ' }' ' }'
deep fors 'fn f(x) { ' 'for y in x { ' 1 ' }' ' }'
deep comps 'fn f(x) = ' '[' 1 ' for y in x]' ''
deep sources 'fn f(x) = [1 for y in x' ', y in x' '' '' ']'
deep lambdas 'let x = ' 'fn(a) => ' 1 '' ''
deep locals 'fn f() { ' 'fn g() { ' 1 ' }' ' }'
deep texts 'let x = ' '"#{' 1 '}"' ''
deep heredocs 'let x = ' '"""#{' 1 '}"""' ''
deep parts 'let x = "' '#{1}' '' '' '"'
deep nots 'let x = ' 'not ' true '' ''
deep minuses 'let x = ' '- ' 1 '' ''
deep plus 'let x = 1' ' + 1' '' '' ''
deep concat 'let x = "a"' ' <> "a"' '' '' ''
deep append 'let x = []' ' ++ []' '' '' ''
deep ands 'fn f(a) = a' ' and a' '' '' ''
deep ors 'fn f(a) = a' ' or a' '' '' ''
deep pipes 'fn f(a) = a' ' |> f()' '' '' ''
deep sends 'fn f(a) = ' 'a ! ' 1 '' ''
deep asks 'fn f(a) = a' ' ? :x' '' '' ''
deep ranges 'let x = 1' '..1' '' '' ''
deep asserts 'fn f() = ' 'assert ' 1 '' ''
deep tails 'let x = ' '[1 | ' '[]' ']' ''
deep pattern_tuples 'let ' '(' a ',)' ' = 1'
deep pattern_lists 'let ' '[' a ']' ' = 1'
deep pattern_tails 'let ' '[1 | ' a ']' ' = 1'
deep pattern_maps 'let ' '%{a: ' a '}' ' = 1'
deep pattern_tagged 'let ' ':a(' a ')' ' = 1'
deep pattern_parens 'let ' '(' a ')' ' = 1'
deep pattern_ors 'let :a' ' | :a' '' '' ' = 1'
deep pattern_as 'let :a' ' as a' '' '' ' = 1'
deep pattern_prefix 'let ' '"a" <> ' a '' ' = 1'
deep pattern_bytes 'let ' '<<(' a ')::8>>' ' = <<1>>'
deep types 'let x: ' '[' Int ']' ' = 1'
deep type_fns 'let x: ' 'fn() -> ' Int '' ' = 1'
deep type_unions 'type T = :a' ' | :a' '' '' ''
deep paths 'let x = A' '.A' '' '' '.f()'
deep statements 'fn f() { ' '1; ' '' '' ' }'
deep functions '' 'fn f(1) = 1
' '' '' ''
deep states 'actor A() { ' 'state a = 1
' '' '' ' }'
deep handlers 'actor A() { ' 'on :a { 1 }
' '' '' ' }'
deep children 'supervisor S() { ' 'child A()
' '' '' ' }'
deep imports '' 'import List
' '' '' ''

# Bytes that are no text, and the ends of lines of other systems.
printf 'fn main() {\r\n  Io.println("a")\r\n}\r\n' > "$dir/crlf.cop"
check crlf.cop 0
printf '\357\273\277fn main() = 1\n' > "$dir/mark.cop"
check mark.cop 0
printf 'fn main() = "\377\376"\n# \303(\nlet \300\257 = 1\n' > "$dir/utf8.cop"
check utf8.cop 1
printf 'fn main() = "a\000b"\n\000\nlet x\000y = 1\n' > "$dir/nul.cop"
check nul.cop 1
{ printf 'fn main() = '; repeat '(' 1000000; } > "$dir/line.cop"
check line.cop 1
{ printf 'fn main() = "'; repeat 'x' 1000000; printf '" ++ ) \n'; } > "$dir/long_error.cop"
check long_error.cop 1
repeat_text '# ' 500000 > "$dir/comment.cop"
check comment.cop 0
exit $status
