"""The HTTP service, asked as programs ask it."""

from __future__ import annotations

import base64
import io
import json
import signal
import socket
import subprocess
import sys
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

from .serving import serving

FILL_S = 120.0


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


# --- one request -------------------------------------------------------------------------------------------------


def test_one_request_gives_the_file_that_the_command_line_writes(address: str, photo: Path, mask: Path) -> None:
    answer = httpx.post(
        address + "/api/v1/inpaint",
        files={"image": photo.read_bytes(), "mask": mask.read_bytes()},
        data={"engine": "telea", "grow": "2px", "seed": "3"},
        timeout=FILL_S,
    )
    assert answer.status_code == 200, answer.text
    assert answer.content == by_command(photo, mask, "--engine", "telea", "--grow", "2px", "--seed", "3")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-freefill-engine"] == "telea"
    assert answer.headers["x-freefill-seed"] == "3"


def test_json_holds_the_same_file_with_the_plan(address: str, photo: Path, mask: Path) -> None:
    answer = httpx.post(
        address + "/api/v1/inpaint",
        files={"image": photo.read_bytes(), "mask": mask.read_bytes()},
        data={"engine": "telea"},
        headers={"Accept": "application/json"},
        timeout=FILL_S,
    ).json()
    assert base64.b64decode(answer["image"]) == by_command(photo, mask, "--engine", "telea")
    assert answer["plan"]["hole_px"] == 200


def test_a_job_that_answers_later_gives_its_file_once(address: str, photo: Path, mask: Path) -> None:
    answer = httpx.post(
        address + "/api/v1/inpaint",
        files={"image": photo.read_bytes(), "mask": mask.read_bytes()},
        data={"engine": "telea"},
        headers={"Prefer": "respond-async"},
    )
    assert answer.status_code == 202
    told = finished(address, answer.json())
    assert told["status"] == "done", told
    file = httpx.get(address + told["answer"]["file"])
    assert file.content == by_command(photo, mask, "--engine", "telea")
    assert httpx.get(address + told["answer"]["file"]).status_code == 404


def test_iopaints_shape_is_understood(address: str, photo: Path, mask: Path) -> None:
    coded = [base64.b64encode(path.read_bytes()).decode() for path in (photo, mask)]
    body = {"image": "data:image/png;base64," + coded[0], "mask": coded[1], "sd_seed": 7, "hd_strategy": "Crop"}
    answer = httpx.post(address + "/iopaint/api/v1/inpaint", json=body, timeout=FILL_S)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-seed"] == "7"
    assert answer.content == by_command(photo, mask, "--seed", "7")


@pytest.mark.parametrize(
    ("files", "data", "status", "says"),
    [
        ({"image": "photo"}, {}, 422, "either a mask or a word"),
        ({"image": "photo", "mask": "mask"}, {"engine": "telae"}, 422, "did you mean 'telea'?"),
        ({"image": "photo", "mask": "mask"}, {"grow": "lots"}, 422, "'lots' is not a length"),
        ({"image": "photo", "mask": "mask"}, {"colour": "red"}, 422, "colour"),
        ({"image": "photo", "mask": "small"}, {}, 422, "picture is 96x64, mask 8x8"),
        ({"image": "photo", "mask": "black"}, {}, 422, "mask"),
        ({"image": "noise", "mask": "mask"}, {}, 422, "image"),
        ({"mask": "mask"}, {}, 422, "image"),
        ({"image": "photo"}, {"word": "peple"}, 422, "peple"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_line(
    address: str, photo: Path, mask: Path, files: dict, data: dict, status: int, says: str
) -> None:
    def png(size: int, level: int) -> bytes:
        content = io.BytesIO()
        Image.new("L", (size, size) if size == 8 else (96, 64), level).save(content, "PNG")
        return content.getvalue()

    contents = {"photo": photo.read_bytes(), "mask": mask.read_bytes(), "small": png(8, 255), "black": png(96, 0),
                "noise": b"\x01\x02 no picture"}  # fmt: skip
    sending = {name: contents[what] for name, what in files.items()}
    answer = httpx.post(address + "/api/v1/inpaint", files=sending, data=data, timeout=FILL_S)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert says in problem["detail"]
    assert "\n" not in problem["detail"]
    assert "/tmp" not in problem["detail"], "a path of the server's"


# --- pictures by name --------------------------------------------------------------------------------------------


def test_the_page_gets_the_file_that_the_command_line_writes(address: str, photo: Path, mask: Path) -> None:
    about = sent(address, photo)
    assert (about["width"], about["height"], about["bits"]) == (96, 64, 16)
    told = filled(address, about["id"], mask, engine="telea")
    assert told["status"] == "done", told
    assert told["answer"]["box"] == [30, 20, 20, 10]
    file = httpx.get(f"{address}/api/v1/pictures/{told['answer']['picture']}/file", timeout=FILL_S)
    assert file.content == by_command(photo, mask, "--engine", "telea")


def test_only_the_box_that_changed_travels_back(address: str, photo: Path, mask: Path) -> None:
    about = sent(address, photo)
    told = filled(address, about["id"], mask, engine="telea")
    piece = httpx.get(f"{address}/api/v1/pictures/{told['answer']['picture']}/changed")
    assert Image.open(io.BytesIO(piece.content)).size == (20, 10)


def test_a_second_fill_goes_on_from_the_first(address: str, photo: Path, mask: Path) -> None:
    about = sent(address, photo)
    first = filled(address, about["id"], mask, engine="telea")["answer"]["picture"]
    content = io.BytesIO()
    Image.new("1", (4, 4), 1).save(content, "PNG")
    job = httpx.post(
        f"{address}/api/v1/pictures/{first}/fill",
        files={"mask": content.getvalue()},
        data={"top": "2", "left": "2", "settings": json.dumps({"engine": "ns"})},
    ).json()
    second = finished(address, job)["answer"]["picture"]

    def pixels(name: str) -> np.ndarray:
        from freefill.images.read import read_picture

        return read_picture(io.BytesIO(httpx.get(f"{address}/api/v1/pictures/{name}/file").content)).pixels

    zero, one, two = pixels(about["id"]), pixels(first), pixels(second)
    assert np.array_equal(two[20:30, 30:50], one[20:30, 30:50])
    assert (one != zero).any(axis=2).sum() <= 200
    changed = (two != one).any(axis=2)
    assert changed[2:6, 2:6].any()
    changed[2:6, 2:6] = False
    assert not changed.any()


def test_the_same_photo_sent_twice_has_one_name(address: str, photo: Path) -> None:
    assert sent(address, photo)["id"] == sent(address, photo)["id"]


def test_tiles_cover_the_photo_and_nothing_else(address: str, tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    Image.new("RGB", (700, 520), (10, 200, 30)).save(path)
    name = sent(address, path)["id"]
    tile = httpx.get(f"{address}/api/v1/pictures/{name}/tiles/1/1")
    assert Image.open(io.BytesIO(tile.content)).size == (700 - 512, 520 - 512)
    assert httpx.get(f"{address}/api/v1/pictures/{name}/tiles/2/0").status_code == 404
    assert httpx.get(f"{address}/api/v1/pictures/{name}/tiles/-1/0").status_code == 404


def test_a_mask_that_reaches_beyond_the_photo_is_refused(address: str, photo: Path, mask: Path) -> None:
    name = sent(address, photo)["id"]
    answer = httpx.post(
        f"{address}/api/v1/pictures/{name}/fill", files={"mask": mask.read_bytes()}, data={"top": "1", "left": "0"}
    )
    told = finished(address, answer.json())
    assert told["status"] == "failed"
    assert "reaches beyond" in told["error"]


def test_a_box_cuts_out_what_is_inside(address: str, tmp_path: Path) -> None:
    pixels = np.full((80, 80, 3), 200, np.uint8)
    pixels[30:50, 30:50] = (180, 20, 20)
    path = tmp_path / "thing.png"
    Image.fromarray(pixels).save(path)
    name = sent(address, path)["id"]
    job = httpx.post(f"{address}/api/v1/pictures/{name}/mask/marks", data={"box": "24,24,32,32"}).json()
    answer = finished(address, job)["answer"]
    left, top, width, height = answer["box"]
    assert abs(left - 30) <= 2
    assert abs(top - 30) <= 2
    assert abs(width - 20) <= 4
    assert abs(height - 20) <= 4


def test_a_picture_that_was_dropped_is_gone_with_its_fills(address: str, photo: Path, mask: Path) -> None:
    name = sent(address, photo)["id"]
    fill = filled(address, name, mask, engine="telea")["answer"]["picture"]
    assert httpx.delete(f"{address}/api/v1/pictures/{name}").status_code == 204
    assert httpx.get(f"{address}/api/v1/pictures/{name}").status_code == 404
    assert httpx.get(f"{address}/api/v1/pictures/{fill}/file").status_code == 404


# --- being watched, and kept to itself ---------------------------------------------------------------------------


def test_a_page_of_another_site_is_kept_out(address: str) -> None:
    port = urlsplit(address).port
    assert httpx.get(address + "/version", headers={"Host": f"evil.example:{port}"}).status_code == 421
    assert httpx.get(address + "/version", headers={"Origin": "https://evil.example"}).status_code == 403
    assert httpx.get(address + "/version", headers={"Origin": address}).status_code == 200


def test_every_answer_keeps_the_page_to_itself_and_carries_an_id(address: str) -> None:
    for path in ("/", "/version", "/api/v1/nothing"):
        answer = httpx.get(address + path, headers={"X-Request-ID": "abc-1"})
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-request-id"] == "abc-1"
    assert httpx.get(address + "/", headers={"X-Request-ID": "a b\tc"}).headers["x-request-id"] != "a b\tc"


def test_nothing_in_the_page_comes_from_elsewhere(address: str) -> None:
    for path in ("/", "/docs"):
        assert "://" not in httpx.get(address + path).text.replace("http://www.w3.org", "")


def test_without_its_token_nobody_gets_in(photo: Path) -> None:
    with serving("--token", "sesame") as served:
        address = served.address
        assert httpx.get(address + "/version").status_code == 401
        assert httpx.get(address + "/version", headers={"Authorization": "Bearer sesam"}).status_code == 401
        assert httpx.get(address + "/version", headers={"Authorization": "Bearer sesame"}).status_code == 200
        with httpx.Client(base_url=address) as browser:
            assert browser.get("/?token=sesame").status_code == 200
            assert browser.get("/version").status_code == 200  # by the cookie that the page set


def test_a_host_that_others_reach_wants_a_token() -> None:
    command = [sys.executable, "-m", "freefill", "serve", "--host", "0.0.0.0", "--port", "0"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 1
    assert "--token" in ran.stderr
    assert "Traceback" not in ran.stderr


# --- trouble -----------------------------------------------------------------------------------------------------


def slow_photo(tmp_path: Path) -> tuple[bytes, bytes]:
    """A fill that takes a while."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (900, 900, 3), np.uint8)
    hole = np.zeros((900, 900), np.uint8)
    hole[200:700, 200:700] = 255
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
