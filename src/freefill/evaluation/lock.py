"""Locks: the hashes of what a protocol draws on, so that a figure a year later is of the same pictures and masks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from freefill.errors import InputError
from freefill.evaluation.cases import mask_sha256
from freefill.evaluation.protocol import Protocol
from freefill.files import replacing
from freefill.masks.random_masks import random_mask

LOCKED_MASKS = 32  # of each protocol that draws its masks: one that differs says that all may
OF_ANY_SIZE = (480, 640)  # at which masks are locked that are drawn as large as each picture


def check_drawn(protocol: Protocol) -> None:
    """Draw the protocol's first masks and compare them with the lock that the package carries.

    Raises
    ------
    InputError
        If one differs: this version, or this machine, does not draw the masks that the protocol means.
    """
    locked = json.loads(files("freefill.evaluation").joinpath("locks.json").read_text()).get(protocol.name)
    if locked is None:  # its masks are files
        return
    if locked["protocol_sha256"] != protocol.sha256:
        raise InputError(
            f"protocol {protocol.name} was changed, and its version was not raised; see evaluation/locks.json"
        )
    changed = [str(n) for n, digest in enumerate(drawn(protocol)) if digest != locked["masks"][n]]
    if changed:
        raise InputError(f"protocol {protocol.name}: masks {', '.join(changed[:5])} are not those that are locked")


def drawn(protocol: Protocol) -> list[str]:
    """Return the hashes of the first masks of a protocol that draws them."""
    size = OF_ANY_SIZE if protocol.side_px is None else (protocol.side_px, protocol.side_px)
    return [mask_sha256(random_mask(protocol.masks, size, protocol.seed + number)) for number in range(LOCKED_MASKS)]


def check_lock(path: Path, protocol: Protocol, cases: Sequence[Mapping[str, str]]) -> bool:
    """Compare cases with a lock file, or write it where there is none.

    Parameters
    ----------
    path : of the lock
    cases : name, picture_sha256 and mask_sha256 of each

    Returns
    -------
    True if the file was written now

    Raises
    ------
    InputError
        If something changed; the message names what.
    """
    found = {each["name"]: {"picture": each["picture_sha256"], "mask": each["mask_sha256"]} for each in cases}
    if not path.is_file():
        with replacing(path) as stream:
            stream.write(
                json.dumps({"protocol": protocol.name, "sha256": protocol.sha256, "cases": found}, indent=1).encode()
            )
        return True
    try:
        locked = json.loads(path.read_text())
        before, digest = locked["cases"], locked["sha256"]
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path}: not a lock file") from None
    if digest != protocol.sha256:
        raise InputError(f"{path}: was written for another protocol or version of it than {protocol.name}")
    for name in sorted(before.keys() | found.keys()):
        if name not in found:
            raise InputError(f"{path}: case '{name}' is locked and is not here")
        if name not in before:
            raise InputError(f"{path}: case '{name}' is not locked")
        for part in ("picture", "mask"):
            if before[name][part] != found[name][part]:
                raise InputError(f"{path}: the {part} of case '{name}' changed since the lock was written")
    return False
