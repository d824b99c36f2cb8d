"""A row of text whose box is a living being's own is none."""

import numpy as np
import pytest

from freefill.detectors import living
from freefill.detectors.nanodet import Found
from freefill.detectors.text import TextRow

IMAGE = np.zeros((100, 200, 3), np.float32)


def row(top: float, left: float, bottom: float, right: float) -> TextRow:
    return TextRow(np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32), 0.9)


@pytest.fixture
def pigeon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bird at rows 20 to 60, columns 100 to 130."""
    boxes = {name: Found(np.zeros((0, 4)), np.zeros(0)) for name in living.BEINGS}
    boxes["bird"] = Found(np.array([[20.0, 100, 60, 130]]), np.array([0.6]))
    monkeypatch.setattr(living, "find_kinds", lambda image, kinds: {name: boxes[name] for name in kinds})
    monkeypatch.setattr(living, "state", lambda name: "ready")


def test_a_pigeon_is_no_text(pigeon):
    assert living.without_beings(IMAGE, [row(22, 101, 63, 128)]) == []


@pytest.mark.parametrize(
    "written",
    [
        row(30, 105, 36, 125),  # on its wing
        row(35, 10, 45, 190),  # across it, as a watermark is
        row(20, 10, 60, 40),  # beside it
    ],
)
def test_writing_on_across_and_beside_it_stays(pigeon, written):
    assert living.without_beings(IMAGE, [written]) == [written]


def test_without_the_network_every_row_stays(no_weights):
    rows = [row(22, 101, 63, 128)]
    assert living.without_beings(IMAGE, rows) == rows


def test_nothing_is_asked_where_there_is_no_row(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(living, "find_kinds", None)
    assert living.without_beings(IMAGE, []) == []
