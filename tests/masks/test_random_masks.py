"""Random masks: from a seed, the same on every machine."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freefill.errors import InputError
from freefill.masks.draw import disc_mask
from freefill.masks.random_masks import KINDS, LAMA, random_mask

SHAPES = (disc_mask((40, 40), (20, 20), 15), disc_mask((60, 30), (20, 12), 8))

# SHA-256 of the bits of seed 0 and 1 at 200 x 300: another library, machine or year must not change them.
HASHES = {
    "deepfill": "b4754930e80148bc 3fbe81f3839e06f3",
    "strokes": "7ced9a0a81d7fa27 6850b1da0309d5a5",
    "thin": "5b96ba72a5aac29e c18a2ebbd82573d1",
    "medium": "86647e9edada989a fd2bd87e8189902d",
    "thick": "a33da85a9ddc2c73 7aa452bd42d21417",
    "boxes": "3eda2279c7af910d fedbb9a85af4b445",
    "person": "c8ceaadf74a279b5 961eefe2645221a6",
}


def bits(hole):
    return hashlib.sha256(np.packbits(hole).tobytes()).hexdigest()[:16]


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_means_the_same_mask_on_every_machine(kind):
    holes = [random_mask(kind, (200, 300), seed, shapes=SHAPES) for seed in (0, 1)]
    assert " ".join(bits(hole) for hole in holes) == HASHES[kind]


@settings(deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    size=st.tuples(st.integers(2, 90), st.integers(2, 90)),
    seed=st.integers(0, 2**31 - 1),
)
def test_any_size_and_seed_gives_a_mask_that_is_not_empty(kind, size, seed):
    hole = random_mask(kind, size, seed, shapes=SHAPES)
    assert hole.shape == size
    assert hole.dtype == bool
    assert hole.any()


@pytest.mark.parametrize("kind", KINDS)
def test_another_seed_is_another_mask(kind):
    holes = [random_mask(kind, (128, 128), seed, shapes=SHAPES) for seed in range(6)]
    assert len({bits(hole) for hole in holes}) == 6


@pytest.mark.parametrize("kind", ["thin", "medium", "thick"])
def test_lamas_masks_cover_at_most_half(kind):
    shares = [random_mask(kind, (128, 128), seed).mean() for seed in range(40)]
    assert max(shares) <= 0.5
    assert min(shares) > 0


def test_thick_strokes_are_thicker_than_thin_ones():
    def thickness(kind):
        from freefill.distance import distance_outside

        return np.mean([distance_outside(~random_mask(kind, (256, 256), seed)).max() for seed in range(20)])

    assert thickness("thin") < thickness("medium") < thickness("thick")
    assert LAMA["thin"].box_weight == 0


def test_boxes_are_boxes_within_the_margin():
    hole = random_mask("boxes", (512, 512), 3)
    assert not hole[:10].any()
    assert not hole[-10:].any()
    rows = {tuple(row) for row in hole}
    assert len(rows) <= 2 * 4 + 1


def test_lengths_follow_the_scale():
    small, large = (random_mask("deepfill", (256, 256), 5, scale=scale).mean() for scale in (0.5, 2.0))
    assert small < large


def test_a_person_has_the_outline_of_one_of_the_shapes():
    hole = random_mask("person", (300, 300), 4, shapes=[np.ones((10, 5), bool)])
    rows, cols = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    assert hole[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1].all()


def test_a_person_without_shapes_is_refused():
    with pytest.raises(InputError, match="--shapes"):
        random_mask("person", (30, 30), 0)
    with pytest.raises(InputError, match="--shapes"):
        random_mask("person", (30, 30), 0, shapes=[np.zeros((5, 5), bool)])


def test_an_unknown_kind_is_answered_with_the_nearest():
    with pytest.raises(InputError, match="did you mean 'thick'"):
        random_mask("thik", (30, 30), 0)


@pytest.mark.parametrize(("size", "scale"), [((1, 30), None), ((30, 30), 0.0), ((30, 30), float("nan"))])
def test_no_room_is_refused(size, scale):
    with pytest.raises(InputError, match="no room"):
        random_mask("thin", size, 0, scale=scale)
