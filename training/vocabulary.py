"""Trims XLM-R's 250,002 pieces to those that Dutch, English and German news needs.

Kept: special pieces; all single characters outside the CJK and Hangul blocks; every piece that segments the training texts; then the pieces that the word
lists use most, until the vocabulary is full. A dropped piece's text is segmented into kept ones; only rare CJK and Hangul
characters become unknown.

usage: vocabulary.py --tokenizer FULL.json --data DIR --word-lists FILE... --size N --out trimmed.json
"""
from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from tokenizer import PieceTokenizer


def wide(char: str) -> bool:
    code = ord(char)
    return 0x2E80 <= code < 0xA4D0 or 0xAC00 <= code < 0xD7B0 or 0xF900 <= code < 0xFB00 or code >= 0x20000


def texts(data: Path):
    for path in sorted(data.rglob("*.jsonl")):
        for line in path.open(encoding="utf-8"):
            if line.strip():
                yield json.loads(line)["text"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--word-lists", type=Path, nargs="*", default=[])
    parser.add_argument("--size", type=int, default=50_000)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()

    full = PieceTokenizer(args.tokenizer)
    keep = {0, 1, 2, 3}
    for i, (piece, _) in enumerate(full.vocab):
        bare = piece.replace("▁", "")
        if len(bare) <= 1 and not (bare and wide(bare)):
            keep.add(i)
    singles = len(keep)
    used: Counter[int] = Counter()
    for text in texts(args.data):
        for word in full.words(text):
            used.update(word.pieces)
    keep.update(used)
    from_text = len(keep)
    listed: Counter[int] = Counter()
    for path in args.word_lists:
        for line in path.open(encoding="utf-8"):
            word = line.strip()
            for form in {word, word[:1].upper() + word[1:]}:
                listed.update(full.word_pieces(form, True))
    for i, _ in listed.most_common():
        if len(keep) >= args.size:
            break
        keep.add(i)
    order = sorted(keep)
    if len(order) > args.size:
        raise SystemExit(f"{len(order)} pieces are needed, more than --size {args.size}")
    data = json.loads(args.tokenizer.read_text(encoding="utf-8"))
    out = {
        "model": {"type": "Unigram", "unk_id": 3, "vocab": [data["model"]["vocab"][i] for i in order]},
        "normalizer": data["normalizer"],
        "source_ids": order,
    }
    args.out.write_text(json.dumps(out, ensure_ascii=False), encoding="utf-8")
    print(f"{len(order)} pieces: {singles} characters, {from_text - singles} of the texts, {len(order) - from_text} of the word lists")


if __name__ == "__main__":
    main()
