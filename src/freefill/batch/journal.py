"""The journal of a batch: one line of JSON for each picture, in the output folder.

A later run with `--resume` reads it to tell what is done and intact. Every shard has a journal of its own, so that
machines that share an output folder do not write to one file.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from freefill.batch import places
from freefill.batch.pairs import Pair
from freefill.batch.records import Record, Work, from_line
from freefill.errors import InputError

NAME = "freefill.jsonl"
UPLOAD_EVERY_S = 30.0  # a store such as S3 cannot append: the whole journal is sent again


def name_of(shard: tuple[int, int]) -> str:
    """Return the journal's file name: freefill.jsonl, or freefill.3-of-8.jsonl for a shard."""
    number, of = shard
    return NAME if of == 1 else f"freefill.{number}-of-{of}.jsonl"


def read(output: str) -> dict[str, Record]:
    """Return the last record of every output, from all journals in the output folder; broken lines count as none."""
    records: dict[str, Record] = {}
    for place in _journals(output):
        for line in places.read_bytes(place).decode("utf-8", errors="replace").splitlines():
            record = from_line(line)
            if record is not None:
                records[record.output] = record
    return records


def _journals(output: str) -> list[str]:
    """All journals in the output folder."""
    if places.is_remote(output):
        fs, path = places.filesystem(output)
        found = [str(entry).rpartition("/")[2] for entry in fs.glob(f"{path.rstrip('/')}/freefill*.jsonl")]
    else:
        found = [entry.name for entry in Path(output).glob("freefill*.jsonl")]
    return [places.join(output, name) for name in sorted(found)]


def is_done(pair: Pair, record: Record | None, work: Work, output: str) -> bool:
    """Tell whether a picture need not be filled again: same options, inputs as they were, output there and intact."""
    if record is None or record.status != "done" or record.asked != work.fingerprint:
        return False
    now = {"image": pair.image, "output": places.join(output, pair.output)}
    if not pair.made:
        now["mask"] = pair.mask
    elif record.mask != pair.mask:
        return False
    return all(key in record.stamps and places.is_same(record.stamps[key], place) for key, place in now.items())


class Journal:
    """The journal that a run writes; a context manager.

    `kept` are the lines of pictures that an earlier run finished: the file always has one line for each picture.
    """

    def __init__(self, output: str, name: str, kept: Iterable[Record] = ()) -> None:
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

    def _begin(self, path: Path, kept: Iterable[Record]) -> None:
        """Put the kept lines in place of the old journal in one move, then append."""
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(b"".join(_line(record) for record in kept))
        part.replace(path)
        self._file = path.open("ab", buffering=0)

    def add(self, record: Record) -> None:
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


def _line(record: Record) -> bytes:
    return (record.to_line() + "\n").encode("ascii")
