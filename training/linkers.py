"""Who said it: bilinear pointers beside the nearest tagged span.  Prints the share of quotes on dev whose cue and speaker are right.

usage: linkers.py --prepared DIR --checkpoint model.pt

A quote's cue and speaker mention are looked for in two ways, both with the gold quotes: where the network's pointer leads (model.py), and at the span nearest to
the quote that the tagging head calls a cue or a speaker, at most REACH words away, else none.  Right is what overlaps a gold span, or none where there is none.
"""
from __future__ import annotations

import argparse
from pathlib import Path

import torch

import labels
from dataset import Builder, Pointer, Window, read_lines
from decode import spans, viterbi
from evaluate import word_vectors
from model import Duider
from parity import load
from tokenizer import PieceTokenizer

REACH = 30
TAGGED = {"cue": "cues", "speaker": "speakers"}  # pointer -> head


def nearest(found: list[tuple[int, int, str]], first: int, last: int) -> tuple[int, int] | None:
    """The span (a, b) of least distance from the words first to last, None where all are further than REACH."""
    def distance(a: int, b: int) -> int:
        return max(0, first - b + 1, a - last)

    near = [(distance(a, b), a, b) for a, b, _ in found if distance(a, b) <= REACH]
    return min(near)[1:] if near else None


def judge(model: Duider, window: Window, vectors: torch.Tensor, pointer: Pointer, name: str, found: list[tuple[int, int, str]]) -> tuple[bool, bool] | None:
    """Whether the pointer and the nearest span are right; None where gold does not say."""
    goals = pointer.goals(name, window)
    if not goals:
        return None
    own, first, last = vectors[1:], pointer.first - window.first, pointer.last - window.first
    scores = model.pointer_scores(own[[first]], own[[last]], vectors)
    to = int(scores[labels.POINTERS.index(name), 0].argmax())
    span = nearest(found, first, last)
    return to in goals, any(span[0] < g <= span[1] for g in goals) if span else goals == [0]  # row 1 is the first word


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    args = parser.parse_args()
    model = load(args.checkpoint)
    builder = Builder(PieceTokenizer(args.prepared / "tokenizer.json"))
    print("| quotes of | what | quotes | pointer | nearest tagged span |\n|---|---|---|---|---|")
    for source in ("articles", "quotes_de"):
        right: dict[str, list[tuple[bool, bool]]] = {name: [] for name in TAGGED}
        for row in read_lines(args.prepared / f"{source}.dev.jsonl"):
            doc = builder.build(row)
            for window, vectors in word_vectors(model, doc):
                for name, head in TAGGED.items():
                    found = list(spans(viterbi(model.head(vectors[1:], head).numpy(), labels.HEADS[head]), labels.HEADS[head]))
                    for pointer in doc.pointers:
                        if pointer.first >= window.first and pointer.last < window.end:
                            answer = judge(model, window, vectors, pointer, name, found)
                            right[name] += [answer] if answer else []
        for name, answers in right.items():
            shares = [100 * sum(a[i] for a in answers) / len(answers) for i in range(2)]
            print(f"| {source} | {name} | {len(answers)} | {shares[0]:.1f} | {shares[1]:.1f} |")


if __name__ == "__main__":
    main()
