"""What 8-bit arithmetic costs and what constrained decoding brings: F1 of exact spans on dev, float32 (PyTorch) beside the C library, Viterbi beside argmax.

usage: decoding.py --prepared DIR --checkpoint model.pt [--limit DOCUMENTS]       needs build/bench/logits (make build/bench/logits)

--checkpoint holds the float32 weights that the model file was exported from. Both sides read the same windows; CoNLL's MISC is one type.
"""
from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

import numpy as np

import labels
from dataset import COARSE_B, IGNORE, WINDOW, Builder, cut_windows, read_lines
from decode import spans, viterbi
from evaluate import COARSE, f1
from parity import ROOT, load, reference_logits
from tokenizer import PieceTokenizer

SOURCES = ("articles", "names_nl", "names_en", "names_de", "quotes_de")
HEADS = ("names", "quotes")


def argmax(logits: np.ndarray, scheme: list[str]) -> list[int]:
    return [int(x) for x in logits.argmax(1)]


def labelled(path: list[int], scheme: list[str], coarse: bool) -> set[tuple[int, int, str]]:
    return {(a, b, COARSE.get(label[2:], label[2:]) if coarse else label[2:]) for a, b, label in spans(path, scheme)}


def gold_path(tags: list[int], scheme: list[str]) -> list[int]:
    """Tags of a source as labels of the scheme; a MISC that may be several types is the last of them."""
    return [t - COARSE_B + len(scheme) - 2 if t >= COARSE_B else max(t, 0) for t in tags]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--program", type=Path, default=ROOT / "build/bench/logits")
    parser.add_argument("--model", type=Path, default=ROOT / "models/duider.model")
    parser.add_argument("--limit", type=int, default=80)
    args = parser.parse_args()
    builder, model = Builder(PieceTokenizer(args.prepared / "tokenizer.json")), load(args.checkpoint)
    print("| spans | float32, Viterbi | 8 bits, Viterbi | 8 bits, argmax |\n|---|---|---|---|")
    for source in SOURCES:
        docs = [builder.build(row) for row in read_lines(args.prepared / f"{source}.dev.jsonl")[: args.limit]]
        windows = [(d, w, row) for d, row in zip(docs, read_lines(args.prepared / f"{source}.dev.jsonl")) for w in cut_windows(d, WINDOW, None)]
        texts = [row["text"][d.words[w.first].start : d.words[w.end - 1].end] for d, w, row in windows]
        done = subprocess.run([args.program, args.model], input="\0".join(texts).encode(), stdout=subprocess.PIPE, check=True)
        whole = np.array([float(x) for x in done.stdout.split()], np.float32).reshape(-1, sum(map(len, labels.HEADS.values())))
        found: dict[str, list[set]] = {head: [set(), set(), set(), set()] for head in HEADS}
        at = 0
        for number, ((doc, window, _), text) in enumerate(zip(windows, texts)):
            exact = reference_logits(model, builder, text)
            own, at = whole[at : at + len(exact)], at + len(exact)
            for head in HEADS:
                tags, scheme = doc.tags[head][window.first : window.end], labels.HEADS[head]
                if len(tags) != len(exact) or all(t == IGNORE for t in tags):
                    continue
                a, b = labels.offsets()[head]
                paths = (gold_path(tags, scheme), viterbi(exact[:, a:b], scheme), viterbi(own[:, a:b], scheme), argmax(own[:, a:b], scheme))
                for path, into in zip(paths, found[head]):
                    into.update((number, *s) for s in labelled(path, scheme, source.startswith("names")))
        for head, (gold, *answers) in found.items():
            if gold:
                print(f"| {source}, {head} | " + " | ".join(f"{f1(answer, gold):.1f}" for answer in answers) + " |", flush=True)


if __name__ == "__main__":
    main()
