"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from freefill.errors import InputError


def explain(name: str, error: OSError, verb: str) -> InputError:
    """Return the one-line error for what the system refused; `verb` is "read" or "written"."""
    reasons = {
        errno.ENOENT: "no such file; check the path",
        errno.ENOTDIR: "a part of the path is a file, not a folder; check the path",
        errno.EISDIR: "this is a folder; name a file in it",
        errno.EACCES: f"may not be {verb}; check the permissions of the file and its folder",
        errno.EPERM: f"may not be {verb}; check the permissions of the file and its folder",
        errno.EROFS: "the disk is read-only; write to another folder",
        errno.ENOSPC: "the disk is full; make room or write to another disk",
        errno.EDQUOT: "your quota is used up; make room or write to another disk",
        errno.ENAMETOOLONG: "the name is too long; give a shorter one",
        errno.EFBIG: "the file would be larger than this disk allows; write to another disk",
    }
    code = error.errno if error.errno is not None else 0
    return InputError(f"{name}: {reasons.get(code, f'could not be {verb} ({error.strerror or error})')}")


def is_file(path: str | os.PathLike[str]) -> bool:
    """Tell whether a path is a file. `Path.is_file` raises where a name is too long or a folder may not be entered."""
    return stat.S_ISREG(_mode(path))


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Tell whether a path is a folder; never raises."""
    return stat.S_ISDIR(_mode(path))


def _mode(path: str | os.PathLike[str]) -> int:
    """Return what kind of thing a path leads to; 0 where it leads nowhere, or nowhere that may be looked at."""
    try:
        return Path(path).stat().st_mode
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return 0


_PIPE_WAIT_S = 20.0


def make_folder(folder: Path) -> None:
    """Make a folder for outputs, with all above it.

    Raises
    ------
    InputError
        If it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: the folder cannot be made ({error.strerror})") from None


def read_pipe(name: str) -> bytes:
    """Read a named pipe to its end; where nobody writes to it, do not wait for ever.

    Raises
    ------
    InputError
        If nothing came for 20 seconds after it was opened.
    """
    # Opening would wait for a writer, perhaps for ever.
    descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb", buffering=0) as stream:
        until = time.monotonic() + _PIPE_WAIT_S
        while (first := _what_is_there(descriptor)) == b"":
            if time.monotonic() > until:
                raise InputError(f"{name}: this is a named pipe, and nobody writes to it; name a file")
            time.sleep(0.02)
        os.set_blocking(descriptor, True)
        return first + stream.readall()


def _what_is_there(descriptor: int) -> bytes:
    """Return what a pipe holds now; nothing where it is empty, or nobody has opened it for writing yet."""
    try:
        return os.read(descriptor, 1 << 16)
    except BlockingIOError:
        return b""


def _opened_for_writing(target: Path) -> BinaryIO:
    """Open what is no file (/dev/stdout, a named pipe) for writing; a pipe that nobody reads is not waited for long."""
    if not stat.S_ISFIFO(_mode(target)):
        return target.open("wb")
    until = time.monotonic() + _PIPE_WAIT_S
    while True:
        try:
            # As above: it fails at once where nobody reads (ENXIO)
            descriptor = os.open(target, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            if time.monotonic() > until:
                raise InputError(f"{target}: this is a named pipe, and nobody reads from it; name a file") from None
            time.sleep(0.02)
        else:
            os.set_blocking(descriptor, True)
            return os.fdopen(descriptor, "wb")


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Give a file to write to that takes the place of `path` when the block ends well, and vanishes when it does not.

    It lies in the same folder (a rename across disks is no rename), goes through links to the file they mean, keeps
    the permissions of the file it replaces, and is on the disk before it takes its place. Killed in between, a file
    ".freefill-*.part" may be left; the file itself is old or new, never half.

    Raises
    ------
    InputError
        If the folder is missing or the system refuses; nothing has changed then.
    """
    name = os.fspath(path)
    target = Path(os.path.realpath(name))
    try:
        kept = target.stat()
    except OSError:
        kept = None
    if kept is not None and stat.S_ISDIR(kept.st_mode):
        raise InputError(f"{name}: this is a folder; name the file to write")
    if kept is None and not target.parent.is_dir():
        raise InputError(f"{name}: the folder {Path(name).parent} does not exist; make it first")
    # Replacing a file asks for leave to write to its folder only: a protected one would be gone.
    if kept is not None and not os.access(target, os.W_OK):
        raise InputError(f"{name}: the file is write-protected; write to another name, or allow writing")
    try:
        if kept is not None and not stat.S_ISREG(kept.st_mode):  # /dev/stdout, a named pipe: nothing to replace
            with _opened_for_writing(target) as stream:
                yield stream
            return
        yield from _through_part(target, kept)
    except OSError as error:
        raise explain(name, error, "written") from None


def _through_part(target: Path, kept: os.stat_result | None) -> Iterator[BinaryIO]:
    """Write beside the target, then rename."""
    part = target.parent / f".freefill-{secrets.token_hex(8)}.part"
    # O_EXCL: never a file that is there, nor a link that somebody laid.
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:  # from before it is there: a signal may come in between
        with os.fdopen(os.open(part, flags, 0o666), "w+b") as stream:  # the umask is applied by the system
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if kept is not None:
            part.chmod(stat.S_IMODE(kept.st_mode))
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    with contextlib.suppress(OSError):  # some systems cannot sync a folder; the rename is done all the same
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
