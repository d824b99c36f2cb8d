"""The service keeps to itself, and can be watched."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from .serving import serving


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


def test_a_page_without_a_name_of_its_own_is_kept_out(address: str) -> None:
    """A sandboxed frame of any site says "null"."""
    assert httpx.post(address + "/api/v1/inpaint", headers={"Origin": "null"}).status_code == 403


def test_a_site_that_was_named_may_use_it_and_asks_first_without_a_token() -> None:
    with serving("--token", "sesame", "--allow-origin", "https://good.example", "--metrics") as served:
        good, evil = {"Origin": "https://good.example"}, {"Origin": "https://evil.example"}
        asked = httpx.options(served.address + "/api/v1/engines", headers=good)
        assert asked.status_code == 204
        assert "Authorization" in asked.headers["access-control-allow-headers"]
        assert httpx.options(served.address + "/api/v1/engines", headers=evil).status_code == 403
        assert httpx.get(served.address + "/version", headers=good).status_code == 401
        answer = httpx.get(served.address + "/version", headers={**good, "Authorization": "Bearer sesame"})
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "https://good.example"
        told = httpx.get(served.address + "/metrics", headers={"Authorization": "Bearer sesame"}).text
        assert "freefill_jobs_waiting 0.0" in told


def test_a_head_that_is_too_large_is_refused_also_in_one_piece(address: str) -> None:
    assert httpx.get(address + "/version", headers={"X": "a" * 31_000}).status_code == 200
    assert httpx.get(address + "/version", headers={"X": "a" * 40_000}).status_code == 431


def test_metrics_are_offered_on_request_only(address: str) -> None:
    assert httpx.get(address + "/metrics").status_code == 404


def test_a_connection_on_which_no_request_comes_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The head dribbles in, a byte now and then."""
    import uvicorn

    from freefill.web.connections import Patient

    async def app(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    monkeypatch.setattr(Patient, "head_s", 0.3)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, http=Patient, lifespan="off", log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        with socket.create_connection(listening.getsockname(), timeout=10) as line:
            line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert line.recv(100).startswith(b"HTTP/1.1 204")
            line.sendall(b"GET / HTTP/1.1\r\nX:")
            time.sleep(0.1)
            line.sendall(b"a")
            assert line.recv(100) == b""
    finally:
        server.should_exit = True
        thread.join()


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
