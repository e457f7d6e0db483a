# An example without a value to compare is reported by `coppice test`: [doc_example].
printf '## Doubles.\n## >> double(2)\npub fn double(x) = x * 2\n' > "$TEST_FOLDER/doc_example.cop"
"$COPPICE" test "$TEST_FOLDER/doc_example.cop" > "$TEST_FOLDER/doc_example.out" 2>&1
[ $? -ne 0 ] && grep -q 'doc_example' "$TEST_FOLDER/doc_example.out" || { cat "$TEST_FOLDER/doc_example.out"; exit 1; }
