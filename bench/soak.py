#!/usr/bin/env python3
"""Hours in minutes: the server at 80 % load, over loopback, with articles of many lengths, errors and clients that leave.

usage: bench/soak.py [--build build] [--model models/duider.model] [--minutes 30] [--json build/soak.json]

Ends with status 1 where resident memory grows by more than 2 % after the first tenth, a request goes wrong, or descriptors leak.
"""
from __future__ import annotations

import argparse
import asyncio
import collections
import json
import random
import sys
import time
from datetime import date
from pathlib import Path

from run import machine
from service import Connection, Server, article, closed_loop

LOAD, SETTLED = 0.8, 0.1
CAPACITY_S = 30
IDLE_S = 10  # a connection that is silent for longer is not used again: the server may be about to close it


def is_wrong(status: int, wanted: int) -> bool:
    if status != wanted:
        print(f"wrong: {status} in place of {wanted}", flush=True)
    return status != wanted


async def run(args: argparse.Namespace) -> dict:
    with Server(args.build, "--model", args.model, "--workers", "2") as server:
        return await soak(args, server)


async def measure_capacity(port: int, bodies: dict[int, bytes], mix: list[int]) -> float:
    """-> words a second when four clients ask for articles of the mix, as soon as they are answered."""
    await closed_loop(port, bodies[900], 4, 5)  # all shapes have been seen
    asked: collections.Counter[int] = collections.Counter()
    rng = random.Random(0)

    def pick() -> bytes:
        words = rng.choice(mix)
        asked[words] += 1
        return bodies[words]

    await closed_loop(port, pick, 4, CAPACITY_S)
    return sum(words * count for words, count in asked.items()) / CAPACITY_S


async def soak(args: argparse.Namespace, server: Server) -> dict:
    bodies = {words: article(words) for words in (20, 50, 120, 400, 900)}
    mix = [20] * 4 + [50] * 8 + [120] * 6 + [400] * 3 + [900]
    capacity = await measure_capacity(server.port, bodies, mix)
    rng, counts, wrong = random.Random(1), {"articles": 0, "errors": 0, "left": 0}, 0
    at_rest, start, end = server.descriptors(), time.monotonic(), time.monotonic() + 60 * args.minutes
    idle: collections.deque[tuple[float, Connection]] = collections.deque()  # with the time of the last answer, oldest first
    samples: list[tuple[float, float]] = []

    async def one(words: int) -> None:
        nonlocal wrong
        while idle and idle[0][0] < time.monotonic() - IDLE_S:
            idle.popleft()[1].close()
        connection = idle.pop()[1] if idle else Connection(server.port)
        kind = rng.random()
        try:
            if kind < 0.05:  # a client that leaves in the middle
                _, writer = await asyncio.open_connection("127.0.0.1", server.port)
                writer.write(b"POST /v1/annotate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(bodies[words]) + bodies[words])
                await writer.drain()
                await asyncio.sleep(0.01)
                writer.close()
                counts["left"] += 1
            elif kind < 0.10:
                status, _ = await connection.request(b'{"text": 1}')
                wrong += is_wrong(status, 422)
                counts["errors"] += 1
            else:
                status, _ = await connection.request(bodies[words])
                wrong += is_wrong(status, 200)
                counts["articles"] += 1
        except Exception as error:  # any is a failure of the run
            print("wrong:", error, flush=True)
            wrong += 1
        idle.append((time.monotonic(), connection))

    tasks: set[asyncio.Task] = set()
    next_sample, due = start, start
    while time.monotonic() < end:
        words = rng.choice(mix)
        task = asyncio.create_task(one(words))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        due += words / (LOAD * capacity)
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        if time.monotonic() >= next_sample:
            samples.append((time.monotonic() - start, server.resident_mb()))
            print(f"{samples[-1][0] / 60:5.1f} min: {samples[-1][1]:.1f} MB, {server.descriptors()} descriptors, {counts}, wrong {wrong}", flush=True)
            next_sample += max(5.0, 60 * args.minutes / 30)
    await asyncio.gather(*tasks)
    for _, connection in idle:
        connection.close()
    await asyncio.sleep(2)
    leaked = server.descriptors() - at_rest
    settled = [mb for at, mb in samples if at >= SETTLED * 60 * args.minutes]
    growth = settled[-1] / settled[0] - 1
    code = await server.stop()
    return {"date": str(date.today()), "machine": machine(), "minutes": args.minutes, "counts": counts, "wrong": wrong, "growth": growth, "resident_mb": samples[-1][1],
            "leaked_descriptors": leaked, "exit": code, "met": wrong == 0 and growth <= 0.02 and leaked <= 0 and code == 0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--model", default="models/duider.model")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--json", type=Path, default=Path("build/soak.json"))
    args = parser.parse_args()
    result = asyncio.run(run(args))
    args.json.write_text(json.dumps(result, indent=1) + "\n")
    print(f"{result['minutes']} minutes at {LOAD:.0%} load: memory {result['resident_mb']:.0f} MB, growth {result['growth']:.2%}, wrong {result['wrong']}, descriptors leaked "
          f"{result['leaked_descriptors']}, {result['counts']}")
    sys.exit(not result["met"])


if __name__ == "__main__":
    main()
