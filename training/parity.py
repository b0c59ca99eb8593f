"""Does the C library compute what the training code computes?  Reference: PieceTokenizer, and the network in PyTorch, float32.

usage: parity.py golden --prepared DIR --checkpoint model.pt     writes tests/golden/, which `make test` compares with the library
       parity.py dev    --prepared DIR --checkpoint model.pt     compares all dev articles now; needs build/bench/logits (make build/bench/logits)
"""
from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path

import numpy as np
import torch

import labels
from dataset import WINDOW, Builder, cut_windows, read_lines
from losses import encode
from model import Duider, Encoder, depth_of
from tokenizer import PieceTokenizer

ROOT = Path(__file__).parent.parent


def load(checkpoint: Path) -> Duider:
    state = torch.load(checkpoint, weights_only=True)["model"]
    vocabulary, hidden = state["encoder.words.weight"].shape
    ffn = state["encoder.layers.0.ffn_in.weight"].shape[0]
    model = Duider(Encoder(vocabulary, state["encoder.positions.weight"].shape[0], hidden, depth_of(state), 12, ffn, 1e-12, 0.0), hidden)
    model.load_state_dict(state)
    return model.eval()


def chunks(row: dict, builder: Builder) -> list[str]:
    """The article in pieces that fit in one window, so that both sides see the same context."""
    doc = builder.build(row)
    return [row["text"][doc.words[w.first].start : doc.words[w.end - 1].end] for w in cut_windows(doc, WINDOW, None)]


@torch.no_grad()
def reference_logits(model: Duider, builder: Builder, text: str) -> np.ndarray:
    """-> [words, labels]."""
    (window,) = cut_windows(builder.build({"id": "", "lang": "nl", "text": text}), WINDOW, None)
    return model.heads(encode(model, [window])[0][1:]).numpy()


def words_of(tokenizer: PieceTokenizer, text: str) -> list[list]:
    """-> for each word [start byte, end byte, piece, piece, ...]."""
    at = np.cumsum([0] + [len(c.encode("utf-8", "surrogatepass")) for c in text])
    return [[int(at[w.start]), int(at[w.end]), *(tokenizer.vocab[p][0] for p in w.pieces)] for w in tokenizer.words(text)]


def write_golden(model: Duider, tokenizer: PieceTokenizer, builder: Builder) -> None:
    folder = ROOT / "tests/golden"
    stress = json.loads((folder / "stress.json").read_text())
    rows = [{"text": text, "words": words_of(tokenizer, text)} for text in stress]
    (folder / "pieces.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    out = []
    for path in sorted((ROOT / "tests/articles").glob("*.txt")):
        for text in chunks({"id": path.stem, "lang": "nl", "text": path.read_text(encoding="utf-8")}, builder):
            out.append({"text": text, "logits": [[round(float(x), 3) for x in row] for row in reference_logits(model, builder, text)]})
    (folder / "logits.jsonl").write_text("".join(json.dumps(r, separators=(",", ":")) + "\n" for r in out))
    print(f"{len(rows)} lines of pieces, {len(out)} texts of logits")


def compare_dev(model: Duider, builder: Builder, prepared: Path, program: Path, model_file: Path) -> None:
    texts = [t for row in read_lines(prepared / "articles.dev.jsonl") for t in chunks(row, builder)]
    done = subprocess.run([program, model_file], input="\0".join(texts).encode(), stdout=subprocess.PIPE, check=True)
    values = np.array([float(x) for x in done.stdout.split()], np.float32).reshape(-1, sum(map(len, labels.HEADS.values())))
    wanted = np.concatenate([reference_logits(model, builder, t) for t in texts])
    if values.shape != wanted.shape:
        raise SystemExit(f"the library sees {len(values)} words, the reference {len(wanted)}")
    equal = []
    for head in labels.WORD_HEADS:
        a, b = labels.offsets()[head]
        same = values[:, a:b].argmax(1) == wanted[:, a:b].argmax(1)
        equal.append(same.mean())
        print(f"{head:9} {100 * same.mean():.2f} % equal tags, largest difference of a logit {np.abs(values - wanted)[:, a:b].max():.2f}")
    print(f"{len(wanted)} words in {len(texts)} texts: {100 * float(np.mean(equal)):.2f} % equal tags, largest difference "
          f"{np.abs(values - wanted).max():.2f}, mean {np.abs(values - wanted).mean():.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["golden", "dev"])
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--program", type=Path, default=ROOT / "build/bench/logits")
    parser.add_argument("--model", type=Path, default=ROOT / "models/duider.model")
    args = parser.parse_args()
    tokenizer = PieceTokenizer(args.prepared / "tokenizer.json")
    builder, model = Builder(tokenizer), load(args.checkpoint)
    if args.what == "golden":
        write_golden(model, tokenizer, builder)
    else:
        compare_dev(model, builder, args.prepared, args.program, args.model)


if __name__ == "__main__":
    main()
