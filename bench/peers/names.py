#!/usr/bin/env python3
"""The names that a peer finds, in the form of our results, for a scorer: {"id", "text"} a line in, {"id", "entities", …} a line out.

usage: bench/peers/names.py frog|spacy < TEXTS.ndjson      Frog: Dutch; spaCy: its English medium model

Types become ours. spaCy's names lose "the" and "'s", which its data count as part of a name and ours do not; numbers, dates and amounts are left out.
"""
from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator

TYPES = {"PER": "PER", "ORG": "ORG", "LOC": "LOC", "EVE": "EVENT", "PRO": "WORK", "MISC": "MISC",  # Frog
         "PERSON": "PER", "GPE": "LOC", "FAC": "LOC", "NORP": "NORP", "EVENT": "EVENT", "WORK_OF_ART": "WORK", "PRODUCT": "WORK", "LAW": "WORK", "LANGUAGE": "MISC"}
Name = tuple[int, int, str]


def frog() -> Callable[[str], Iterator[Name]]:
    import frog_names
    _, connection = frog_names.start()

    def names(text: str) -> Iterator[Name]:
        at, name = 0, None
        lines = frog_names.ask(connection, text.encode()).decode().splitlines()
        for columns in (line.split("\t") for line in lines if "\t" in line):
            start = text.find(columns[1], at)
            if start < 0:
                continue
            at = start + len(columns[1])
            label = next((c for c in columns[5:] if c[:2] in ("B-", "I-") or c == "O"), "O")
            if name and label[:2] != "I-":
                yield name
                name = None
            if label != "O" and label[2:].upper() in TYPES:
                name = (name[0] if name else start, at, TYPES[label[2:].upper()])
        if name:
            yield name
    return names


def spacy() -> Callable[[str], Iterator[Name]]:
    import spacy_english
    pipeline = spacy_english.load(spacy_english.OTHERS)

    def names(text: str) -> Iterator[Name]:
        for found in pipeline(text).ents:
            start, end = found.start_char, found.end_char
            start += 4 if text[start : start + 4].lower() == "the " else 0
            end -= 2 if text[start:end].endswith(("'s", "’s")) else 0
            if found.label_ in TYPES and start < end:
                yield start, end, TYPES[found.label_]
    return names


def main() -> None:
    names = {"frog": frog, "spacy": spacy}[sys.argv[1]]()
    for line in sys.stdin:
        article = json.loads(line)
        entities = [{"id": f"e{i}", "type": kind, "name": article["text"][a:b], "mentions": [{"start": a, "end": b, "text": article["text"][a:b], "kind": "name", "confidence": 1.0}]}
                    for i, (a, b, kind) in enumerate(names(article["text"]), 1)]
        print(json.dumps({"id": article["id"], "entities": entities, "quotes": [], "sentences": []}), flush=True)


if __name__ == "__main__":
    main()
