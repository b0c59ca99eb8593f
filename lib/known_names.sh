#!/bin/sh
# The lists of one language as the lines of a C string: `lib/known_names.sh nl lib/known_names >FILE`.
# A line is a name without what is not ASCII, a tab and the first letter of its type, or "-" where lists of several types have it; sorted by bytes.
set -eu
export LC_ALL=C
language=$1 folder=$2
for list in "$folder"/*."$language".txt "$folder"/*.any.txt; do
    type=${list##*/}
    tr -d '\200-\377' <"$list" | sed -n "s/^\([A-Z][^	]*[^	 ]\)$/\1	$(echo "$type" | cut -c1)/p"
done | sort -u | awk -F '\t' '
    $1 != name && NR > 1 { print name "\t" type }
    { type = $1 == name ? "-" : $2; name = $1 }
    END { print name "\t" type }' | sed 's/[\\"]/\\&/g; s/\t/\\t/; s/.*/"&\\n"/'
