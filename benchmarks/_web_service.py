"""The service under load, and under clients that mean no good; the parts of web.py that need no browser."""

from __future__ import annotations

import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cv2
import httpx
import numpy as np
import psutil

WAIT_S = 300.0


@dataclass(frozen=True)
class Served:
    """A running service."""

    address: str
    process: psutil.Process

    @property
    def workers(self) -> list[psutil.Process]:
        """Its worker processes."""
        return self.process.children()

    def memory_mb(self) -> float:
        """Memory that only the service's processes hold (USS)."""
        return sum(each.memory_full_info().uss for each in (self.process, *self.workers)) / 2**20

    def gauge(self, name: str) -> float:
        """A number of /metrics."""
        lines = httpx.get(self.address + "/metrics", timeout=WAIT_S).text.splitlines()
        return next(float(line.split()[-1]) for line in lines if line.startswith(name + " "))


@contextmanager
def serving(*words: str) -> Iterator[Served]:
    """Run `freefill serve` until the block ends."""
    command = [sys.executable, "-m", "freefill", "serve", "--port", "0", "--quiet", "--metrics", *words]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
    ) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip().rstrip("/")
            while httpx.get(address + "/readyz").status_code != 200:
                time.sleep(0.2)
            yield Served(address, psutil.Process(process.pid))
        finally:
            process.terminate()
            process.wait(WAIT_S)


def case(side_px: int, seed: int = 0, hole_share: float = 0.02) -> tuple[bytes, bytes]:
    """A photo-like picture and a hole in its middle, as PNG."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 220, (9, 9, 3), np.uint8)
    pixels = cv2.resize(coarse, (side_px, side_px), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    pixels = np.clip(pixels + rng.normal(0, 4, (side_px, side_px, 1)), 0, 255).astype(np.uint8)
    hole = np.zeros((side_px, side_px), np.uint8)
    half = round(side_px * hole_share**0.5 / 2)
    hole[side_px // 2 - half : side_px // 2 + half, side_px // 2 - half : side_px // 2 + half] = 255
    image, mask = (cv2.imencode(".png", array)[1].tobytes() for array in (pixels, hole))
    return image, mask


def ask(address: str, image: bytes, mask: bytes, client: Any = httpx, **settings: str) -> httpx.Response:
    """One fill in one request."""
    files = {"image": image, "mask": mask}
    return client.post(address + "/api/v1/inpaint", files=files, data=settings, timeout=WAIT_S)


# --- many at once ------------------------------------------------------------------------------------------------


def load(clients: int = 8, each: int = 50) -> dict[str, Any]:
    """Clients that ask one thing after the other, all at once; every answer is compared with what it must be."""
    image, mask = case(512)
    with serving() as served:
        wanted = ask(served.address, image, mask, engine="telea").content
        seconds: list[float] = []
        wrong: Counter[str] = Counter()

        def client(_: int) -> None:
            with httpx.Client() as line:
                for _ in range(each):
                    start = time.perf_counter()
                    answer = ask(served.address, image, mask, line, engine="telea")
                    seconds.append(time.perf_counter() - start)
                    if answer.content != wanted:
                        wrong[f"{answer.status_code} {answer.text[:80]}"] += 1

        start = time.perf_counter()
        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(client, range(clients)))
        took = time.perf_counter() - start
    cuts = np.percentile(seconds, (50, 90, 99, 100))
    return {
        "asked": clients * each,
        "lost or wrong": sum(wrong.values()),
        "what": dict(wrong),
        "a second": round(clients * each / took, 1),
        **{
            f"{name} ms": round(1000 * cut)
            for name, cut in zip(("median", "90 %", "99 %", "longest"), cuts, strict=True)
        },
    }


def overhead(rounds: int = 10) -> list[dict[str, Any]]:
    """What the service adds to `freefill.inpaint` with its file, turn by turn in the same minutes; 1 megapixel."""
    import freefill

    image, mask = case(1024)
    folder = Path(os.environ.get("TMPDIR", "/tmp"))
    photo, hole, out = (folder / f"web-{os.getpid()}-{name}.png" for name in ("photo", "mask", "out"))
    photo.write_bytes(image)
    hole.write_bytes(mask)
    rows = []
    with serving() as served:
        for engine in ("telea", "texture"):
            here, there = [], []
            inpainter = freefill.Inpainter(engine)
            for number in range(rounds + 1):
                start = time.perf_counter()
                inpainter(photo, hole).save(out)
                middle = time.perf_counter()
                answer = ask(served.address, image, mask, engine=engine)
                end = time.perf_counter()
                assert answer.content == out.read_bytes(), answer.text[:200]
                if number:  # the first one is to warm up
                    here.append(middle - start)
                    there.append(end - middle)
            one, other = statistics.median(here), statistics.median(there)
            ratios = statistics.median(b / a for a, b in zip(here, there, strict=True))
            rows.append(
                {
                    "engine": engine,
                    "here ms": round(1000 * one),
                    "by the service ms": round(1000 * other),
                    "median of the ratios": round(ratios, 3),
                    "least of each": round(min(there) / min(here), 3),
                }
            )
    for path in (photo, hole, out):
        path.unlink(missing_ok=True)
    return rows


# --- trouble -----------------------------------------------------------------------------------------------------


def kill(times: int = 5) -> dict[str, Any]:
    """A worker is killed while it fills: that request gets a 5xx, the next one an answer."""
    slow, small = case(1024, hole_share=0.2), case(96)
    said: Counter[str] = Counter()
    with serving("--workers", "1") as served:
        for _ in range(times):
            with ThreadPoolExecutor(1) as pool:
                asked = pool.submit(ask, served.address, *slow, engine="texture")
                wait_for(lambda: served.gauge("freefill_workers_busy") == 1)
                time.sleep(0.3)
                max(served.workers, key=lambda each: sum(each.cpu_times()[:2])).send_signal(signal.SIGKILL)
                status = asked.result().status_code
            said[f"the one at work: {status}"] += 1
            said[f"the next one: {ask(served.address, *small, engine='telea').status_code}"] += 1
    return dict(said)


def leavers(count: int = 1000) -> dict[str, Any]:
    """Clients that send all of a long job and leave at once, or after a while."""
    image, mask = case(512, hole_share=0.2)
    with serving() as served:
        request = httpx.Request(
            "POST", served.address + "/api/v1/inpaint", files={"image": image, "mask": mask}, data={"engine": "texture"}
        )
        body, parts = request.read(), urlsplit(served.address)
        head = f"POST /api/v1/inpaint HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        head += f"Content-Type: {request.headers['content-type']}\r\n"
        head += f"Content-Length: {len(body)}\r\n\r\n"
        rng = random.Random(0)

        def leave(stay_s: float) -> None:
            with socket.create_connection((parts.hostname, parts.port), timeout=60) as line:
                line.sendall(head.encode() + body)
                time.sleep(stay_s)

        start = time.perf_counter()
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(leave, [rng.choice((0.0, 0.05, 0.2)) for _ in range(count)]))
        took = time.perf_counter() - start
        at_rest = time.perf_counter()
        wait_for(lambda: served.gauge("freefill_jobs_waiting") == served.gauge("freefill_workers_busy") == 0)
        idle_after = time.perf_counter() - at_rest
        wait_for(lambda: httpx.get(served.address + "/readyz", timeout=WAIT_S).status_code == 200)
        time.sleep(1.0)
        before = sum(sum(each.cpu_times()[:2]) for each in served.workers)
        time.sleep(3.0)
        worked = sum(sum(each.cpu_times()[:2]) for each in served.workers) - before
        answer = ask(served.address, *case(96), engine="telea")
        counted = {
            line.split('"')[1]: int(float(line.split()[-1]))
            for line in httpx.get(served.address + "/metrics", timeout=WAIT_S).text.splitlines()
            if line.startswith("freefill_jobs_total")
        }
    return {
        "left": count,
        "in s": round(took),
        "jobs by their end": counted,
        "idle after s": round(idle_after, 2),
        "CPU seconds of the workers in the 3 s after": round(worked, 2),
        "the next request": answer.status_code,
    }


def memory(count: int = 1000, warm: int = 50) -> dict[str, Any]:
    """What the service holds after the first requests, and after many: whole requests, and pictures by name."""
    mask = case(256)[1]
    held: dict[int, float] = {}
    with serving() as served, httpx.Client(timeout=WAIT_S) as line:
        for number in range(1, count + 1):
            image = case(256, seed=number)[0]
            if number % 5:
                assert ask(served.address, image, mask, line, engine="telea").status_code == 200
            else:
                _by_name(served.address, line, image, mask)
            if number == warm or number % (count // 5) == 0:
                held[number] = round(served.memory_mb(), 1)
    first, last = held[warm], held[count]
    return {"MB after so many requests": held, "growth after the first ones": f"{last / first - 1:.1%}"}


def _by_name(address: str, line: httpx.Client, image: bytes, mask: bytes) -> None:
    """Send, fill, fetch, as the page does."""
    name = line.post(address + "/api/v1/pictures", content=image).json()["id"]
    job = line.post(
        f"{address}/api/v1/pictures/{name}/fill", files={"mask": mask}, data={"settings": '{"engine":"telea"}'}
    ).json()
    while (told := line.get(f"{address}/api/v1/jobs/{job['id']}").json())["status"] in ("waiting", "running"):
        time.sleep(0.02)
    assert line.get(f"{address}/api/v1/pictures/{told['answer']['picture']}/file").status_code == 200


def wait_for(test: Callable[[], bool]) -> None:
    """Wait until something holds."""
    until = time.monotonic() + WAIT_S
    while not test():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.05)
