"""TIFF directories, byte by byte: what is read is what was written, in both byte orders; damage ends where it is."""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Callable

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from freefill.images.budget import Budget
from freefill.images.tiff.tags import (
    Order,
    Tag,
    Tags,
    exif_of_tags,
    header_of,
    longs,
    pack_tags,
    rational,
    read_tags,
    shorts,
    tags_of_exif,
)

KINDS = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}  # bytes of one value


def at(data: bytes) -> Callable[[int, int], bytes]:
    return lambda offset, size: data[offset : offset + size]


def packed(tags: Tags, order: Order = "<") -> bytes:
    return bytes(8) + pack_tags(tags, order, 8)


def entry(number: int, kind: int, count: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "HHI", number, kind, count) + value.ljust(4, b"\0")


def directory(*entries: bytes, behind: bytes = b"", following: int = 0) -> bytes:
    return bytes(8) + struct.pack("<H", len(entries)) + b"".join(entries) + struct.pack("<I", following) + behind


@st.composite
def tags_of_any_kind(draw: st.DrawFn) -> Tags:
    numbers = draw(st.lists(st.integers(1, 65535).filter(lambda n: n not in (34665, 34853, 40965)), unique=True))
    tags = {}
    for number in numbers:
        kind = draw(st.sampled_from(sorted(KINDS)))
        tags[number] = Tag(kind, draw(st.binary(min_size=1, max_size=5)) * KINDS[kind])
    return tags


@settings(deadline=None)
@given(tags=tags_of_any_kind(), order=st.sampled_from(["<", ">"]))
def test_what_is_packed_is_read_again(tags: Tags, order: Order) -> None:
    read, following = read_tags(at(packed(tags, order)), 8, order)
    assert read == tags
    assert following == 0


def test_a_directory_stands_in_the_order_of_its_numbers_and_long_values_at_even_bytes() -> None:
    data = packed({700: Tag(1, b"odds!"), 256: shorts(7), 300: Tag(2, b"abcdefg")})
    entries = [data[10 + 12 * n : 22 + 12 * n] for n in range(3)]
    assert [struct.unpack_from("<H", each)[0] for each in entries] == [256, 300, 700]
    assert entries[0][8:] == b"\7\0\0\0"  # what fits stands in the entry itself
    places = [struct.unpack_from("<I", each, 8)[0] for each in entries[1:]]
    assert all(place % 2 == 0 for place in places)
    assert [data[place : place + 7] for place in places] == [b"abcdefg", b"odds!\0"]
    assert struct.unpack_from("<I", data, 46)[0] == 0  # no directory follows


@pytest.mark.parametrize("order", ["<", ">"])
def test_numbers_are_those_that_another_reader_finds(order: Order) -> None:
    extra = [
        (65001, "H", 3, (1, 2, 65535), True),
        (65002, "I", 2, (7, 1 << 31), True),
        (65003, "d", 2, (0.25, -1e9), True),
        (65004, "2I", 1, (1, 3), True),
        (65005, "h", 2, (-5, 5), True),
    ]
    out = io.BytesIO()
    tifffile.imwrite(out, np.zeros((3, 5), np.uint8), byteorder=order, extratags=extra)
    data = out.getvalue()
    header = header_of(data[:16])
    assert header is not None
    assert header[:2] == (order, False)
    tags, _ = read_tags(at(data), header[2], order)
    assert tags[65001].numbers == (1, 2, 65535)
    assert tags[65002].integers == (7, 1 << 31)
    assert tags[65003].numbers == (0.25, -1e9)
    assert tags[65004].numbers == (pytest.approx(1 / 3),)
    assert tags[65005].array.tolist() == [-5, 5]
    assert (tags[256].integers, tags[257].integers) == ((5,), (3,))


def test_a_bigtiff_is_read_with_its_wider_entries() -> None:
    out = io.BytesIO()
    tifffile.imwrite(out, np.zeros((3, 5), np.uint8), bigtiff=True, extratags=[(65001, "H", 4, (1, 2, 3, 4), True)])
    data = out.getvalue()
    header = header_of(data[:16])
    assert header is not None
    assert header[1]
    tags, following = read_tags(at(data), header[2], header[0], big=True)
    assert tags[65001].numbers == (1, 2, 3, 4)
    assert tags[257].integers == (3,)
    assert following == 0


@pytest.mark.parametrize(
    "head",
    [
        b"XX*\0" + bytes(12),  # no byte order
        b"II*\0" + bytes(11),  # too short for a header
        b"II+\0\4\0\0\0" + bytes(8),  # a BigTIFF of another word length
        b"II+\0\x08\0\1\0" + bytes(8),
        b"II,\0" + bytes(12),  # neither of the two versions
    ],
)
def test_what_is_no_tiff_has_no_header(head: bytes) -> None:
    assert header_of(head) is None


def test_headers_of_both_kinds_name_their_first_directory() -> None:
    assert header_of(b"MM\0*\0\0\1\2" + bytes(8)) == (">", False, 258)
    assert header_of(b"II+\0\x08\0\0\0" + struct.pack("<Q", 1 << 33)) == ("<", True, 1 << 33)


def test_the_next_directory_is_told() -> None:
    assert read_tags(at(directory(entry(256, 3, 1, b"\1\0"), following=1234)), 8, "<") == ({256: shorts(1)}, 1234)
    cut = directory(entry(256, 3, 1, b"\1\0"))[:-1]
    assert read_tags(at(cut), 8, "<")[1] == 0  # cut off right there: nothing follows


@pytest.mark.parametrize("offset", [0, 7, 100, 21])
def test_where_there_is_no_directory_an_error_says_so(offset: int) -> None:
    with pytest.raises(ValueError, match=f"no directory at byte {offset}"):
        read_tags(at(bytes(8) + b"\1\0" + bytes(12)), offset, "<")


def test_a_directory_that_is_cut_off_or_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="at byte 8 is cut off"):
        read_tags(at(directory(entry(256, 3, 1, b"\1\0"), entry(257, 3, 1, b"\1\0"))[:-5]), 8, "<")
    many = [entry(number, 3, 1, b"\1\0") for number in range(4097)]
    assert len(read_tags(at(directory(*many[:4096])), 8, "<")[0]) == 4096
    with pytest.raises(ValueError, match="cut off"):
        read_tags(at(directory(*many)), 8, "<")


def test_single_entries_that_make_no_sense_are_left_out() -> None:
    entries = (
        entry(1, 99, 1, b"\1"),  # a kind that nobody knows
        entry(2, 3, 1, b"\1\0"),
        entry(2, 3, 1, b"\2\0"),  # the same number again: the first stands
        entry(3, 2, 5, struct.pack("<I", 9999)),  # points behind the end
        entry(4, 2, 5, struct.pack("<I", 8 + 2 + 5 * 12 + 4)),
    )
    tags, _ = read_tags(at(directory(*entries, behind=b"hallo")), 8, "<")
    assert tags == {2: shorts(1), 4: Tag(2, b"hallo")}


def test_values_of_four_bytes_stand_in_the_entry_and_longer_ones_behind() -> None:
    place = struct.pack("<I", 8 + 2 + 2 * 12 + 4)
    data = directory(entry(1, 2, 4, b"four"), entry(2, 2, 5, place), behind=b"fives")
    assert read_tags(at(data), 8, "<")[0] == {1: Tag(2, b"four"), 2: Tag(2, b"fives")}


def test_tags_beyond_the_allowance_are_left_out() -> None:
    data = packed({1: Tag(2, b"x" * 400), 2: Tag(2, b"y" * 400), 3: shorts(3)})
    assert set(read_tags(at(data), 8, "<", budget=Budget(5000))[0]) == {1, 2, 3}
    assert set(read_tags(at(data), 8, "<", budget=Budget(1200))[0]) == {1, 2}  # each takes 200 beside its bytes
    assert set(read_tags(at(data), 8, "<", budget=Budget(1199))[0]) == {1}


def test_directories_within_are_read_three_deep_and_no_deeper() -> None:
    tags: Tags = {1: shorts(9)}
    for _ in range(5):
        tags = {34665: Tag(4, children=tags)}
    read, _ = read_tags(at(packed(tags)), 8, "<")
    depth = 0
    while read[34665].children:
        read, depth = dict(read[34665].children), depth + 1
    assert depth == 3


def test_a_directory_within_that_is_damaged_becomes_an_empty_one() -> None:
    read, _ = read_tags(at(directory(entry(34665, 4, 1, struct.pack("<I", 9999)))), 8, "<")
    assert read == {34665: Tag(4, bytes(4), {})}


def test_other_numbers_that_look_like_places_are_no_directories() -> None:
    inner = packed({34665: Tag(4, children={1: shorts(9)}), 305: longs([8])})
    tags, _ = read_tags(at(inner), 8, "<")
    assert tags[34665].children == {1: shorts(9)}
    assert tags[305] == longs([8])


def test_fractions_are_divided_and_nothing_is_divided_by_zero() -> None:
    assert Tag(5, struct.pack("<4I", 1, 2, 3, 0)).numbers == (0.5, 0.0)
    assert Tag(10, struct.pack("<2i", -3, 4)).numbers == (-0.75,)
    assert Tag(12, struct.pack("<3d", math.nan, math.inf, 2.9)).integers == (0, 0, 2)


def test_numbers_are_a_sample_and_the_array_is_all() -> None:
    tag = longs(range(9000))
    assert tag.array[-1] == 8999
    assert len(tag.array) == 9000
    assert 4096 <= len(tag.numbers) < 9000
    assert tag.numbers[:3] == (0, 1, 2)
    assert Tag(7, bytes(range(256)) * 20).numbers == tuple(bytes(range(256)) * 16)  # no code of its own: bytes
    assert Tag(7, b"\1\2").array.tolist() == [1, 2]


@pytest.mark.parametrize(("value", "above", "below"), [(72.0, 72, 1), (0.5, 5000, 10000), (1e12, 2**32 - 1, 1)])
def test_a_fraction_stays_whole_where_it_can(value: float, above: int, below: int) -> None:
    assert rational(value) == Tag(5, struct.pack("<II", above, below))


@settings(deadline=None)
@given(tags=tags_of_any_kind(), order=st.sampled_from(["<", ">"]))
def test_exif_blocks_come_back(tags: Tags, order: Order) -> None:
    tags[34665] = Tag(4, children={33434: Tag(5, struct.pack("<II", 1, 60))})
    block = exif_of_tags(tags, order)
    assert block[:2] == (b"II" if order == "<" else b"MM")
    assert tags_of_exif(block) == tags


@pytest.mark.parametrize(
    "block", [b"", b"II", b"no exif at all, by any means", b"II*\0\xff\xff\0\0", b"II*\0\x08\0\0\0\5"]
)
def test_a_damaged_exif_block_has_no_tags(block: bytes) -> None:
    assert tags_of_exif(block) == {}


def test_a_short_exif_block_of_no_tags_is_still_one() -> None:
    assert tags_of_exif(exif_of_tags({1: shorts(3)})[:26]) == {1: shorts(3)}
