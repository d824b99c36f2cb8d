"""The least cut, and a labelling that puts a shifted picture together again."""

import numpy as np
import pictures
import pytest

from freefill.layout.draw import draw
from freefill.layout.flow import least_cut
from freefill.layout.labelling import energy, label, offer, pay
from freefill.layout.make import make_layout
from freefill.layout.offsets import candidates
from freefill.layout.sight import see


def grid(height, width):
    numbers = np.full((height + 2, width + 2), -1, np.int32)
    numbers[1:-1, 1:-1] = np.arange(height * width, dtype=np.int32).reshape(height, width)
    sides = numbers[1:-1, 2:], numbers[2:, 1:-1], numbers[1:-1, :-2], numbers[:-2, 1:-1]
    return np.stack([side.ravel() for side in sides], 1)


def value(near, spare, terminal, side):
    """What a cut costs."""
    total = terminal[(side == 0) & (terminal > 0)].sum() - terminal[(side == 1) & (terminal < 0)].sum()
    for k in range(4):
        ends = np.flatnonzero(near[:, k] >= 0)
        total += spare[ends, k][(side[ends] == 1) & (side[near[ends, k]] == 0)].sum()
    return total


@pytest.mark.parametrize("seed", range(20))
def test_no_other_cut_is_cheaper(seed):
    rng = np.random.default_rng(seed)
    near = grid(3, 4)
    spare = rng.integers(0, 20, (12, 4)).astype(float) * (near >= 0)
    terminal = rng.integers(-30, 30, 12).astype(float)
    side = np.zeros(12, np.uint8)
    least_cut(near, spare.copy(), terminal.copy(), side)
    every = (np.arange(2**12)[:, None] >> np.arange(12)) & 1
    costs = np.array([value(near, spare, terminal, cut) for cut in every])
    assert value(near, spare, terminal, side) == costs.min()
    # Of equal cuts that with the least on the source's side: what gains nothing stays as it is.
    assert side.sum() == every[costs == costs.min()].sum(1).min()


@pytest.mark.parametrize("seed", range(20))
def test_no_other_choice_of_who_takes_a_shift_costs_less(seed):
    rng = np.random.default_rng(seed)
    shift, near, home = 2, grid(3, 3), np.arange(9, dtype=np.int64)
    flat = rng.integers(0, 99, (20, 5)).astype(np.float32)
    steps, allowed = np.array([1, 5, 9]), rng.random((3, 9)) < (0.9 if seed % 2 else 1)
    chosen = rng.integers(0, 2, 9).astype(np.int32)
    costs = rng.integers(0, 400, (3, 9)).astype(np.float32)

    def paid(labels):
        pairs = np.zeros((9, 2))
        for p in range(9):
            pay(near, allowed, home, steps, flat, labels, p, pairs)
        return pairs

    spare, terminal, side = np.zeros((9, 4)), np.zeros(9), np.zeros(9, np.uint8)
    offer(near, costs, allowed, home, steps, flat, chosen, paid(chosen), shift, np.zeros(9), spare, terminal)
    spared = min(0.0, *(spare[near >= 0]))
    least_cut(near, spare, terminal, side)
    every = ((np.arange(2**9)[:, None] >> np.arange(9)) & 1).astype(bool)
    sums = []
    for takes in every:
        labels = np.where(takes, shift, chosen).astype(np.int32)
        sums.append(energy(costs, labels, paid(labels)))
    made = np.where(side > 0, shift, chosen).astype(np.int32)
    assert spared == 0
    # Where pairs are no metric (a place is not known), the choice need not be the best; it is never worse than to stay.
    least = sums[0] if seed % 2 else min(sums)
    assert energy(costs, made, paid(made)) <= least + 1e-4


def bricks(size=(120, 160), period=(16, 24)):
    rows, cols = np.indices(size)
    cols = cols + (rows // period[0] % 2) * period[1] // 2
    joint = (rows % period[0] < 3) | (cols % period[1] < 3)
    return pictures.grained(np.where(joint[..., None], [0.8, 0.8, 0.75], [0.6, 0.3, 0.2]))


def test_the_shifts_of_a_regular_ground_are_whole_periods_and_the_joints_go_on():
    truth, hole = bricks(), pictures.blob((120, 160), (60, 80), (24, 26))
    sight = see(truth, hole, ~hole, 192)
    shifts = candidates(sight, [])
    assert any((dy % 32, dx % 24) in {(0, 0)} or (dy % 32, dx % 24) == (16, 12) for dy, dx in shifts[:5])
    lab, sure = draw([], sight)
    made = label(sight, shifts, lab, sure)
    assert made is not None
    copied = truth[made.copied[:, 0], made.copied[:, 1]]
    wrong = np.abs(copied - truth[made.pixels[:, 0], made.pixels[:, 1]]).max(1) > 0.15
    assert wrong.mean() < 0.05


def test_a_further_cost_is_obeyed():
    truth, hole = bricks(), pictures.blob((120, 160), (60, 80), (24, 26))
    sight = see(truth, hole, ~hole, 192)

    def only_from_the_left(pixels, shifts):
        return np.broadcast_to(np.where(shifts[:, 1:] < 0, 0, 1000).astype(np.float32), (len(shifts), len(pixels)))

    made = label(sight, candidates(sight, []), *draw([], sight), only_from_the_left)
    assert made is not None
    assert (made.copied[:, 1] < made.pixels[:, 1]).mean() > 0.95


def test_the_same_picture_has_the_same_layout_twice():
    image, hole = pictures.pole(), pictures.blob()
    one, other = (make_layout(image, hole, ~hole) for _ in range(2))
    assert one.labelling is not None
    assert other.labelling is not None
    assert np.array_equal(one.labelling.copied, other.labelling.copied)
    assert np.array_equal(one.drawn, other.drawn)
