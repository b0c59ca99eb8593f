"""What every peer of bench/run.py does: it says what it is, then annotates the article of each path that it reads, and says how long that took.

    <- {"name": "…", "setting": "…", "pid": 1}      or {"missing": "…"}, and it ends
    -> bench/article.txt
    <- {"ms": 12.3}
"""
from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build")
    parser.add_argument("--model", default="models/duider.model")
    parser.add_argument("--variant", default="")
    return parser.parse_args()


def say(what: dict) -> None:
    print(json.dumps(what), flush=True)


def missing(reason: object) -> None:
    say({"missing": str(reason)})
    sys.exit(0)


def serve(name: str, setting: str, annotate: Callable, prepare: Callable[[str], object] = lambda text: text, pid: int | None = None) -> None:
    """`prepare` makes of a text what `annotate` takes, and is not timed; pid: of the process whose memory counts."""
    say({"name": name, "setting": setting, "pid": pid or os.getpid()})
    prepared = {}
    for line in sys.stdin:
        path = line.strip()
        if path not in prepared:
            prepared[path] = prepare(Path(path).read_text(encoding="utf-8"))
        began = time.perf_counter()
        annotate(prepared[path])
        say({"ms": 1000 * (time.perf_counter() - began)})
