#!/usr/bin/env python3
"""How the server behaves under load, over loopback: throughput beside the library's, overload, idle and slow clients, SIGTERM and SIGHUP in the middle of it.

usage: bench/load.py [--build build] [--model models/duider.model] [--seconds 20] [--stops 50] [--json build/load.json] [--plot docs/load.svg]

Throughput and overload: the server on half of the processors, the clients on the other half; everything else on all of them.  Ends with status 1 where a figure misses its aim (issue: the service).
"""
from __future__ import annotations

import argparse
import asyncio
import json
import resource
import signal
import sys
from datetime import date
from pathlib import Path

from run import WORKERS, machine, ranged, saturate_in_turns
from service import Connection, Lost, Server, article, bound_to, closed_loop, confined_to, open_loop, percentile, split_processors

WORDS = 50
QUEUE_TIMEOUT_MS = 500
IDLE, DRIPPING = 2000, 200
TURNS = 15  # of server and library: short ones beside each other, because machines change from second to second


async def overload(args: argparse.Namespace, body: bytes) -> list[dict]:
    """The server on half of the processors, the clients on the other half: asking four times as much as can be answered costs them a good part of one."""
    own, clients = split_processors()
    with confined_to(clients), Server(args.build, "--model", args.model, "--workers", str(len(own)), "--queue-timeout-ms", str(QUEUE_TIMEOUT_MS), "--max-connections", "4000",
                                      "--max-connections-per-address", "0", within=bound_to(own)) as server:
        await closed_loop(server.port, body, 4, 2)
        rows = []
        for factor in (0.5, 1.0, 1.5, 2.0, 3.0, 4.0):
            capacity = len(await closed_loop(server.port, body, 4, args.seconds / 4)) / (args.seconds / 4)  # in turns: the machine changes
            outcome = await open_loop(server.port, body, factor * capacity, args.seconds)
            rows.append({"offered": factor, "capacity": capacity, "goodput": len(outcome.good) / args.seconds / capacity, "p50_ms": percentile(outcome.good, 0.5),
                         "p99_ms": percentile(outcome.good, 0.99), "refused": outcome.statuses.get(503, 0), "statuses": outcome.statuses, "lost": outcome.lost,
                         "slowest_refusal_ms": outcome.largest_refusal})
        await server.stop()
        return rows


async def slow_clients(args: argparse.Namespace, body: bytes) -> dict:
    """A good client beside idle connections and ones that send a byte now and then."""
    with Server(args.build, "--model", args.model, "--workers", str(WORKERS), "--max-connections", "4000", "--max-connections-per-address", "0") as server:
        await closed_loop(server.port, body, 1, 2)
        quiet = await closed_loop(server.port, body, 1, args.seconds)
        idle = [Connection(server.port) for _ in range(IDLE)]
        for connection in idle:
            await connection.request(None, "/health/live")
        stop = asyncio.Event()

        async def drip() -> int:
            opened = 0
            while not stop.is_set():
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
                    opened += 1
                    for byte in b"POST /v1/annotate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\nContent-Type: application/json\r\n\r\n" + b" " * 100000:
                        if stop.is_set():
                            break
                        writer.write(bytes([byte]))
                        await writer.drain()
                        await asyncio.sleep(1.0)
                    writer.close()
                except OSError:
                    pass
            return opened

        dripping = [asyncio.create_task(drip()) for _ in range(DRIPPING)]
        await asyncio.sleep(2)
        busy = await closed_loop(server.port, body, 1, args.seconds)
        stop.set()
        await asyncio.gather(*dripping)
        for connection in idle:
            connection.close()
        await server.stop()
        return {"quiet_p99_ms": percentile(quiet, 0.99), "busy_p99_ms": percentile(busy, 0.99), "quiet_p50_ms": percentile(quiet, 0.5),
                "busy_p50_ms": percentile(busy, 0.5), "ratio": percentile(busy, 0.99) / percentile(quiet, 0.99)}


async def stopping(args: argparse.Namespace, body: bytes, rounds: int) -> dict:
    """SIGTERM in the middle of load: each request that the server took is answered whole; the others are refused a connection."""
    lost = answered = wrong = 0
    for number in range(rounds):
        with Server(args.build, "--model", args.model, "--workers", str(WORKERS)) as server:

            async def client() -> None:
                nonlocal lost, answered, wrong
                connection = Connection(server.port)
                while True:
                    fresh = connection.writer is None
                    try:
                        status, content = await connection.request(body)
                        answered += 1
                        wrong += status not in (200, 503) or not content.endswith(b"}\n" if status == 200 else b"}")
                    except Lost:  # of a connection that had been answered before: the server may close it while it idles
                        lost += fresh
                        return
                    except OSError:
                        return

            clients = [asyncio.create_task(client()) for _ in range(6)]
            await asyncio.sleep(0.2 + 0.01 * (number % 10))
            server.process.send_signal(signal.SIGTERM)
            code = await asyncio.to_thread(server.process.wait)
            await asyncio.gather(*clients)
            wrong += code != 0
    return {"rounds": rounds, "answered": answered, "lost": lost, "wrong": wrong}


async def reloading(args: argparse.Namespace, body: bytes, rounds: int) -> dict:
    """SIGHUP in the middle of load: nothing is lost, nothing answers otherwise."""
    with Server(args.build, "--model", args.model, "--workers", str(WORKERS)) as server:
        _, wanted = await Connection(server.port).request(body)
        answered = lost = wrong = 0
        stop = asyncio.Event()

        async def client() -> None:
            nonlocal answered, lost, wrong
            connection = Connection(server.port)
            while not stop.is_set():
                try:
                    status, content = await connection.request(body)
                    answered += 1
                    wrong += status != 200 or content != wanted
                except (Lost, OSError):
                    lost += 1

        clients = [asyncio.create_task(client()) for _ in range(4)]
        for _ in range(rounds):
            await asyncio.sleep(0.3)
            server.process.send_signal(signal.SIGHUP)
        await asyncio.sleep(1.0)
        stop.set()
        await asyncio.gather(*clients)
        code = await server.stop()
        return {"rounds": rounds, "answered": answered, "lost": lost, "wrong": wrong + (code != 0)}


def plot(rows: list[dict], path: Path) -> None:
    """Offered load against goodput, and the p99 of what was accepted."""
    width, height, left, top = 640, 300, 50, 20
    peak = max(r["p99_ms"] for r in rows)
    place = lambda x, y: (left + x / 4 * (width - 2 * left), height - 40 - y * (height - 40 - top))  # noqa: E731
    lines = []
    for key, most, colour, name in (("goodput", 1.2, "#1a7f37", "goodput / capacity"), ("p99_ms", peak * 1.2, "#9a3412", f"p99 of accepted (top: {peak * 1.2:.0f} ms)")):
        points = [place(r["offered"], r[key] / most) for r in rows]
        lines.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>')
        lines += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        lines.append(f'<text x="{width - 290}" y="{height - 90 + 18 * (key == "p99_ms")}" fill="{colour}">{name}</text>')
    ticks = "".join(f'<text x="{place(x, 0)[0]:.0f}" y="{height - 22}" text-anchor="middle">{x}</text>' for x in range(5))
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">'
                    f'<rect width="{width}" height="{height}" fill="#fff"/><path d="M{left} {top}V{height - 40}H{width - left}" fill="none" stroke="#666"/>{ticks}'
                    f'<text x="{width / 2}" y="{height - 6}" text-anchor="middle">offered load / capacity</text>{"".join(lines)}</svg>\n')


async def run(args: argparse.Namespace) -> dict:
    body = article(WORDS)
    result = {"date": str(date.today()), "machine": machine(), "words": WORDS, "workers": WORKERS, "queue_timeout_ms": QUEUE_TIMEOUT_MS}
    result["throughput"] = t = await asyncio.to_thread(saturate_in_turns, args, json.loads(body)["text"].encode(), TURNS, args.seconds / 10)
    print(f"server {ranged(t['server_per_s'])} articles/s, library {ranged(t['library_per_s'])}: share {ranged(t['server_over_library'], 3)}; aim 0.95", flush=True)
    result["overload"] = rows = await overload(args, body)
    for r in rows:
        print(f"offered {r['offered']:.1f} x capacity ({r['capacity']:.1f}/s): goodput {r['goodput']:.3f}, p50 {r['p50_ms']:.0f} ms, p99 {r['p99_ms']:.0f} ms, refused "
              f"{r['refused']}, slowest refusal {r['slowest_refusal_ms']:.0f} ms, lost {r['lost']}", flush=True)
    result["slow_clients"] = s = await slow_clients(args, body)
    print(f"beside {IDLE} idle and {DRIPPING} dripping connections: p99 {s['busy_p99_ms']:.0f} ms, quiet {s['quiet_p99_ms']:.0f} ms: ratio {s['ratio']:.2f} (aim 1.5)", flush=True)
    result["sigterm"] = a = await stopping(args, body, args.stops)
    print(f"SIGTERM {a['rounds']} times: {a['answered']} answered, {a['lost']} lost, {a['wrong']} wrong", flush=True)
    result["sighup"] = b = await reloading(args, body, args.stops)
    print(f"SIGHUP {b['rounds']} times: {b['answered']} answered, {b['lost']} lost, {b['wrong']} wrong", flush=True)
    most = rows[-1]
    result["met"] = {"throughput": t["server_over_library"]["median"] >= 0.95, "goodput": most["goodput"] >= 0.95, "p99": most["p99_ms"] <= 2 * QUEUE_TIMEOUT_MS,
                     "slow_clients": s["ratio"] <= 1.5, "sigterm": a["lost"] + a["wrong"] == 0, "sighup": b["lost"] + b["wrong"] == 0}
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--model", default="models/duider.model")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--stops", type=int, default=50)
    parser.add_argument("--json", type=Path, default=Path("build/load.json"))
    parser.add_argument("--plot", type=Path, default=Path("docs/load.svg"))
    args = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))  # the server inherits it
    print(f"{date.today()}, {machine()}, articles of {WORDS} words", flush=True)
    result = asyncio.run(run(args))
    args.json.write_text(json.dumps(result, indent=1) + "\n")
    plot(result["overload"], args.plot)
    print("missed: " + ", ".join(k for k, met in result["met"].items() if not met) if not all(result["met"].values()) else "every aim is met")
    sys.exit(not all(result["met"].values()))


if __name__ == "__main__":
    main()
