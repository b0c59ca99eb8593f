"""How often the lists of lib/known_names/ are right about the names of the training sets; with --prune, takes out what is more often wrong.

usage: known_names.py --prepared DIR [--lists ../lib/known_names] [--prune]       DIR: what prepare.py made

Of each place where a listed name stands (the longest one, from a capital on): is it a gold name of the listed type, of another, part of a longer name, or
none?  --prune takes a name out of the lists of a language where it is most often a common word ("Magistrat", "Kassa"), and moves it, or adds it, to the type
that it has there. Dev is never looked at.
"""
from __future__ import annotations

import argparse
import re
from collections import Counter, defaultdict
from pathlib import Path

import labels
from dataset import read_lines

TOKEN = re.compile(r"\w+|[^\w\s]")
WORDS_MAX = 8
FINER = {"EVENT", "WORK", "MISC"}
Lists = dict[str, dict[str, set[str]]]  # language -> name -> types; of an MISC list: FINER


def load(folder: Path) -> Lists:
    lists: Lists = {lang: defaultdict(set) for lang in labels.LANGUAGES}
    for path in sorted(folder.glob("*.txt")):
        kind, of, _ = path.name.split(".")
        for name in path.read_text(encoding="utf-8").splitlines():
            for lang in labels.LANGUAGES if of == "any" else [of]:
                lists[lang][name] |= FINER if kind == "MISC" else {kind}
    return lists


def count(rows: list[dict], names: dict[str, set[str]]) -> dict[str, Counter[str]]:
    """-> name -> how often it is "right", a TYPE that is not listed, "inside" a longer name, or "none"."""
    out: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        text, coarse = row["text"], "roles" not in row
        tokens = [m.span() for m in TOKEN.finditer(text)]
        gold = {(e["start"], e["end"]): e["type"] for e in row["entities"]}
        inside = {i: span for span in gold for i in range(*span)}
        at = 0
        while at < len(tokens):
            start, end = tokens[at][0], 0
            for size in range(min(WORDS_MAX, len(tokens) - at), 0, -1) if text[start].isupper() else ():
                if text[start : tokens[at + size - 1][1]] in names:
                    end = tokens[at + size - 1][1]
                    break
            else:
                at += 1
                continue
            at += size
            name, kind, around = text[start:end], gold.get((start, end)), inside.get(start)
            if kind:
                right = kind in names[name] or (coarse and kind == "MISC" and names[name] & (FINER | {"NORP"}))
                out[name]["right" if right else kind] += 1
            else:
                out[name]["inside" if around and around[0] <= start and around[1] >= end else "none"] += 1
    return out


def prune(names: dict[str, set[str]], counts: dict[str, Counter[str]]) -> None:
    for name, found in counts.items():
        types = {k: v for k, v in found.items() if k in labels.TYPES}
        if found["none"] > found["right"] + sum(types.values()):
            del names[name]
            continue
        for kind, times in types.items():
            if times * 3 <= found["right"] + times:
                continue
            added = FINER if kind == "MISC" else {kind}
            names[name] = added if times > 2 * found["right"] and kind != "MISC" else names[name] | added


def save(lists: Lists, folder: Path) -> None:
    """One file a type and language; persons whom most languages list go to PER.any.txt."""
    files: dict[str, set[str]] = defaultdict(set)
    for lang, names in lists.items():
        for name, types in names.items():
            kinds = types - FINER | {"MISC"} if types >= FINER else types
            shared = kinds == {"PER"} and sum(other.get(name) == {"PER"} for other in lists.values()) > 1
            for kind in kinds:
                files[f"{kind}.{'any' if shared else lang}.txt"].add(name)
    for path in folder.glob("*.txt"):
        path.unlink()
    for file, names in files.items():
        (folder / file).write_text("".join(f"{name}\n" for name in sorted(names)), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--lists", type=Path, default=Path(__file__).parent / "../lib/known_names")
    parser.add_argument("--prune", action="store_true")
    args = parser.parse_args()
    lists = load(args.lists)
    articles = read_lines(args.prepared / "articles.train.jsonl")
    print("| language | type | right | another type | inside a longer name | no name |\n|---|---|---|---|---|---|")
    for lang, names in lists.items():
        counts = count(read_lines(args.prepared / f"names_{lang}.train.jsonl") + [row for row in articles if row["lang"] == lang], names)
        table: dict[str, Counter[str]] = defaultdict(Counter)
        for name, found in counts.items():
            kind = next(iter(names[name])) if len(names[name]) == 1 else "MISC" if names[name] == FINER else "several"
            for what, times in found.items():
                table[kind]["other" if what in labels.TYPES else what] += times
        for kind, found in sorted(table.items()):
            print(f"| {lang} | {kind} | {found['right']} | {found['other']} | {found['inside']} | {found['none']} |")
        if args.prune:
            prune(names, counts)
    if args.prune:
        save(lists, args.lists)


if __name__ == "__main__":
    main()
