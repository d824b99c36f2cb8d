"""Every door takes every wish, under one name, with one default: library, command line, batch."""

from __future__ import annotations

import inspect
from dataclasses import MISSING, fields
from typing import Any

import click
import pytest

import freefill
from freefill.cli import batch as batch_command
from freefill.cli import inpaint as inpaint_command
from freefill.inpainter import Inpainter
from freefill.request import WISHES, Request
from freefill.values import Length

DEFAULTS = {each.name: each.default for each in fields(Request) if each.default is not MISSING}
# What a door cannot take, and why.
OF_THE_ENGINE = {"engine", "weights", "device", "precision", "save_stages", "save_attention"}  # Inpainter's own making
NAMED_BY_FILE = {"save_stages", "save_attention"}  # the command line says where to, and wishes them by that
SHAPES = {"boxes", "circles", "polygons", "lines"}  # the wish `shapes`, on the command line


def options_of(command: click.Command) -> dict[str, click.Option]:
    return {str(each.name): each for each in command.params if isinstance(each, click.Option)}


def same(given: Any, wish: str) -> bool:
    """Whether a door's default is the request's."""
    default = DEFAULTS[wish]
    if isinstance(default, Length):
        return Length.of(given) == default
    return given == default


def test_every_wish_has_a_default():
    assert set(DEFAULTS) == set(WISHES)


@pytest.mark.parametrize("wish", WISHES)
def test_inpaint_takes_it(wish: str):
    assert same(inspect.signature(freefill.inpaint).parameters[wish].default, wish)
    assert wish in (freefill.inpaint.__doc__ or "")


@pytest.mark.parametrize("wish", WISHES)
def test_the_inpainter_takes_it(wish: str):
    door = Inpainter if wish in OF_THE_ENGINE else Inpainter.__call__
    assert same(inspect.signature(door).parameters[wish].default, wish)


@pytest.mark.parametrize("command", [inpaint_command.command, batch_command.command], ids=["inpaint", "batch"])
@pytest.mark.parametrize("wish", sorted(set(WISHES) - NAMED_BY_FILE - {"shapes"}))
def test_the_command_line_takes_it(command: click.Command, wish: str):
    words = ["a", "b", "-o", "c"]
    assert same(command.make_context("it", words).params[wish], wish)


@pytest.mark.parametrize("command", [inpaint_command.command, batch_command.command], ids=["inpaint", "batch"])
def test_the_command_line_draws_every_shape(command: click.Command):
    assert set(options_of(command)) >= SHAPES


VALUES: dict[str, Any] = {
    "engine": "ns", "weights": "w.pth", "device": "cpu", "precision": "bf16", "save_stages": True,
    "save_attention": True, "max_mpx": 3.0, "invert": True, "mask_fit": "scale", "mask_channel": "grey", "refine": True,
    "prior": "none", "score": 0.4, "shapes": ("box:1,2,3,4",), "also": ("a.png",), "without": ("b.png",), "seed": 7,
    "grow": "3px", "feather": "2px", "source": "s.png", "not_from": "n.png", "sketch": "k.png", "window": "whole",
    "texture": "always", "structure": "layout", "max_memory_bytes": 1 << 28,
}  # fmt: skip


def test_every_wish_is_handed_down_by_inpaint(monkeypatch: pytest.MonkeyPatch):
    seen: dict[str, Any] = {}

    class Listening(Inpainter):
        def __init__(self, engine: str, **settings: Any) -> None:
            seen.update(settings, engine=engine)

        def fulfil(self, picture: Any, mask: Any, request: Request, progress: Any = None) -> Any:
            seen.update({wish: getattr(request, wish) for wish in set(WISHES) - OF_THE_ENGINE}, progress=progress)
            raise freefill.InputError("heard")

    import numpy as np

    monkeypatch.setattr("freefill.filling.Inpainter", Listening)
    with pytest.raises(freefill.InputError, match="heard"):
        freefill.inpaint(np.zeros((3, 3), np.uint8), progress=print, **VALUES)
    assert seen.pop("progress") is print
    wanted = Request(**VALUES)
    assert seen == {wish: getattr(wanted, wish) for wish in WISHES}


def test_every_wish_changes_the_fingerprint_of_a_batch():
    from freefill.batch.records import Work

    assert set(VALUES) == set(WISHES)
    prints = {Work(Request(**{wish: value})).fingerprint for wish, value in VALUES.items()}
    assert len(prints | {Work().fingerprint}) == len(WISHES) + 1
