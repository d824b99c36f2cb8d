"""Who is let in, what they may send and how long they may take: the guard alone, without a running service."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

from freefill.errors import InputError
from freefill.web import guard, settings
from freefill.web.guard import MOST_HEAD_BYTES, Guard
from freefill.web.problems import Problem
from freefill.web.settings import Settings


def asked(
    set_up: Settings, path: str = "/version", method: str = "GET", query: str = "", **heads: str
) -> tuple[int, dict[str, str], bytes]:
    """Ask a guard before an app that answers 200 to all; heads are named with underscores."""
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"Referrer-Policy", b"own")]})
        await send({"type": "http.response.body", "body": b"let in"})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    given = {"host": "localhost:8765", **{name.replace("_", "-"): value for name, value in heads.items()}}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items()],
    }
    asyncio.run(Guard(app, set_up)(scope, receive, send))
    heads = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], heads, b"".join(each.get("body", b"") for each in sent)


LOCAL = Settings()
OPEN = Settings(host="0.0.0.0", token="word")
BEHIND_A_NAME = Settings(host="0.0.0.0", token="word", hosts=("fill.example",), origins=("https://site.example",))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:1", "[::1]:8765", "[::1]", "127.0.0.1:8765"])
def test_loopback_is_answered_by_any_of_its_names(host: str):
    assert asked(LOCAL, host=host)[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "", "127.0.0.1.evil.example", "0.0.0.0"])
def test_no_other_name_is_answered(host: str):
    status, _, body = asked(LOCAL, host=host)
    assert status == 421
    assert f"start it with --allow-host {host.split(':')[0] or 'NAME'}" in json.loads(body)["detail"]


def test_where_a_token_keeps_strangers_out_any_name_will_do_unless_some_are_named():
    assert asked(OPEN, host="any.example", authorization="Bearer word")[0] == 200
    assert asked(BEHIND_A_NAME, host="any.example", authorization="Bearer word")[0] == 421
    assert asked(BEHIND_A_NAME, host="fill.example:443", authorization="Bearer word")[0] == 200


def test_pages_of_other_sites_are_kept_out_and_a_page_of_ours_is_not():
    assert asked(LOCAL, origin="http://localhost:8765")[0] == 200
    assert asked(LOCAL, origin="http://localhost:1")[0] == 200  # the port is no part of who somebody is
    assert asked(LOCAL, origin="https://evil.example")[0] == 403
    assert asked(LOCAL, origin="null")[0] == 403


@pytest.mark.parametrize(
    ("heads", "query", "path", "status"),
    [
        ({}, "", "/version", 401),
        ({"authorization": "Bearer word"}, "", "/version", 200),
        ({"authorization": "Bearer wor"}, "", "/version", 401),
        ({"authorization": "Bearer words"}, "", "/version", 401),
        ({"authorization": "Bearer w\xf6rd"}, "", "/version", 401),
        ({"cookie": "a=b; freefill=word"}, "", "/version", 200),
        ({"cookie": "freefill=other"}, "", "/version", 401),
        ({}, "token=word", "/", 200),
        ({}, "a=b&token=word", "/", 200),
        ({}, "token=word", "/version", 401),  # an address with a token ends up in logs
        ({}, "", "/livez", 200),
        ({}, "", "/readyz", 200),
    ],
)
def test_who_has_the_token_gets_in(heads: dict[str, str], query: str, path: str, status: int):
    assert asked(OPEN, path, query=query, host="any", **heads)[0] == status


def test_a_named_site_may_ask_first_without_a_token_and_no_other():
    named = {"host": "fill.example", "origin": "https://site.example"}
    status, heads, _ = asked(BEHIND_A_NAME, method="OPTIONS", **named)
    assert status == 204
    assert heads["access-control-allow-origin"] == "https://site.example"
    assert "DELETE" in heads["access-control-allow-methods"]
    assert asked(BEHIND_A_NAME, **named)[0] == 401  # only asking first is free
    assert asked(BEHIND_A_NAME, method="OPTIONS", host="fill.example")[0] == 401
    status, heads, _ = asked(BEHIND_A_NAME, authorization="Bearer word", **named)
    assert status == 200
    assert heads["cross-origin-resource-policy"] == "cross-origin"
    assert heads["vary"] == "Origin"


def test_a_head_may_have_32_kb_and_no_more():
    rest = MOST_HEAD_BYTES - len("host") - len("localhost:8765") - len("x-a")
    assert asked(LOCAL, x_a="a" * rest)[0] == 200
    status, _, body = asked(LOCAL, x_a="a" * (rest + 1))
    assert status == 431
    assert json.loads(body)["detail"] == "the head is larger than 32 kB"


def test_an_upload_that_says_to_be_too_large_is_refused_before_it_is_read():
    small = Settings(max_upload_bytes=1 << 20)
    assert asked(small, method="POST", content_length=str(1 << 20))[0] == 200
    status, _, body = asked(small, method="POST", content_length=str((1 << 20) + 1))
    assert status == 413
    assert json.loads(body)["detail"] == "the upload is larger than 1 MB"


def test_what_an_answer_says_itself_goes_before_what_the_guard_would_say():
    _, heads, body = asked(LOCAL)
    assert heads["referrer-policy"] == "own"
    assert heads["x-content-type-options"] == "nosniff"
    assert body == b"let in"


@pytest.mark.parametrize(
    ("given", "kept"),
    [("abc-1", True), ("a" * 64, True), ("a" * 65, False), ("a b", False), ("\xe4", False), ("", False)],
)
def test_a_request_keeps_its_own_id_where_it_is_a_plain_word(given: str, kept: bool):
    _, heads, _ = asked(LOCAL, x_request_id=given)
    assert (heads["x-request-id"] == given) is kept
    assert len(heads["x-request-id"]) == (len(given) if kept else 16)


def test_each_request_is_one_line_of_the_log():
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    guard.log_to([Kept()])
    try:
        asked(LOCAL, x_request_id="abc")
        asked(LOCAL, host="evil.example")
    finally:
        guard.log_to([])
    told = [json.loads(line) for line in lines]
    assert [each["status"] for each in told] == [200, 421]
    assert {key: told[0][key] for key in ("id", "method", "path")} == {"id": "abc", "method": "GET", "path": "/version"}
    assert 0 <= told[0]["s"] < 60


def received(set_up: Settings, *messages: dict[str, Any], wait_s: float = 0.0) -> list[dict[str, Any]]:
    """Let a body through, message by message."""
    left = list(messages)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(wait_s)
        return left.pop(0)

    async def run() -> list[dict[str, Any]]:
        bounded = guard._Bounded(receive, set_up)
        return [dict(await bounded.receive()) for _ in messages]

    return asyncio.run(run())


def piece(size: int, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": b"a" * size, "more_body": more}


def test_a_body_is_counted_where_its_head_says_nothing():
    small = Settings(max_upload_bytes=1 << 20)
    half = 1 << 19
    assert len(received(small, piece(half), piece(half, more=False))) == 2
    with pytest.raises(Problem) as raised:
        received(small, piece(half), piece(half), piece(1))
    assert raised.value.status_code == 413


def test_a_body_that_takes_too_long_is_cut_off_and_its_connection_closed():
    with pytest.raises(Problem) as raised:
        received(Settings(body_deadline_s=0.01), piece(1), wait_s=0.5)
    assert raised.value.status_code == 408
    assert raised.value.headers == {"Connection": "close"}


def test_a_client_may_take_its_time_once_its_body_is_there():
    bye = {"type": "http.disconnect"}
    assert received(Settings(body_deadline_s=0.2), piece(1, more=False), bye, wait_s=0.15)[1] == bye


# --- settings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::"])
def test_a_service_that_others_reach_wants_a_token_or_a_word_that_it_needs_none(host: str):
    with pytest.raises(InputError, match=r"can be reached from other machines; pass --token WORD"):
        Settings(host=host)
    assert Settings(host=host, token="a").token == "a"
    assert Settings(host=host, no_token=True).host == host


def test_an_address_for_all_is_no_name_and_any_other_is():
    assert "192.168.1.5" in Settings(host="192.168.1.5", token="a").known_hosts
    assert not {"0.0.0.0", "::"} & Settings(host="0.0.0.0", token="a").known_hosts
    assert not {"0.0.0.0", "::"} & Settings(host="::", token="a").known_hosts


@pytest.mark.parametrize(
    ("cores", "memory_gb", "fillers"), [(1, 64, 1), (8, 64, 2), (16, 64, 4), (16, 7, 2), (16, 1, 1), (11, 64, 2)]
)
def test_four_cores_and_3_gb_make_a_worker(monkeypatch: pytest.MonkeyPatch, cores: int, memory_gb: int, fillers: int):
    monkeypatch.setattr(settings, "cores", lambda: cores)
    monkeypatch.setattr(settings, "memory_bytes", lambda: memory_gb << 30)
    assert Settings().fillers == fillers
    assert Settings(workers=5).fillers == 5


def test_the_service_runs_as_its_page_of_the_manual_says():
    plain = Settings()
    assert (plain.host, plain.port, plain.metrics) == ("127.0.0.1", 8765, False)
    assert (plain.body_deadline_s, plain.keep_s, plain.keep_bytes) == (120, 6 * 60 * 60, 4 * 2**30)


def test_where_the_system_does_not_tell_its_memory_8_gb_are_taken_for_granted(monkeypatch: pytest.MonkeyPatch):
    def refuse(name: str) -> int:
        raise ValueError(name)

    monkeypatch.setattr(settings.os, "sysconf", refuse)
    assert settings.memory_bytes() == 8 * 2**30


def test_the_memory_of_a_machine_is_its_pages_times_their_size(monkeypatch: pytest.MonkeyPatch, tmp_path: Any):
    monkeypatch.setattr(settings, "_CGROUP", tmp_path / "none")
    monkeypatch.setattr(settings.os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 1000}.__getitem__)
    assert settings.memory_bytes() == 4_096_000


def test_a_container_has_the_memory_that_it_was_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Any):
    bound = tmp_path / "memory.max"
    monkeypatch.setattr(settings, "_CGROUP", bound)
    machine = settings.memory_bytes()
    bound.write_text("1048576\n")
    assert settings.memory_bytes() == 1 << 20
    bound.write_text("max\n")
    assert settings.memory_bytes() == machine
    bound.write_text(str(machine * 2))
    assert settings.memory_bytes() == machine
