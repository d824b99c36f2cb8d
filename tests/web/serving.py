"""Runs the real service, and asks it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from PIL import Image

START_S = 240.0  # loops may have to be compiled first
FILL_S = 120.0


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


def by_command(photo: Path, mask: Path, *words: str) -> bytes:
    """What the command line makes of it."""
    target = photo.with_name("by-command.png")
    command = [sys.executable, "-m", "freefill", "inpaint", str(photo), str(mask), "-o", str(target), *words]
    subprocess.run(command, check=True, capture_output=True)
    return target.read_bytes()


def sent(address: str, photo: Path) -> dict:
    answer = httpx.post(address + "/api/v1/pictures", content=photo.read_bytes(), timeout=FILL_S)
    assert answer.status_code == 201, answer.text
    return answer.json()


def finished(address: str, job: dict) -> dict:
    until = time.monotonic() + FILL_S
    while (told := httpx.get(f"{address}/api/v1/jobs/{job['id']}").json())["status"] in ("waiting", "running"):
        assert time.monotonic() < until
        time.sleep(0.05)
    return told


def filled(address: str, picture: str, mask: Path, **settings: object) -> dict:
    """Fill the hole of 20 x 10 px, sent as a PNG of its box."""
    box = Image.open(mask).crop((30, 20, 50, 30)).convert("1")
    content = io.BytesIO()
    box.save(content, "PNG")
    answer = httpx.post(
        f"{address}/api/v1/pictures/{picture}/fill",
        files={"mask": content.getvalue()},
        data={"top": "20", "left": "30", "settings": json.dumps(settings)},
    )
    assert answer.status_code == 202, answer.text
    return finished(address, answer.json())
