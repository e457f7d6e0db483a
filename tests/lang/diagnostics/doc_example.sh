# A value below a line that has none to compare is reported by `coppice test`: [doc_example].
printf '## Doubles.\n## >> let x = 1\n## 2\npub fn double(x) = x * 2\n' > "$TEST_FOLDER/doc_example.cop"
"$COPPICE" test "$TEST_FOLDER/doc_example.cop" > "$TEST_FOLDER/doc_example.out" 2>&1
[ $? -ne 0 ] && grep -q 'doc_example' "$TEST_FOLDER/doc_example.out" || { cat "$TEST_FOLDER/doc_example.out"; exit 1; }
