#!/usr/bin/env python3
"""The image without a container engine: its size, and from the start of its server to ready, as nobody, over a root that can't be written. As root:

    buildah bud --isolation chroot --format docker -t duider . && bench/container.py "$(buildah mount "$(buildah from duider)")"

usage: bench/container.py ROOT [--starts 10]      ROOT: the folder that holds the image's files
"""
from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from compare import spread
from run import machine, ranged
from service import Server

NOBODY = "65534:65534"


def measure(root: str, starts: int) -> None:
    files = [path for path in Path(root).rglob("*") if path.is_file() and not path.is_symlink() and not set(path.relative_to(root).parts[:1]) & {"proc", "dev"}]
    enter = ["env", "-i", "PATH=/usr/sbin:/usr/bin", "setpriv", "--no-new-privs", "chroot", f"--userspec={NOBODY}", root]
    took, resident, healthy = [], 0.0, 0
    for _ in range(starts + 1):
        began = time.monotonic()
        with Server("/usr/bin", within=enter) as server:
            took.append(1000 * (time.monotonic() - began))
            resident = server.resident_mb()
            healthy += subprocess.run([*enter, "/usr/bin/duider-server", "--healthcheck", "--port", str(server.port)]).returncode == 0
            if asyncio.run(server.stop()) != 0:
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
