"""The door to weights: getting them, checking them, taking them away. Where they lie, `locate.py` tells."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from freefill.errors import WeightsError
from freefill.weights.cards import catalogue
from freefill.weights.folder import RECORD, WeightsRecord, check_name, check_whole, folder, read_record
from freefill.weights.getting.fetch import fetch_cards
from freefill.weights.getting.progress import FetchProgress
from freefill.weights.locate import card_of, locate
from freefill.weights.tfjs.converted import SUFFIX, convert_fetched


def fetch(names: Iterable[str], progress: FetchProgress | None = None) -> list[Path]:
    """Fetch the weights of cards, and their companions, if they are not here; return where they lie.

    Parameters
    ----------
    names : of cards, or of all that a job needs ("people"); what comes back is ordered as `asked_for` orders them

    Raises
    ------
    WeightsError
        If they cannot be had, are not what the card says, or FREEFILL_OFFLINE is set.
    """
    asked = catalogue.asked_for(names)
    companions = [catalogue.find(other) for card in asked for other in card.companions]
    paths = fetch_cards(dict.fromkeys([*asked, *companions]), progress)
    convert_fetched(asked)
    return paths[: len(asked)]  # companions were put behind


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
    record = _record_to_remove(name, forget)
    card = card_of(name)
    file = record.file if record is not None else card.file if card is not None else None
    path = folder() / file if file is not None else None
    if path is None or not (path.is_file() or (forget and record is not None)):
        raise WeightsError(f"weights '{name}' are not on this machine; nothing to remove")
    path.unlink(missing_ok=True)
    # What was converted from it goes too.
    made = _record_to_remove(name + SUFFIX, forget=True)
    if made is not None:
        made.path.unlink(missing_ok=True)
    return path


def _record_to_remove(name: str, forget: bool) -> WeightsRecord | None:
    """Return the record of a name, deleted if it is to be forgotten; one that cannot be read can be forgotten too."""
    if not forget:
        return read_record(name)
    try:
        return read_record(name)
    except WeightsError:
        return None
    finally:
        (folder() / f"{check_name(name)}{RECORD}").unlink(missing_ok=True)
