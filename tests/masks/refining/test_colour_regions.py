"""Regions of one colour: they cover everything, keep to the contour, and know their neighbours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from freefill.masks.refining.colour_regions import Regions, cut_into_regions


def lab_of(seed: int, height: int, width: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return (rng.normal(0, 6, (height, width, 3)) + np.array([50, 0, 0])).astype(np.float32)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 99), height=st.integers(6, 24), width=st.integers(6, 24))
def test_every_pixel_has_a_region_and_no_region_crosses_the_contour(seed: int, height: int, width: int):
    part = np.random.default_rng(seed).random((height, width)) < 0.4
    regions = cut_into_regions(lab_of(seed, height, width), part)
    assert regions.labels.min() == 0
    assert len(np.unique(regions.labels)) == regions.labels.max() + 1 == len(regions.areas)
    assert regions.areas.sum() == height * width
    assert set(np.unique(regions.share(part))) <= {0.0, 1.0}


def graph() -> Regions:
    """Three stripes: 2, 1 and 3 columns wide, of lightness 10, 20 and 40."""
    lab = np.zeros((4, 6, 3), np.float32)
    lab[:, :2, 0], lab[:, 2, 0], lab[:, 3:, 0] = 10, 20, 40
    from freefill.masks.refining.colour_regions import _graph

    return _graph(lab, np.repeat([[0, 0, 1, 2, 2, 2]], 4, axis=0).astype(np.int32))


def test_regions_are_measured():
    regions = graph()
    assert regions.areas.tolist() == [8, 4, 12]
    assert regions.colours[:, 0].tolist() == [10, 20, 40]
    assert regions.places.tolist() == [[1.5, 0.5], [1.5, 2], [1.5, 4]]
    assert regions.pairs.tolist() == [[0, 1], [1, 2]]
    assert regions.borders.tolist() == [4, 4]
    assert regions.contrasts.tolist() == [10, 20]


def test_shares_and_means_are_of_each_region():
    regions = graph()
    hole = np.zeros((4, 6), bool)
    hole[:, 1:3] = True
    assert regions.share(hole).tolist() == [0.5, 1, 0]
    assert regions.mean(np.repeat([[0.0, 2, 5, 0, 3, 6]], 4, axis=0)).tolist() == [1, 5, 3]


@pytest.mark.parametrize(
    ("linked", "lowest"),
    [((True, True), [0, 0, 0]), ((False, True), [0, 1, 1]), ((True, False), [0, 0, 2]), ((False, False), [0, 1, 2])],
)
def test_what_is_linked_is_joined(linked: tuple[bool, ...], lowest: list[int]):
    assert graph().joined(np.array(linked)).tolist() == lowest


def test_a_long_chain_is_joined_whole():
    count = 200
    order = np.random.default_rng(0).permutation(count)
    pairs = np.sort(np.stack([order[:-1], order[1:]], axis=1), axis=1)
    some = np.zeros(count)
    regions = Regions(np.zeros((1, 1), np.int32), some, some, some, pairs, some[1:], some[1:])
    assert set(regions.joined(np.ones(count - 1, bool))) == {0}


def test_an_edge_of_colour_parts_regions():
    lab = np.full((30, 30, 3), (30, 0, 0), np.float32)
    lab[:, 13:] = (80, 20, -20)  # within a cell, of which a grid alone would make one region
    regions = cut_into_regions(lab, np.zeros((30, 30), bool))
    right = np.zeros((30, 30), bool)
    right[:, 13:] = True
    share = regions.share(right)
    assert ((share <= 0.25) | (share >= 0.75)).all()
    assert 20 <= len(regions.areas) <= 40  # cells of 5 px
