#!/bin/sh
# The figures of models/README.md: the command line's answers on dev, scored. The data and the scorer are not part of the project.
# usage: dev_scores.sh BUILD_FOLDER FOLDER [MODEL]     FOLDER holds data/{ner,quotes,sentiment,articles} and tools/score.py
set -eu
build=$1 folder=${2:?SHARED=folder with data/ and tools/score.py} model=${3:-models/duider.model}
gold=$(mktemp)
trap 'rm -f "$gold"' EXIT
python3 "$folder/data/articles/inline.py" "$folder"/data/articles/dev/*.txt >"$gold" 2>/dev/null || true
score() {
    echo "== $1"
    shift
    python3 "$folder/tools/score.py" --run "$build/duider annotate --ndjson --jobs 2 --model $model" "$@"
}
score "articles/dev" "$gold"
for language in nl en de; do
    score "ner/$language.dev, coarse" --coarse "$folder/data/ner/$language.dev.jsonl"
done
score "quotes/de.dev" "$folder/data/quotes/de.dev.jsonl"
score "sentiment/nl.headlines.dev" "$folder/data/sentiment/nl.headlines.dev.jsonl"
score "sentiment/en.targets.dev" "$folder/data/sentiment/en.targets.dev.jsonl"
