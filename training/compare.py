"""Short runs that differ in one thing: depth, layers kept, rates, window, a teacher.  Prints a table of dev figures, newest run last.

usage: compare.py --prepared DIR --work DIR [--only NAME...]       DIR: what prepare.py made; a folder for the runs

Every run sees the same mix of sources once, some 200,000 pieces; figures are evaluate.py's (60 documents a source), to compare runs with one another
and not with the shipped file.  A run that is there already is not repeated.
"""
from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
BASE = {
    "layers": 8, "dropout": 0.1, "epochs": 1, "encoder_rate": 2.5e-4, "head_rate": 1e-3, "warmup": 0.08, "step_tokens": 1024,
    "augment": {"marks": 0.5, "names": 0.0, "name_share": 0.0, "rough": 0.0}, "train_words": False, "seed": 5,
    "passes": {"articles": 0.5, "names_nl": 0.25, "headlines_nl": 0.3},
}
RUNS: dict[str, dict] = {
    "8 layers": {},
    "6 layers": {"layers": 6},
    "12 layers": {"layers": 12},
    "8 layers, every third left out": {"layers": [0, 1, 3, 4, 6, 7, 9, 10]},
    "8 layers, the highest": {"layers": [4, 5, 6, 7, 8, 9, 10, 11]},
    "8 layers, rates halved": {"encoder_rate": 1.25e-4, "head_rate": 5e-4},
    "8 layers, rates doubled": {"encoder_rate": 5e-4, "head_rate": 2e-3},
    "8 layers, windows of 128 pieces": {"window": 128},
    "8 layers, words trained too": {"train_words": True},
    "6 layers, taught by the 12": {"layers": 6, "teacher": "12 layers"},
    "8 layers, taught by the 12": {"teacher": "12 layers"},
}
COLUMNS = {"names_nl.names": "names nl", "articles.names": "names, articles", "articles.direct": "direct", "articles.reported": "reported",
           "articles.speakers": "speakers", "articles.cues": "cues", "articles.sentence.accuracy": "sentences"}


def run(name: str, prepared: Path, work: Path) -> dict[str, float]:
    out = work / name.replace(" ", "-").replace(",", "")
    if not (out / "model.pt").exists():
        out.mkdir(parents=True, exist_ok=True)
        changes = dict(RUNS[name])
        teacher = changes.pop("teacher", None)
        (out / "config.json").write_text(json.dumps(BASE | changes))
        command = [sys.executable, HERE / "train.py", "--prepared", prepared, "--pretrained", next(prepared.rglob("e5-small-q4.bin")), "--out", out,
                   "--config", out / "config.json"]
        if teacher:
            command += ["--teacher", work / teacher.replace(" ", "-") / "model.pt"]
        subprocess.run(command, check=True, stdout=sys.stderr)
    return json.loads((out / "log.jsonl").read_text().splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=list(RUNS), choices=list(RUNS))
    args = parser.parse_args()
    print("| run | " + " | ".join(COLUMNS.values()) + " | seconds |\n" + "|---" * (len(COLUMNS) + 2) + "|", flush=True)
    for name in args.only:
        figures = run(name, args.prepared, args.work)
        print(f"| {name} | " + " | ".join(str(figures.get(k, "–")) for k in COLUMNS) + f" | {figures['seconds']} |", flush=True)


if __name__ == "__main__":
    main()
