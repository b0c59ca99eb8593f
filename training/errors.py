"""Counts the error patterns of annotations against gold data: where accuracy is lost, most frequent first.

usage: errors.py GOLD.jsonl PREDICTED.ndjson [--top 50] [--examples 0] [--coarse]

GOLD and PREDICTED as tools/score.py reads them. A pattern is a stage, what is wrong, and the form of what it happens to; --examples N shows N texts of each.
"""
from __future__ import annotations

import argparse
import json
import re
from collections import Counter, defaultdict
from pathlib import Path

Span = tuple[int, int]
COARSE = {"EVENT": "MISC", "WORK": "MISC", "NORP": "MISC"}
PRONOUNS = {"hij", "zij", "ze", "haar", "hem", "he", "she", "er", "sie", "they"}
POLARITY = {"negative": -1, "neutral": 0, "positive": 1}


def characters(spans: list[Span]) -> set[int]:
    return {i for a, b in spans for i in range(a, b)}


def form(name: str) -> str:
    """The look of a name, coarsely."""
    if re.search(r"\w-\w", name):
        return "hyphenated"
    if name.isupper() and len(name) > 1:
        return "capitals"
    if name[:1].islower():
        return "lower case"
    return "one word" if " " not in name else "several words"


class Patterns:
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = defaultdict(list)

    def add(self, pattern: str, example: str) -> None:
        self.counts[pattern] += 1
        self.examples[pattern].append(example.replace("\n", " ")[:100])


def names(gold: dict, result: dict, coarse: bool, out: Patterns) -> None:
    def kind(t: str) -> str:
        return COARSE.get(t, t) if coarse else t

    text = gold["text"]
    want = {(e["start"], e["end"]): kind(e["type"]) for e in gold["entities"]}
    have = {(m["start"], m["end"]): kind(e["type"]) for e in result["entities"] for m in e["mentions"] if m["kind"] == "name"}
    for span in sorted(want.keys() | have.keys()):
        a, b, name = want.get(span), have.get(span), text[slice(*span)]
        if a == b:
            continue
        if a and b:
            out.add(f"names: {a} taken for {b}, {form(name)}", name)
        elif a and not any(s < span[1] and span[0] < e for s, e in have):
            out.add(f"names: {a} missed, {form(name)}", name)
        elif a:
            other = next(o for o in have if o[0] < span[1] and span[0] < o[1])
            out.add(f"names: {a} cut otherwise ({'longer' if other[1] - other[0] > span[1] - span[0] else 'shorter'}), {form(name)}", f"{name} / {text[slice(*other)]}")
        elif not any(s < span[1] and span[0] < e for s, e in want):
            out.add(f"names: {b} where none is, {form(name)}", name)


def pairs(gold: dict, result: dict) -> tuple[list[tuple[dict, dict]], list[dict], list[dict]]:
    """-> matched (gold, predicted) quotes, gold ones that are missing, predicted ones that are false."""
    options = []
    for i, g in enumerate(gold["quotes"]):
        a = characters(g["spans"])
        for j, p in enumerate(result["quotes"]):
            b = characters([(s["start"], s["end"]) for s in p["spans"]])
            if len(a & b) >= 0.5 * len(a | b):
                options.append((len(a & b) / len(a | b), i, j))
    used_gold: set[int] = set()
    used: set[int] = set()
    matched = []
    for _, i, j in sorted(options, reverse=True):
        if i not in used_gold and j not in used:
            used_gold.add(i)
            used.add(j)
            matched.append((gold["quotes"][i], result["quotes"][j]))
    return matched, [g for i, g in enumerate(gold["quotes"]) if i not in used_gold], [p for j, p in enumerate(result["quotes"]) if j not in used]


def quotes(gold: dict, result: dict, out: Patterns) -> None:
    text = gold["text"]
    matched, missing, false = pairs(gold, result)
    for g in missing:
        seen = "partly read" if any(characters(g["spans"]) & characters([(s["start"], s["end"])]) for p in result["quotes"] for s in p["spans"]) else "not seen"
        out.add(f"quotes: {g['kind']} missed, {seen}, {'with' if g['cue'] else 'without'} cue", text[slice(*g["spans"][0])])
    for p in false:
        out.add(f"quotes: {p['kind']} where none is, {'with' if p['cue'] else 'without'} cue", p["spans"][0]["text"])
    entities = {e["id"]: e for e in result["entities"]}
    for g, p in matched:
        if characters(g["spans"]) != characters([(s["start"], s["end"]) for s in p["spans"]]) and g["kind"] != "direct":
            out.add(f"quotes: {g['kind']} with other borders", f"{text[slice(*g['spans'][0])]} / {p['spans'][0]['text']}")
        if g["cue"] and not p["cue"]:
            out.add(f"cues: of a {g['kind']} quote missed", text[slice(*g["cue"][0])])
        elif p["cue"] and not g["cue"]:
            out.add(f"cues: of a {g['kind']} quote that has none", p["cue"][0]["text"])
        wanted = g.get("speaker_entity")
        if not wanted and not gold.get("entities"):
            continue # no speaker is marked
        spans = [(e["start"], e["end"]) for e in gold["entities"] if e["id"] == wanted]
        found = p["speaker"] and entities.get(p["speaker"].get("entity"))
        if not wanted:
            if found:
                out.add("speakers: somebody named where the text names nobody", f"{p['speaker']['mention']['text'] if p['speaker'].get('mention') else ''} -> {found['name']}")
            continue
        if found and any(a < m["end"] and m["start"] < b for a, b in spans for m in found["mentions"]):
            continue
        mention = text[slice(*g["speaker"])] if g.get("speaker") else ""
        what = ("none in the text" if not mention else "a pronoun" if mention.lower() in PRONOUNS
                else "a name" if any(g["speaker"][0] <= a and b <= g["speaker"][1] for a, b in spans) else "a noun phrase")
        out.add(f"speakers: {'another' if found else 'nobody'} where the mention is {what}", f"{mention} -> {found['name'] if found else '-'}")


def groups(gold: dict, result: dict, out: Patterns) -> None:
    if not all("id" in e for e in gold["entities"]):
        return
    text = gold["text"]
    want = {(e["start"], e["end"]): e["id"] for e in gold["entities"]}
    have = {(m["start"], m["end"]): e["id"] for e in result["entities"] for m in e["mentions"] if m["kind"] == "name"}
    types = {e["id"]: e["type"] for e in gold["entities"]}
    for a, b, what in ((want, have, "split"), (have, want, "merged")):
        parts: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for span in want.keys() & have.keys():
            parts[a[span]][b[span]].append(text[slice(*span)])
        for members in parts.values():
            if len(members) > 1:
                some = next(iter(members)) if what == "merged" else next(want[s] for s in want if text[slice(*s)] in next(iter(members.values())))
                out.add(f"entities: {what}, {types.get(some, '?')}", " / ".join(m[0] for m in members.values()))


def sentences(gold: dict, result: dict, out: Patterns) -> None:
    for start, end, polarity in gold["sentiment"].get("sentences", []):
        best = max(result["sentences"], key=lambda s: min(end, s["end"]) - max(start, s["start"]), default=None)
        if best and POLARITY[best["sentiment"]["label"]] != polarity:
            name = {v: k for k, v in POLARITY.items()}[polarity]
            out.add(f"sentiment: a {name} sentence taken for {best['sentiment']['label']}", gold["text"][start:end])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path)
    parser.add_argument("predicted", type=Path)
    parser.add_argument("--top", type=int, default=50)
    parser.add_argument("--examples", type=int, default=0)
    parser.add_argument("--coarse", action="store_true", help="EVENT, WORK and NORP count as MISC")
    args = parser.parse_args()
    results = {r["id"]: r for r in map(json.loads, args.predicted.open(encoding="utf-8"))}
    out = Patterns()
    for gold in map(json.loads, args.gold.open(encoding="utf-8")):
        result = results[gold["id"]]
        if gold.get("entities"):
            names(gold, result, args.coarse, out)
            groups(gold, result, out)
        if gold.get("quotes"):
            quotes(gold, result, out)
        if gold.get("sentiment"):
            sentences(gold, result, out)
    for pattern, count in out.counts.most_common(args.top):
        print(f"{count:5d}  {pattern}")
        for example in out.examples[pattern][: args.examples]:
            print(f"         {example}")


if __name__ == "__main__":
    main()
