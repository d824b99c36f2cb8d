"""The folder of weights on this machine, and the record kept beside each file.

A record says which file is meant, its SHA-256, and its size and time when that was computed, so that a later use need
not read 200 MB to trust it. The record stays when the file is removed: it pins the hash of what was fetched first, for
files whose publisher states none. It is written before the file is moved into place, so that a file without a record
can only be one that was put there by hand.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from freefill.errors import WeightsError
from freefill.files import replacing
from freefill.weights.cards.card import Card

RECORD = ".record.json"  # not plain .json: some weights are JSON files themselves
# No slash and no dot in front: a name cannot lead out of the folder, nor hide in it.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def folder() -> Path:
    """Return FREEFILL_WEIGHTS_DIR, or `weights` in the platform's cache folder; it need not exist."""
    chosen = os.environ.get("FREEFILL_WEIGHTS_DIR")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return platformdirs.user_cache_path("freefill") / "weights"


def now() -> str:
    """Return the time for a record."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def work_folder() -> Path:
    """Return the folder of locks and unfinished files, made if it is not there."""
    path = folder() / ".fetching"
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WeightsError(
            f"{folder()}: cannot make the weights folder ({error.strerror}); set FREEFILL_WEIGHTS_DIR to one you own"
        ) from error
    return path


def check_name(name: str) -> str:
    """Return the name if it can be a file's name.

    Raises
    ------
    WeightsError
        If it has other signs than letters, digits, dot, hyphen and underscore.
    """
    if not _NAME.fullmatch(name):
        raise WeightsError(f"'{name}' cannot name weights; use letters, digits, '.', '-' and '_'")
    return name


@dataclass(frozen=True)
class WeightsRecord:
    """What is known about one file on this machine.

    Attributes
    ----------
    name : the card's, or the user's own
    file : its name in the folder
    sha256, bytes, mtime_ns : of the file as it lies here; `put` knows them
    origin : the address, archive or file it came from
    origin_sha256 : of the file as it was published, which an import may have converted
    network, layout, licence, forbids : for files without a card too
    when : UTC, ISO 8601
    about : of weights that were trained here, what was measured: recipe, steps, photographs, scores
    """

    name: str
    file: str
    origin: str
    origin_sha256: str
    network: str
    layout: str
    licence: str
    forbids: str
    sha256: str = ""
    bytes: int = 0
    mtime_ns: int = 0
    when: str = field(default_factory=now)
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """Where the file lies, or lay."""
        return folder() / self.file


def read_record(name: str) -> WeightsRecord | None:
    """Return the record of that name, or None.

    Raises
    ------
    WeightsError
        If it is there but cannot be read.
    """
    path = folder() / f"{check_name(name)}{RECORD}"
    try:
        return WeightsRecord(**json.loads(path.read_text("utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError) as error:
        raise WeightsError(
            f"{path}: this record of weights cannot be read; run: freefill weights remove {name} --forget"
        ) from error


def records() -> list[WeightsRecord]:
    """Return every record whose file is here, by name; unreadable ones are left out."""
    found = []
    for path in sorted(folder().glob(f"*{RECORD}")):
        try:
            record = read_record(path.name.removesuffix(RECORD))
        except WeightsError:
            continue
        if record is not None and record.path.is_file():
            found.append(record)
    return found


def write_record(record: WeightsRecord) -> None:
    """Write the record whole or not at all."""
    path = folder() / f"{check_name(record.name)}{RECORD}"
    with replacing(path) as stream:
        stream.write(json.dumps(asdict(record), indent=1).encode() + b"\n")


def hashes(path: Path) -> tuple[str, str]:
    """Return the SHA-256 and the MD5 of a file, both in one reading, in hex."""
    # Not for security: where a system is bound to FIPS, MD5 would be refused.
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            sha256.update(block)
            md5.update(block)
    return sha256.hexdigest(), md5.hexdigest()


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a file, in hex; three times as fast as both."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def keep(part: Path, card: Card, origin: str) -> Path:
    """Check a fetched file against its card and what was recorded before, then move it into place.

    Raises
    ------
    WeightsError
        If the hash is another one; `part` is then deleted, and what was there before stays.
    """
    sha256, md5 = hashes(part)
    problem = hash_problem(card, sha256, md5)
    if problem:
        part.unlink()
        raise WeightsError(f"{origin}: {problem}; nothing was kept")
    return put(part, record_for(card, origin, sha256), sha256)


def record_for(card: Card, origin: str, origin_sha256: str) -> WeightsRecord:
    """Return the record of a card's file, which `put` completes."""
    return WeightsRecord(
        name=card.name,
        file=card.file,
        origin=origin,
        origin_sha256=origin_sha256,
        network=card.network,
        layout=card.layout,
        licence=card.licence,
        forbids=card.forbids,
    )


def put(part: Path, record: WeightsRecord, sha256: str) -> Path:
    """Write the record, then move the file into place; an older file of the same name under another ending goes."""
    status = part.stat()
    record = replace(record, sha256=sha256, bytes=status.st_size, mtime_ns=status.st_mtime_ns)
    older = read_record(record.name)
    write_record(record)
    part.replace(record.path)  # after the record: a file without one was put there by hand
    if older is not None and older.file != record.file:
        # Converted weights end differently: two files of one name would leave it open which is meant.
        older.path.unlink(missing_ok=True)
    return record.path


def hash_problem(card: Card, sha256: str, md5: str) -> str | None:
    """Say how a published file differs from what the card, or the first fetch, says; None where it does not."""
    # A published hash decides alone: no earlier fetch can overrule it.
    if len(card.sha256) == 64:
        return (
            None if sha256 == card.sha256 else f"its SHA-256 is {sha256}, the card of '{card.name}' says {card.sha256}"
        )
    if card.md5 is not None and md5 != card.md5:
        return f"its MD5 is {md5}, the card of '{card.name}' says {card.md5}"
    record = read_record(card.name)
    if record is not None and record.origin_sha256 != sha256:
        return (
            f"its SHA-256 is {sha256}, not the {record.origin_sha256} recorded on {record.when[:10]}; if you trust the "
            f"new file, run: freefill weights remove {card.name} --forget"
        )
    return None


def trusted_file(name: str, card: Card | None) -> Path | None:
    """Return the file of that name if it is here and is the one that was recorded, or None if it is not here.

    Size and time are compared with the record; where they differ the whole file is hashed.

    Raises
    ------
    WeightsError
        If the file has changed since.
    """
    record = read_record(name)
    if record is None:
        # No record: either nothing is here, or somebody put it here by hand.
        return _adopt(card) if card is not None else None
    try:
        status = record.path.stat()
    except FileNotFoundError:
        return None
    if (status.st_size, status.st_mtime_ns) == (record.bytes, record.mtime_ns):
        return record.path
    return check_whole(record)


def check_whole(record: WeightsRecord) -> Path:
    """Hash the whole file of a record and return its path.

    Raises
    ------
    WeightsError
        If it is not the file that was recorded.
    """
    status = record.path.stat()
    sha256 = sha256_of_file(record.path)
    if sha256 != record.sha256:
        raise WeightsError(
            f"{record.path}: weights '{record.name}' have changed since {record.when[:10]} (SHA-256 {sha256}, recorded "
            f"{record.sha256}); run: freefill weights remove {record.name}, then get them again"
        )
    # The same bytes with a new time, as after a copy: not to be hashed again.
    if status.st_mtime_ns != record.mtime_ns and os.access(folder(), os.W_OK):
        write_record(replace(record, mtime_ns=status.st_mtime_ns))
    return record.path


def _adopt(card: Card) -> Path | None:
    """Take a file that was put into the folder by hand, if a published hash vouches for it."""
    path = folder() / card.file
    if not path.is_file():
        return None
    if not card.hash_published:
        raise WeightsError(
            f"{path}: put here by hand, and no hash of '{card.name}' is published; move it elsewhere and run: "
            f"freefill weights import FILE --name {card.name}"
        )
    problem = hash_problem(card, *hashes(path))
    if problem:
        raise WeightsError(f"{path}: {problem}; delete it and run: freefill weights fetch {card.name}")
    if not os.access(folder(), os.W_OK):  # a folder shared read-only: nothing can be recorded, and the hash was right
        return path
    return keep(path, card, "put into the folder by hand")
