"""Picture files out: the format the input had, or the one that the name asks for."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import BinaryIO

from freefill.errors import InputError, did_you_mean
from freefill.files import replacing
from freefill.images.by_pillow import check_by_pillow, write_by_pillow
from freefill.images.heic import colours_untold
from freefill.images.jpeg.file import check_opaque, write_jpeg
from freefill.images.png.write import write_png
from freefill.images.tiff.write import left_behind, write_tiff
from freefill.values import Picture

FORMATS = {
    "jpg": "JPEG", "jpeg": "JPEG", "jpe": "JPEG", "jfif": "JPEG", "png": "PNG", "webp": "WEBP", "tif": "TIFF",
    "tiff": "TIFF", "bmp": "BMP", "dib": "BMP", "gif": "GIF", "avif": "AVIF", "heic": "HEIF", "heif": "HEIF",
}  # fmt: skip
SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "TIFF": ".tif", "BMP": ".bmp", "GIF": ".gif",
            "AVIF": ".avif", "HEIF": ".heic"}  # fmt: skip


def write_picture(
    picture: Picture,
    target: str | os.PathLike[str] | BinaryIO,
    format: str | None = None,
    quality: int | None = None,
) -> tuple[str, ...]:
    """Write a picture with all that it carries, whole or not at all.

    Mode, depth, tables, compression and metadata follow the picture's own; `docs/formats.md` says what each format
    keeps. A path may be the input's own.

    Parameters
    ----------
    target : a path, or a binary stream (which is not closed)
    format : "jpeg", "png", ...; None: what the path's ending says, else the picture's own, else PNG
    quality : 1 to 100 for JPEG, WebP, AVIF and HEIC; None: JPEG keeps the input's tables, WebP its being lossless

    Returns
    -------
    notes: what of the input could not be kept, and what the format could not hold

    Raises
    ------
    InputError
        If the format is not known or cannot hold the picture, or the file cannot be written.
    """
    is_path = isinstance(target, str | os.PathLike)
    name = os.fspath(target) if is_path else str(getattr(target, "name", "") or "stream")
    kind = format_for(picture, name if is_path else None, format)
    if quality is not None and not 1 <= quality <= 100:
        raise InputError(f"quality {quality} is not within 1 to 100")
    try:
        if is_path:
            with replacing(target) as stream:
                return _write(picture, stream, kind, quality, name)
        return _write(picture, target, kind, quality, name)  # type: ignore[arg-type]
    except MemoryError:
        raise InputError(f"{name}: there is not enough memory to write it; free some, or make it smaller") from None


def format_for(picture: Picture, path: str | None, format: str | None = None) -> str:
    """Return the name of the format to write: as asked, as the path ends, as the input was, or PNG.

    Raises
    ------
    InputError
        If a format is asked for that is not written.
    """
    if format is not None:
        word = format.lower().lstrip(".")
        if word not in FORMATS:
            raise InputError(f"format '{format}' is not written;{did_you_mean(word, FORMATS)} all: {_all()}")
        return FORMATS[word]
    suffix = Path(path).suffix.lower().lstrip(".") if path is not None else ""
    if suffix in FORMATS:
        return FORMATS[suffix]
    if suffix and path is not None:
        raise InputError(
            f"{path}: '.{suffix}' is not a format that freefill writes;{did_you_mean(suffix, FORMATS)} all: {_all()}; "
            f"or pass --format"
        )
    return picture.extras.format or "PNG"


def check_holds(picture: Picture, kind: str, name: str, will_be_opaque: bool = False) -> None:
    """Refuse what a format's writer would refuse after the filling.

    Parameters
    ----------
    kind : as `format_for` names it
    will_be_opaque : what is transparent now is what will be filled

    Raises
    ------
    InputError
        If the format cannot hold the picture, or needs an extra that is not here.
    """
    if kind == "JPEG" and not will_be_opaque:
        check_opaque(picture, name)
    if kind in ("GIF", "WEBP", "HEIF"):
        check_by_pillow(picture, kind, name)


def name_for(picture: Picture, path: str, word: str = "filled") -> str:
    """Return NAME.WORD.EXT beside a picture: with its own ending where that is true, else with its format's.

    A PNG that was saved as photo.jpg stays a PNG: as a JPEG its known pixels would change.
    """
    where = Path(path)
    own = picture.extras.format or "PNG"
    suffix = where.suffix if FORMATS.get(where.suffix.lower().lstrip(".")) == own else SUFFIXES[own]
    return str(where.with_name(f"{where.stem}.{word}{suffix}"))


def _all() -> str:
    return ", ".join(sorted({word for word in FORMATS if word not in ("jpe", "jfif", "dib", "tiff", "jpeg")}))


def _write(picture: Picture, stream: BinaryIO, kind: str, quality: int | None, name: str) -> tuple[str, ...]:
    """Send the picture through its format's writer."""
    if kind == "TIFF":
        notes = _to_seekable(picture, stream, name)
    elif kind == "PNG":
        notes = write_png(picture, stream)
    elif kind == "JPEG":
        notes = write_jpeg(picture, stream, quality, name)
    else:
        notes = write_by_pillow(picture, stream, kind, quality, name)
    left = (
        *_lossy(picture, kind, quality),
        *(left_behind(picture) if kind != "TIFF" else ()),
        *(colours_untold(picture) if kind != "HEIF" else ()),
    )
    return tuple(dict.fromkeys((*picture.extras.notes, *left, *notes)))


def _lossy(picture: Picture, kind: str, quality: int | None) -> tuple[str, ...]:
    """Say that known pixels change, where a picture that was lossless goes into a format that is not."""
    lossy = kind in ("JPEG", "AVIF", "HEIF") or (kind == "WEBP" and quality is not None)
    if not lossy or picture.extras.format in (None, "JPEG", "AVIF", "HEIF", "WEBP"):
        return ()
    name = {"HEIF": "HEIC", "WEBP": "WebP"}.get(kind, kind)
    return (f"the input is a {picture.extras.format} file, which loses nothing; {name} changes known pixels a little",)


def _to_seekable(picture: Picture, stream: BinaryIO, name: str) -> tuple[str, ...]:
    """Write TIFF, whose first bytes are known last, also where there is no going back."""
    if stream.seekable() and stream.tell() == 0:
        return write_tiff(picture, stream, name)
    whole = io.BytesIO()
    notes = write_tiff(picture, whole, name)
    stream.write(whole.getbuffer())
    return notes
