"""Dev figures over the number of articles trained on: what more articles would bring.

usage: curve.py --prepared DIR --work DIR [--plot SVG]       DIR: what prepare.py made; a folder for the runs

One base learns from everything but articles. From it each run takes the same number of steps on a part of the articles: the smaller the part, the
more often it is seen. The parts contain one another; 90 articles are in none of them and are measured beside those of dev. A run that is
there already is not repeated; its figures are evaluate.py's.
"""
from __future__ import annotations

import argparse
import json
import math
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
COLOURS = ["#0b5fa5", "#b3401e", "#1a7f37", "#7a3fa0", "#a07800", "#00796b"]
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


def svg(points: dict[int, dict[str, dict[str, float]]]) -> str:
    """A panel for dev and one for the articles held out: figures over the number of articles, on a log axis; a line a column."""
    sizes = [n for n in points if n]
    side, left, top, gap = 300, 46, 34, 40
    spread = math.log(sizes[-1] / sizes[0])
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + 2 * side + gap + 120}" height="{top + side + 52}" font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="white"/>']
    for pane, (name, title) in enumerate({"dev": "9 real Dutch articles (dev)", "held out": f"{HELD_OUT} own articles"}.items()):
        out.append(f'<g transform="translate({left + pane * (side + gap)},{top})"><text x="{side / 2}" y="-12" text-anchor="middle" font-weight="bold">{title}</text>'
                   f'<rect width="{side}" height="{side}" fill="none" stroke="#444"/>')
        for tick in range(0, 101, 20):
            y = side * (1 - tick / 100)
            out.append(f'<path d="M0 {y}H{side}" stroke="#ddd"/><text x="-6" y="{y + 4}" text-anchor="end">{tick}</text>')
        places = [side * (0.04 + 0.92 * math.log(n / sizes[0]) / spread) for n in sizes]
        out += [f'<text x="{x:.1f}" y="{side + 16}" text-anchor="middle">{n}</text>' for n, x in zip(sizes, places)]
        out.append(f'<text x="{side / 2}" y="{side + 36}" text-anchor="middle">articles trained on</text>')
        for (column, label), colour in zip(COLUMNS.items(), COLOURS):
            line = [(x, side * (1 - points[n][name][column] / 100)) for n, x in zip(sizes, places)]
            out.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in line)}"/>')
            out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"><title>{label}: {points[n][name][column]}</title></circle>' for n, (x, y) in zip(sizes, line)]
        if pane:
            below = 0.0
            for figure, label, colour in sorted(((points[sizes[-1]][name][c], label, colour) for (c, label), colour in zip(COLUMNS.items(), COLOURS)), reverse=True):
                below = max(side * (1 - figure / 100) + 4, below + 14)  # labels do not cover one another
                out.append(f'<text x="{side + 8}" y="{below:.1f}" fill="{colour}">{label}</text>')
        out.append("</g>")
    return "\n".join([*out, "</svg>"]) + "\n"


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
        args.plot.write_text(svg(points))


if __name__ == "__main__":
    main()
