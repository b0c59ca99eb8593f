"""Sources -> documents of words with labels -> windows for training.

A document is read from one JSON line (id, lang, text and any of entities, roles, quotes, sentiment, targets, as the gold data
has them).  What a source does not mark is not learned from it: its labels are IGNORE.
"""
from __future__ import annotations

import json
import bisect
import random
import re
from dataclasses import dataclass, field
from pathlib import Path

import labels
from tokenizer import PieceTokenizer, Word

IGNORE = -100
COARSE_B, COARSE_I = 1000, 1001  # a MISC of the CoNLL scheme: any of labels.COARSE_MISC
WINDOW = 320  # pieces, with <s> and </s>


@dataclass
class Pointer:
    first: int  # words of the quote part
    last: int
    targets: dict[str, list[int] | None]  # pointer -> first words that are right; [] none; None unknown

    def goals(self, name: str, window: "Window") -> list[int] | None:
        """The rows of `losses.encode` that are right: row 0 (<s>) where there is none; None where it is unknown or out of the window."""
        words = self.targets[name]
        here = [1 + w - window.first for w in words or [] if window.first <= w < window.end]
        return None if words is None or (words and not here) else here or [0]


@dataclass
class Document:
    id: str
    lang: str
    words: list[Word]
    tags: dict[str, list[int]]
    pointers: list[Pointer] = field(default_factory=list)
    sentences: list[tuple[int, int, int]] = field(default_factory=list)  # first word, end, polarity + 1
    targets: list[tuple[list[tuple[int, int]], int]] = field(default_factory=list)
    breaks: list[int] = field(default_factory=list)  # words that start a sentence or line


def read_lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.open(encoding="utf-8") if line.strip()]


def trim_speaker(text: str, span: list[int]) -> list[int]:
    """The German quotes keep appositions and relative clauses in the speaker; the guidelines leave them out."""
    cut = re.search(r", |\(", text[span[0] + 1 : span[1]])
    end = span[0] + 1 + cut.start() if cut else span[1]
    while end > span[0] + 1 and text[end - 1] == " ":
        end -= 1
    return [span[0], end]


class Builder:
    def __init__(self, tokenizer: PieceTokenizer):
        self.tokenizer = tokenizer

    def build(self, row: dict) -> Document:
        text = row["text"]
        words = self.tokenizer.words(text)
        starts = [w.start for w in words]
        ends = [w.end for w in words]

        def cover(start: int, end: int) -> tuple[int, int] | None:
            a = bisect.bisect_right(ends, start)
            b = bisect.bisect_left(starts, end)
            return (a, b) if a < b else None

        tags = {head: [IGNORE] * len(words) for head in labels.WORD_HEADS}
        doc = Document(row["id"], row["lang"], words, tags)

        def put(head: str, span: tuple[int, int] | None, begin: int, inside: int) -> bool:
            if not span:
                return False
            row_tags = tags[head]
            if any(row_tags[i] not in (0, IGNORE) for i in range(*span)):
                return False
            for i in range(*span):
                row_tags[i] = begin if i == span[0] else inside
            return True

        fine = "roles" in row
        entity_spans: dict[str, list[tuple[int, int]]] = {}
        if "entities" in row:
            tags["names"] = [0] * len(words)
            for e in row["entities"]:
                span = cover(e["start"], e["end"])
                if e["type"] == "MISC" and not fine:
                    put("names", span, COARSE_B, COARSE_I)
                else:
                    put("names", span, labels.NAMES.index("B-" + e["type"]), labels.NAMES.index("I-" + e["type"]))
                if span and e.get("id"):
                    entity_spans.setdefault(e["id"], []).append(span)
        if fine:
            tags["roles"] = [0] * len(words)
            for r in row["roles"]:
                put("roles", cover(r["start"], r["end"]), 1, 2)
        if "quotes" in row:
            for head in ("quotes", "cues", "speakers"):
                tags[head] = [0] * len(words)
            parts = sorted(((s, q, i) for q in row["quotes"] for i, s in enumerate(sorted(q["spans"]))),
                           key=lambda x: x[0][0] - x[0][1])
            for (s, e), q, i in parts:
                span = cover(s, e)
                if not span:
                    continue
                if q["kind"] == "reported":
                    for j in range(*span):
                        tags["quotes"][j] = IGNORE
                    continue
                kind = q["kind"] if q["kind"] in labels.KINDS else "indirect"
                at = labels.QUOTES.index(f"B-{kind}")
                if not put("quotes", span, at + (1 if i else 0), at + 2):
                    continue
                cue = [c for c in (cover(*c) for c in q["cue"]) if c]
                speaker = None
                if q.get("speaker"):
                    speaker = cover(*(trim_speaker(text, q["speaker"]) if not fine else q["speaker"]))
                entity: list[int] | None = None
                if "speaker_entity" in q:
                    entity = [a for a, _ in entity_spans.get(q["speaker_entity"], [])]
                doc.pointers.append(Pointer(span[0], span[1] - 1, {
                    "cue": [cue[0][0]] if cue else [],
                    "speaker": [speaker[0]] if speaker else [],
                    "entity": entity,
                }))
            for q in row["quotes"]:
                if q["kind"] == "reported":
                    for part in q["cue"]:
                        span = cover(*part)
                        for j in range(*span) if span else ():
                            tags["cues"][j] = IGNORE
                    span = cover(*trim_speaker(text, q["speaker"])) if q.get("speaker") else None
                    for j in range(*span) if span else ():
                        tags["speakers"][j] = IGNORE
                    continue
                for part in q["cue"]:
                    put("cues", cover(*part), 1, 2)
                if q.get("speaker"):
                    put("speakers", cover(*(trim_speaker(text, q["speaker"]) if not fine else q["speaker"])), 1, 2)
        sentiment = row.get("sentiment", {})
        for s, e, polarity in sentiment.get("sentences", []):
            span = cover(s, e)
            if span:
                doc.sentences.append((*span, polarity + 1))
                doc.breaks.append(span[0])
        if not sentiment.get("sentences") and sentiment.get("document") is not None and words:
            doc.sentences.append((0, len(words), sentiment["document"] + 1))
        for entity_id, polarity in sentiment.get("entities", {}).items():
            if entity_id in entity_spans:
                doc.targets.append((entity_spans[entity_id], polarity + 1))
        for t in row.get("targets", []):
            span = cover(t["start"], t["end"])
            if span:
                doc.targets.append(([span], t["polarity"] + 1))
        if not doc.breaks:
            doc.breaks = [i for i, w in enumerate(words) if i == 0 or "\n" in text[words[i - 1].end : w.start]]
        return doc


@dataclass
class Window:
    document: Document
    first: int
    end: int

    def __post_init__(self) -> None:
        self.pieces = 2 + sum(len(w.pieces) for w in self.document.words[self.first : self.end])


def cut_windows(doc: Document, size: int, rng: random.Random | None) -> list[Window]:
    """Windows of at most `size` pieces that start at a break where they can; with `rng` the first one is shorter by chance."""
    out: list[Window] = []
    breaks = set(doc.breaks)
    at, count = 0, len(doc.words)
    limit = size - 2
    room = rng.randint(limit // 3, limit) if rng and sum(len(w.pieces) for w in doc.words) > limit else limit
    while at < count:
        used, end = 0, at
        while end < count and used + len(doc.words[end].pieces) <= room:
            used += len(doc.words[end].pieces)
            end += 1
        if end < count:
            back = next((i for i in range(end, at + (end - at) // 2, -1) if i in breaks), end)
            end = back
        out.append(Window(doc, at, max(end, at + 1)))
        at, room = max(end, at + 1), limit
    return out
