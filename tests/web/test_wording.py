"""Errors and notes name what a client can send, and not options of a command that it did not run."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from freefill.diagnosis.findings import FAILURES, UNLIKE
from freefill.web import orders
from freefill.web.forms import InpaintForm
from freefill.web.wording import in_fields, translated
from freefill.web.work import do


@pytest.mark.parametrize(
    ("said", "here"),
    [
        ("pass --mask-fit scale, or draw the mask", "pass mask_fit=scale, or draw the mask"),
        ("white is hole, pass --invert if yours is black", "white is hole, pass invert=true if yours is black"),
        ("use --engine texture", "use engine=texture"),
        ("blend the border: --grow 2% --feather 2%", "blend the border: grow=2% feather=2%"),
        (
            "a lower --score finds more, or mark it with --box or a mask",
            "a lower score finds more, or mark it with a mask",
        ),
        ("--structure layout or never", "structure=layout or never"),
        ("allow more with --source or --not-from", "allow more with source or not_from"),
        (
            "keep the best with --tries, or more --max-memory",
            "keep the best with the command line's --tries, or more the command line's --max-memory",
        ),
        ("say --texture or --window", "say texture or window"),
        ("run: freefill weights import FILE --name lama", "run: freefill weights import FILE --name lama"),
        (
            "over the limit of 1; pass --max-megapixels 24 if that is meant",
            "over the limit of 1; start the service with --max-megapixels 24 if that is meant",
        ),
    ],
)
def test_options_become_fields(said: str, here: str):
    assert in_fields(said) == here


def test_what_a_worker_answers_is_put_into_these_words_and_nothing_else_of_it_changes():
    told = {
        "notes": ["pass --invert if none is meant"],
        "findings": [{"name": "seam", "advice": "try --grow 3%"}],
        "engine": "--engine telea",
    }
    assert translated(told) == {
        "notes": ["pass invert=true if none is meant"],
        "findings": [{"name": "seam", "advice": "try grow=3%"}],
        "engine": "--engine telea",
    }
    assert translated({"error": "pass --invert", "kind": "InputError"}) == {
        "error": "pass invert=true",
        "kind": "InputError",
    }
    assert told["notes"] == ["pass --invert if none is meant"]  # it is not written to


@pytest.mark.parametrize("failure", [*FAILURES, UNLIKE], ids=lambda each: each.name)
def test_no_advice_names_an_option_that_is_a_field(failure: Any):
    said = in_fields(failure.advice)
    assert not [name for name in InpaintForm.model_fields if f" --{name.replace('_', '-')}" in f" {said}"]


@pytest.fixture
def sent(tmp_path: Path) -> Any:
    """Write a grey photograph of 24 x 16 px and a mask of another size, as the service keeps them."""

    def write(levels: np.ndarray, name: str) -> str:
        content = io.BytesIO()
        Image.fromarray(levels).save(content, "PNG")
        path = tmp_path / name
        path.write_bytes(content.getvalue())
        return str(path)

    return write


def once(sent: Any, mask: np.ndarray, **wishes: Any) -> dict[str, Any]:
    photo = np.linspace(20, 220, 16 * 24).reshape(16, 24).astype(np.uint8)
    order = orders.Once(
        sent(photo, "photo"), sent(mask, "mask"), {"max_mpx": 1.0, "engine": "telea", **wishes}, sent(photo, "target")
    )
    return do(order)


def test_a_mask_of_another_size_is_refused_in_words_that_can_be_sent(sent: Any):
    told = once(sent, np.full((4, 4), 255, np.uint8))
    assert "pass mask_fit=scale" in told["error"]
    assert "--" not in told["error"]


def test_the_channel_that_was_asked_for_carries_the_mask(sent: Any):
    mask = np.zeros((16, 24, 4), np.uint8)
    mask[4:8, 4:8, :3] = 255  # white there, and transparent elsewhere
    mask[:, :12, 3] = 255
    shares = {channel: once(sent, mask, mask_channel=channel).get("hole_share") for channel in ("grey", "transparent")}
    assert shares == {"grey": 16 / (16 * 24), "transparent": 0.5}


def test_how_sure_a_word_must_be_is_handed_to_what_looks_for_it(sent: Any, monkeypatch: pytest.MonkeyPatch):
    heard: list[float | None] = []

    def found(word: str, picture: Any, score: float | None = None) -> Any:
        from freefill.values import Mask

        heard.append(score)
        hole = np.zeros(picture.size, bool)
        hole[4:8, 4:8] = True
        return Mask(hole)

    monkeypatch.setattr("freefill.web.work.mask_of_word", found)
    photo = sent(np.zeros((16, 24), np.uint8), "photo")
    wishes = {"max_mpx": 1.0, "score": 0.25}
    do(orders.Once(photo, "people", wishes | {"engine": "telea"}, sent(np.zeros((1, 1), np.uint8), "target")))
    do(orders.MaskOnce(photo, "people", None, sent(np.zeros((1, 1), np.uint8), "made"), wishes))
    assert heard == [0.25, 0.25]
