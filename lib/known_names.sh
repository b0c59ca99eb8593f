#!/bin/sh
# The lists of one language as the lines of a C string: `lib/known_names.sh nl lib/known_names >FILE`. Names that stand in lists of several types are left out.
# A line is the name without what is not ASCII, a tab and the first letter of its type; the lines are sorted by their bytes.
set -eu
export LC_ALL=C
language=$1 folder=$2
for list in "$folder"/*."$language".txt "$folder"/*.any.txt; do
    type=${list##*/}
    tr -d '\200-\377' <"$list" | sed -n "s/^\([A-Z][^	]*[^	 ]\)$/\1	$(echo "$type" | cut -c1)/p"
done | sort -u | awk -F '\t' '
    $1 != name && NR > 1 && !several { print line }
    { several = $1 == name; if (!several) { name = $1; line = $0 } else line = "" }
    END { if (!several) print line }' | sed 's/[\\"]/\\&/g; s/\t/\\t/; s/.*/"&\\n"/'
