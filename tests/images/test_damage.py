"""What broken files raise: one line that names the file, and nothing of other people's warnings."""

from __future__ import annotations

import logging
import struct
import warnings
import zlib

import pytest
from PIL import Image

from freefill.errors import InputError
from freefill.images.damage import check_frames, check_size, quietly, reading, unlimited


@pytest.mark.parametrize(
    "error",
    [
        OSError("cut"),
        SyntaxError("cut"),
        ValueError("cut"),
        KeyError("cut"),
        ZeroDivisionError("cut"),
        struct.error("cut"),
        zlib.error("cut"),
        RuntimeError("cut"),
    ],
)
def test_what_a_decoder_raises_becomes_one_line(error: Exception):
    with pytest.raises(InputError) as raised, reading("p.png", "PNG"):
        raise error
    assert str(raised.value).startswith("p.png: the PNG file is damaged (")
    assert "cut" in str(raised.value)


def test_long_messages_of_several_lines_are_made_short():
    with pytest.raises(InputError) as raised, reading("p.png", "PNG"):
        raise ValueError("a\n" * 300)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 200
    with pytest.raises(InputError, match=r"\(ValueError\)"), reading("p.png", "PNG"):
        raise ValueError


def test_too_little_memory_is_no_damage():
    with pytest.raises(InputError, match=r"p.png: there is not enough memory"), reading("p.png", "PNG"):
        raise MemoryError


def test_whoever_stops_the_program_is_not_told_of_damage():
    with pytest.raises(KeyboardInterrupt), reading("p.png", "PNG"):
        raise KeyboardInterrupt


def test_warnings_of_parsers_are_kept_from_the_user_and_come_back_afterwards():
    with quietly():
        warnings.warn("a tag is odd", UserWarning, stacklevel=1)
    with pytest.warns(UserWarning, match="outside"):
        warnings.warn("outside", UserWarning, stacklevel=1)
    assert any(isinstance(each, logging.NullHandler) for each in logging.getLogger("PIL").handlers)


def test_pillows_limit_is_lifted_and_put_back_also_where_reading_fails():
    before = Image.MAX_IMAGE_PIXELS
    assert before is not None
    with unlimited():
        assert Image.MAX_IMAGE_PIXELS is None
    assert before == Image.MAX_IMAGE_PIXELS
    with pytest.raises(ValueError, match="x"), unlimited():
        raise ValueError("x")
    assert before == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0), (-1, 5), (5, -1)])
def test_a_picture_without_a_side_is_damaged(width: int, height: int):
    with pytest.raises(InputError, match=f"the header says {width}x{height} px"):
        check_size("p.png", width, height, None)


def test_a_picture_at_the_limit_is_read_and_one_pixel_more_is_not():
    check_size("p.png", 1000, 2000, 2.0)
    check_size("p.png", 100_000, 100_000, None)
    with pytest.raises(InputError, match=r"2001x1000, 2 megapixels, over the limit of 2; pass --max-megapixels 3"):
        check_size("p.png", 2001, 1000, 2.0)


def test_a_film_is_refused_unless_its_first_picture_is_meant():
    check_frames("p.gif", 1, first_frame=False)
    check_frames("p.gif", 9, first_frame=True)
    with pytest.raises(InputError, match=r"p.gif: has 2 pages, but one picture is needed"):
        check_frames("p.gif", 2, first_frame=False, word="pages")
