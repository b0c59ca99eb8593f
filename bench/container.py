#!/usr/bin/env python3
"""The image without a container engine: its size, and from the start of its server to ready, as nobody, over a root that can't be written. As root:

    buildah bud --isolation chroot --format docker -t duider . && bench/container.py "$(buildah mount "$(buildah from duider)")"

usage: bench/container.py ROOT [--starts 10]      ROOT: the folder that holds the image's files
"""
from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from compare import spread
from run import machine, ranged
from service import resident_mb

NOBODY, PATHS = "65534:65534", {"PATH": "/usr/sbin:/usr/bin"}


def enter(root: str) -> list[str]:
    """-> what a program in the image's root is started with."""
    return ["setpriv", "--no-new-privs", "chroot", f"--userspec={NOBODY}", root]


def start(root: str) -> tuple[subprocess.Popen, float, int]:
    """-> the server, milliseconds until it was ready, its port."""
    began = time.monotonic()
    process = subprocess.Popen([*enter(root), "/usr/bin/duider-server", "--port", "0"], env=PATHS, stderr=subprocess.PIPE, text=True)
    line = process.stderr.readline()
    took = 1000 * (time.monotonic() - began)
    found = re.search(r"ready on http://[^ ]+:(\d+), ", line)
    if not found:
        process.kill()
        raise SystemExit(f"the server did not start: {line}")
    return process, took, int(found.group(1))


def measure(root: str, starts: int) -> None:
    files = [path for path in Path(root).rglob("*") if path.is_file() and not path.is_symlink() and not set(path.relative_to(root).parts[:1]) & {"proc", "dev"}]
    took, resident, healthy = [], 0.0, 0
    for _ in range(starts + 1):
        process, ms, port = start(root)
        took.append(ms)
        resident = resident_mb(process.pid)
        healthy += subprocess.run([*enter(root), "/usr/bin/duider-server", "--healthcheck"], env={**PATHS, "DUIDER_PORT": str(port)}).returncode == 0
        process.terminate()
        if process.wait() != 0:
            raise SystemExit("the server did not stop well")
    print(f"{date.today()}, {machine()}\n{len(files)} files, {sum(f.stat().st_size for f in files) / 1e6:.0f} MB")
    print(f"start to ready: {ranged(spread(took[1:]), 0)} ms; resident then {resident:.0f} MB; healthy {healthy} of {starts + 1} times")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", metavar="ROOT")
    parser.add_argument("--starts", type=int, default=10)
    parser.add_argument("--mounted", action="store_true", help=argparse.SUPPRESS)  # in a mount namespace of its own
    args = parser.parse_args()
    if not args.mounted:
        os.execvp("unshare", ["unshare", "--mount", sys.executable, __file__, "--mounted", "--starts", str(args.starts), args.root])
    with tempfile.TemporaryDirectory() as folder:
        for options in (["--bind", args.root, folder], ["-o", "remount,bind,ro", folder]):
            subprocess.run(["mount", *options], check=True)
        try:
            measure(folder, args.starts)
        finally:
            subprocess.run(["umount", folder], check=True)


if __name__ == "__main__":
    main()
