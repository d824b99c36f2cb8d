"""A journal: one line of JSON for each item that is ready, in the output folder.

A later run reads it to tell what is done. Any record will do that has a key and can write itself as a line. Every shard
has a journal of its own, so that machines that share an output folder do not write to one file.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Protocol, TypeVar

from freefill import places
from freefill.errors import InputError
from freefill.files import replacing

NAME = "freefill.jsonl"
UPLOAD_EVERY_S = 30.0  # a store such as S3 cannot append: the whole journal is sent again


class Line(Protocol):
    """A record that a journal can hold."""

    @property
    def key(self) -> str:
        """What the record is about: a later record of the same key takes its place."""
        ...

    def to_line(self) -> str:
        """Return one line of ASCII, without its end."""
        ...


AnyLine = TypeVar("AnyLine", bound=Line)


def name_of(shard: tuple[int, int], stem: str = "freefill") -> str:
    """Return the journal's file name: freefill.jsonl, or freefill.3-of-8.jsonl for a shard."""
    number, of = shard
    return f"{stem}.jsonl" if of == 1 else f"{stem}.{number}-of-{of}.jsonl"


def read(folder: str, from_line: Callable[[str], AnyLine | None], stem: str = "freefill") -> dict[str, AnyLine]:
    """Return the last record of every key, from all journals in a folder.

    Parameters
    ----------
    from_line : reads a line; None where it is broken (a run was killed while writing it), which counts as no line
    """
    records: dict[str, AnyLine] = {}
    for place in _journals(folder, stem):
        # A line ends at "\n" only: splitlines() would also split at U+2028 and U+0085, which JSON may hold.
        # What is damaged spoils its own line only.
        for line in places.read_bytes(place).decode("utf-8", errors="replace").split("\n"):
            record = from_line(line)
            if record is not None:
                records[record.key] = record
    return records


def _journals(folder: str, stem: str) -> list[str]:
    """All journals in a folder."""
    if places.is_remote(folder):
        fs, path = places.filesystem(folder)
        found = [str(entry).rpartition("/")[2] for entry in fs.glob(f"{path.rstrip('/')}/{stem}*.jsonl")]
    else:
        found = [entry.name for entry in Path(folder).glob(f"{stem}*.jsonl")]
    # A key may stand in several: the order decides, so it is always the same.
    return [places.join(folder, name) for name in sorted(found)]


class Journal:
    """The journal that a run writes; a context manager.

    `kept` are the lines of what an earlier run finished: the file always has one line for each item.
    """

    def __init__(self, output: str, name: str, kept: Iterable[Line] = ()) -> None:
        self.place = places.join(output, name)
        self._remote = places.is_remote(output)
        try:
            if self._remote:
                self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed by __exit__)
            else:
                Path(output).mkdir(parents=True, exist_ok=True)
                self._begin(Path(self.place), kept)
                return
        except OSError as error:
            raise InputError(
                f"{self.place}: cannot be written: {error.strerror}; choose another output folder"
            ) from None
        self._file.writelines(_line(record) for record in kept)
        self._sent = time.monotonic()

    def _begin(self, path: Path, kept: Iterable[Line]) -> None:
        """Put the kept lines in place of the old journal in one move, then append."""
        with replacing(path) as stream:
            stream.writelines(_line(record) for record in kept)
        # No buffer: what was told as done is in the file, whatever happens next.
        self._file = path.open("ab", buffering=0)

    def add(self, record: Line) -> None:
        """Write one line."""
        try:
            self._file.write(_line(record))
        except OSError as error:
            raise InputError(f"{self.place}: cannot be written: {error.strerror}; --resume goes on from here") from None
        if self._remote and time.monotonic() - self._sent > UPLOAD_EVERY_S:
            self._send()

    def _send(self) -> None:
        """Send the whole journal to the store."""
        self._file.seek(0)
        places.write_bytes(self.place, self._file.read())
        self._sent = time.monotonic()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._remote:
            self._send()
        self._file.close()


def _line(record: Line) -> bytes:
    return (record.to_line() + "\n").encode("ascii")
