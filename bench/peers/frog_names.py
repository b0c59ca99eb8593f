"""Peer: the names of Frog (Debian: frog, frogdata, ucto), Dutch. Its server runs what names need: tokens, part-of-speech tags, names."""
from __future__ import annotations

import atexit
import os
import re
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from peer import missing, serve

SKIPPED = "aclmp"  # morphology, chunks, lemmas, multi-word units, dependencies
START_SECONDS = 300


def start() -> tuple[subprocess.Popen, socket.socket]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # One thread as the others have; with more, they wait for each other in busy loops
    process = subprocess.Popen(["frog", "-S", str(port), f"--skip={SKIPPED}"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env={**os.environ, "OMP_NUM_THREADS": "1"}, cwd=tempfile.gettempdir())
    atexit.register(process.kill)
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            return process, socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            time.sleep(0.2)
    missing("frog did not start: are frogdata and ucto installed?")


def ask(connection: socket.socket, text: bytes) -> bytes:
    connection.sendall(text + b"\r\nEOT\r\n")
    answer = b""
    while not answer.endswith(b"READY\n\n"):
        got = connection.recv(1 << 16)
        if not got:
            raise ConnectionError("frog closed the connection")
        answer += got
    return answer


def main() -> None:
    try:
        banner = subprocess.run(["frog", "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tempfile.gettempdir()).stdout
    except FileNotFoundError as error:
        missing(error)
    process, connection = start()

    ask(connection, b"Jan woont in Gent.")
    child = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()  # one a connection
    version = re.search(r"frog (\d[\d.]*)", banner)
    serve("Frog, names", f"Frog {version.group(1) if version else '?'}, --skip={SKIPPED}, one thread", lambda text: ask(connection, text), str.encode, int(child[0]) if child else process.pid)


if __name__ == "__main__":
    main()
