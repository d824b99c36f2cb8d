"""What reading a broken file may raise, as one line for the user."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import logging
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator

from freefill.errors import InputError

# Decoders meet damage deep inside and fail in many ways. These are all that the readers were seen to raise on a great
# many mutated files; anything else is a fault of ours, and is to be seen.
DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    RuntimeError,
    struct.error,
    zlib.error,
)

_quiet = threading.RLock()  # reentrant: `unlimited` is used inside `quietly`


@contextlib.contextmanager
def reading(name: str, kind: str) -> Iterator[None]:
    """Turn a decoder's failure into an InputError that names the file."""
    try:
        yield
    except MemoryError:
        raise InputError(f"{name}: there is not enough memory to read it; free some, or make it smaller") from None
    except DAMAGE as error:
        # Decoders' messages may have several lines and quote the file; the user gets one line.
        said = " ".join(str(error).split())[:120] or type(error).__name__
        raise InputError(f"{name}: the {kind} file is damaged ({said}); get it again or save it anew") from None


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Keep the warnings of other people's parsers from the user; one thread at a time, so only for short work.

    The filters of `warnings` belong to the whole process: two threads that change and restore them get them mixed up.
    """
    _silence_logging()
    with _quiet, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def unlimited() -> Iterator[None]:
    """Lift Pillow's own limit of 179 megapixels where the size was checked here; one thread at a time.

    Pillow asks for its limit also of parts that are no picture (a strip of 16-bit colour as a row of bytes), and warns
    from half of it on.
    """
    from PIL import Image as PilImage

    with _quiet:
        before = PilImage.MAX_IMAGE_PIXELS
        PilImage.MAX_IMAGE_PIXELS = None
        try:
            yield
        finally:
            PilImage.MAX_IMAGE_PIXELS = before


@functools.cache
def _silence_logging() -> None:
    """Keep Python from writing Pillow's log to the terminal; a program that set up logging still gets it."""
    logging.getLogger("PIL").addHandler(logging.NullHandler())


@functools.cache
def silence_libtiff() -> None:
    """Keep the library that Pillow reads TIFF with from writing to the terminal; Pillow raises what it has to say.

    The library belongs to the whole process, and so does its silence. Where it is built in otherwise, it goes on.
    """
    from PIL import _imaging  # type: ignore[attr-defined]

    with contextlib.suppress(AttributeError, OSError):
        library = ctypes.CDLL(_imaging.__file__)
        library.TIFFSetErrorHandler(None)
        library.TIFFSetWarningHandler(None)


def check_size(name: str, width: int, height: int, max_mpx: float | None) -> None:
    """Refuse a picture that its header calls too large, before a pixel of it is decoded.

    Raises
    ------
    InputError
        Above `max_mpx` million pixels (None: no limit), or where a side is zero.
    """
    if width <= 0 or height <= 0:
        raise InputError(f"{name}: the header says {width}x{height} px; the file is damaged, get it again")
    if max_mpx is not None and width * height > max_mpx * 1e6:
        mpx = width * height / 1e6
        figure = f"{mpx:,.0f}" if mpx >= 10 else f"{mpx:.2g}"
        raise InputError(
            f"{name}: picture is {width}x{height}, {figure} megapixels, over the limit of "
            f"{max_mpx:g}; pass --max-megapixels {-(-width * height // 1_000_000)} if that is meant"
        )


def check_frames(name: str, count: int, first_frame: bool, word: str = "frames") -> None:
    """Refuse a film or a file of several pages, unless its first picture is asked for.

    Raises
    ------
    InputError
        Where there is more than one and `first_frame` is not set.
    """
    if count > 1 and not first_frame:
        raise InputError(
            f"{name}: has {count} {word}, but one picture is needed; save the one you mean as a file of its own"
        )
