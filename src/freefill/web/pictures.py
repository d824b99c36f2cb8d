"""Visitors' pictures: in a private folder, under names of our own, within a budget and an age, gone at exit.

An upload lies in a folder named by its hash, so that the same picture sent twice is kept once. A fill is a file in that
folder. A file that waits to be fetched lies beside them, and counts as they do. What a visitor calls a picture is never
a part of a path.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from freefill.errors import FreefillError
from freefill.web.job import Job
from freefill.web.orders import State


class TooLarge(FreefillError):
    """More bytes than are taken."""


@dataclass(eq=False)
class Upload:
    """One upload and what is known of it.

    Attributes
    ----------
    about : width, height, format, ...: what opening it told; empty until then
    opening : the job that reads it
    states : fills made in it, by the name of the picture they led to
    """

    folder: Path
    about: dict[str, Any] = field(default_factory=dict)
    opening: Job | None = None
    states: dict[str, State] = field(default_factory=dict)
    used_at: float = field(default_factory=time.monotonic)

    @property
    def size_bytes(self) -> int:
        """What lies in its folder."""
        return sum(_size(path) for path in self.folder.glob("*"))


class Pictures:
    """All of them."""

    def __init__(self, keep_bytes: int, keep_s: float) -> None:
        self._keep_bytes, self._keep_s = keep_bytes, keep_s
        self._root = Path(tempfile.mkdtemp(prefix="freefill-"))  # of mode 0700
        self._uploads: dict[str, Upload] = {}
        self._upload_of: dict[str, str] = {}  # of the names of all fills: undo goes back to an earlier one
        self._files: dict[Path, float] = {}

    def close(self) -> None:
        """Remove all that is here."""
        shutil.rmtree(self._root, ignore_errors=True)

    def scratch(self) -> Path:
        """Return a new name for a file that somebody removes again."""
        return self._root / f"scratch-{secrets.token_hex(12)}"

    def hold(self, path: Path) -> None:
        """Keep a scratch file until it is fetched, or is too old, or there is too much."""
        self._files[path] = time.monotonic()
        self.sweep()

    async def receive(self, chunks: AsyncIterator[bytes], most_bytes: int) -> Path:
        """Write a stream to a scratch file.

        Raises
        ------
        TooLarge
            If it is longer than `most_bytes`; nothing is left.
        """
        path, count = self.scratch(), 0
        try:
            with path.open("wb") as file:
                async for chunk in chunks:
                    count += len(chunk)
                    # Counted, not taken from the header: a length may be missing, or wrong.
                    if count > most_bytes:
                        raise TooLarge(f"the upload is larger than {most_bytes >> 20} MB")
                    file.write(chunk)
        except BaseException:  # where the sender breaks off, too
            path.unlink(missing_ok=True)
            raise
        return path

    def take(self, path: Path) -> tuple[str, Upload]:
        """Take a scratch file as an upload; return its name."""
        with path.open("rb") as file:
            # 128 bits of it: enough for a name, and whoever knows the name has the picture.
            name = hashlib.file_digest(file, "sha256").hexdigest()[:32]
        upload = self._uploads.get(name)
        if upload is None:
            folder = self._root / name
            folder.mkdir()
            path.rename(folder / "upload")
            upload = self._uploads[name] = Upload(folder)
            upload.states[name] = State(str(folder))
            self._upload_of[name] = name
        else:
            path.unlink()
        upload.used_at = time.monotonic()
        self.sweep(upload)
        return name, upload

    def find(self, name: str) -> tuple[Upload, State] | None:
        """Return the upload that a picture's name stands for, and its state."""
        upload = self._uploads.get(self._upload_of.get(name, ""))
        if upload is None:
            return None
        upload.used_at = time.monotonic()
        return upload, upload.states[name]

    def target(self, upload: Upload) -> Path:
        """Return where the next fill of an upload is to be written."""
        return upload.folder / f"fill-{secrets.token_hex(8)}.npz"

    def add_fill(self, upload: Upload, before: State, fill: Path) -> str:
        """Note a fill; return the name of the picture with it."""
        state = State(before.folder, (*before.fills, str(fill)))
        if self._uploads.get(upload.folder.name) is not upload:
            return ""  # it was dropped while the fill was made
        name = hashlib.sha256("|".join((state.folder, *state.fills)).encode()).hexdigest()[:32]
        upload.states[name] = state
        self._upload_of[name] = upload.folder.name
        self.sweep(upload)
        return name

    def drop(self, name: str) -> bool:
        """Forget an upload with all its fills; tell whether there was one."""
        upload = self._uploads.pop(self._upload_of.get(name, ""), None)
        if upload is None:
            return False
        for each in upload.states:
            self._upload_of.pop(each, None)
        shutil.rmtree(upload.folder, ignore_errors=True)
        return True

    def sweep(self, current: Upload | None = None) -> None:
        """Forget what is old, and the longest unused while there is too much; never the one at hand."""
        self._files = {path: since for path, since in self._files.items() if path.exists()}  # the rest was fetched
        here: list[tuple[float, int, Upload | Path]] = [
            (each.used_at, each.size_bytes, each) for each in self._uploads.values()
        ]
        here += [(since, _size(path), path) for path, since in self._files.items()]
        here.sort(key=lambda each: each[0])
        total, now = sum(size for _, size, _ in here), time.monotonic()
        for since, size, each in here:
            if each is current:
                continue
            # Sorted by use: all that follow are younger still.
            if now - since <= self._keep_s and total <= self._keep_bytes:
                break
            total -= size
            if isinstance(each, Upload):
                self.drop(each.folder.name)
            else:
                del self._files[each]
                each.unlink(missing_ok=True)


def _size(path: Path) -> int:
    """Return a file's bytes; 0 where it is gone already."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
