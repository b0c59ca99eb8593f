"""The mean of several checkpoints' weights, where one was trained on from another (Wortsman et al., 2022).

usage: average.py MODEL.pt MODEL.pt... --out model.pt
"""
from __future__ import annotations

import argparse
from pathlib import Path

import torch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    states = [torch.load(path, weights_only=True)["model"] for path in args.models]
    torch.save({"model": {name: torch.stack([s[name].float() for s in states]).mean(0) for name in states[0]}}, args.out)


if __name__ == "__main__":
    main()
