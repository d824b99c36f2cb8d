"""Weights that are published in a form we do not run: converted once, when fetched, and kept beside the original."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from pathlib import Path

from freefill.errors import WeightsError
from freefill.weights.cards.card import Card
from freefill.weights.folder import folder, put, read_record, record_for, sha256_of_file, trusted_file
from freefill.weights.getting.fetch import only_one
from freefill.weights.locate import card_of, locate

SUFFIX = "-as-onnx"  # of the record's name; the file is NAME.onnx


def locate_onnx(name_or_path: str) -> Path:
    """Return weights as an ONNX file: the file itself where it is one, else what was made of it.

    Raises
    ------
    WeightsError
        As `locate`; and if converting fails, or needs an extra.
    """
    path = locate(name_or_path)
    if path.suffix != ".json":
        return path
    card = card_of(name_or_path)
    if card is None:
        raise WeightsError(f"{path}: a TensorFlow.js graph is read only under the name of its card")
    kept = _kept(card)
    return kept if kept is not None else _convert(card, path)


def convert_fetched(cards: list[Card]) -> None:
    """Convert what was fetched and needs it, where the package that does it is installed; else at first use."""
    for card in cards:
        if card.file.endswith(".json"):
            with contextlib.suppress(WeightsError):
                locate_onnx(card.name)


def _kept(card: Card) -> Path | None:
    """Return the file made earlier, if it was made of this very original."""
    record = read_record(card.name)
    made = read_record(card.name + SUFFIX)
    if record is None or made is None or made.origin_sha256 != record.sha256:
        return None
    return trusted_file(made.name, None)


def _convert(card: Card, path: Path) -> Path:
    from freefill.weights.tfjs.convert import convert  # loads onnx

    numbers = b"".join(locate(name).read_bytes() for name in card.companions)
    data = convert(path.read_bytes(), numbers, name=card.name, inner=dict(card.inner) or None)
    if not os.access(folder(), os.W_OK):
        raise WeightsError(f"{folder()}: '{card.name}' has to be converted once, and this folder cannot be written")
    with only_one(card.name, None) as work:
        part = work / f"{card.name}.onnx.part"
        part.write_bytes(data)
        record = record_for(card, f"converted from {path.name}", sha256_of_file(path))
        named = replace(record, name=card.name + SUFFIX, file=f"{card.name}.onnx", layout=f"ONNX made of {card.layout}")
        return put(part, named, sha256_of_file(part))
