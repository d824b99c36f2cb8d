"""A real HTTP server on loopback that answers as it is told, and cards that point to it."""

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from freefill.weights.cards.card import NOT_PUBLISHED, Card, Source, Url

DATA = bytes(range(256)) * 4096  # 1 MiB that is no web page and no archive
Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    server: "Site"  # type: ignore[assignment]

    def do_GET(self) -> None:
        route = self.path.split("?")[0]
        self.server.asked.append((self.path, dict(self.headers)))
        answers = self.server.routes.get(route)
        if not answers:
            self.send_error(404)
            return
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the client has gone
            answer(self)

    def give(self, data: bytes, *, status: int = 200, length: int | None = None, **headers: Any) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Site(ThreadingHTTPServer):
    """Answers each path with the next answer of its list; the last one is repeated."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.routes: dict[str, list[Answer]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def serve(self, path: str, *answers: Answer) -> str:
        self.routes[path] = list(answers)
        return self.address + path

    def handle_error(self, request: object, client_address: object) -> None:
        pass


def whole(data: bytes = DATA) -> Answer:
    return lambda handler: handler.give(data)


def resumable(data: bytes = DATA, tag: str = '"one"') -> Answer:
    """The whole file, or the rest of it if asked for the same version."""

    def answer(handler: Handler) -> None:
        wanted = handler.headers.get("Range")
        if wanted and handler.headers.get("If-Range") == tag:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            handler.give(data[start:], status=206, ETag=tag, Content_Range=f"bytes {start}-{len(data) - 1}/{len(data)}")
        else:
            handler.give(data, ETag=tag)

    return answer


def cut_off(data: bytes = DATA, after: int = 300_000, tag: str = "") -> Answer:
    def answer(handler: Handler) -> None:
        more: dict[str, Any] = {"ETag": tag} if tag else {}
        handler.give(data[:after], length=len(data), **more)
        handler.close_connection = True

    return answer


def slow(data: bytes = DATA, piece: int = 65536, pause_s: float = 0.02, first: threading.Event | None = None) -> Answer:
    def answer(handler: Handler) -> None:
        handler.give(b"", length=len(data))
        for start in range(0, len(data), piece):
            handler.wfile.write(data[start : start + piece])
            handler.wfile.flush()
            if first is not None:
                first.set()
            time.sleep(pause_s)

    return answer


def silent(seconds: float) -> Answer:
    """Promises a file and then says nothing."""

    def answer(handler: Handler) -> None:
        handler.give(b"x", length=1000)
        handler.wfile.flush()
        time.sleep(seconds)

    return answer


def redirect(to: str) -> Answer:
    return lambda handler: handler.give(b"", status=302, Location=to)


def status(code: int) -> Answer:
    return lambda handler: handler.give(b"no", status=code)


def page(text: str, **headers: Any) -> Answer:
    return lambda handler: handler.give(text.encode(), Content_Type="text/html", **headers)


PLAIN_CARD = Card(
    name="thing",
    what_for="a test",
    network="nothing",
    file="thing.bin",
    sources=(),
    sha256=NOT_PUBLISHED,
    licence="CC0-1.0",
    forbids="nothing",
    origin="the tests",
    trained_on="nothing",
    layout="bytes",
)


def card(*sources: Source | str, data: bytes | None = DATA, **fields: object) -> Card:
    """A card of those sources; its hash is that of `data`, or not published where that is None."""
    places = tuple(Url(source) if isinstance(source, str) else source for source in sources)
    sha256 = NOT_PUBLISHED if data is None else hashlib.sha256(data).hexdigest()
    return replace(PLAIN_CARD, **{"sources": places, "sha256": sha256, **fields})  # type: ignore[arg-type]
