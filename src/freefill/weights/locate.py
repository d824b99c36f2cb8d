"""Where the weights of a name lie on this machine, and whether they can be trusted. Nothing is fetched."""

from __future__ import annotations

from pathlib import Path

from freefill.errors import WeightsError, did_you_mean
from freefill.files import is_file
from freefill.weights.cards import catalogue
from freefill.weights.cards.card import Card
from freefill.weights.folder import hash_problem, hashes, read_record, records, sha256_of_file, trusted_file
from freefill.weights.packaged import all_packaged, packaged


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
        if not is_file(path):
            raise WeightsError(f"{path}: there is no such file of weights")
        return path
    path = trusted_file(name_or_path, card)
    if path is not None:
        return path
    # Only now: weights of that name that the user got go before those that come with the package.
    own = packaged(name_or_path)
    if own is not None:
        return own
    if card is None:
        known = [*catalogue.names(), *(each.name for each in [*records(), *all_packaged()])]
        raise WeightsError(
            f"weights '{name_or_path}' are not known;{did_you_mean(name_or_path, known)} all: freefill weights list"
        )
    raise WeightsError(
        f"weights '{card.name}' are not on this machine; run: freefill weights fetch {card.name} (a file got "
        f"otherwise: freefill weights import FILE --name {card.name})"
    )


def here(name: str) -> Path | None:
    """Return the file of a name where it is on this machine, the user's own before the package's; nothing is fetched.

    Raises
    ------
    WeightsError
        If the user's own has changed since it was recorded.
    """
    return trusted_file(name, card_of(name)) or packaged(name)


def card_of(name: str) -> Card | None:
    """Return the card of that name, or None."""
    return next((card for card in catalogue.CARDS if card.name == name), None)


def state(name: str) -> str:
    """Return "ready", "not here" or "changed", without a hash being computed where size and time are as recorded."""
    try:
        return "not here" if here(name) is None else "ready"
    except WeightsError:
        # One word for all that must not be opened: a list of weights is no place for a paragraph each.
        return "changed"


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


def _is_path(text: str) -> bool:
    """Tell a path from a name; the name of a card is a name even where a file of that name lies here."""
    endings = (".pth", ".pt", ".safetensors", ".onnx", ".tflite", ".npz")
    if card_of(text) is not None:
        return False
    return "/" in text or "\\" in text or Path(text).suffix in endings or is_file(text)
