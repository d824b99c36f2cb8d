"""Files and folders, on this machine or behind an address that fsspec knows (s3://, gs://, memory://, file://).

A place is a text: a local path, or an address with "://". Names inside a folder are relative and written with "/".
"""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from freefill.errors import InputError
from freefill.images.write import FORMATS

PICTURE_SUFFIXES = frozenset(f".{word}" for word in FORMATS)
LOCAL_PROTOCOLS = frozenset(("file", "local", "memory"))  # no socket: allowed with FREEFILL_OFFLINE=1


@dataclass(frozen=True)
class Listing:
    """Pictures found: the folder that all lie in, and their names relative to it, sorted."""

    base: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Stamp:
    """What tells later whether a file is still the same: its size, its time or the store's own tag, its hash."""

    size_bytes: int
    changed: str
    sha256: str | None = None


def is_remote(place: str) -> bool:
    """Tell an address from a path."""
    return "://" in place


def is_picture(name: str) -> bool:
    """Tell by the suffix; files that begin with a dot (macOS's "._a.jpg") are none."""
    path = PurePosixPath(name)
    return path.suffix.lower() in PICTURE_SUFFIXES and not path.name.startswith(".")


def join(folder: str, name: str) -> str:
    """Return the place of a name inside a folder."""
    if is_remote(folder):
        return f"{folder.rstrip('/')}/{name}"
    return str(Path(folder) / name)


def filesystem(place: str) -> tuple[Any, str]:
    """Return fsspec's file system for an address and the path in it.

    Raises
    ------
    InputError
        If fsspec or what the address needs is not installed, the address is not known, or FREEFILL_OFFLINE forbids it.
    """
    protocol = place.split("://", 1)[0]
    if os.environ.get("FREEFILL_OFFLINE", "0") not in ("", "0") and protocol not in LOCAL_PROTOCOLS:
        raise InputError(f"{place}: FREEFILL_OFFLINE is set, so nothing remote is opened; unset it to allow this")
    try:
        import fsspec
    except ImportError:
        raise InputError(f"{place}: remote folders need an extra; run: pip install 'freefill[remote]'") from None
    try:
        return fsspec.core.url_to_fs(place)
    except (ImportError, ValueError) as error:
        raise InputError(f"{place}: this address cannot be opened: {error}") from None


def is_folder(place: str) -> bool:
    """Tell whether there is a folder; InputError where the system does not let us look."""
    if is_remote(place):
        fs, path = filesystem(place)
        return bool(fs.isdir(path))
    with _understood(place):
        return Path(place).is_dir()
    return False


def is_file(place: str) -> bool:
    """Tell whether there is a file; InputError where the system does not let us look."""
    if is_remote(place):
        fs, path = filesystem(place)
        return bool(fs.isfile(path))
    with _understood(place):
        return Path(place).is_file()
    return False


@contextlib.contextmanager
def _understood(place: str) -> Iterator[None]:
    """Names that no file can have are no file; a folder that may not be entered is an error that says so.

    `Path.is_file` answers False for what is not there and raises for the rest: names that are too long, folders that
    may not be entered, in some versions of Python a NUL.
    """
    try:
        yield
    except ValueError:
        return
    except OSError as error:
        if error.errno not in (errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL):
            raise InputError(f"{place}: cannot be read: {error.strerror}; check the folder's permissions") from None


def find(place: str) -> Listing:
    """List the pictures of a folder (with all folders in it), of a glob ("photos/**/*.jpg"), or one file.

    Raises
    ------
    InputError
        If there is nothing there.
    """
    if is_folder(place):
        return Listing(place, tuple(sorted(_names_below(place))))
    if is_file(place):
        head, name = _split(place)
        return Listing(head, (name,))
    if glob.has_magic(place):
        return _find_glob(place)
    raise InputError(f"{place}: there is no such file or folder")


def _split(place: str) -> tuple[str, str]:
    """Split into folder and name."""
    if is_remote(place):
        head, _, name = place.rpartition("/")
        return head, name
    path = Path(place)
    return str(path.parent), path.name


def _names_below(folder: str) -> list[str]:
    """Names of all pictures in a folder and below, unsorted."""
    if is_remote(folder):
        fs, path = filesystem(folder)
        root = path.rstrip("/") + "/"
        found = (str(entry).replace("\\", "/") for entry in fs.find(path))
        return [entry.removeprefix(root) for entry in found if is_picture(entry)]

    def refuse(error: OSError) -> None:
        raise InputError(f"{error.filename}: the folder cannot be read: {error.strerror}")

    names = []
    for parent, folders, files in os.walk(folder, onerror=refuse):
        # In place: `os.walk` then does not enter them.
        folders[:] = [name for name in folders if not name.startswith(".")]
        below = Path(parent).relative_to(folder)
        names += [(below / name).as_posix() for name in files if is_picture(name)]
    return names


def _find_glob(pattern: str) -> Listing:
    """List a glob; the folder that the tree of the output starts at is the part before the first wildcard."""
    fixed = []
    for part in pattern.replace("\\", "/").split("/")[:-1]:
        if glob.has_magic(part):
            break
        fixed.append(part)
    base = "/".join(fixed) or ("/" if pattern.startswith("/") else ".")
    if is_remote(pattern):
        fs, path = filesystem(pattern)
        root = filesystem(base)[1].rstrip("/") + "/"
        names = [str(entry).removeprefix(root) for entry in fs.glob(path)]
    else:
        found = (Path(entry) for entry in glob.glob(pattern, recursive=True))  # noqa: PTH207 (Path.glob takes no absolute pattern)
        names = [entry.relative_to(base).as_posix() for entry in found if entry.is_file()]
    names = sorted(name for name in names if is_picture(name))
    if not names:
        raise InputError(f"{pattern}: no picture matches")
    return Listing(base, tuple(names))


def stamp(place: str, with_hash: bool = False) -> Stamp | None:
    """Return the stamp of a file, or None where there is none; a remote file is known by its store's tag."""
    if is_remote(place):
        fs, path = filesystem(place)
        if not fs.isfile(path):
            return None
        return Stamp(int(fs.size(path) or 0), str(fs.ukey(path)))
    try:
        found = Path(place).stat()
    except OSError:
        return None
    return Stamp(found.st_size, str(found.st_mtime_ns), _sha256(place) if with_hash else None)


def is_same(old: Stamp, place: str) -> bool:
    """Tell whether the file is still what the stamp was taken of: same size, and same time or same hash."""
    new = stamp(place)
    if new is None or new.size_bytes != old.size_bytes:
        return False
    # A copy has another time; then the hash decides.
    return new.changed == old.changed or (
        old.sha256 is not None and not is_remote(place) and _sha256(place) == old.sha256
    )


def _sha256(place: str) -> str | None:
    """Hash a local file; None where it cannot be read."""
    try:
        with Path(place).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def read_bytes(place: str) -> bytes:
    """Return a file's content.

    Raises
    ------
    InputError
        If it is not there or cannot be read.
    """
    try:
        if is_remote(place):
            fs, path = filesystem(place)
            return bytes(fs.cat_file(path))
        return Path(place).read_bytes()
    except OSError as error:
        raise InputError(f"{place}: cannot be read: {error.strerror or error}") from None


def write_bytes(place: str, content: bytes) -> None:
    """Write a remote file whole: to another name first, then moved, so that no half is ever found there.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    fs, path = filesystem(place)
    part = f"{path}.part"
    try:
        fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        fs.pipe_file(part, content)
        fs.mv(part, path)
    except OSError as error:
        raise InputError(f"{place}: cannot be written: {error.strerror or error}") from None


def open_stream(place: str) -> BinaryIO:
    """Return a remote file's content as a stream that can be sought in and knows its address."""
    stream = io.BytesIO(read_bytes(place))
    stream.name = place  # type: ignore[attr-defined]
    return stream
