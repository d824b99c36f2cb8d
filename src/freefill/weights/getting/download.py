"""Download one file: with timeouts, repeats that go on where the last one stopped, and a look at what came."""

from __future__ import annotations

import errno
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from freefill.errors import WeightsError
from freefill.weights.cards.card import DriveFile, Url
from freefill.weights.getting.drive import confirmed_url
from freefill.weights.getting.progress import FetchProgress
from freefill.weights.opening import sniff

if TYPE_CHECKING:
    import requests

TIMEOUT_S = (15.0, 60.0)  # to connect, and between two pieces
PAUSES_S = (1.0, 4.0, 10.0)  # before the second, third and fourth try
CHUNK_BYTES = 1 << 16
PAGE_BYTES = 1 << 20  # a page that asks for a confirmation is far smaller than any file of weights


class SourceError(Exception):
    """A source does not give the file; its text is a part of one line."""

    def __init__(self, text: str, *, again: bool) -> None:
        super().__init__(text)
        self.again = again


def download(source: Url | DriveFile, part: Path, expected_bytes: int | None, progress: FetchProgress | None) -> None:
    """Download a source to `part`, with repeats.

    What an interrupted try left in `part` is gone on with where the server vouches that the file is still the same.

    Raises
    ------
    SourceError
        If the source does not give the file after all repeats.
    WeightsError
        If this machine cannot take it: the disk is full, an extra is not installed.
    """
    for pause_s in (*PAUSES_S, None):
        try:
            _once(source, part, progress)
            _look_at(source, part, expected_bytes)
            return
        except SourceError as error:
            if not error.again or pause_s is None:
                raise
            if progress is not None:
                progress.say(f"{error}; trying again in {pause_s:g} s")
            time.sleep(pause_s)


def _once(source: Url | DriveFile, part: Path, progress: FetchProgress | None) -> None:
    """Download once; where a drive host asks for a confirmation, give it."""
    cookies: dict[str, str] = {}
    url = source.url
    cookies = _get(url, part, cookies, progress)
    if isinstance(source, DriveFile) and part.stat().st_size < PAGE_BYTES and sniff.kind(part) == "html":
        page = part.read_text("utf-8", "replace")
        confirmed = confirmed_url(page, url, cookies)
        if confirmed is None:
            raise _page_error(source, part)
        _discard(part)
        _get(confirmed, part, cookies, progress)


def _look_at(source: Url | DriveFile, part: Path, expected_bytes: int | None) -> None:
    """Refuse what cannot be weights."""
    kind = sniff.kind(part)
    size = part.stat().st_size
    if kind == "html":
        raise _page_error(source, part)
    if kind == "empty" or (expected_bytes is not None and size != expected_bytes):
        _discard(part)
        wanted = "" if expected_bytes is None else f" instead of {expected_bytes}"
        raise SourceError(f"{_host(source.url)} gave {size} bytes{wanted}", again=True)
    _note_path(part).unlink(missing_ok=True)


def _page_error(source: Url | DriveFile, part: Path) -> SourceError:
    title = sniff.title(part)
    _discard(part)
    named = f" titled '{title}'" if title else ""
    return SourceError(f"{_host(source.url)} answered with a web page{named} instead of the file", again=False)


def _get(url: str, part: Path, cookies: dict[str, str], progress: FetchProgress | None) -> dict[str, str]:
    """Get one address into `part`, from where `part` ends if the server can; return all cookies."""
    try:
        import requests
    except ModuleNotFoundError as error:
        raise WeightsError(f"fetching needs {error.name}; run: pip install 'freefill[weights]'") from error
    start, tag = _resume_point(url, part)
    headers = {"Accept-Encoding": "identity"}  # a packed answer could not be gone on with
    if start:
        # Where the file has changed meanwhile, all of it is sent.
        headers |= {"Range": f"bytes={start}-", "If-Range": tag}
    try:
        with requests.get(url, headers=headers, cookies=cookies, timeout=TIMEOUT_S, stream=True) as response:
            response.raise_for_status()
            total = _write(response, url, part, start, progress)
            for answer in (*response.history, response):  # a host may ask for them back that sent the user on
                cookies = cookies | {cookie.name: cookie.value or "" for cookie in answer.cookies}
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        raise _status_error(url, status, part) from error
    # Asking again would change nothing.
    except (requests.TooManyRedirects, requests.exceptions.InvalidURL, requests.exceptions.MissingSchema) as error:
        raise SourceError(f"{_host(url)}: {error}", again=False) from error
    except requests.RequestException as error:
        raise SourceError(f"{_host(url)} {_in_words(error)}", again=True) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:  # what is here already would only be in the way
            _discard(part)
        raise WeightsError(f"{part}: cannot be written ({error.strerror})") from error
    if total is not None and part.stat().st_size != total:
        raise SourceError(f"{_host(url)} broke off after {part.stat().st_size} of {total} bytes", again=True)
    return cookies


def _write(response: requests.Response, url: str, part: Path, start: int, progress: FetchProgress | None) -> int | None:
    """Write an answer behind byte `start` of `part`; return how long the whole file is, if the server says so."""
    if response.status_code == 200:  # from the beginning, whatever was asked
        start = 0
    tag = response.headers.get("ETag", "")
    if tag and not tag.startswith("W/"):  # a weak mark does not promise the same bytes
        _note_path(part).write_text(json.dumps({"url": url, "tag": tag}), "utf-8")
    else:
        _note_path(part).unlink(missing_ok=True)
    length = response.headers.get("Content-Length")
    total = start + int(length) if length is not None else None
    if progress is not None:
        progress.start(total - start if total is not None else None)
    try:
        with part.open("ab" if start else "wb") as file:
            for chunk in response.iter_content(CHUNK_BYTES):
                file.write(chunk)
                if progress is not None:
                    progress.update(len(chunk))
    finally:
        if progress is not None:
            progress.close()
    return total


def _resume_point(url: str, part: Path) -> tuple[int, str]:
    """Return how many bytes are here already and the server's mark of their version; 0 where they are of no use."""
    try:
        note = json.loads(_note_path(part).read_text("utf-8"))
        size = part.stat().st_size
        if note["url"] == url and size > 0:
            return size, str(note["tag"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    _discard(part)
    return 0, ""


def _note_path(part: Path) -> Path:
    return part.with_name(part.name + ".note")


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)
    _note_path(part).unlink(missing_ok=True)


def _status_error(url: str, status: int, part: Path) -> SourceError:
    if status == 416:  # what is here is longer than the file: begin again
        _discard(part)
    # In trouble, too slow, past the end (we begin again), too early, too often.
    again = status >= 500 or status in (408, 416, 425, 429)
    return SourceError(f"{_host(url)} answered {status}", again=again)


def _in_words(error: Exception) -> str:
    """Say what went wrong in a few words: the errors of the transport are long and nested."""
    import requests

    words: tuple[tuple[type[Exception], str], ...] = (
        (requests.exceptions.ConnectTimeout, "did not answer in time"),
        (requests.exceptions.ReadTimeout, "stopped sending"),
        (requests.exceptions.SSLError, "has no valid certificate"),
        (requests.exceptions.ProxyError, "cannot be reached through the proxy"),
        (requests.exceptions.ChunkedEncodingError, "broke off"),
        (requests.exceptions.ConnectionError, "cannot be reached"),  # last: the others are of this kind too
    )
    text = next((text for kind, text in words if isinstance(error, kind)), f"failed ({type(error).__name__})")
    # A pause in the middle of the file comes as a ConnectionError.
    return "stopped sending" if "Read timed out" in str(error) else text


def _host(url: str) -> str:
    return urlsplit(url).netloc or url
