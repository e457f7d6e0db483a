# The files of tests/, tools/, vm/, compiler/ and stdlib/ that sources and READMEs name are there.
status=0
named=$(grep -rnoE '\b(tests|tools|vm|compiler|stdlib)/[a-z_0-9/]+\.(c|h|cop|sh|def|re|y|py|md|session|copasm)\b' \
    --include='*.c' --include='*.h' --include='*.md' --include='*.re' --include='*.y' --include='*.def' --include='*.py' \
    --include='*.cop' --include=Makefile README.md Makefile compiler vm stdlib tests tools | sort -u)
for place in $(echo "$named" | awk -F: '{ print $1 ":" $2 ":" $3 }'); do
    file=${place##*:}
    # Patterns, and examples of names.
    case $place in tests/README.md:*:vm/* | tools/gen/docgen.c:*http_client* | tools/tidy.c:*/x.h) continue ;; esac
    [ -e "$file" ] || { echo "${place%:*} names $file, which is not there"; status=1; }
done
exit $status
