"""Work that is given up, processes that die, clients that misbehave."""

from __future__ import annotations

import io
import signal
import socket
import threading
import time
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import psutil
import pytest
from PIL import Image

from .serving import FILL_S, filled, finished, sent, serving


def slow_photo(tmp_path: Path) -> tuple[bytes, bytes]:
    """A fill that takes a while."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (1100, 1100, 3), np.uint8)
    hole = np.zeros((1100, 1100), np.uint8)
    hole[200:900, 200:900] = 255
    contents = []
    for array in (pixels, hole):
        content = io.BytesIO()
        Image.fromarray(array).save(content, "PNG", compress_level=1)
        contents.append(content.getvalue())
    return contents[0], contents[1]


def ask_slowly(address: str, tmp_path: Path) -> dict:
    image, mask = slow_photo(tmp_path)
    answer = httpx.post(
        address + "/api/v1/inpaint",
        files={"image": image, "mask": mask},
        data={"engine": "texture", "seed": str(time.monotonic_ns() % 1000)},
        headers={"Prefer": "respond-async"},
        timeout=FILL_S,
    )
    return {"status": answer.status_code, **answer.json(), "headers": answer.headers}


def wait_until(address: str, job: dict, status: str) -> dict:
    until = time.monotonic() + FILL_S
    while (told := httpx.get(f"{address}/api/v1/jobs/{job['id']}").json())["status"] != status:
        assert time.monotonic() < until, told
        assert told["status"] in ("waiting", "running"), told
        time.sleep(0.02)
    return told


def test_a_job_that_is_cancelled_ends_at_once_and_the_next_is_served(
    address: str, photo: Path, mask: Path, tmp_path: Path
) -> None:
    job = ask_slowly(address, tmp_path)
    wait_until(address, job, "running")
    assert httpx.delete(f"{address}/api/v1/jobs/{job['id']}").status_code == 204
    assert httpx.get(f"{address}/api/v1/jobs/{job['id']}").json()["status"] == "cancelled"
    about = sent(address, photo)
    assert filled(address, about["id"], mask, engine="telea")["status"] == "done"


def test_a_job_ends_when_nobody_has_listened_for_as_long_as_it_was_to_be_held(address: str, tmp_path: Path) -> None:
    job = ask_slowly(address, tmp_path)
    wait_until(address, job, "running")
    events = f"{address}/api/v1/jobs/{job['id']}/events"
    with httpx.stream("GET", events, params={"hold_s": 1}, timeout=FILL_S) as told:
        next(told.iter_lines())
    with httpx.stream("GET", events, params={"hold_s": 0.2}, timeout=FILL_S) as told:  # the page is there again
        lines = told.iter_lines()  # let go of, it would close the connection
        next(lines)
        time.sleep(1.8)
        assert httpx.get(f"{address}/api/v1/jobs/{job['id']}").json()["status"] == "running"
    wait_until(address, job, "cancelled")


def test_a_worker_that_is_killed_takes_one_job_with_it(tmp_path: Path, photo: Path, mask: Path) -> None:
    with serving("--queue", "1") as served:
        address = served.address
        job = ask_slowly(address, tmp_path)
        wait_until(address, job, "running")
        waiting = ask_slowly(address, tmp_path)
        full = ask_slowly(address, tmp_path)
        assert (waiting["status"], full["status"]) != (202, 202)
        assert full["detail"].startswith("too much is waiting")
        assert int(full["headers"]["retry-after"]) >= 1
        busiest = max(psutil.Process(served.pid).children(), key=lambda child: sum(child.cpu_times()[:2]))
        busiest.send_signal(signal.SIGKILL)
        told = finished(address, job)
        assert told["status"] == "failed"
        assert "killed" in told["error"]
        httpx.delete(f"{address}/api/v1/jobs/{waiting['id']}")
        about = sent(address, photo)
        assert filled(address, about["id"], mask, engine="telea")["status"] == "done"


def test_a_client_that_leaves_ends_its_work(address: str, tmp_path: Path) -> None:
    image, mask = slow_photo(tmp_path)
    request = httpx.Request(
        "POST", address + "/api/v1/inpaint", files={"image": image, "mask": mask}, data={"engine": "texture"}
    )
    body = request.read()
    head = f"POST /api/v1/inpaint HTTP/1.1\r\nHost: {urlsplit(address).netloc}\r\n"
    head += f"Content-Type: {request.headers['content-type']}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection((urlsplit(address).hostname, urlsplit(address).port)) as line:
        line.sendall(head.encode() + body)
        time.sleep(1.0)
    start = time.monotonic()
    answer = httpx.post(address + "/api/v1/refine", files={"image": mask, "mask": mask}, timeout=FILL_S)
    assert answer.status_code == 200, answer.text
    assert time.monotonic() - start < 60, "the fill that nobody waits for was still at work"


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
        b"NONSENSE\r\n\r\n",
        b"POST /api/v1/inpaint HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data\r\n"
        b"Content-Length: 3\r\n\r\nabc",
        b"POST /api/v1/inpaint HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        b"Content-Length: 60\r\n\r\n--x\r\nContent-Disposition: form-data; name=image; filename=../../a\r\n\r\n",
        b"GET /static/../../../etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /static/%2e%2e/%2e%2e/app.py HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"POST /api/v1/pictures HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999\r\n\r\n",
    ],
)
def test_malformed_requests_are_refused_and_the_service_goes_on(address: str, raw: bytes) -> None:
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as line:
        try:
            line.sendall(raw)
            line.shutdown(socket.SHUT_WR)
            answer = line.recv(4096)
        except OSError:
            answer = b""
    assert answer == b"" or answer.split(b" ")[1][:1] == b"4", answer[:200]
    assert httpx.get(address + "/livez").status_code == 200


def test_a_sender_that_is_too_slow_is_cut_off() -> None:
    from freefill.web.guard import Guard
    from freefill.web.settings import Settings

    async def app(scope, receive, send) -> None:  # reads the whole body
        while (await receive()).get("more_body"):
            pass

    import asyncio

    from freefill.web.problems import Problem

    async def never() -> dict:
        await asyncio.sleep(60)
        return {}

    async def nowhere(message: MutableMapping[str, Any]) -> None: ...

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"host", b"127.0.0.1")], "query_string": b""}
    guard = Guard(app, Settings(body_deadline_s=0.05))
    with pytest.raises(Problem, match="longer than"):
        asyncio.run(guard(scope, never, nowhere))


def test_many_clients_at_once_all_get_their_own_answer(address: str, photo: Path, mask: Path) -> None:
    wrong: list[str] = []

    def client(number: int) -> None:
        seed = str(number)
        files = {"image": photo.read_bytes(), "mask": mask.read_bytes()}
        answer = httpx.post(
            address + "/api/v1/inpaint", files=files, data={"engine": "telea", "seed": seed}, timeout=FILL_S
        )
        if answer.status_code != 200 or answer.headers["x-freefill-seed"] != seed:
            wrong.append(answer.text)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
