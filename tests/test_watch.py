"""How far a fill is: what the watch reckons, by itself and inside the recipe."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.recording import Recording, ready

from freefill.inpainting import inpaint
from freefill.progress import Progress, Watch
from freefill.values import Box, Crop, Fill, Mask, Options, Picture, Plan, SizeRule, Window

SIZE = (120, 160)
HOLE = np.zeros((4, 4), bool)
HOLE[:2, :2] = True
PLAN = Plan((4, 4), "any", (Window(Box(0, 0, 4, 4), Box(0, 0, 2, 2)),), seed=0, hole_px=4)


class Telling(Recording):
    """Says that it is half done, where somebody listens."""

    def fill(self, crop: Crop, seed: int) -> Fill:
        if crop.progress is not None:
            crop.progress(0.5)
        return super().fill(crop, seed)


def filled(progress: Any, **spec: Any) -> tuple[Telling, Telling]:
    small, sharp = Telling(), Telling()
    hole = np.zeros(SIZE, bool)
    hole[40:80, 60:100] = True
    inpaint(
        Picture(np.full((*SIZE, 3), 90, np.uint8)),
        Mask(hole),
        ready(small, size=SizeRule(hole_px=16)),
        Options(),
        ready(sharp, guides=("image",), name="sharp"),
        progress=progress,
    )
    return small, sharp


def test_the_small_fill_is_three_tenths_of_a_window_and_its_detail_the_rest():
    told: list[Progress] = []
    filled(told.append)
    assert [(step.part, round(step.share, 6)) for step in told] == [
        ("plan", 0.0), ("cut", 0.0), ("fill", 0.15), ("fill", 0.3), ("detail", 0.65), ("detail", 1.0), ("paste", 1.0),
    ]  # fmt: skip


def test_engines_are_given_somebody_to_tell_only_where_somebody_listens():
    assert all(crop.progress is None for engine in filled(None) for crop in engine.crops)
    assert all(crop.progress is not None for engine in filled(lambda step: None) for crop in engine.crops)


def test_before_the_plan_there_is_nothing_to_count():
    told: list[Progress] = []
    with Watch(told.append).part("plan", work=0.25):
        pass
    assert told == [Progress("plan", 0, 0, 0.25)]


@pytest.mark.parametrize(("said", "share"), [(-3.0, 0.0), (0.0, 0.0), (0.5, 0.25), (1.0, 0.5), (7.0, 0.5)])
def test_an_engine_that_says_too_much_is_held_to_its_part(said: float, share: float):
    told: list[Progress] = []
    watch = Watch(told.append)
    watch.begin(PLAN, HOLE)
    with watch.part("fill", 1, work=2) as inside:
        assert inside is not None
        inside(said)
        assert told == [Progress("fill", 1, 1, share)]
    assert told[-1].share == 0.5


def test_the_share_is_never_above_one():
    told: list[Progress] = []
    watch = Watch(told.append)
    watch.begin(PLAN, HOLE)
    with watch.part("fill", 1, work=8):
        pass
    assert told[-1].share == 1.0


def test_the_work_of_a_core_is_the_hole_in_it():
    watch = Watch(None)
    watch.begin(PLAN, HOLE)
    assert watch.work_of(Box(0, 0, 4, 1)) == 2.0
