"""Constrained Viterbi over words and a quick score on dev: what training prints after an epoch.

The figures that count come from evaluate.sh, which runs the C program; these show only whether a run is on its way.
"""
from __future__ import annotations

import numpy as np


def viterbi(logits: np.ndarray, names: list[str]) -> list[int]:
    """[words, labels] -> the best path in which an I (and a C) of a kind follows only a B, C or I of that kind... C may follow all."""
    allowed = np.zeros((len(names), len(names)))
    start = np.zeros(len(names))
    for j, to in enumerate(names):
        if to[0] != "I":
            continue
        start[j] = -1e9
        for i, origin in enumerate(names):
            if origin == "O" or origin[1:] != to[1:]:
                allowed[i, j] = -1e9
    score, back = logits[0] + start, []
    for row in logits[1:]:
        options = score[:, None] + allowed
        back.append(options.argmax(0))
        score = options.max(0) + row
    path = [int(score.argmax())]
    for row in reversed(back):
        path.append(int(row[path[-1]]))
    return path[::-1]


def spans(path: list[int], names: list[str]) -> list[tuple[int, int, str]]:
    """-> (first word, end, label without its B) of each span; a C begins one of its own."""
    out: list[tuple[int, int, str]] = []
    for i, tag in enumerate(path):
        name = names[tag]
        if name[0] in "BC":
            out.append((i, i + 1, name))
        elif name[0] == "I" and out and out[-1][1] == i:
            out[-1] = (out[-1][0], i + 1, out[-1][2])
    return out
