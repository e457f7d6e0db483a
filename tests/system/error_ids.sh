# Every id of errors.def has a program in tests/lang/ whose diagnostics show it.
# Left out are those that no source of bearable size shows, and one of the shell's.
left_out="source_too_large pattern_too_large function_too_large module_too_large repl_bindings"
missing=
for id in $(sed -n 's/^\(ERROR\|WARNING\)(\([a-z_0-9]*\),.*/\2/p' compiler/diag/errors.def); do
    case " $left_out " in *" $id "*) continue ;; esac
    grep -rqs --include='*.err' --include='*.cop' --include='*.sh' "\[$id\]\|# expect \(error\|stderr\): $id" tests/lang || missing="$missing $id"
done
[ -z "$missing" ] || { echo "no test shows:$missing"; exit 1; }
