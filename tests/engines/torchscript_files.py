"""Small TorchScript files with the signatures of the public ones, put into a store as a fetch would have left them."""

import warnings
from pathlib import Path

import pytest
import torch
from torch import nn

from freefill.weights import folder
from freefill.weights.cards import catalogue


def put_into_store(module: nn.Module, name: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Save a module as the file of a card, with a record of its hash, in a store at `place`."""
    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(place))
    place.mkdir(exist_ok=True)
    card = catalogue.find(name)
    part = place / "part"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.script(module), part)
    sha256, _ = folder.hashes(part)
    return folder.put(part, folder.record_for(card, "the tests", sha256), sha256)
