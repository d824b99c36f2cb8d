"""What stands before every request, as plain ASGI: a middleware that reads answers would swallow the disconnect.

It checks the host name and the token, gives each request an id, cuts off senders that are too slow or send too much,
adds the headers that keep a page to itself, and writes one line of log for each request.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
import re
import secrets
import time
from collections.abc import Iterable
from pathlib import Path

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from freefill.web import problems
from freefill.web.settings import LOOPBACK, Settings

log = logging.getLogger("freefill.web")

# The import map is the one script that stands in the page itself; its hash lets it in, and nothing else.
_PAGE = (Path(__file__).parent / "static" / "index.html").read_text("utf-8")
_MAP = re.search(r'<script type="importmap">(.*?)</script>', _PAGE, re.DOTALL)
_MAP_HASH = base64.b64encode(hashlib.sha256(_MAP[1].encode() if _MAP else b"").digest()).decode()

POLICY = (
    f"default-src 'none'; script-src 'self' 'sha256-{_MAP_HASH}'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
# What a page of a named site asks before its first request (the CORS protocol of the Fetch standard).
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Accept, Prefer, X-Request-ID",
    "Access-Control-Max-Age": "600",
}
MOST_HEAD_BYTES = 32 << 10  # h11 bounds only heads that come in pieces
OPEN_PATHS = ("/livez", "/readyz")  # for whoever watches the service


class Guard:
    """See the head of this file."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        request_id = _id(given.get("x-request-id", ""))
        start, status = time.perf_counter(), 0
        origin = given.get("origin", "")
        own = _for_origin(origin) if origin in self._settings.origins else ()

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                named = {name.lower() for name, _ in message["headers"]}  # what an answer says itself goes first
                more = (*HEADERS, *own, (b"x-request-id", request_id.encode()))
                message["headers"] = [*message["headers"], *(each for each in more if each[0] not in named)]
            await send(message)

        refusal = self._refusal(scope["path"], given, scope)
        try:
            if refusal is None and own and scope["method"] == "OPTIONS":
                await Response(status_code=204, headers=PREFLIGHT)(scope, receive, sending)
            elif refusal is not None:
                await problems.answer(*refusal)(scope, receive, sending)
            else:
                await self._app(scope, _Bounded(receive, self._settings).receive, sending)
        finally:
            seconds = round(time.perf_counter() - start, 4)
            log.info(
                json.dumps(
                    {"id": request_id, "method": scope["method"], "path": scope["path"], "status": status, "s": seconds}
                )
            )

    def _refusal(self, path: str, given: dict[str, str], scope: Scope) -> tuple[int, str] | None:
        """Return why a request is not let through, or None."""
        if sum(len(name) + len(value) for name, value in scope["headers"]) > MOST_HEAD_BYTES:
            return 431, f"the head is larger than {MOST_HEAD_BYTES >> 10} kB"
        host = _without_port(given.get("host", ""))
        checked = self._settings.host in LOOPBACK or self._settings.hosts  # elsewhere the token keeps strangers out
        if checked and host not in self._settings.known_hosts:
            return 421, f"this service does not answer for '{host}'; start it with --allow-host {host or 'NAME'}"
        origin = given.get("origin")
        if origin and origin not in self._settings.origins and _without_port(origin.split("://", 1)[-1]) != host:
            return 403, "pages of other sites may not use this service"
        asked_first = scope["method"] == "OPTIONS" and origin in self._settings.origins  # browsers send no token then
        if (
            self._settings.token
            and path not in OPEN_PATHS
            and not asked_first
            and not self._allowed(path, given, scope)
        ):
            return 401, "this service wants a token; send it as 'Authorization: Bearer TOKEN'"
        # Before a byte of it is read; a sender that says nothing of its length is counted in `_Bounded`.
        if int(given.get("content-length", "0") or 0) > self._settings.max_upload_bytes:  # h11 lets only digits through
            return 413, f"the upload is larger than {self._settings.max_upload_bytes >> 20} MB"
        return None

    def _allowed(self, path: str, given: dict[str, str], scope: Scope) -> bool:
        """Tell whether a request carries the token: in its header, or in the cookie that the page's address sets."""
        token = self._settings.token or ""
        words = [given.get("authorization", "").removeprefix("Bearer ")]
        words += [each.strip().removeprefix("freefill=") for each in given.get("cookie", "").split(";")]
        if path == "/":
            # In the page's own address alone, so that a link opens it; elsewhere tokens in addresses end up in logs.
            words += [each.removeprefix("token=") for each in scope["query_string"].decode("latin-1").split("&")]
        # In constant time: how long it takes tells nobody how many letters were right.
        return any(secrets.compare_digest(word.encode(), token.encode()) for word in words)


class _Bounded:
    """Receives a body within a time and a number of bytes."""

    def __init__(self, receive: Receive, settings: Settings) -> None:
        self._receive, self._settings = receive, settings
        self._until = time.monotonic() + settings.body_deadline_s
        self._whole = False
        self._count = 0

    async def receive(self) -> Message:
        """Return the next message; once the body is whole, only a disconnect comes, at any time."""
        if self._whole:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), self._until - time.monotonic())
        except TimeoutError:
            slow = f"the upload took longer than {self._settings.body_deadline_s:g} s"
            # Closed: what is still to come of the body would be read as the next request.
            raise problems.Problem(408, slow, {"Connection": "close"}) from None
        self._count += len(message.get("body", b""))
        if self._count > self._settings.max_upload_bytes:
            raise problems.Problem(413, f"the upload is larger than {self._settings.max_upload_bytes >> 20} MB")
        self._whole = not message.get("more_body", False)
        return message


def _for_origin(origin: str) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers by which a browser lets a page of another site read an answer."""
    return (
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", b"*"),
        (b"cross-origin-resource-policy", b"cross-origin"),
        (b"vary", b"Origin"),
    )


def _id(given: str) -> str:
    """Return the caller's request id where it is a plain word, else one of our own."""
    # It goes into a header and into the log.
    plain = given.isascii() and given.replace("-", "").isalnum() and len(given) <= 64
    return given if plain else secrets.token_hex(8)


def _without_port(host: str) -> str:
    if host.startswith("["):  # IPv6, whose colons are not the port's
        return host.split("]")[0] + "]"
    return host.rsplit(":", 1)[0] if ":" in host else host


def log_to(handlers: Iterable[logging.Handler]) -> None:
    """Send the request log to handlers, one JSON object a line."""
    log.setLevel(logging.INFO)
    log.propagate = False  # or the root logger would write each line again
    log.handlers[:] = list(handlers)
