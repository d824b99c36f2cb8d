"""The confirmation page of a drive host: large files are answered with a form that must be sent off first."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit


class _Forms(HTMLParser):
    """Collects every form: where it goes and its hidden fields; and links that carry a confirmation."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((given.get("action", ""), {}))
        elif tag == "input" and self.forms and given.get("name"):
            self.forms[-1][1][given["name"]] = given.get("value", "")
        elif tag == "a" and "confirm=" in given.get("href", ""):
            self.links.append(given["href"])


def confirmed_url(page: str, url: str, cookies: Mapping[str, str]) -> str | None:
    """Return the address that starts the download after the host's question, or None if the page asks none.

    Three ways that the host has used are understood: a form with hidden fields (today's), a link that carries the
    confirmation, and a cookie whose value is to be sent back.

    Parameters
    ----------
    page : the page's text
    url : where it came from, against which its addresses are read
    cookies : those that came with it
    """
    forms = _Forms()
    forms.feed(page)
    for action, fields in forms.forms:
        if "confirm" in fields or "uuid" in fields:
            return _with_fields(urljoin(url, action), fields)
    if forms.links:
        return urljoin(url, forms.links[0])
    for name, value in cookies.items():
        # The rest of its name is the file's own.
        if name.startswith("download_warning"):
            return _with_fields(url, {"confirm": value})
    return None


def _with_fields(url: str, fields: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query)) | dict(fields)
    return urlunsplit(parts._replace(query=urlencode(query)))
