"""A JPEG filled as a JPEG: what the fill does not touch stays, bit for bit."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import picture_files as files
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from freefill.distance import distance_outside
from freefill.images.extend import extended
from freefill.images.jpeg import blocks as jpeg_blocks
from freefill.images.jpeg.huffman import huffman
from freefill.images.jpeg.kept import with_kept_blocks
from freefill.images.read import read_picture
from freefill.images.write import write_picture
from freefill.values import Picture

BIG = (96, 144)


def quantization(image: Image.Image) -> dict[int, list[int]]:
    """Return a JPEG's tables."""
    return image.quantization  # type: ignore[attr-defined]


def photo(**options: object) -> bytes:
    channels = {"L": 1, "CMYK": 4}.get(str(options.pop("mode", "RGB")), 3)
    array = files.pixels(channels, size=BIG)
    array[:20, :20] = 255  # burnt out: decoders cut what goes beyond
    image = Image.fromarray(array[:, :, 0] if channels == 1 else array, "CMYK" if channels == 4 else None)
    return files.saved(image, "JPEG", **options)


KINDS = {
    "420": {"quality": 80, "subsampling": 2},
    "422": {"quality": 85, "subsampling": 1},
    "444": {"quality": 93, "subsampling": 0},
    "best": {"quality": 100, "subsampling": 0},
    "progressive": {"quality": 75, "subsampling": 2, "progressive": True},
    "restarts": {"quality": 75, "subsampling": 2, "restart_marker_blocks": 2},
    "grey": {"mode": "L", "quality": 70},
    "inks": {"mode": "CMYK", "quality": 80},
    "rgb": {"keep_rgb": True, "quality": 90},
}


def filled(data: bytes, box: tuple[slice, slice] = (slice(40, 61), slice(50, 90))) -> tuple[Picture, Picture, bytes]:
    picture = read_picture(io.BytesIO(data))
    pixels = picture.pixels.copy()
    pixels[box] = 255 - pixels[box] // 2
    out = io.BytesIO()
    write_picture(replace(picture, pixels=pixels), out)
    return picture, read_picture(io.BytesIO(out.getvalue())), out.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_pixels_more_than_a_block_away_from_the_fill_are_what_they_were(kind: str) -> None:
    before, after, _ = filled(photo(**KINDS[kind]))
    hole = np.zeros(BIG, bool)
    hole[40:61, 50:90] = True
    far = distance_outside(hole) > 17 * np.sqrt(2)
    assert np.array_equal(before.pixels[far], after.pixels[far])
    assert np.abs(after.pixels[hole].astype(int) - (255 - before.pixels[hole] // 2)).mean() < 12


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_that_is_not_changed_comes_back_bit_for_bit(kind: str) -> None:
    picture = read_picture(io.BytesIO(photo(**KINDS[kind])))
    for _ in range(3):
        out = io.BytesIO()
        write_picture(picture, out)
        again = read_picture(io.BytesIO(out.getvalue()))
        assert np.array_equal(again.pixels, picture.pixels)
        picture = again


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "restarts"])
def test_tables_sampling_and_layout_stay(kind: str) -> None:
    data = photo(**KINDS[kind])
    first, second = Image.open(io.BytesIO(data)), Image.open(io.BytesIO(filled(data)[2]))
    assert first.quantization == second.quantization  # type: ignore[attr-defined]
    assert first.layer == second.layer  # type: ignore[attr-defined]
    assert first.info.get("progressive") == second.info.get("progressive")


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("subsampling", [0, 2])
def test_a_turned_photograph_keeps_its_blocks_too(orientation: int, subsampling: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    before, after, _ = filled(photo(quality=85, subsampling=subsampling, exif=exif))
    hole = np.zeros(before.size, bool)
    hole[40:61, 50:90] = True
    far = distance_outside(hole) > 17 * np.sqrt(2)
    gap = np.abs(before.pixels[far].astype(int) - after.pixels[far])
    assert gap.max() <= 3  # decoders round rows and columns in turn: turned blocks may round otherwise
    assert (gap > 0).mean() < 0.1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("added", [{"top": 16, "left": 32}, {"bottom": 5, "right": 33}])
def test_an_extended_picture_keeps_its_blocks(kind: str, added: dict[str, int]) -> None:
    before = read_picture(io.BytesIO(photo(**KINDS[kind])))
    sides = dict.fromkeys(("top", "bottom", "left", "right"), 0) | added
    out = io.BytesIO()
    assert not any("compressed anew" in note for note in write_picture(extended(before, **sides), out))
    after = read_picture(io.BytesIO(out.getvalue())).pixels
    top, left = sides["top"], sides["left"]
    inner = after[top + 17 : top + BIG[0] - 17, left + 17 : left + BIG[1] - 17]
    assert np.array_equal(inner, before.pixels[17:-17, 17:-17])


@pytest.mark.parametrize("orientation", [3, 6])
def test_a_turned_photograph_that_is_extended_keeps_its_blocks(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    before = read_picture(io.BytesIO(photo(quality=85, subsampling=2, exif=exif)))
    out = io.BytesIO()
    assert write_picture(extended(before, top=16, bottom=0, left=0, right=16), out) == ()
    after = read_picture(io.BytesIO(out.getvalue())).pixels[16:, :-16]
    assert np.abs(after.astype(int) - before.pixels)[17:-17, 17:-17].max() <= 4  # rounded in another order


def test_a_picture_extended_by_a_part_of_a_block_is_compressed_anew_and_the_way_out_is_told() -> None:
    before = read_picture(io.BytesIO(photo(quality=85, subsampling=2)))
    notes = write_picture(extended(before, top=0, bottom=0, left=30, right=0), io.BytesIO())
    assert any("compressed anew" in note and "multiples of 16 px" in note for note in notes)


def test_a_turned_photograph_that_ends_within_a_block_is_compressed_anew() -> None:
    before, after, _ = filled(files.file("jpeg-all"), (slice(2, 9), slice(3, 8)))
    assert before.size == after.size
    assert np.abs(before.pixels[20:].astype(int) - after.pixels[20:]).mean() < 3


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([0, 1, 2]), st.booleans(), st.integers(0, 2**16))
@settings(max_examples=60, deadline=None)
def test_any_size_is_read_and_written_block_for_block(
    height: int, width: int, subsampling: int, progressive: bool, seed: int
) -> None:
    array = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    data = files.saved(Image.fromarray(array), "JPEG", subsampling=subsampling, progressive=progressive, quality=90)
    blocks = jpeg_blocks.read_blocks(data)
    assert blocks is not None
    again = jpeg_blocks.write_blocks(blocks, data)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), np.asarray(Image.open(io.BytesIO(again))))


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=256).filter(any))
@settings(deadline=None)
def test_huffman_tables_are_sound_and_no_longer_than_16_bits(counts: list[int]) -> None:
    lengths, symbols = huffman(np.array(counts))
    assert sum(lengths) == len(symbols) == sum(count > 0 for count in counts)
    assert sum(many / 2**length for length, many in enumerate(lengths, 1)) < 1
    assert set(symbols) == {symbol for symbol, count in enumerate(counts) if count}


def test_rare_symbols_get_codes_of_16_bits_at_most() -> None:
    fibonacci = [1, 1]
    while len(fibonacci) < 30:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    lengths, symbols = huffman(np.array(fibonacci))
    assert len(lengths) == 16
    assert sum(lengths) == len(symbols) == 30
    assert sum(many / 2**length for length, many in enumerate(lengths, 1)) < 1


def test_scans_damaged_at_random_are_read_or_given_up() -> None:
    rng = np.random.default_rng(3)
    for kind in KINDS:
        data = photo(**KINDS[kind])
        for _ in range(40):
            broken = bytearray(data)
            for place in rng.integers(len(data) // 3, len(data) - 2, 3):
                broken[place] = rng.integers(0, 256)
            jpeg_blocks.read_blocks(bytes(broken))


# --- guards: where numbers would mean something else, the picture is compressed anew ------------------------------


def _jpeg(image: Image.Image, **save: object) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", **save)
    return out.getvalue()


def _ramp() -> Image.Image:
    rows, cols = np.mgrid[:96, :128]
    return Image.fromarray(np.dstack([rows * 2, cols, rows + cols]).astype(np.uint8))


def test_blocks_are_not_kept_where_the_components_are_other_colours() -> None:
    image = _ramp()
    as_rgb, as_luma = _jpeg(image, quality=90, subsampling=0, keep_rgb=True), _jpeg(image, quality=90, subsampling=0)
    for original, kept in ((as_luma, True), (as_rgb, False)):
        with Image.open(io.BytesIO(original)) as shown:
            shown.load()
            options = {"qtables": [list(table) for table in quantization(shown).values()], "subsampling": 0}
            if not kept:
                options["qtables"] *= 2  # as many as the model has
            made = with_kept_blocks(original, 1, shown.convert("RGB"), options)
        assert (made is not None) == kept


def test_blocks_are_not_kept_where_the_tables_are_not_the_ones_asked_for() -> None:
    original = _jpeg(_ramp(), quality=90, subsampling=0)
    with Image.open(io.BytesIO(original)) as shown:
        shown.load()
        tables = [list(table) for table in quantization(shown).values()]
        too_large = [[300 + n for n in table] for table in tables]  # a baseline table holds at most 255
        assert with_kept_blocks(original, 1, shown.copy(), {"qtables": tables, "subsampling": 0}) is not None
        assert with_kept_blocks(original, 1, shown.copy(), {"qtables": too_large, "subsampling": 0}) is None


@pytest.mark.parametrize(("far", "kept"), [(False, True), (True, False)])
def test_a_file_that_shows_something_else_far_from_the_fill_is_given_up(
    monkeypatch: pytest.MonkeyPatch, far: bool, kept: bool
) -> None:
    image = _ramp()
    original = _jpeg(image, quality=90, subsampling=0)
    with Image.open(io.BytesIO(original)) as shown:
        options = {"qtables": [list(table) for table in quantization(shown).values()], "subsampling": 0}
        changed = shown.convert("RGB")
    changed.paste((200, 30, 30), (8, 8, 16, 16))
    other = image.copy()
    if far:
        other.paste((0, 0, 0), (96, 64, 128, 96))  # as if our decoder had gone on otherwise than Pillow's
    read = jpeg_blocks.read_blocks
    found = _jpeg(other, quality=90, subsampling=0)
    monkeypatch.setattr(jpeg_blocks, "read_blocks", lambda data: read(found if data == original else data))
    assert (with_kept_blocks(original, 1, changed, options) is not None) == kept
