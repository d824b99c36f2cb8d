"""The door to weights: where a file lies, getting it, checking it, taking it away."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from freefill.errors import WeightsError, did_you_mean
from freefill.weights import catalogue
from freefill.weights.card import Card
from freefill.weights.fetch import Progress, fetch_cards
from freefill.weights.folder import (
    RECORD,
    Record,
    check_name,
    check_whole,
    folder,
    hash_problem,
    hashes,
    read_record,
    ready,
    records,
    sha256_of_file,
)


def locate(name_or_path: str) -> Path:
    """Return the file of weights of that name, checked against its record; a path is returned as it is.

    Nothing is fetched.

    Raises
    ------
    WeightsError
        If the weights are not on this machine (the message names the command), have changed, or are not known.
    """
    card = card_of(name_or_path)
    if _is_path(name_or_path):
        path = Path(name_or_path)
        if not path.is_file():
            raise WeightsError(f"{path}: there is no such file of weights")
        return path
    path = ready(name_or_path, card)
    if path is not None:
        return path
    if card is None:
        known = [*catalogue.names(), *(record.name for record in records())]
        raise WeightsError(
            f"weights '{name_or_path}' are not known;{did_you_mean(name_or_path, known)} all: freefill weights list"
        )
    raise WeightsError(
        f"weights '{card.name}' are not on this machine; run: freefill weights fetch {card.name} (a file got "
        f"otherwise: freefill weights import FILE --name {card.name})"
    )


def card_of(name: str) -> Card | None:
    """Return the card of that name, or None."""
    return next((card for card in catalogue.CARDS if card.name == name), None)


def state(name: str) -> str:
    """Return "ready", "not here" or "changed", without a hash being computed where size and time are as recorded."""
    try:
        return "not here" if ready(name, card_of(name)) is None else "ready"
    except WeightsError:
        return "changed"


def fetch(name: str, progress: Progress | None = None) -> Path:
    """Fetch the weights of a card, and its companions, if they are not here; return where they lie.

    Raises
    ------
    WeightsError
        If they cannot be had, are not what the card says, or FREEFILL_OFFLINE is set.
    """
    return fetch_many([name], progress)[0]


def fetch_many(names: Iterable[str], progress: Progress | None = None) -> list[Path]:
    """Fetch several; return where they lie, in the order asked for."""
    asked = [catalogue.find(name) for name in names]
    companions = [catalogue.find(other) for card in asked for other in card.companions]
    paths = fetch_cards(dict.fromkeys([*asked, *companions]), progress)
    from freefill.weights.converted import convert_fetched  # which asks this module where files lie

    convert_fetched(asked)
    return paths[: len(asked)]


def sha256_of(name_or_path: str) -> str:
    """Return the SHA-256 of weights that are here: the recorded one, or computed for a file that has no record.

    Raises
    ------
    WeightsError
        As `locate`.
    """
    path = locate(name_or_path)
    record = None if _is_path(name_or_path) else read_record(name_or_path)
    return record.sha256 if record is not None else sha256_of_file(path)


def vouched(name_or_path: str, card_name: str) -> tuple[Path, str]:
    """Return a file that may run code, and the SHA-256 that is vouched for: by its card, or by what was recorded.

    Raises
    ------
    WeightsError
        As `locate`; and if the file is for another network, or is not the card's.
    """
    card = catalogue.find(card_name)
    path = locate(name_or_path)
    record = None if _is_path(name_or_path) else read_record(name_or_path)
    if record is not None:
        if record.network != card.network:
            raise WeightsError(f"weights '{record.name}' are for {record.network}, not for {card.network}")
        return path, record.sha256
    sha256, md5 = hashes(path)
    problem = hash_problem(card, sha256, md5)
    if problem or not card.hash_published:
        raise WeightsError(
            f"{path}: is a program, and not the one that the card of '{card.name}' vouches for "
            f"({problem or 'no hash of it is published'}); it was not opened"
        )
    return path, sha256


def verify(name: str) -> str:
    """Hash the whole file and return its SHA-256.

    Raises
    ------
    WeightsError
        If it is not here, or not what was recorded.
    """
    path = locate(name)
    record = read_record(name)
    if record is None:
        raise WeightsError(f"{path}: there is no record of it; run: freefill weights import {path}")
    check_whole(record)
    return record.sha256


def remove(name: str, *, forget: bool = False) -> Path:
    """Delete a file of weights and return where it lay. Its record stays, as a pin of its hash, unless `forget`.

    Raises
    ------
    WeightsError
        If there is nothing to remove.
    """
    from freefill.weights.converted import SUFFIX  # which asks this module where files lie

    record = _record_to_remove(name, forget)
    card = card_of(name)
    file = record.file if record is not None else card.file if card is not None else None
    path = folder() / file if file is not None else None
    if path is None or not (path.is_file() or (forget and record is not None)):
        raise WeightsError(f"weights '{name}' are not on this machine; nothing to remove")
    path.unlink(missing_ok=True)
    made = _record_to_remove(name + SUFFIX, forget=True)
    if made is not None:
        made.path.unlink(missing_ok=True)
    return path


def _record_to_remove(name: str, forget: bool) -> Record | None:
    """Return the record of a name, deleted if it is to be forgotten; one that cannot be read can be forgotten too."""
    if not forget:
        return read_record(name)
    try:
        return read_record(name)
    except WeightsError:
        return None
    finally:
        (folder() / f"{check_name(name)}{RECORD}").unlink(missing_ok=True)


def _is_path(text: str) -> bool:
    """Tell a path from a name; the name of a card is a name even where a file of that name lies here."""
    endings = (".pth", ".pt", ".safetensors", ".onnx", ".tflite", ".npz")
    if card_of(text) is not None:
        return False
    return "/" in text or "\\" in text or Path(text).suffix in endings or Path(text).is_file()
