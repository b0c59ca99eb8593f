"""The library and its peers (bench/peers/) over the same articles, in turns, one thread each."""
from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

from service import resident_mb

PEERS = Path(__file__).parent / "peers"


class Peer:
    def __init__(self, args: argparse.Namespace, script: str, variant: str = ""):
        self.process = subprocess.Popen([sys.executable, PEERS / script, "--build", args.build, "--model", args.model, "--variant", variant], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        self.facts = json.loads(line) if line else {"missing": "it ended before it was ready"}
        self.missing = self.facts.get("missing")

    def run(self, article: Path) -> float:
        self.process.stdin.write(f"{article}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())["ms"]

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def spread(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def straight(article: Path, folder: Path) -> Path:
    """The article with straight quotation marks."""
    out = folder / "article-straight.txt"
    out.write_text(article.read_text(encoding="utf-8").translate(str.maketrans("“”„‘’‚", "\"\"\"'''")), encoding="utf-8")
    return out


def compare(args: argparse.Namespace) -> list[dict]:
    dutch, english = Path(args.article), Path(args.english)
    wanted = [("torch_float32.py", "", [("", dutch)]), ("onnx_int8.py", "", [("", dutch)]),
              ("frog_names.py", "", [("straight marks", straight(dutch, Path(args.build) / "bench")), ("curly marks", dutch)]),
              ("spacy_english.py", "", [("English", english)]), ("spacy_english.py", "names", [("English", english)])]
    ours = Peer(args, "duider.py")
    if ours.missing:
        raise SystemExit(f"bench/peers/duider.py: {ours.missing}")
    rows = []
    for script, variant, articles in wanted:
        peer = Peer(args, script, variant)
        if peer.missing:
            print(f"bench/peers/{script} {variant}: left out, {peer.missing}", flush=True)
            rows.append({"script": script, "variant": variant, "missing": peer.missing})
            peer.close()
            continue
        pairs = [(kind, article, [], []) for kind, article in articles]
        for turn in range(args.rounds + 1):
            for _, article, ours_ms, peer_ms in pairs:
                a, b = ours.run(article), peer.run(article)
                if turn:  # the first one is for warming up
                    ours_ms.append(a)
                    peer_ms.append(b)
        for kind, article, ours_ms, peer_ms in pairs:
            words = len(article.read_text(encoding="utf-8").split())
            rows.append({"name": peer.facts["name"], "setting": peer.facts["setting"], "article": kind, "words": words, "ms": statistics.median(peer_ms),
                         "words_per_s": 1000 * words / statistics.median(peer_ms), "duider_ms": statistics.median(ours_ms),
                         "duider_words_per_s": 1000 * words / statistics.median(ours_ms),
                         "duider_times_as_fast": spread([b / a for a, b in zip(ours_ms, peer_ms)]), "rss_mb": resident_mb(peer.facts["pid"]), "duider_rss_mb": resident_mb(ours.facts["pid"])})
        peer.close()
    ours.close()
    return rows
