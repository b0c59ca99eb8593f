#!/usr/bin/env python3
"""Model files of several sizes: words a second against F1 on dev, beside spaCy where it is installed. A table, and docs/sizes.svg.

usage: bench/sizes.py --shared DIR [--build build] [--rounds 15] NAME=MODEL...      e.g. "8 layers=models/duider.model" "4 layers=small.model"

DIR holds the data and the scorer of `make dev-scores`, which are not part of the project. Speeds are of the English article, one thread, in turns.
"""
from __future__ import annotations

import argparse
import statistics
import subprocess
from datetime import date
from pathlib import Path

import plots
from compare import Peer
from run import machine

SERIES = [("names, Dutch", "ner/nl.dev, coarse", "entity", "f1"), ("names, English", "ner/en.dev, coarse", "entity", "f1"),
          ("names, Dutch articles, fine", "articles/dev", "entity", "f1"), ("direct quotes", "articles/dev", "quote_found_direct", "f1"),
          ("reported quotes", "articles/dev", "quote_found_reported", "f1"), ("who says what", "articles/dev", "attribution", "f1"),
          ("sentences' sentiment", "articles/dev", "sentiment_sentence", "accuracy")]


def scores(args: argparse.Namespace, model: str) -> list[float]:
    """-> a figure a series."""
    command = [Path(__file__).parent / "dev_scores.sh", args.build, args.shared, model]
    figures, section = {}, ""
    for line in subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines():
        words = line.split()
        if line.startswith("== "):
            section = line[3:]
        elif words:
            figures[section, words[0]] = dict(zip(words[1::2], words[2::2]))
    return [float(figures[where, what][unit]) for _, where, what, unit in SERIES]


def speeds(args: argparse.Namespace, models: dict[str, str]) -> dict[str, float]:
    """-> words a second, of spaCy too."""
    peers = {name: Peer(argparse.Namespace(build=args.build, model=model), "duider.py") for name, model in models.items()}
    for variant in ("", "names"):
        peer = Peer(argparse.Namespace(build=args.build, model=""), "spacy_english.py", variant)
        if peer.missing:
            print(f"spaCy {variant}: left out, {peer.missing}", flush=True)
        else:
            peers[peer.facts["name"]] = peer
    times: dict[str, list[float]] = {name: [] for name in peers}
    for turn in range(args.rounds + 1):
        for name, peer in peers.items():
            ms = peer.run(args.article)
            if turn:  # the first one is for warming up
                times[name].append(ms)
    for peer in peers.values():
        peer.close()
    words = len(args.article.read_text(encoding="utf-8").split())
    return {name: 1000 * words / statistics.median(ms) for name, ms in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="NAME=MODEL")
    parser.add_argument("--shared", required=True)
    parser.add_argument("--build", default="build")
    parser.add_argument("--article", type=Path, default=Path("bench/article.en.txt"))
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--plot", type=Path, default=Path("docs/sizes.svg"))
    args = parser.parse_args()
    models = dict(m.split("=", 1) for m in args.models)
    speed = speeds(args, models)
    figures = {name: scores(args, model) for name, model in models.items()}
    print("| model | words/s | " + " | ".join(s[0] for s in SERIES) + " |\n" + "|---" * (len(SERIES) + 2) + "|")
    for name, values in figures.items():
        print(f"| {name} | {speed[name]:,.0f} | " + " | ".join(f"{v:.1f}" for v in values) + " |")
    for name in speed.keys() - figures.keys():
        print(f"| {name} | {speed[name]:,.0f} |" + " – |" * len(SERIES))
    marks = {name: speed[name] for name in speed if name not in figures}
    lines = {series[0]: [(speed[name], figures[name][i]) for name in models] for i, series in enumerate(SERIES)}
    args.plot.write_text(plots.sizes(lines, list(models), marks, f"{date.today()}, {machine()}, one thread"), encoding="utf-8")


if __name__ == "__main__":
    main()
