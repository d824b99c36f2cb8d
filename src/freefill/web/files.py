"""A written picture as the answer of a route."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from freefill.images.write import FORMATS, SUFFIXES


def kind_of(word: str | None, own: str | None) -> str:
    """Return the name of the format that a word asks for; the picture's own, or PNG, where none is given."""
    return FORMATS.get(word, word.upper()) if word else own or "PNG"


def file_answer(path: Path, kind: str, headers: Mapping[str, str]) -> FileResponse:
    """Send a file and remove it; `kind` is the name of its format."""
    known = kind in SUFFIXES
    return FileResponse(
        path,
        media_type=f"image/{kind.lower()}" if known else "application/octet-stream",
        filename=f"filled{SUFFIXES[kind] if known else '.bin'}",
        headers=dict(headers),
        background=BackgroundTask(path.unlink, missing_ok=True),
    )


def notes_header(notes: list[str]) -> str:
    """Return notes as one header: base64 of UTF-8 where they are not ASCII."""
    text = " | ".join(notes).replace("\n", " ")
    return text if text.isascii() else base64.b64encode(text.encode()).decode()
