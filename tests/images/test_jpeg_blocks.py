"""Coefficients by block: in which order a scan holds them, Huffman tables, turning, placing and exchanging."""

from __future__ import annotations

import heapq
import io
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from freefill.images.jpeg.blocks import DctBlocks, laid_out, placed, put_blocks, read_blocks, turned, unit, write_blocks
from freefill.images.jpeg.huffman import huffman, lookup

HALVED = ((2, 2), (1, 1), (1, 1))


FLAT: dict[str, Any] = {"qtables": [[9] * 64] * 2}  # one divisor for all, so that a swap of axes needs no other tables


def photo(size: tuple[int, int], seed: int = 0, subsampling: int = 2, **options: object) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", subsampling=subsampling, **{"quality": 90, **options})
    return out.getvalue()


def blocks_of(data: bytes) -> DctBlocks:
    blocks = read_blocks(data)
    assert blocks is not None
    return blocks


def numbered(size: tuple[int, int], sampling: tuple[tuple[int, int], ...]) -> DctBlocks:
    """Each coefficient is its own, so that two blocks are never alike."""
    blocks = laid_out(size, sampling, False)
    blocks.coefs[:] = np.arange(blocks.coefs.size) % 30011
    return blocks


@pytest.mark.parametrize("sampling", [0x51, 0x15, 0x01, 0x10])
def test_a_frame_of_a_sampling_that_the_standard_does_not_know_is_not_read(sampling: int) -> None:
    """T.81, table B.2: factors are 1 to 4."""
    data = bytearray(photo((16, 16), subsampling=0))
    frame = data.index(b"\xff\xc0")
    assert data[frame + 11] == 0x11
    data[frame + 11] = sampling
    assert read_blocks(bytes(data)) is None


# --- order -------------------------------------------------------------------------------------------------------


def test_a_scan_of_several_components_holds_unit_after_unit() -> None:
    """T.81, A.2.3: of each unit first the luma's blocks, row by row, then one of each colour."""
    blocks = laid_out((32, 32), HALVED, False)  # 4 x 4 blocks of luma, 2 x 2 of each colour
    order, owner = blocks.order([0, 1, 2])
    assert owner.tolist() == [0, 0, 0, 0, 1, 2]
    assert (order // 64).tolist() == [
        [0, 1, 4, 5, 16, 20],
        [2, 3, 6, 7, 17, 21],
        [8, 9, 12, 13, 18, 22],
        [10, 11, 14, 15, 19, 23],
    ]


def test_a_scan_of_one_component_leaves_out_what_is_beyond_the_picture() -> None:
    """T.81, A.2.2: a lone component has no units, so the blocks that only fill them up are not there."""
    blocks = laid_out((20, 12), HALVED, False)  # 3 x 2 blocks of luma inside, laid out as 4 x 2
    order, owner = blocks.order([0])
    assert owner.tolist() == [0]
    assert (order[:, 0] // 64).tolist() == [0, 1, 2, 3, 4, 5]
    assert (blocks.order([2])[0][:, 0] // 64).tolist() == [10, 11]
    wide = laid_out((8, 20), HALVED, False)  # 1 x 3 inside, laid out as 2 x 4
    assert (wide.order([0])[0][:, 0] // 64).tolist() == [0, 1, 2]


def test_components_count_from_the_scan_s_own_first() -> None:
    blocks = laid_out((16, 16), HALVED, False)
    order, owner = blocks.order([2, 1])
    assert owner.tolist() == [0, 1]
    assert (order // 64).tolist() == [[5, 4]]


@settings(deadline=None)
@given(
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    sampling=st.sampled_from(
        [HALVED, ((2, 1), (1, 1), (1, 1)), ((1, 2), (1, 1), (1, 1)), ((1, 1),) * 3, ((4, 1), (1, 1))]
    ),
)
def test_every_block_is_in_a_scan_of_all_once(height: int, width: int, sampling: tuple[tuple[int, int], ...]) -> None:
    blocks = laid_out((height, width), sampling, False)
    order, owner = blocks.order(list(range(len(sampling))))
    assert sorted(order.ravel()) == list(range(0, blocks.coefs.size, 64))
    for number in range(len(sampling)):
        first = blocks.layout[number, 0]
        assert (order[:, owner == number] >= first).all()
        assert (owner == number).sum() == np.prod(sampling[number])


# --- Huffman -----------------------------------------------------------------------------------------------------


def least_bits(counts: list[int]) -> int:
    """What Huffman's own method needs, where one more symbol that never occurs takes the code of ones only."""
    heap = [count for count in counts if count] + [0]
    heapq.heapify(heap)
    total = 0
    while len(heap) > 1:
        both = heapq.heappop(heap) + heapq.heappop(heap)
        total += both
        heapq.heappush(heap, both)
    return total


def lengths_of(counts: list[int]) -> dict[int, int]:
    lengths, symbols = huffman(np.array(counts))
    each = [length for length, many in enumerate(lengths, 1) for _ in range(many)]
    return dict(zip(symbols, each, strict=True))


@settings(deadline=None)
@given(counts=st.lists(st.integers(0, 60), min_size=1, max_size=40).filter(any))
def test_no_table_needs_fewer_bits(counts: list[int]) -> None:
    lengths = lengths_of(counts)
    assert set(lengths) == {symbol for symbol, count in enumerate(counts) if count}
    assert sum(counts[symbol] * length for symbol, length in lengths.items()) == least_bits(counts)


def test_long_codes_are_shortened_and_room_for_ones_only_stays() -> None:
    counts = [1, 1]
    while len(counts) < 30:
        counts.append(counts[-1] + counts[-2])  # Fibonacci's numbers make the longest codes there are
    lengths = lengths_of(counts)
    assert max(lengths.values()) == 16
    assert len(lengths) == 30
    assert sum(Fraction(1, 2**length) for length in lengths.values()) <= 1 - Fraction(1, 2**16)
    assert [lengths[symbol] for symbol in range(30)] == sorted(lengths.values(), reverse=True)


def test_the_longest_code_that_is_short_enough_gives_way_to_those_that_are_too_long() -> None:
    """T.81, figure K.3: often found symbols keep their short codes."""
    counts = [1, 1]
    while len(counts) < 20:
        counts.append(counts[-1] + counts[-2])
    lengths, _ = huffman(np.array(counts))
    assert list(lengths) == [1] * 13 + [0, 0, 7]


@settings(deadline=None)
@given(counts=st.lists(st.integers(0, 9), min_size=1, max_size=30).filter(any))
def test_every_code_is_looked_up_whatever_follows_it(counts: list[int]) -> None:
    lengths, symbols = huffman(np.array(counts))
    table = lookup(lengths, symbols)
    code, place = 0, 0
    for length, many in enumerate(lengths, 1):
        for symbol in symbols[place : place + many]:
            first, last = code << (16 - length), ((code + 1) << (16 - length)) - 1
            assert table[first] == table[last] == (length << 8 | symbol)
            code += 1
        place += many
        code <<= 1
    assert table[-1] == 0  # ones only are no code
    assert np.count_nonzero(table) == sum(1 << (16 - length) for length in lengths_of(counts).values())


# --- turning, placing, exchanging --------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_blocks_turned_are_the_picture_turned(orientation: int, subsampling: int) -> None:
    data = photo((32, 48), subsampling=subsampling, **FLAT)
    out = turned(blocks_of(data), orientation)
    assert out is not None
    turn = {2: [0], 3: [3], 4: [1], 5: [5], 6: [4], 7: [6], 8: [2], 1: []}[orientation]
    wanted = Image.open(io.BytesIO(data))
    for each in turn:
        wanted = wanted.transpose(list(Image.Transpose)[each])
    model = photo(out.size, subsampling=subsampling, **FLAT)
    if out.sampling == blocks_of(model).sampling:
        seen = Image.open(io.BytesIO(write_blocks(out, model)))
        difference = np.abs(np.asarray(seen, np.int16) - np.asarray(wanted, np.int16))
        assert difference.mean() < 1.0


@pytest.mark.parametrize(
    ("orientation", "size"), [(2, (32, 40)), (4, (40, 32)), (6, (40, 32)), (8, (32, 40)), (3, (40, 40))]
)
def test_a_side_that_ends_within_a_block_is_not_mirrored(orientation: int, size: tuple[int, int]) -> None:
    assert turned(blocks_of(photo(size)), orientation) is None


def test_a_side_that_is_not_mirrored_may_end_anywhere() -> None:
    out = turned(blocks_of(photo((40, 32))), 2)
    assert out is not None
    assert out.size == (40, 32)
    assert turned(blocks_of(photo((39, 41))), 5) is not None  # swapped only


def test_turning_four_times_is_turning_not_at_all() -> None:
    blocks = numbered((32, 64), HALVED)
    out: DctBlocks | None = blocks
    for _ in range(4):
        assert out is not None
        out = turned(out, 6)
    assert out is not None
    assert np.array_equal(out.coefs, blocks.coefs)
    assert turned(blocks, 1) is blocks


def test_blocks_placed_in_a_larger_picture_stand_where_they_are_put() -> None:
    blocks = numbered((16, 32), HALVED)
    out = placed(blocks, (64, 80), (32, 16))
    assert out is not None
    assert out.size == (64, 80)
    for i, (top, left) in enumerate([(4, 2), (2, 1), (2, 1)]):
        small, large = blocks.grid(i), out.grid(i).copy()
        place = (slice(top, top + small.shape[0]), slice(left, left + small.shape[1]))
        assert np.array_equal(large[place], small)
        large[place] = 0
        assert not large.any()


@pytest.mark.parametrize("corner", [(8, 16), (16, 8), (17, 16)])
def test_blocks_are_not_placed_within_others(corner: tuple[int, int]) -> None:
    assert placed(numbered((16, 16), HALVED), (64, 64), corner) is None


def test_a_picture_of_the_same_size_is_itself() -> None:
    blocks = numbered((16, 16), HALVED)
    assert placed(blocks, (16, 16), (3, 3)) is blocks


def test_only_blocks_over_which_something_changed_are_exchanged() -> None:
    whole, part = laid_out((64, 64), HALVED, False), numbered((32, 32), HALVED)
    part.coefs += 1
    changed = np.zeros((32, 32), bool)
    changed[9, 20] = True
    assert put_blocks(whole, part, (16, 32), changed)
    luma = np.argwhere(whole.grid(0).any(axis=2))
    assert luma.tolist() == [[3, 6]]
    assert np.array_equal(whole.grid(0)[3, 6], part.grid(0)[1, 2])
    for i in (1, 2):
        assert np.argwhere(whole.grid(i).any(axis=2)).tolist() == [[1, 3]]
        assert np.array_equal(whole.grid(i)[1, 3], part.grid(i)[0, 1])


def test_blocks_of_another_sampling_or_size_are_not_exchanged() -> None:
    whole = numbered((64, 64), HALVED)
    before = whole.coefs.copy()
    assert not put_blocks(whole, numbered((32, 32), ((1, 1),) * 3), (0, 0), np.ones((32, 32), bool))
    assert not put_blocks(whole, numbered((32, 32), HALVED), (0, 0), np.ones((32, 16), bool))
    assert np.array_equal(whole.coefs, before)


@pytest.mark.parametrize(
    ("sampling", "wanted"), [(HALVED, (16, 16)), (((2, 1), (1, 1)), (8, 16)), (((1, 4),), (32, 8))]
)
def test_a_unit_is_as_large_as_its_finest_component(
    sampling: tuple[tuple[int, int], ...], wanted: tuple[int, int]
) -> None:
    assert unit(sampling) == wanted


def test_a_lone_component_is_laid_out_by_its_own_size() -> None:
    assert laid_out((20, 20), ((2, 2),), False).grid(0).shape == (3, 3, 64)
    assert laid_out((17, 33), HALVED, False).grid(0).shape == (4, 6, 64)
    assert laid_out((17, 33), HALVED, False).grid(2).shape == (2, 3, 64)


@settings(max_examples=20, deadline=None)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    subsampling=st.sampled_from([0, 1, 2]),
    progressive=st.booleans(),
    restart=st.sampled_from([0, 1, 3]),
)
def test_blocks_read_written_and_read_are_the_same(
    height: int, width: int, subsampling: int, progressive: bool, restart: int
) -> None:
    data = photo((height, width), 1, subsampling, progressive=progressive, restart_marker_blocks=restart)
    blocks = blocks_of(data)
    again = blocks_of(write_blocks(blocks, data))
    assert (again.size, again.sampling, again.progressive) == (blocks.size, blocks.sampling, progressive)
    for i in range(3):
        rows, cols = blocks.layout[i, 4], blocks.layout[i, 3]  # what is beyond the picture need not be written
        assert np.array_equal(again.grid(i)[:rows, :cols], blocks.grid(i)[:rows, :cols])


@pytest.mark.parametrize("progressive", [False, True])
def test_a_file_that_breaks_off_is_not_read(progressive: bool) -> None:
    data = photo((40, 40), progressive=progressive)
    for end in (2, 20, len(data) // 3, len(data) // 2, len(data) - 200):
        assert read_blocks(data[:end]) is None


def damaged(data: bytes, marker: int, place: int, value: int) -> bytes:
    """Change a byte of the first segment of a kind, counted from its marker."""
    at = data.index(bytes((0xFF, marker))) + place
    return data[:at] + bytes((value,)) + data[at + 1 :]


@pytest.mark.parametrize(
    ("marker", "place", "value"),
    [
        (0xC0, 1, 0xC3),  # lossless
        (0xC0, 1, 0xC9),  # arithmetic
        (0xC0, 4, 12),  # twelve bits
        (0xC0, 11, 0x51),  # sampled five times
        (0xC0, 11, 0x20),  # sampled not at all
        (0xC0, 13, 1),  # two components of one number
        (0xC0, 9, 5),  # five components
        (0xDA, 4, 0),  # a scan of nothing
        (0xDA, 5, 77),  # of a component that is not there
        (0xDA, 7, 1),  # of one component twice
    ],
)
def test_files_of_a_kind_that_is_not_read_are_left_to_others(marker: int, place: int, value: int) -> None:
    data = photo((24, 24))
    assert read_blocks(data) is not None
    assert read_blocks(damaged(data, marker, place, value)) is None


def test_a_size_of_nothing_is_not_read() -> None:
    data = photo((24, 24))
    at = data.index(b"\xff\xc0")
    for place in (5, 7):
        assert read_blocks(data[: at + place] + b"\0\0" + data[at + place + 2 :]) is None


def test_a_second_picture_in_one_file_is_not_read() -> None:
    data = photo((24, 24))
    at = data.index(b"\xff\xc0")
    size = int.from_bytes(data[at + 2 : at + 4], "big")
    assert read_blocks(data[:at] + data[at : at + 2 + size] + data[at:]) is None


def test_padding_between_segments_is_passed_over() -> None:
    data = photo((24, 24))
    at = data.index(b"\xff\xdb")
    padded = blocks_of(data[:at] + b"\xff\xff\xff" + data[at:])
    assert np.array_equal(padded.coefs, blocks_of(data).coefs)
