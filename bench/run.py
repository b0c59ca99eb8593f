#!/usr/bin/env python3
"""What duider costs on this machine: one table, build/bench.json, plots in docs/. About six minutes; docs/performance.md says what the lines mean.

usage: bench/run.py [--build build] [--model models/duider.model] [--seconds 8] [--words 50000] [--rounds 7]

Peers that this Python or this machine lacks are left out: bench/peers/requirements.txt; Debian: frog frogdata ucto.
"""
from __future__ import annotations

import argparse
import ctypes
import http.client
import json
import mmap
import os
import re
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import plots
from compare import compare, spread
from library import Library, Session
from service import Server, bound_to, confined_to, split_processors

ARTICLES, WORKERS, CONNECTIONS, STARTS, TURNS = 100, 2, 4, 7, 5
QUIET = 0.5  # load average of a machine that does nothing else


def machine() -> str:
    text = Path("/proc/cpuinfo").read_text()
    name = re.search(r"model name\s*: (.*)", text)
    flags = [f for f in ("avx2", "avx512_vnni", "avx512_bf16", "amx_int8") if re.search(rf"\b{f}\b", text)]
    return f"{name.group(1) if name else 'unknown'}, {text.count('processor')} processors, {' '.join(flags)}"


def program(args: argparse.Namespace, name: str, *arguments: str) -> dict:
    return json.loads(subprocess.run([f"{args.build}/bench/{name}", *arguments], stdout=subprocess.PIPE, check=True).stdout)


# ---- the server ----


def drop_from_memory(path: str) -> float:
    """Takes the file out of the page cache  ->  the share of it that stayed, because another process has it mapped."""
    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as mapped:
            pages = (len(mapped) + mmap.PAGESIZE - 1) // mmap.PAGESIZE
            resident, place = (ctypes.c_ubyte * pages)(), ctypes.c_ubyte.from_buffer(mapped)
            ctypes.CDLL(None).mincore(ctypes.c_void_p(ctypes.addressof(place)), ctypes.c_size_t(len(mapped)), resident)
            del place
    return sum(r & 1 for r in resident) / pages


def start_server(args: argparse.Namespace, processors: list[int] | None = None) -> Server:
    """With a worker for each of `processors` where given, and on them alone."""
    return Server(args.build, "--model", args.model, "--workers", str(len(processors) if processors else WORKERS), within=bound_to(processors) if processors else ())


def measure_start(args: argparse.Namespace) -> dict:
    """Milliseconds from the start of the process to the line that it is ready."""
    warm, cold, stayed = [], [], []
    for _ in range(STARTS):
        for times in (warm, cold):
            if times is cold:
                stayed.append(drop_from_memory(args.model))
            began = time.monotonic()
            with start_server(args):
                times.append(1000 * (time.monotonic() - began))
    return {"warm_ms": spread(warm), "cold_ms": spread(cold), "cold_share_still_in_memory": max(stayed)}


def requester(port: int, text: bytes) -> Callable[[], None]:
    """-> a function that asks once, over a connection that it keeps."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    body = json.dumps({"text": text.decode()}).encode()

    def ask() -> None:
        connection.request("POST", "/v1/annotate", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"the server answered {answer.status}")

    return ask


def saturate(calls: list[Callable[[], object]], count: int, processors: list[int] | None = None) -> float:
    """Each call again and again on a thread of its own, on `processors` where given  ->  how many a second, over `count` of them while all threads are at work."""
    ends: list[float] = []
    stop = threading.Event()

    def loop(call: Callable[[], object]) -> None:
        try:
            with confined_to(processors or os.sched_getaffinity(0)):
                while not stop.is_set():
                    call()
                    ends.append(time.monotonic())
        finally:
            stop.set()

    threads = [threading.Thread(target=loop, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    while len(ends) <= len(calls) + count and not stop.wait(0.01):
        pass
    stop.set()
    for thread in threads:
        thread.join()
    return count / (ends[len(calls) + count] - ends[len(calls)])


def saturate_in_turns(args: argparse.Namespace, text: bytes, turns: int, seconds: float) -> dict:
    """Articles a second of the server and of the library with as many threads, in turns of about `seconds`, on half of the processors; clients have the other half."""
    own, clients = split_processors()
    library = Library(args.build, args.model)
    sessions = [Session(library) for _ in own]
    ours, alone = [], []
    with start_server(args, own) as server:

        def serve(count: int) -> float:
            return saturate([requester(server.port, text) for _ in range(2 * len(own))], count, clients)

        count = max(20, int(serve(50) * seconds))
        for _ in range(turns):
            ours.append(serve(count))
            alone.append(saturate([lambda s=s: s.annotate(text) for s in sessions], count, own))
    return {"processors": len(own), "server_per_s": spread(ours), "library_per_s": spread(alone), "server_over_library": spread([a / b for a, b in zip(ours, alone)])}


def measure_server(args: argparse.Namespace, text: bytes) -> dict:
    out = {"workers": WORKERS, "start": measure_start(args)}
    with start_server(args) as server:
        out["rss_ready_mb"] = server.resident_mb()
        saturate([requester(server.port, text) for _ in range(CONNECTIONS)], ARTICLES)
        out["rss_after_mb"] = server.resident_mb()
    return out | saturate_in_turns(args, text, TURNS, args.seconds)


# ---- the table ----


def ranged(values: dict[str, float], digits: int = 2) -> str:
    return f"{values['median']:.{digits}f} ({values['least']:.{digits}f} to {values['most']:.{digits}f})"


def table(result: dict) -> list[tuple[str, str]]:
    m, peak, server = result["measure"], result["peak"], result["server"]
    rows = []
    for row in m["throughput"]["by_threads"]:
        rows.append((f"{row['threads']} thread{'s' * (row['threads'] > 1)}: articles/s (of {m['stages']['words']} words), words/s, pieces/s",
                     f"{ranged(row['articles_per_s'])}, {row['words_per_s']:,.0f}, {row['pieces_per_s']:,.0f}"))
    rows.append(("two threads over one", ranged(m["throughput"]["two_threads_over_one"])))
    for row in m["latency"]:
        rows.append((f"{row['words']:,} words: p50, p95, p99 of {row['runs']} runs", f"{row['p50_ms']:.1f}, {row['p95_ms']:.1f}, {row['p99_ms']:.1f} ms"))
    for part in m["stages"]["stages"]:
        rows.append((f"stage: {part['stage']}", f"{part['ms']:.2f} ms, {100 * part['share']:.1f} %"))
    rows += [("everything that is no matrix product", f"{100 * m['stages']['no_product_share']:.0f} % of the time"),
             (f"oneDNN's products alone, {peak['rows']} rows (the limit)", f"{peak['onednn_gops']:.0f} GOPS"),
             (f"our products alone ({peak['kernel']})", f"{peak['gops']:.0f} GOPS, {100 * peak['gops'] / peak['onednn_gops']:.0f} % of the limit"),
             ("our products in the pipeline", f"{m['stages']['product_gops']:.0f} GOPS, {100 * m['stages']['product_gops'] / peak['onednn_gops']:.0f} % of the limit"),
             ("start of the library: model, session, first article", ", ".join(f"{m['start'][k]:.1f}" for k in ("model_open_ms", "session_new_ms", "first_article_ms")) + " ms"),
             ("an article allocates", f"{m['allocations']['article']['calls']:,.0f} times, {m['allocations']['article']['bytes'] / 1e6:.2f} MB"),
             ("… a window in the encoder", f"{m['allocations']['window_in_encoder']['calls']:,.0f} times, {m['allocations']['window_in_encoder']['bytes'] / 1e6:.2f} MB"),
             ("peak resident memory: articles of 700 words, everything", f"{m['peak_rss_article_mb']:.0f}, {m['peak_rss_mb']:.0f} MB"),
             ("server: start to ready, warm", f"{ranged(server['start']['warm_ms'], 0)} ms"),
             ("server: start to ready, model file not in the page cache", f"{ranged(server['start']['cold_ms'], 0)} ms"),
             (f"server, {WORKERS} workers: resident memory at ready, after {ARTICLES} articles", f"{server['rss_ready_mb']:.0f}, {server['rss_after_mb']:.0f} MB"),
             (f"server on {server['processors']} of the processors, saturated by clients on the others; library on them with as many threads: articles/s", f"{ranged(server['server_per_s'])}, {ranged(server['library_per_s'])}"),
             ("… server over library", ranged(server["server_over_library"], 3))]
    for row in result["peers"]:
        if "missing" in row:
            rows.append((f"{row['script']} {row['variant']}".strip(), "left out"))
        else:
            rows.append((f"{row['name']}{', ' * bool(row['article'])}{row['article']}: words/s, memory",
                         f"{row['words_per_s']:,.0f}, {row['rss_mb']:.0f} MB; duider {row['duider_words_per_s']:,.0f}, {row['duider_rss_mb']:.0f} MB: "
                         f"{ranged(row['duider_times_as_fast'])} times as fast"))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--model", default="models/duider.model")
    parser.add_argument("--article", default="bench/article.txt")
    parser.add_argument("--english", default="bench/article.en.txt")
    parser.add_argument("--seconds", type=float, default=8, help="of each part that may be repeated")
    parser.add_argument("--words", type=int, default=50000, help="of the longest article")
    parser.add_argument("--rounds", type=int, default=7, help="beside each peer")
    parser.add_argument("--json", type=Path, help="default: bench.json in the build folder")
    parser.add_argument("--plots", type=Path, default=Path("docs"))
    args = parser.parse_args()

    load = os.getloadavg()[0]
    result: dict = {"date": str(date.today()), "machine": machine(), "command": shlex.join(sys.argv), "load_before": load}
    print(f"{result['date']}, {result['machine']}")
    print(f"{result['command']}" + (f"\nother programs were running (load {load:.1f}): these are no figures of a quiet machine" if load > QUIET else ""), flush=True)
    result["measure"] = m = program(args, "measure", "-s", str(args.seconds), "-w", str(args.words), args.model, args.article)
    result["peak"] = program(args, "peak", args.model)
    result["server"] = measure_server(args, Path(args.article).read_bytes())
    result["peers"] = compare(args)
    width = max(len(what) for what, _ in table(result))
    for what, figure in table(result):
        print(f"| {what.ljust(width)} | {figure} |")
    (args.json or Path(args.build) / "bench.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    caption = f"{result['date']}, {result['machine']}{', not quiet' * (load > QUIET)}"
    (args.plots / "scaling.svg").write_text(plots.scaling(m["scaling"], caption), encoding="utf-8")
    (args.plots / "stages.svg").write_text(plots.stages(m["stages"]["stages"], f"Where the time of an article of {m['stages']['words']} words goes: "
                                                        f"{m['stages']['sum_ms']:.0f} ms", caption), encoding="utf-8")


if __name__ == "__main__":
    main()
