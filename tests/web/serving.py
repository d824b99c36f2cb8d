"""Runs the real service."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

START_S = 240.0  # loops may have to be compiled first


@dataclass(frozen=True)
class Served:
    """A running service."""

    address: str
    pid: int


@contextmanager
def serving(*words: str) -> Iterator[Served]:
    """Run `freefill serve` until the block ends."""
    command = [sys.executable, "-m", "freefill", "serve", "--port", "0", "--quiet", *words]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split("?")[0].strip().rstrip("/")
            until = time.monotonic() + START_S
            while httpx.get(address + "/readyz").status_code != 200:
                assert time.monotonic() < until, "no worker became ready"
                time.sleep(0.1)
            yield Served(address, process.pid)
        finally:
            process.terminate()
            process.wait(30)
