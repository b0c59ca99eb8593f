#!/usr/bin/env python3
"""Hostile requests by the thousand: malformed HTTP, smuggling forms, bad chunks, huge headers, bytes that are no UTF-8 or JSON, bodies cut off, random damage.

usage: bench/hostile.py [--build build] [--model models/duider.model] [--count 100000] [--seed 1]

Every request is made from one of the forms below with random parts and has a set of right answers; 0 is a connection closed without one.  At the end the
server must still annotate, and stop with status 0.  Ends with status 1 at the first kind of wrong answer, hang or crash, after a report of all.
"""
from __future__ import annotations

import argparse
import asyncio
import collections
import json
import random
import re
import sys
import time

from service import Connection, Server

AT_ONCE, PATIENCE_S = 64, 20
TEXT = "“De brug gaat morgen weer open”, zei wethouder Fatma Yilmaz."
GOOD = json.dumps({"text": TEXT}).encode()


def post(body: bytes, *lines: str, path: str = "/v1/annotate", kind: str = "application/json", length: str | None = None) -> bytes:
    head = [f"POST {path} HTTP/1.1", "Host: localhost", *lines]
    if kind:
        head.append(f"Content-Type: {kind}")
    if length != "":
        head.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


def noise(rng: random.Random, most: int) -> bytes:
    return rng.randbytes(rng.randrange(1, most))


def damaged(rng: random.Random) -> bytes:
    """A good request with bytes changed, taken away or doubled."""
    data = bytearray(post(GOOD, "X-Request-Id: a1"))
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(data))
        way = rng.randrange(3)
        if way == 0:
            data[at] = rng.randrange(256)
        elif way == 1:
            del data[at]
        else:
            data[at:at] = data[at : at + rng.randrange(1, 20)]
    return bytes(data)


ANY = {0, 200, 400, 401, 404, 405, 406, 408, 411, 413, 414, 415, 422, 431, 501, 505}
NO_JSON = {400}
FORMS = {
    # name: (makes a request, right answers)
    "random bytes": (lambda r: noise(r, 300) + b"\r\n\r\n", ANY - {200}),
    "random damage": (damaged, ANY),
    "no method": (lambda r: b" / HTTP/1.1\r\nHost: a\r\n\r\n", {0, 400, 404, 405, 501}),
    "odd method": (lambda r: f"{''.join(r.choices('ABCDEFGHJK', k=r.randrange(1, 12)))} /v1/annotate HTTP/1.1\r\nHost: a\r\n\r\n".encode(), {400, 405, 501}),
    "unknown path": (lambda r: f"GET /{noise(r, 40).hex()} HTTP/1.1\r\nHost: a\r\n\r\n".encode(), {404}),
    "path tricks": (lambda r: f"GET {r.choice(['//', '/../../etc/passwd', '/%00', '/v1/../v1/info%2f', '/v1/annotate/', '*', '/%zz', 'http://evil/'])} HTTP/1.1\r\nHost: a\r\n\r\n".encode(),
                    {200, 400, 404, 405}),
    "long path": (lambda r: b"GET /" + b"a" * r.randrange(20000, 90000) + b" HTTP/1.1\r\nHost: a\r\n\r\n", {0, 400, 404, 414, 431}),
    "versions": (lambda r: f"GET /health/live {r.choice(['HTTP/0.9', 'HTTP/2.0', 'HTTP/1.9', 'HTTP/9.9', 'http/1.1', 'HTTP/1', '', 'ICY'])}\r\nHost: a\r\n\r\n".encode(), {0, 200, 400, 505}),
    "no host": (lambda r: b"GET /health/live HTTP/1.1\r\n\r\n", {400}),
    "many headers": (lambda r: b"GET /health/live HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X-%d: %d\r\n" % (i, i) for i in range(r.randrange(50, 4000))) + b"\r\n", {0, 200, 400, 413, 431}),
    "huge header": (lambda r: b"GET /health/live HTTP/1.1\r\nHost: a\r\nX: " + b"b" * r.randrange(17000, 200000) + b"\r\n\r\n", {0, 400, 413, 431}),
    "header without colon": (lambda r: b"GET /health/live HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n", {0, 200, 400}),
    "folded header": (lambda r: b"GET /health/live HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\tc\r\n\r\n", {0, 200, 400}),
    "control bytes in a header": (lambda r: b"GET /health/live HTTP/1.1\r\nHost: a\r\nX: " + bytes(r.choices([0, 1, 7, 11, 27, 127, 200, 255], k=5)) + b"\r\n\r\n", {0, 200, 400}),
    "bare line feeds": (lambda r: b"GET /health/live HTTP/1.1\nHost: a\n\n", {0, 200, 400}),
    "length and chunks": (lambda r: post(b"0\r\n\r\n", "Transfer-Encoding: chunked", length=str(r.randrange(1, 90))), {400}),
    "two lengths": (lambda r: post(GOOD, f"Content-Length: {r.randrange(1, 900)}"), {400}),
    "length that is none": (lambda r: post(GOOD, length=r.choice(["-1", "+5", "0x10", "1e3", "9" * 30, "18446744073709551616", " ", "5,5", "five"])), {0, 400, 413}),
    "odd transfer coding": (lambda r: post(b"0\r\n\r\n", f"Transfer-Encoding: {r.choice(['xchunked', 'chunked, chunked', 'gzip, chunked', 'identity', ' chunked', 'chunked;a=b'])}", length=""),
                            {0, 400, 411, 413, 501, 200, 422}),
    "bad chunks": (lambda r: post(r.choice([b"zz\r\n", b"5\r\nabc", b"-1\r\n\r\n", b"ffffffffffffffffff\r\n", b"5\r\nabcdefgh\r\n0\r\n\r\n", b"3;" + b"a" * 9000 + b"\r\nabc\r\n0\r\n\r\n"]),
                                  "Transfer-Encoding: chunked", length=""), {0, 400, 413}),
    "smuggled request": (lambda r: post(b'{"text": "a b"}GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n', length="15"), {200}),
    "body cut off": (lambda r: post(GOOD[: r.randrange(1, len(GOOD) - 1)], length=str(len(GOOD))), {0, 400, 408}),
    "no length": (lambda r: post(b"", length=""), {400, 411, 422}),
    "empty body": (lambda r: post(b""), {400, 422}),
    "no UTF-8": (lambda r: post(b'{"text": "' + bytes(r.choices(range(128, 256), k=r.randrange(1, 50))) + b'"}'), {200, 400}),
    "no UTF-8 text": (lambda r: post(bytes(r.choices(range(192, 256), k=r.randrange(1, 50))), kind="text/plain"), NO_JSON),
    "surrogates": (lambda r: post(json.dumps({"text": chr(r.randrange(0xD800, 0xE000)) * 3}).encode()), NO_JSON),
    "null character": (lambda r: post(b'{"text": "a\\u0000b"}'), NO_JSON),
    "deep JSON": (lambda r: post((b"[" if r.random() < 0.5 else b'{"a":') * r.randrange(100, 100000)), {400, 413}),
    "no JSON": (lambda r: post(r.choice([b"{", b"nul", b"{'text': 'a'}", b'{"text": "a",}', b'{"text": "a"} x', b"\xef\xbb\xbf{}", b'{"text": NaN}', noise(r, 200)])), {400, 422}),
    "a member twice": (lambda r: post(b'{"text": "a", "text": "b"}'), NO_JSON),
    "wrong types": (lambda r: post(json.dumps({"text": r.choice([1, None, [], {}, True, 1e308]), "id": r.choice([1, [], "a"])}).encode()), {422}),
    "unknown member": (lambda r: post(json.dumps({"text": "a", noise(r, 20).hex(): 1}).encode()), {422}),
    "huge numbers": (lambda r: post(b'{"text": "a", "id": ' + b"9" * r.randrange(10, 5000) + b"}"), {400, 422}),
    "white text": (lambda r: post(json.dumps({"text": r.choice([" ", "\n\n", "\u200b", "\u2028", "\t \u00a0"]) * r.randrange(1, 50)}).encode()), {200, 422}),
    "odd text": (lambda r: post(json.dumps({"text": "".join(chr(r.choice([r.randrange(32, 0x250), r.randrange(0x250, 0xD800), r.randrange(0xE000, 0x110000)])) for _ in range(r.randrange(1, 40))),
                                            "language": "nl"}).encode()), {200, 422}),
    "wrong media type": (lambda r: post(GOOD, kind=r.choice(["", "text/xml", "application/json; charset=utf-16", "image/png", "x", "multipart/form-data; boundary=a", "a" * 3000])), {200, 415}),
    "odd content coding": (lambda r: post(GOOD, f"Content-Encoding: {r.choice(['gzip', 'br', 'zstd', 'deflate', 'lzma', 'gzip, gzip', ''])}"), {200, 400, 415}),
    "odd query": (lambda r: post(TEXT.encode(), path="/v1/annotate?" + r.choice(["offsets=utf32", "language=xx", "a=b", "%00=%00", "offsets=utf16&offsets=bytes", "=" * 50, "&" * 500]), kind="text/plain"), {200, 422, 431}),
    "expect": (lambda r: post(GOOD, f"Expect: {r.choice(['100-continue', '200-ok', ''])}"), {100, 200, 417}),
    "batch of nonsense": (lambda r: post(noise(r, 400) + b"\n{}\n[]\n", path="/v1/annotate/batch", kind="application/x-ndjson"), {200, 400, 422}),
    "pipelined": (lambda r: b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n" * r.randrange(2, 30), {200}),
}


def corpus(count: int, seed: int):
    rng = random.Random(seed)
    names = list(FORMS)
    for number in range(count):
        name = names[number % len(names)]
        make, right = FORMS[name]
        yield name, make(rng), right


async def ask(port: int, data: bytes) -> int:
    """-> the status of the first answer, 0 where there is none, -1 where the server hangs."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(data)
                answer = await reader.readuntil(b"\r\n\r\n")
            finally:
                writer.close()
    except TimeoutError:
        return -1
    except (OSError, asyncio.IncompleteReadError):
        return 0
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
    return int(found.group(1)) if found else 0


async def run(args: argparse.Namespace) -> bool:
    with Server(args.build, "--model", args.model, "--max-connections", "1000", "--max-connections-per-address", "0", "--header-timeout-ms", "5000",
                "--request-timeout-ms", "10000", "--idle-timeout-s", "2", "--queue-timeout-ms", "0", "--queue-length", "512") as server:
        return await attack(args, server)


async def attack(args: argparse.Namespace, server: Server) -> bool:
    seen: dict[str, collections.Counter] = {name: collections.Counter() for name in FORMS}
    wrong: dict[str, list] = {}
    requests = corpus(args.count, args.seed)
    done, began = 0, time.monotonic()

    async def client() -> None:
        nonlocal done
        for name, data, right in requests:
            status = await ask(server.port, data)
            seen[name][status] += 1
            if status not in right:
                wrong.setdefault(name, []).append((status, data[:300]))
            done += 1
            if done % 5000 == 0:
                print(f"{done} of {args.count}, {done / (time.monotonic() - began):.0f}/s, wrong {sum(map(len, wrong.values()))}", flush=True)

    await asyncio.gather(*(client() for _ in range(AT_ONCE)))
    for name, statuses in seen.items():
        print(f"{name:28} " + " ".join(f"{status}:{count}" for status, count in sorted(statuses.items())))
    alive = server.process.poll() is None
    good = alive and (await Connection(server.port).request(GOOD))[0] == 200
    code = await server.stop() if alive else server.process.returncode
    for name, rows in wrong.items():
        print(f"wrong: {name}: {len(rows)} times, such as {rows[0]}")
    print(f"{done} requests, {sum(map(len, wrong.values()))} wrong, {sum(c[-1] for c in seen.values())} hangs, server {'annotates and stops well' if good and code == 0 else f'FAILED (status {code})'}")
    return not wrong and good and code == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--model", default="models/duider.model")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    sys.exit(not asyncio.run(run(args)))


if __name__ == "__main__":
    main()
