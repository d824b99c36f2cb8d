"""Maps of a chain take turns in memory without touching each other."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from freefill.networks.on_processor import feature_map  # noqa: E402
from freefill.networks.on_processor.feature_map import Map, Room  # noqa: E402


def test_the_last_two_pieces_never_overlap_and_the_third_lies_where_the_first_was():
    room = Room()
    first, second, third = room.take(100), room.take(100), room.take(60)
    assert not np.shares_memory(first, second)
    assert not np.shares_memory(second, third)
    assert np.shares_memory(first, third)


def test_a_piece_larger_than_its_place_leaves_the_other_alone():
    room = Room()
    small = room.take(10)
    room.take(10)
    large = room.take(1000)
    large[:] = 7
    assert large.size == 1000
    assert not np.shares_memory(small, large)


def test_large_pieces_have_memory_of_their_own(monkeypatch):
    monkeypatch.setattr(feature_map, "LARGE_BYTES", 50)
    room = Room()
    first, _, third = room.take(51), room.take(51), room.take(51)
    assert not np.shares_memory(first, third)


def test_a_map_in_used_memory_has_zeros_around_it():
    room = Room()
    for place in (room.take(4 * 2 * 9 * 10), room.take(4 * 2 * 9 * 10)):
        place[:] = 255
    used = Map(torch.zeros(1), 2, (5, 6), 2, torch.float32, room)
    used.at(0, 0, 5, 6).fill_(1)
    assert float(used.data.sum()) == 2 * 5 * 6
    assert used.at(-2, -2, 9, 10).shape == (1, 2, 9, 10)


def test_features_come_back_as_they_were_put_in():
    features = torch.arange(24.0).reshape(1, 2, 3, 4)
    assert torch.equal(Map.of(features, 1, torch.float32).at(0, 0, 3, 4), features)
