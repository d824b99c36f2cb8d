"""How a TIFF page lies in its file: what the tags say, which pages are refused, strips and tiles, a georeference."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal

from freefill.errors import InputError
from freefill.images.tiff.geo import moved_geo
from freefill.images.tiff.layout import (
    BLACK_IS_ZERO,
    ICC_LAB,
    INKS,
    LAB,
    PALETTE,
    RGB,
    WHITE_IS_ZERO,
    PixelLayout,
    check_samples,
    is_ours,
    layout_of,
    refuse_others,
)
from freefill.images.tiff.samples import read_samples
from freefill.images.tiff.tags import Tag, Tags, header_of, longs, read_tags, shorts

PAGE = PixelLayout(8, 6, 3, 8, "u", RGB, False, 1, 1, None, 6, False, ())


def page(**changes: Any) -> PixelLayout:
    return replace(PAGE, **changes)


def test_what_a_page_does_not_say_is_what_the_standard_says():
    assert layout_of({256: shorts(8), 257: shorts(6)}) == PixelLayout(
        width=8,
        height=6,
        samples=1,
        bits=1,
        kind="u",
        photometric=BLACK_IS_ZERO,
        planar=False,
        compression=1,
        predictor=1,
        tile=None,
        rows=6,
        mirrored=False,
        extras=(),
    )
    assert layout_of({}).width == layout_of({}).height == layout_of({}).rows == 0
    assert layout_of({322: shorts(16)}).tile == (0, 16)  # a tile without a height: refused with its pixels


def test_every_tag_is_taken_for_what_it_is():
    tags = {
        256: longs([8]),
        257: longs([6]),
        258: shorts(16, 16, 16, 16),
        259: shorts(8),
        262: shorts(2),
        266: shorts(2),
        277: shorts(4),
        278: shorts(4),
        284: shorts(2),
        317: shorts(2),
        322: shorts(32),
        323: shorts(16),
        338: shorts(2),
        339: shorts(2, 2, 2, 2),
    }
    assert layout_of(tags) == PixelLayout(8, 6, 4, 16, "i", RGB, True, 8, 2, (16, 32), 4, True, (2,))


@pytest.mark.parametrize(("sample_format", "kind"), [(1, "u"), (2, "i"), (3, "f"), (4, "u"), (5, "?"), (6, "?")])
def test_kinds_of_numbers(sample_format: int, kind: str):
    assert layout_of({339: shorts(sample_format)}).kind == kind


def test_bits_that_differ_are_none_and_an_empty_tag_is_as_if_it_were_missing():
    assert layout_of({258: shorts(5, 6, 5)}).bits == 0
    assert layout_of({258: shorts(8, 8, 8), 277: Tag(3, b"")}).samples == 1


def test_rows_of_a_strip_are_at_most_those_of_the_picture():
    assert layout_of({257: shorts(6), 278: longs([2**32 - 1])}).rows == 6
    assert layout_of({257: shorts(6), 278: shorts(5)}).rows == 5


def test_one_sample_is_never_in_planes_of_its_own():
    assert not layout_of({284: shorts(2)}).planar
    assert not layout_of({284: shorts(1), 277: shorts(3)}).planar
    assert layout_of({284: shorts(2), 277: shorts(2)}).planar


def test_samples_beyond_the_colours_are_what_is_said_of_them_and_else_unsaid():
    assert layout_of({262: shorts(2), 277: shorts(5), 338: shorts(2)}).extras == (2, 0)
    assert layout_of({262: shorts(2), 277: shorts(3), 338: shorts(2)}).extras == ()
    assert layout_of({262: shorts(2), 277: shorts(4), 338: shorts(2, 1, 1)}).extras == (2,)
    assert layout_of({262: shorts(1), 277: shorts(3)}).extras == (0, 0)
    assert layout_of({262: shorts(1), 277: shorts(1025), 338: shorts(2)}).extras[:2] == (2, 0)
    most = layout_of({262: shorts(1), 277: shorts(60000), 338: shorts(2)})
    assert len(most.extras) == 1024
    assert set(most.extras) == {0}


@pytest.mark.parametrize(
    ("photometric", "colours"),
    [(WHITE_IS_ZERO, 1), (BLACK_IS_ZERO, 1), (RGB, 3), (PALETTE, 1), (INKS, 4), (LAB, 3), (ICC_LAB, 3), (6, 3)],
)
def test_so_many_samples_are_the_colour(photometric: int, colours: int):
    assert page(photometric=photometric).colours == colours


@pytest.mark.parametrize(
    ("extras", "place"),
    [((), None), ((0,), 0), ((1,), 0), ((2,), 0), ((0, 0), None), ((0, 2), 1), ((0, 1, 2), 1), ((3, 0), None)],
)
def test_alpha_is_the_sample_that_says_so_or_the_only_one(extras: tuple[int, ...], place: int | None):
    assert page(extras=extras).alpha_at == place


@pytest.mark.parametrize(
    ("kind", "bits", "dtype"), [("u", 8, np.uint8), ("i", 16, np.int16), ("f", 64, np.float64), ("f", 16, np.float16)]
)
def test_a_sample_is_a_number_of_that_type(kind: str, bits: int, dtype: Any):
    assert page(kind=kind, bits=bits).dtype == dtype


OURS: list[dict[str, Any]] = [
    {},
    *({"compression": way} for way in (1, 5, 8, 32773, 32946, 34925, 50000)),
    *({"kind": kind, "bits": bits} for kind in "ui" for bits in (8, 16, 32, 64)),
    *({"kind": "f", "bits": bits} for bits in (16, 32, 64)),
    {"predictor": 2},
    {"kind": "f", "bits": 32, "predictor": 3},
    {"samples": 9},
    *({"photometric": shown, "samples": 4, "bits": bits} for shown in (INKS, LAB, ICC_LAB) for bits in (8, 16)),
    {"photometric": PALETTE, "samples": 1},
    {"photometric": WHITE_IS_ZERO, "samples": 1},
]
OTHERS: list[dict[str, Any]] = [
    {"bits": 12},
    {"bits": 1},
    {"kind": "?"},
    {"kind": "f", "bits": 8},
    {"compression": 7},
    {"compression": 6},
    {"predictor": 3},
    {"predictor": 4},
    {"kind": "f", "bits": 32, "predictor": 2},
    {"photometric": 6},
    {"samples": 2},
    {"photometric": INKS, "samples": 3},
    {"photometric": INKS, "samples": 4, "bits": 32},
    {"photometric": LAB, "kind": "i", "bits": 16},
    {"photometric": PALETTE, "samples": 1, "bits": 16},
    {"photometric": PALETTE, "samples": 2},
    {"photometric": PALETTE, "samples": 1, "kind": "i"},
]


@pytest.mark.parametrize("changes", OURS, ids=str)
def test_these_pages_are_read_here(changes: dict[str, Any]):
    assert is_ours(page(**changes))


@pytest.mark.parametrize("changes", OTHERS, ids=str)
def test_these_pages_are_not_read_here(changes: dict[str, Any]):
    assert not is_ours(page(**changes))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"samples": 5}, "x.tif: has 5 channels"),
        ({"samples": 5, "photometric": INKS}, "has 5 channels"),
        ({"samples": 3, "photometric": INKS}, "has 3 channels"),
        ({"bits": 16, "photometric": LAB}, "inks and LAB of 16 bits"),
        ({"bits": 0}, "different bits for each channel"),
        ({"bits": 10}, "numbers of 10 bits are not read here; save it with 8"),
        ({"bits": 64}, "numbers of 64 bits are not read here; save it with 16"),
        ({"bits": 32, "samples": 4}, "numbers of 32 bits"),
        ({"bits": 24, "samples": 4}, "numbers of 24 bits"),
    ],
)
def test_what_pillow_would_read_with_a_part_missing_is_refused(changes: dict[str, Any], why: str):
    with pytest.raises(InputError, match=why):
        refuse_others(page(**changes), "x.tif")


@pytest.mark.parametrize(
    "changes",
    [
        *({"bits": bits} for bits in (1, 2, 4, 8, 12, 16, 24, 32)),
        {"samples": 4},
        {"samples": 4, "photometric": INKS},
        {"samples": 4, "bits": 32, "kind": "f"},
        {"samples": 4, "bits": 16},
        {"photometric": LAB},
    ],
    ids=str,
)
def test_what_pillow_reads_whole_is_not_refused(changes: dict[str, Any]):
    refuse_others(page(**changes), "x.tif")


def test_a_page_may_take_as_much_as_the_largest_picture_and_no_more():
    check_samples(page(width=1000, height=1000, samples=32), "x.tif", 1.0)
    check_samples(page(width=1000, height=1000, samples=16, bits=16), "x.tif", 1.0)
    check_samples(page(width=1000, height=1000, samples=32, bits=1), "x.tif", 1.0)
    check_samples(page(width=1000, height=1000, samples=1024), "x.tif", None)
    for changes in ({"samples": 33}, {"samples": 17, "bits": 16}, {"samples": 33, "bits": 1}):
        with pytest.raises(InputError, match=r"x.tif: .* take 0.0 GB; allow more"):
            check_samples(page(width=1000, height=1000, **changes), "x.tif", 1.0)
    with pytest.raises(InputError, match="has 1025 channels; at most 1024 are read"):
        check_samples(page(samples=1025), "x.tif", None)


def samples_of(array: np.ndarray, **options: Any) -> np.ndarray:
    """Write by tifffile, read by ours."""
    out = io.BytesIO()
    tifffile.imwrite(out, array, metadata=None, **options)
    data = out.getvalue()
    header = header_of(data[:16])
    assert header is not None
    order, big, first = header
    tags, _ = read_tags(lambda offset, size: data[offset : offset + size], first, order, big=big)
    layout = layout_of(tags)
    assert is_ours(layout)
    return read_samples(lambda offset, size: data[offset : offset + size], tags, layout, order)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"rowsperstrip": 7},
        {"tile": (16, 32)},
        {"compression": "zlib", "rowsperstrip": 7},
        {"compression": "zlib", "predictor": True, "rowsperstrip": 7},
        {"compression": "zlib", "predictor": True, "tile": (16, 16)},
    ],
    ids=str,
)
def test_strips_and_tiles_are_put_together(dtype: Any, order: Any, options: dict[str, Any]):
    array = np.random.default_rng(0).integers(0, 256, (33, 40, 3)).astype(dtype)
    assert_array_equal(samples_of(array, photometric="rgb", byteorder=order, **options), array)
    planes = np.ascontiguousarray(array.transpose(2, 0, 1))
    read = samples_of(planes, photometric="rgb", planarconfig="separate", byteorder=order, **options)
    assert_array_equal(read, array)


@pytest.mark.parametrize("order", ["<", ">"])
def test_floats_are_put_together_from_the_planes_of_their_bytes(order: Any):
    array = np.random.default_rng(0).normal(size=(6, 8, 3)).astype(np.float32)
    # Each row: the highest bytes of all numbers, then the next ones; then what differs from the sample before.
    planes = array.reshape(6, 24).astype(">f4").view(np.uint8).reshape(6, 24, 4).transpose(0, 2, 1).reshape(6, 96)
    stored = planes.copy()
    stored[:, 3:] -= planes[:, :-3]
    layout = page(kind="f", bits=32, predictor=3)
    tags = {273: longs([0]), 279: longs([stored.size])}
    assert_array_equal(read_samples(lambda offset, size: stored.tobytes(), tags, layout, order), array)


def strips(count: int = 1, size: int = 6 * 24, rows: int = 6) -> tuple[Tags, PixelLayout]:
    tags = {273: longs([0] * count), 279: longs([size] * count)}
    return tags, page(rows=rows)


def read(tags: Tags, layout: PixelLayout, data: bytes = bytes(range(144))) -> np.ndarray:
    return read_samples(lambda offset, size: data[offset : offset + size], tags, layout, "<")


def test_a_single_strip_needs_no_size():
    tags, layout = strips()
    assert_array_equal(read({273: tags[273]}, layout), np.arange(144, dtype=np.uint8).reshape(6, 8, 3))
    with pytest.raises(ValueError, match="the sizes of 0 strips or tiles, not of 2"):
        read({273: longs([0, 72])}, replace(layout, rows=3))


def test_strips_that_are_missing_are_said():
    tags, layout = strips()
    with pytest.raises(ValueError, match="1 strips or tiles, not 2"):
        read(tags, replace(layout, rows=3))
    with pytest.raises(ValueError, match="1 strips or tiles, not 3"):
        read(tags, replace(layout, planar=True))
    with pytest.raises(ValueError, match="0 strips or tiles, not 1"):
        read({}, layout)


@pytest.mark.parametrize("tile", [(0, 16), (16, 0), (-16, 16), (1 << 16, (1 << 15) + 1)])
def test_tiles_of_no_size_or_beyond_reason_are_refused(tile: tuple[int, int]):
    with pytest.raises(ValueError, match=f"strips or tiles of {tile[1]}x{tile[0]} px$"):
        read({324: longs([0]), 325: longs([9])}, page(tile=tile))


def test_a_tile_far_larger_than_its_picture_is_refused_before_anything_is_read():
    with pytest.raises(ValueError, match="of 8192x8192 px in a picture of 8x6"):
        read({324: longs([0]), 325: longs([9])}, page(tile=(8192, 8192)))


def test_a_tile_may_have_64_mb_or_twice_its_picture_whichever_is_more():
    def refused(tile: tuple[int, int], **changes: Any) -> str:
        with pytest.raises(ValueError) as raised:  # without places of tiles it ends in any case
            read({}, page(samples=1, photometric=BLACK_IS_ZERO, bits=16, tile=tile, **changes))
        return str(raised.value)

    assert refused((8192, 4096)) == "0 strips or tiles, not 1"
    assert "of 4112x8192 px in a picture" in refused((8192, 4112))
    assert refused((8192, 8192), width=6000, height=6000) == "0 strips or tiles, not 1"
    assert "of 8192x8800 px in a picture" in refused((8800, 8192), width=6000, height=6000)


def test_of_a_strip_no_more_is_read_than_can_be_packed_in_it():
    asked: list[int] = []

    def at(offset: int, size: int) -> bytes:
        asked.append(size)
        return zlib.compress(bytes(range(144)))

    tags, layout = strips(size=1 << 30)
    read_samples(at, tags, replace(layout, compression=8), "<")
    assert asked == [2 * 144 + 4096]


def doubles(*numbers: float) -> Tag:
    return Tag(12, struct.pack(f"<{len(numbers)}d", *numbers))


TIES, MATRIX, RPC = 33922, 34264, 50844


def test_a_georeference_goes_with_the_picture():
    tags = {TIES: doubles(0, 0, 0, 5e5, 4e6, 1, 10, 20, 0, 6, 7, 8), RPC: doubles(1), 33550: doubles(10, 10, 0)}
    moved = moved_geo(tags, 3, 5)
    assert moved == {TIES: doubles(5, 3, 0, 5e5, 4e6, 1, 15, 23, 0, 6, 7, 8), 33550: doubles(10, 10, 0)}
    assert tags[TIES] == doubles(0, 0, 0, 5e5, 4e6, 1, 10, 20, 0, 6, 7, 8)


def test_a_transformation_still_sends_the_old_first_pixel_where_it_did():
    matrix = np.array([[10, 1, 0, 500], [2, -10, 0, 900], [0.5, 0.25, 1, 7], [0, 0, 0, 1]], float)
    moved = np.frombuffer(moved_geo({MATRIX: doubles(*matrix.ravel())}, 3, 5)[MATRIX].data).reshape(4, 4)
    for column, row in ((0, 0), (4, 9)):
        assert_array_equal(moved @ [column + 5, row + 3, 0, 1], matrix @ [column, row, 0, 1])


def test_a_picture_that_did_not_grow_at_the_top_or_left_keeps_all_its_tags():
    tags = {TIES: doubles(0, 0, 0, 1, 2, 3), RPC: doubles(1)}
    assert moved_geo(tags, 0, 0) == tags
    assert RPC not in moved_geo(tags, 0, 1)
    assert RPC not in moved_geo(tags, 1, 0)


@pytest.mark.parametrize("tag", [Tag(12, b""), Tag(12, bytes(40)), Tag(11, bytes(48)), Tag(12, bytes(49))])
def test_a_georeference_that_is_not_whole_stays_as_it_is(tag: Tag):
    assert moved_geo({TIES: tag, MATRIX: tag}, 3, 5) == {TIES: tag, MATRIX: tag}
