"""Which lines are joined across a hole, and which are not."""

import cv2
import numpy as np
import pictures
import pytest

from freefill.layout.ends import End, find_ends
from freefill.layout.joining import join
from freefill.layout.make import LEAST_SURE, make_layout
from freefill.layout.sight import see


def joined(image, hole):
    sight = see(image, hole, ~hole, 320)
    return [line for line in join(find_ends(sight), sight) if line.confidence >= LEAST_SURE]


@pytest.mark.parametrize(
    ("image", "count", "away"),
    [
        (pictures.horizon(), 1, lambda rows, cols: rows - (90 + 10 * cols / 260)),
        (pictures.pole(), 2, lambda rows, cols: np.abs((cols - 130 - 0.35 * (rows - 100)) / np.hypot(1, 0.35)) - 4),
        (pictures.stem(), 2, lambda rows, cols: np.abs(np.hypot(rows - 255, cols - 130) - 170) - 5),
    ],
    ids=["horizon", "slanted pole", "bent stem"],
)
def test_a_line_goes_on_across_the_hole_where_it_was_and_no_other_is_invented(image, count, away):
    lines = joined(image, pictures.blob())
    assert len(lines) == count
    for line in lines:
        assert np.abs(away(*line.curve.T)).max() < 1.5


def test_two_ends_that_turn_the_same_way_are_surer_than_two_that_make_a_wave():
    hole = pictures.blob(axes=(30, 30))
    sight = see(pictures.ground(), hole, ~hole, 320)
    profile = np.repeat(np.where(np.arange(9) < 4, 70.0, 40.0)[:, None], 3, 1)

    def end(place, heading, turn, profile):
        c, s = np.cos(turn), np.sin(turn)
        heading = np.array([[c, -s], [s, c]]) @ np.array(heading)
        return End(np.array(place), heading, 0.0, profile, 30.0, 40.0, 0.2)

    def sure(turn, other):
        ends = [end((100.0, 101.0), (0.0, 1.0), turn, profile), end((100.0, 159.0), (0.0, -1.0), other, profile[::-1])]
        (line,) = join(ends, sight)
        return line.confidence

    arc, wave, straight = sure(0.15, -0.15), sure(0.15, 0.15), sure(0.0, 0.0)
    assert straight > arc > wave + 0.1


def test_an_edge_that_ends_behind_the_thing_stays_alone():
    image = pictures.horizon()
    image[:, 130:] = pictures.grained(np.broadcast_to([0.3, 0.5, 0.3], image[:, 130:].shape))
    lines = joined(image, pictures.blob())
    assert all(abs(np.ptp(line.curve[:, 1])) < 20 for line in lines)  # the upright border may go on, the horizon not


def test_stochastic_ground_has_no_line():
    assert make_layout(pictures.ground(), pictures.blob(), ~pictures.blob()).lines == ()


def test_a_line_is_drawn_where_it_goes_and_in_its_own_colours():
    hole = pictures.blob()
    layout = make_layout(pictures.horizon(), hole, ~hole)
    assert layout.confidence[94:96, 120:140].min() > LEAST_SURE * 0.8
    assert layout.confidence[:80].max() == 0
    drawn = cv2.cvtColor(layout.drawn, cv2.COLOR_LAB2RGB)
    assert np.allclose(drawn[92, 125:135].mean(0), [0.55, 0.7, 0.9], atol=0.04)
    assert np.allclose(drawn[99, 125:135].mean(0), [0.8, 0.7, 0.5], atol=0.04)
