"""A quick look at dev after an epoch of training.

The figures that count come from `make dev-scores`, which runs the C program through the scorer; these only show whether a run is on its way.
"""
from __future__ import annotations

from pathlib import Path

import torch

import labels
from dataset import WINDOW, Builder, Document, Window, cut_windows, read_lines
from decode import spans, viterbi
from losses import encode
from model import Duider

COARSE = {t: "MISC" for t in labels.COARSE_MISC}


@torch.no_grad()
def word_vectors(model: Duider, doc: Document) -> list[tuple[Window, torch.Tensor]]:
    windows = cut_windows(doc, WINDOW, None)
    return [(w, encode(model, [w])[0]) for w in windows]


def f1(found: set, gold: set) -> float:
    both = len(found & gold)
    return 200.0 * both / max(1, len(found) + len(gold))


def quick(model: Duider, builder: Builder, prepared: Path, limit: int = 60) -> dict[str, float]:
    out: dict[str, float] = {}
    for name in ("names_nl", "names_en", "names_de", "articles", "quotes_de"):
        out |= figures(model, builder, name, read_lines(prepared / f"{name}.dev.jsonl")[:limit])
    return out


@torch.no_grad()
def figures(model: Duider, builder: Builder, name: str, rows: list[dict]) -> dict[str, float]:
    """F1 of exact spans and accuracies on the rows of one source."""
    out: dict[str, float] = {}
    found: dict[str, set] = {}
    gold: dict[str, set] = {}
    hits: dict[str, list[bool]] = {}
    for row in rows:
        doc = builder.build(row)
        for window, vectors in word_vectors(model, doc):
            own = vectors[1:]
            for head in labels.WORD_HEADS:
                want = doc.tags[head][window.first : window.end]
                if all(t == -100 for t in want):
                    continue
                scheme = labels.HEADS[head]
                path = viterbi(model.head(own, head).numpy(), scheme)
                for source, target in ((path, found), ([max(t, 0) if t < 1000 else len(scheme) - 2 + t - 1000 for t in want], gold)):
                    for a, b, label in spans(source, scheme):
                        kind = label[2:]
                        if head == "names" and name != "articles":
                            kind = COARSE.get(kind, kind)
                        if head == "quotes":
                            kind = "direct" if kind == "direct" else "reported"
                            target.setdefault("piece-" + kind, set()).update((doc.id, window.first + i) for i in range(a, b))
                        key = head if head != "quotes" else kind
                        target.setdefault(key, set()).add((doc.id, window.first + a, window.first + b, kind))
            inside = [p for p in doc.pointers if p.first >= window.first and p.last < window.end]
            if inside:
                scores = model.pointer_scores(own[[p.first - window.first for p in inside]],
                                              own[[p.last - window.first for p in inside]], vectors)
                for r, p in enumerate(inside):
                    for c, pointer in enumerate(labels.POINTERS):
                        goals = p.goals(pointer, window)
                        if goals:
                            hits.setdefault(pointer, []).append(int(scores[c, r].argmax()) in goals)
            for head, items in (("sentence", [([(a, b)], y) for a, b, y in doc.sentences]), ("target", doc.targets)):
                for parts, y in items:
                    parts = [(a, b) for a, b in parts if a >= window.first and b <= window.end]
                    if parts:
                        mean = torch.cat([own[a - window.first : b - window.first] for a, b in parts]).mean(0, keepdim=True)
                        hits.setdefault(head, []).append(int(model.head(mean, head).argmax()) == y)
    for key in gold:
        out[f"{name}.{key}"] = round(f1(found.get(key, set()), gold[key]), 1)
    for key, values in hits.items():
        out[f"{name}.{key}.accuracy"] = round(100 * sum(values) / len(values), 1)
    return out
