"""TIFF's compressions: what is packed is unpacked, by us and by others; damage and bombs end where they should."""

from __future__ import annotations

import io
import lzma
import zlib

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from freefill.images.tiff import codec

DATA = (np.arange(7 * 30) % 11).astype(np.uint8).tobytes()


@pytest.mark.parametrize("compression", codec.WRITTEN)
@settings(deadline=None, max_examples=25)
@given(rows=st.integers(1, 5), row_bytes=st.integers(1, 40), seed=st.integers(0, 99))
def test_what_is_packed_is_unpacked(compression: int, rows: int, row_bytes: int, seed: int):
    data = np.random.default_rng(seed).integers(0, 3, rows * row_bytes).astype(np.uint8).tobytes()
    assert codec.unpack(codec.pack(data, compression, row_bytes, rows), compression, row_bytes, rows) == data


def test_what_can_be_written_can_be_read():
    assert set(codec.WRITTEN) < set(codec.READ)


@pytest.mark.parametrize(("compression", "name"), [(codec.LZW, "tiff_lzw"), (codec.PACKBITS, "packbits")])
def test_a_strip_of_another_writer_is_unpacked(compression: int, name: str):
    out = io.BytesIO()
    Image.frombytes("L", (30, 7), DATA).save(out, "TIFF", compression=name, tiffinfo={278: 7})
    page = tifffile.TiffFile(io.BytesIO(out.getvalue())).pages[0]
    start, size = page.dataoffsets[0], page.databytecounts[0]
    assert codec.unpack(out.getvalue()[start : start + size], compression, 30, 7) == DATA


@pytest.mark.parametrize("compression", [codec.DEFLATE, codec.OLD_DEFLATE])
def test_deflate_is_that_of_zlib(compression: int):
    assert codec.unpack(zlib.compress(DATA, 9), compression, 30, 7) == DATA
    assert zlib.decompress(codec.pack(DATA, compression, 30, 7)) == DATA


def test_lzma_and_zstandard_are_read():
    """By the numbers that libtiff gave them; Python's own lzma packs what libtiff unpacks."""
    assert codec.unpack(lzma.compress(DATA), 34925, 30, 7) == DATA
    out = io.BytesIO()
    Image.frombytes("L", (30, 7), DATA).save(out, "TIFF", compression="zstd", tiffinfo={278: 7})
    page = tifffile.TiffFile(io.BytesIO(out.getvalue())).pages[0]
    assert page.compression == 50000
    start, size = page.dataoffsets[0], page.databytecounts[0]
    assert codec.unpack(out.getvalue()[start : start + size], 50000, 30, 7) == DATA
    assert {34925, 50000} < set(codec.READ)


@pytest.mark.parametrize("compression", [codec.NONE, codec.DEFLATE])
def test_more_than_is_wanted_is_cut(compression: int):
    packed = codec.pack(DATA, compression, 30, 7)
    assert codec.unpack(packed, compression, 30, 6) == DATA[: 30 * 6]


def test_a_bomb_is_not_unpacked_beyond_what_is_wanted(monkeypatch: pytest.MonkeyPatch):
    asked = []

    class Watched:
        def decompress(self, data: bytes, most: int) -> bytes:
            asked.append(most)
            return bytes(most)

    monkeypatch.setattr(codec.zlib, "decompressobj", Watched)
    codec.unpack(b"", codec.DEFLATE, 30, 7)
    assert asked == [210]


@pytest.mark.parametrize("compression", [codec.NONE, codec.DEFLATE])
def test_a_strip_that_ends_early_is_damaged(compression: int):
    with pytest.raises(OSError, match="a strip ends after 180 of 210 bytes"):
        codec.unpack(codec.pack(DATA[:180], compression, 30, 6), compression, 30, 7)
    with pytest.raises((OSError, zlib.error)):
        codec.unpack(b"no strip at all", codec.DEFLATE, 30, 7)


@pytest.mark.parametrize("compression", codec.WRITTEN)
def test_bits_that_come_lowest_first_are_turned_before_anything_is_unpacked(compression: int):
    packed = codec.pack(DATA, compression, 30, 7)
    turned = np.packbits(np.unpackbits(np.frombuffer(packed, np.uint8)), bitorder="little").tobytes()
    assert codec.unpack(turned, compression, 30, 7, mirrored=True) == DATA


def test_a_strip_is_packed_whole_however_large_it_is():
    """Pillow would cut it into strips of 64 kB."""
    data = bytes(range(250)) * 800
    for compression in codec.WRITTEN:
        assert codec.unpack(codec.pack(data, compression, 50_000, 4), compression, 50_000, 4) == data


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_floats_come_back_from_the_planes_of_their_bytes_row_by_row(kind: type):
    """Adobe's technical note 3: the bytes of a row by significance, each as the difference to the sample before."""
    array = np.random.default_rng(0).normal(size=(3, 5, 2)).astype(kind)
    size = array.itemsize
    by_value = array.reshape(3, 10).astype(array.dtype.newbyteorder(">")).view(np.uint8).reshape(3, 10, size)
    planes = by_value.transpose(0, 2, 1).reshape(3, 10 * size)
    stored = planes.copy()
    stored[:, 2:] -= planes[:, :-2]
    assert np.array_equal(codec.undo_float_predictor(stored, 2, size), array)


def test_differences_wrap_and_stand_beside_the_first_number():
    array = np.array([[[250, 1], [5, 0], [255, 9]]], np.uint8)
    assert codec.apply_predictor(array).tolist() == [[[250, 1], [11, 255], [250, 9]]]
    assert array[0, 0, 0] == 250
    again = np.cumsum(codec.apply_predictor(array), axis=1, dtype=np.uint8)
    assert np.array_equal(again, array)


@pytest.mark.parametrize("compression", [5, 32773, 50000, 34925])
def test_what_the_library_says_of_a_damaged_strip_does_not_reach_the_terminal(compression: int, capfd):
    with pytest.raises(OSError, match="decoder error"):
        codec.unpack(b"\xff" * 20, compression, 8, 4)
    assert capfd.readouterr().err == ""
