"""Variants of a training row: other names, other quotation marks, rougher text.

In: a row (one JSON object of a source).  Out: another row; the one given stays as it is.  All offsets move with the text.
The names come from data/names/TYPE.LANGUAGE.txt, one a line.
"""
from __future__ import annotations

import copy
import random
import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path

STYLES = ["“”", "„”", "„“", "‘’", '""', "''", "»«", "«»"]
PAIRS = [re.compile(p) for p in (r"“([^“”„]*)”", r"„([^“”„]*)[“”]", r"»([^»«]*)«", r'"([^"\n]*)"')]
FINE = ["NORP", "EVENT", "WORK"]  # what a MISC of the CoNLL scheme can be told to be by its name
NOISE = {"l": "1", "I": "l", "O": "0", "e": "c", "u": "n", "h": "b", "rn": "m", "c": "e", "i": "l", "a": "o"}
PARTICLES = {"van", "de", "der", "den", "von", "zu", "da", "di", "del", "al", "el", "bin", "ben", "ter", "ten", "'t", "le", "la"}


@dataclass
class Names:
    """The lists of one language."""

    lists: dict[str, list[str]] = field(default_factory=dict)
    fine: dict[str, str] = field(default_factory=dict)  # name -> NORP, EVENT or WORK where only one list has it

    @classmethod
    def load(cls, folder: Path, lang: str) -> "Names":
        lists = {p.name.split(".")[0]: p.read_text(encoding="utf-8").split("\n")[:-1] for p in sorted(folder.glob(f"*.{lang}.txt"))}
        kinds: dict[str, set[str]] = {}
        for kind, names in lists.items():
            for name in names:
                kinds.setdefault(name, set()).add(kind)
        fine = {name: next(iter(k)) for name, k in kinds.items() if len(k) == 1 and k <= set(FINE)}
        return cls(lists, fine)

    def other(self, name: str, kind: str, rng: random.Random) -> str | None:
        """A name of the same kind and form."""
        options = self.lists.get(kind)
        if not options:
            return None
        if kind == "NORP":  # "Britse" for "Franse"
            options = [n for n in rng.sample(options, min(80, len(options))) if n[-2:] == name[-2:] and n[:1].isupper() == name[:1].isupper()]
            return options[0] if options else None
        new = rng.choice(options)
        if kind == "PER" and " " not in name.strip():
            parts = new.split(" ")
            first = next((i for i, p in enumerate(parts) if i and p.lower() in PARTICLES), len(parts) - 1)
            new = " ".join(parts[first:])
            new = new[:1].upper() + new[1:]
        return new.upper() if name.isupper() and len(name) > 5 else new


def move(row: dict, text: str, changes: list[tuple[int, int, str]]) -> dict:
    """The row with `changes` (start, end, new text; sorted, apart) made in its text, and all its offsets moved."""
    pieces, ends, shifts, at, shift = [], [], [], 0, 0
    for start, end, new in changes:
        pieces += [text[at:start], new]
        shift += len(new) - (end - start)
        ends.append(end)
        shifts.append(shift)
        at = end
    out = copy.deepcopy(row)
    out["text"] = "".join(pieces) + text[at:]

    def moved(place: int) -> int:
        i = bisect_right(ends, place)
        return place + (shifts[i - 1] if i else 0)

    for key in ("entities", "roles", "targets"):
        for item in out.get(key, []):
            item["start"], item["end"] = moved(item["start"]), moved(item["end"])
    for quote in out.get("quotes", []):
        for key in ("spans", "cue"):
            quote[key] = [[moved(a), moved(b)] for a, b in quote[key]]
        if quote.get("speaker"):
            quote["speaker"] = [moved(x) for x in quote["speaker"]]
    for sentence in out.get("sentiment", {}).get("sentences", []):
        sentence[0], sentence[1] = moved(sentence[0]), moved(sentence[1])
    return out


def refine(row: dict, names: Names) -> None:
    """A MISC whose name only one of the finer lists has is of that type."""
    for entity in row.get("entities", []):
        if entity["type"] == "MISC" and "id" not in entity:
            entity["type"] = names.fine.get(row["text"][entity["start"] : entity["end"]], "MISC")


def swap_names(row: dict, names: Names, share: float, rng: random.Random) -> dict:
    """`share` of the different names give way to others of their type; the same name everywhere to the same one. In articles with entity
    ids only entities with one written form change, and no persons: pronouns tell their gender."""
    forms: dict[str, set[str]] = {}
    for e in row["entities"]:
        forms.setdefault(e.get("id", ""), set()).add(row["text"][e["start"] : e["end"]])
    chosen: dict[tuple[str, str], str | None] = {}
    changes = []
    for e in sorted(row["entities"], key=lambda e: e["start"]):
        name = row["text"][e["start"] : e["end"]]
        if changes and e["start"] < changes[-1][1]:
            continue
        if "id" in e and (len(forms[e["id"]]) > 1 or e["type"] == "PER"):
            continue
        key = (name, e["type"])
        if key not in chosen:
            chosen[key] = names.other(name, e["type"], rng) if rng.random() < share else None
        if chosen[key]:
            changes.append((e["start"], e["end"], chosen[key]))
    return move(row, row["text"], changes)


def swap_quotation_marks(text: str, rng: random.Random) -> str:
    """Another style of quotation marks; no character moves."""
    style = rng.choice(STYLES)
    for pattern in PAIRS:
        if pattern.search(text):
            return pattern.sub(lambda m: style[0] + m.group(1) + style[1], text)
    return text


def without_accents(text: str) -> str:
    return "".join(c if len(d := unicodedata.normalize("NFD", c)) == 1 or not d[0].isalpha() else d[0] for c in text)


def lose_accented(row: dict) -> dict:
    """The row as it is where letters that are not ASCII were lost on the way: "Mwe", "Groer Feldberg"."""
    text = row["text"]
    return move(row, text, [(i, i + 1, "") for i, c in enumerate(text) if ord(c) > 127 and c.isalpha()])


def roughen(text: str, rng: random.Random) -> str:
    """A headline in capitals, other apostrophes, no accents, or letters that a scanner misread; no character moves."""
    way = rng.randrange(4)
    if way == 0:
        head, line, rest = text.partition("\n")
        upper = head.upper()
        return (upper if len(upper) == len(head) else head) + line + rest
    if way == 1:
        return re.sub(r"(?<=\w)['’](?=\w)", rng.choice("'’"), text)
    if way == 2:
        return without_accents(text)
    return "".join(NOISE.get(c, c) if rng.random() < 0.01 else c for c in text)
