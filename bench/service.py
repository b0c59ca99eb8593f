"""What load.py and soak.py share: a server of their own on loopback, keep-alive connections, articles, percentiles."""
from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

HERE = Path(__file__).parent


def article(words: int) -> bytes:
    """A request for the first sentences of bench/article.txt, at least `words` words, or for several copies of it."""
    text = (HERE / "article.txt").read_text(encoding="utf-8")
    sentences = re.split(r"(?<=[.!?”]) ", " ".join(text.split()))
    out: list[str] = []
    while sum(len(s.split()) for s in out) < words:
        out.append(sentences[len(out) % len(sentences)])
    return json.dumps({"text": " ".join(out)}).encode()


def split_processors() -> tuple[list[int], list[int]]:
    """-> processors for the server and for its clients, which would take time from it otherwise: half of them each; where there is one, it is both's."""
    own = sorted(os.sched_getaffinity(0))
    half = len(own) // 2
    return (own[:half], own[half:]) if half else (own, own)


@contextlib.contextmanager
def confined_to(processors: Sequence[int]) -> Iterator[None]:
    """This thread, and those that it starts, run on these processors alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, processors)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def bound_to(processors: Sequence[int]) -> tuple[str, ...]:
    """-> a command that runs what follows it on these processors alone."""
    return "taskset", "--cpu-list", ",".join(map(str, processors))


def resident_mb(pid: int) -> float:
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1)) * 1024 / 1e6


class Server:
    """duider-server with its own port, for `with`: it never outlives the run.  Its log is read and dropped: a full pipe would stop it.
    `within`: a command that runs what follows it."""

    def __init__(self, build: str, *options: str, within: Sequence[str] = ()):
        self.process = subprocess.Popen([*within, f"{build}/duider-server", "--port", "0", *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        ready = self.process.stderr.readline().decode()
        found = re.search(r"ready on http://[^ ]+:(\d+), ", ready)
        if not found:
            self.process.kill()
            raise RuntimeError(f"the server did not start: {ready}")
        self.port = int(found.group(1))
        threading.Thread(target=self._drop_log, daemon=True).start()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def _drop_log(self) -> None:
        for _ in self.process.stderr:
            pass

    def resident_mb(self) -> float:
        return resident_mb(self.process.pid)

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    async def stop(self) -> int:
        self.process.terminate()
        return await asyncio.to_thread(self.process.wait)


class Lost(Exception):
    """The connection ended before its answer was whole."""


class Connection:
    """One keep-alive connection."""

    def __init__(self, port: int):
        self.port = port
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def request(self, body: bytes | None, path: str = "/v1/annotate") -> tuple[int, bytes]:
        """-> status and body."""
        if not self.writer:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        head = f"{'POST' if body is not None else 'GET'} {path} HTTP/1.1\r\nHost: localhost\r\n"
        if body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        try:
            self.writer.write(head.encode() + b"\r\n" + (body or b""))
            await self.writer.drain()
            answer = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = int(re.search(r"(?i)content-length: (\d+)", answer).group(1))
            content = await self.reader.readexactly(length)
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            self.close()
            raise Lost(str(error)) from error
        if "connection: close" in answer.lower():
            self.close()
        return int(answer.split(" ", 2)[1]), content

    def close(self) -> None:
        if self.writer:
            self.writer.close()
        self.reader = self.writer = None


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


async def closed_loop(port: int, body: bytes | Callable[[], bytes], clients: int, seconds: float) -> list[float]:
    """`clients` connections that ask again as soon as they are answered, for `body` or what it returns  ->  milliseconds of each answer."""
    pick = body if callable(body) else lambda: body
    took: list[float] = []
    end = time.monotonic() + seconds

    async def client() -> None:
        connection = Connection(port)
        while time.monotonic() < end:
            began = time.monotonic()
            status, _ = await connection.request(pick())
            if status != 200:
                raise RuntimeError(f"status {status} from a server that is not overloaded")
            took.append(1000 * (time.monotonic() - began))
        connection.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return took


class Outcome:
    def __init__(self) -> None:
        self.good: list[float] = []  # milliseconds of answers with 200
        self.statuses: dict[int, int] = {}
        self.lost = 0
        self.largest_refusal = 0.0


async def open_loop(port: int, body: bytes, rate: float, seconds: float) -> Outcome:
    """Requests at a steady rate, whether earlier ones were answered or not."""
    outcome = Outcome()
    idle: list[Connection] = []

    async def one() -> None:
        connection = idle.pop() if idle else Connection(port)
        began = time.monotonic()
        try:
            status, _ = await connection.request(body)
        except (Lost, OSError):
            outcome.lost += 1
            return
        took = 1000 * (time.monotonic() - began)
        outcome.statuses[status] = outcome.statuses.get(status, 0) + 1
        if status == 200:
            outcome.good.append(took)
        else:
            outcome.largest_refusal = max(outcome.largest_refusal, took)
        idle.append(connection)

    tasks, start, number = [], time.monotonic(), 0
    while number < rate * seconds:
        tasks.append(asyncio.create_task(one()))
        number += 1
        await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))
    await asyncio.gather(*tasks)
    for connection in idle:
        connection.close()
    return outcome
