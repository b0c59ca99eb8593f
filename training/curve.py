"""Dev figures over the number of articles trained on: what more articles would bring.

usage: curve.py --prepared DIR --work DIR [--plot SVG]       DIR: what prepare.py made; a folder for the runs

One base learns from everything but articles. From it each run takes the same number of steps on a part of the articles: the smaller the part, the
more often it is seen. The parts contain one another; 90 articles are in none of them and are measured beside those of dev. A run that is
there already is not repeated; its figures are evaluate.py's.
"""
from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

import evaluate
import weights
from dataset import Builder, read_lines
from model import from_pretrained
from tokenizer import PieceTokenizer

HERE = Path(__file__).parent
HELD_OUT = 90
PARTS = (30, 60, 120, 240, 482)
PASSES = 1.25  # of all articles that are not held out: what every run sees, some 290,000 pieces
COMMON = {"layers": 8, "dropout": 0.1, "epochs": 1, "warmup": 0.08, "step_tokens": 1024, "train_words": True, "seed": 83,
          "augment": {"marks": 0.5, "names": 0.3, "name_share": 0.5, "rough": 0.05}}
BASE = COMMON | {"encoder_rate": 4e-4, "head_rate": 1.5e-3,
                 "passes": {"names_nl": 1.0, "names_de": 0.4, "quotes_de": 0.5, "headlines_nl": 0.5, "targets_en": 0.1}}
FORK = COMMON | {"encoder_rate": 2e-4, "head_rate": 1e-3}
COLUMNS = {"names": "names, fine", "direct": "direct", "reported": "reported", "cues": "cues", "speakers": "speakers", "sentence.accuracy": "sentences"}


def train(prepared: Path, out: Path, config: dict, start: Path | None) -> Path:
    if not (out / "model.pt").exists():
        out.mkdir(parents=True, exist_ok=True)
        (out / "config.json").write_text(json.dumps(config))
        command = [sys.executable, HERE / "train.py", "--prepared", prepared, "--pretrained", next(prepared.rglob("e5-small-q4.bin")), "--out", out,
                   "--config", out / "config.json"]
        subprocess.run(command + (["--start", start] if start else []), check=True, stdout=sys.stderr)
    return out / "model.pt"


def measure(prepared: Path, checkpoint: Path, held: list[dict]) -> dict[str, dict[str, float]]:
    """-> figures on dev and on the articles held out, kept beside the checkpoint."""
    kept = checkpoint.with_name("figures.json")
    if not kept.exists():
        ids = np.array(json.loads((prepared / "tokenizer.json").read_text(encoding="utf-8"))["source_ids"])
        model = from_pretrained(weights.load(next(prepared.rglob("e5-small-q4.bin")), ids), COMMON["layers"], 0.0)
        model.load_state_dict(torch.load(checkpoint, weights_only=True)["model"])
        model.eval()
        builder = Builder(PieceTokenizer(prepared / "tokenizer.json"))
        rows = {"dev": read_lines(prepared / "articles.dev.jsonl"), "held out": held}
        found = {name: evaluate.figures(model, builder, "articles", part) for name, part in rows.items()}
        kept.write_text(json.dumps({name: {c: f.get(f"articles.{c}", 0.0) for c in COLUMNS} for name, f in found.items()}))
    return json.loads(kept.read_text())


def plot(points: dict[int, dict[str, dict[str, float]]], path: Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    matplotlib.rcParams["svg.hashsalt"] = "duider"
    figure, panes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True)
    sizes = [n for n in points if n]
    for pane, name in zip(panes, ("dev", "held out")):
        for column, label in COLUMNS.items():
            pane.plot(sizes, [points[n][name][column] for n in sizes], marker="o", label=label)
        pane.set(xscale="log", xlabel="articles trained on", title={"dev": "9 real Dutch articles (dev)", "held out": f"{HELD_OUT} own articles"}[name])
        pane.set_xticks(sizes, [str(n) for n in sizes])
        pane.minorticks_off()
        pane.grid(alpha=0.3)
    panes[0].set_ylabel("F1 of exact spans; accuracy")
    panes[1].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--plot", type=Path)
    args = parser.parse_args()
    rows = read_lines(args.prepared / "articles.train.jsonl")
    random.Random(COMMON["seed"]).shuffle(rows)
    held, rest = rows[:HELD_OUT], rows[HELD_OUT:]
    base = train(args.prepared, args.work / "base", BASE, None)
    points = {0: measure(args.prepared, base, held)}
    for count in (n for n in PARTS if n <= len(rest)):
        config = FORK | {"only": {"articles": [row["id"] for row in rest[:count]]},
                         "passes": {"articles": PASSES * len(rest) / count, "names_nl": 0.1}}
        points[count] = measure(args.prepared, train(args.prepared, args.work / str(count), config, base), held)
    print("| articles | measured on | " + " | ".join(COLUMNS.values()) + " |\n" + "|---" * (len(COLUMNS) + 2) + "|")
    for name in ("dev", "held out"):
        for count, found in points.items():
            print(f"| {count} | {name} | " + " | ".join(str(found[name][c]) for c in COLUMNS) + " |")
    if args.plot:
        plot(points, args.plot)


if __name__ == "__main__":
    main()
