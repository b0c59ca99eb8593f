#!/bin/sh
# The figures of models/README.md: the command line's answers on dev, scored. The data and the scorer are not part of the project.
# usage: dev_scores.sh BUILD_FOLDER FOLDER [MODEL]     FOLDER holds data/{ner,quotes,sentiment,articles} and tools/score.py
set -eu
build=$1 folder=${2:?SHARED=folder with data/ and tools/score.py} model=${3:-models/duider.model}
gold=$(mktemp)
trap 'rm -f "$gold"' EXIT
read_articles() {
    python3 "$folder/data/articles/inline.py" "$@" >"$gold" 2>/dev/null || true
}
score() {
    echo "== $1"
    shift
    python3 "$folder/tools/score.py" --run "$build/duider annotate --ndjson --jobs 2 --model $model" "$@"
}
score_own() {
    name=$1
    shift
    read_articles "$@"
    score "held out, $name" "$gold"
}
read_articles "$folder"/data/articles/dev/*.txt
score "articles/dev" "$gold"
# The project's own, which nothing is trained on; from nl-z-* no rule was written either.
own=training/data/held_out
score_own "nl-w to nl-y" $own/nl-[wxy]-*.txt
score_own "nl-z" $own/nl-z-*.txt
score_own "de" $own/de-*.txt
score_own "en" $own/en-*.txt
for language in nl en de; do
    score "ner/$language.dev, coarse" --coarse "$folder/data/ner/$language.dev.jsonl"
done
score "quotes/de.dev" "$folder/data/quotes/de.dev.jsonl"
score "sentiment/nl.headlines.dev" "$folder/data/sentiment/nl.headlines.dev.jsonl"
score "sentiment/en.targets.dev" "$folder/data/sentiment/en.targets.dev.jsonl"
