#!/usr/bin/env python3
"""Times an article of 700 words, the server's start and its memory; where PyTorch is installed, the same weights in PyTorch, in turns.

usage: bench/run.py [--build build] [--model models/duider.model] [--article bench/article.txt] [--rounds 5]
"""
from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
import urllib.request
from datetime import date
from pathlib import Path

ARTICLES = 100


def machine() -> str:
    text = Path("/proc/cpuinfo").read_text()
    name = re.search(r"model name\s*: (.*)", text)
    flags = [f for f in ("avx2", "avx512_vnni", "avx512_bf16", "amx_int8") if re.search(rf"\b{f}\b", text)]
    return f"{name.group(1) if name else 'unknown'}, {text.count('processor')} processors, {' '.join(flags)}"


def time_library(args: argparse.Namespace, repeats: int) -> float:
    done = subprocess.run([f"{args.build}/bench/annotate_time", args.model, args.article, str(repeats)], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)["median_ms"]


def time_peer(args: argparse.Namespace, repeats: int) -> dict | None:
    done = subprocess.run([sys.executable, Path(__file__).with_name("torch_peer.py"), args.model, args.article, str(repeats)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        print("no PyTorch figure:", (done.stderr.strip().splitlines() or ["?"])[-1])
        return None
    return json.loads(done.stdout)


def start_server(args: argparse.Namespace) -> tuple[subprocess.Popen, int, float]:
    """-> process, port, milliseconds from its start to ready."""
    began = time.monotonic()
    process = subprocess.Popen([f"{args.build}/duider-server", "--port", "0", "--model", args.model], stderr=subprocess.PIPE, text=True)
    line = process.stderr.readline()
    return process, int(re.search(r":(\d+), ", line).group(1)), 1000 * (time.monotonic() - began)


def resident_mb(process: subprocess.Popen) -> float:
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text()).group(1)) / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--model", default="models/duider.model")
    parser.add_argument("--article", default="bench/article.txt")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()

    print(f"{date.today()}, {machine()}")
    ours, peers, facts = [], [], None
    for _ in range(args.rounds):
        ours.append(time_library(args, 10))
        facts = time_peer(args, 5) if facts or not peers else None
        if facts:
            peers.append(facts["median_ms"])
    words = len(Path(args.article).read_text(encoding="utf-8").split())
    print(f"one article of {words} words, one thread, text to JSON: {statistics.median(ours):.1f} ms (rounds {min(ours):.1f} to {max(ours):.1f})")
    if peers:
        ratios = [p / o for p, o in zip(peers, ours)]
        print(f"the same weights in PyTorch {facts['torch']} float32, one thread, {facts['pieces']} pieces, network alone: {statistics.median(peers):.1f} ms "
              f"(rounds {min(peers):.1f} to {max(peers):.1f}); ratio {statistics.median(ratios):.2f} (rounds {min(ratios):.2f} to {max(ratios):.2f})")

    starts = []
    for _ in range(args.rounds):
        process, port, ready = start_server(args)
        starts.append(ready)
        process.terminate()
        process.wait()
    print(f"server, start to ready: {statistics.median(starts):.0f} ms (rounds {min(starts):.0f} to {max(starts):.0f})")
    process, port, _ = start_server(args)
    before = resident_mb(process)
    body = json.dumps({"text": Path(args.article).read_text(encoding="utf-8")}).encode()
    for _ in range(ARTICLES):
        urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/v1/annotate", body, {"Content-Type": "application/json"})).read()
    print(f"server, resident memory: {before:.0f} MB at ready, {resident_mb(process):.0f} MB after {ARTICLES} articles")
    process.terminate()
    process.wait()


if __name__ == "__main__":
    main()
