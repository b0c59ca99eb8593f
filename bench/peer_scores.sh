#!/bin/sh
# Names of peers beside ours, on dev and on the project's held-out articles. Peers that are not installed are left out.
# usage: peer_scores.sh BUILD_FOLDER FOLDER [PYTHON]     FOLDER as for dev_scores.sh; PYTHON: one that has spaCy and its English model
set -eu
build=$1 folder=${2:?SHARED=folder with data/ and tools/score.py} python=${3:-python3}
gold=$(mktemp)
trap 'rm -f "$gold"' EXIT
score() {
    name=$1 command=$2
    shift 2
    figures=$(python3 "$folder/tools/score.py" --run "$command" "$@" 2>/dev/null | sed -n 's/^\(entity[_a-z]*\) .*\(f1 .*\) gold.*/\1 \2/p' | tr '\n' ' ')
    echo "$name: ${figures:-not installed}"
}
beside() {
    what=$1 peer=$2
    shift 2
    score "$what, duider" "$build/duider annotate --ndjson" "$@"
    score "$what, $peer" "$python bench/peers/names.py $peer" "$@"
}
beside "nl.dev, coarse" frog --coarse "$folder/data/ner/nl.dev.jsonl"
python3 "$folder/data/articles/inline.py" "$folder"/data/articles/dev/*.txt >"$gold" 2>/dev/null || true
beside "real Dutch articles" frog "$gold"
python3 "$folder/data/articles/inline.py" training/data/held_out/nl-*.txt >"$gold"
beside "held-out Dutch articles" frog "$gold"
beside "en.dev, coarse" spacy --coarse "$folder/data/ner/en.dev.jsonl"
python3 "$folder/data/articles/inline.py" training/data/held_out/en-*.txt >"$gold"
beside "held-out English articles" spacy "$gold"
