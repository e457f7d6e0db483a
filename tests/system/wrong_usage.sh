# What a person may type wrongly, or only wants to know: each gets the right status and says what was meant.
set -u
dir=$TEST_FOLDER/wrong_usage.$$
mkdir -p "$dir/empty" "$dir/app"
command=$(realpath "$COPPICE")
cd "$dir" || exit 1
status=0
# $1 status, $2 what standard output and error hold together, the rest: arguments
check() {
    wanted=$1
    text=$2
    shift 2
    "$command" "$@" > out 2>&1 < /dev/null
    got=$?
    [ $got -eq "$wanted" ] || { echo "coppice $*: status $got, expected $wanted"; status=1; }
    [ -z "$text" ] || grep -qF -e "$text" out || { echo "coppice $*: no '$text' in: $(head -c 300 out)"; status=1; }
}
printf 'Io.println("hi")\n' > s.cop
printf 'pub fn f() = 1\n' > no_main.cop
printf 'fn main(args) { Io.println(args) }\n' > args.cop
printf 'test "first" { assert 1 == 2 }\ntest "second" { assert 1 == 1 }\n' > tests.cop
printf 'fn main() { Io.println(Lib.f()) }\n' > app/main.cop
printf 'pub fn f() = "from a folder"\n' > app/lib.cop
printf 'not an image' > bad.copc
: > empty.cop

check 2 "runs a program"
check 0 "runs a program" help
check 0 "runs a program" --help
for page in run build test repl dump help version; do
    check 0 "usage: coppice $page" help $page
    check 0 "usage: coppice $page" $page --help
    check 0 "usage: coppice $page" $page -h
done
check 0 "timers are set" help run
check 2 "did you mean 'run'?" help rnu
check 2 "see 'coppice help'" help nonsense
check 2 "one command" help run build
for version in version --version -v -V; do check 0 "coppice 0" $version; done
check 2 "did you mean 'run'?" rnu
check 2 "see 'coppice help'" -x
check 1 "nothing.cop: No such file" nothing.cop
check 1 "no/where: No such file" no/where

check 1 "nothing to run" run
check 1 "nothing to run" run -
check 1 "nothing to run" run empty.cop
check 1 "no_main.cop: nothing to run" run no_main.cop
printf 'fn main(a, b) { (a, b) }\n' > two.cop
check 1 "no main function of one parameter or none" run two.cop
check 1 "nothing.cop: No such file" run nothing.cop
check 1 "folder without a main.cop" run empty
check 0 "from a folder" run app
check 0 "from a folder" ./app
check 1 "bad.copc: not an image" run bad.copc
check 0 '["--seed", "3", "--", "-h"]' run args.cop --seed 3 -- -h
check 0 '["-x"]' run -- args.cop -x
check 2 "did you mean '--engine'?" run --egnine x s.cop
check 1 "no engine 'x'" run --engine x s.cop
for count in 0 -1 9999 abc '' 1x; do check 2 "--schedulers: '$count' is no number from 1 to" run --schedulers "$count" s.cop; done
for seed in -1 abc '' 0x1 18446744073709551616; do check 2 "--seed: '$seed' is no number from 0 to" run --seed "$seed" s.cop; done
for seed in 0 7 18446744073709551615; do check 0 hi run --seed=$seed s.cop; done
check 2 "--seed needs a value" run --seed
check 2 "no kind of event 'foo' to trace; there are all, sched" run --trace=sched,foo s.cop
check 2 "no kind of event ''" run --trace= s.cop
check 1 "cannot write /no/where" run --trace=all:/no/where s.cop

check 2 "build what?" build
check 2 "one file or folder" build s.cop args.cop
check 1 "nothing.cop: No such file" build nothing.cop
check 1 "no .cop files" build empty
check 2 "-o needs a value" build s.cop -o
check 1 "Is a directory" build s.cop -o app
check 1 "No such file" build s.cop -o /no/where/s.copc
check 0 "" build s.cop
check 1 "is an image, not a source" build s.copc
check 2 "no stage 'foo'; there are tokens, ast" build --dump=foo s.cop
check 2 "no stage ''" build --dump= s.cop
for stage in tokens ast core passes ir asm all ast,ir; do check 0 println build --dump=$stage s.cop; done

check 2 "dump what?" dump
check 2 "one image" dump s.copc s.copc
check 0 "module S" dump s.copc
check 1 "is no image" dump s.cop
check 2 "no option '--dump=ir'; these have: build" dump s.cop --dump=ir
check 1 "is no image" dump bad.copc
check 1 "Is a directory" dump app

check 1 "1 passed, 1 failed" test tests.cop
check 1 "tests.cop:1: first" test tests.cop
check 0 "1 passed, 0 failed" test --filter second tests.cop
check 1 "no test has a name that holds 'third'" test --filter third tests.cop
mkdir here && cp tests.cop here/ && cd here || exit 1
check 1 "1 passed, 1 failed" test
cd ..
check 0 "0 passed, 0 failed" test app
check 1 "no .cop files" test empty
check 1 "nothing.cop: No such file" test nothing.cop
check 1 "is an image, not a source" test s.copc
check 2 "--seeds: '0' is no number" test --seeds 0 tests.cop

check 1 "is not a folder" repl nothing
check 1 "is not a folder" repl s.cop
check 2 "at most a folder" repl app empty
exit $status
