"""What reading may take is bounded; what cannot be written is known before; pipes are not waited for for ever."""

from __future__ import annotations

import io
import os
import re
import struct
import subprocess
import sys
import threading
import zlib
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import picture_files as files
import pytest
from PIL import Image

from freefill import files as whole_files
from freefill.errors import InputError
from freefill.images.arrays import from_array
from freefill.images.budget import Budget
from freefill.images.jpeg.encode import encode
from freefill.images.jpeg.header import header_of
from freefill.images.read import read_picture
from freefill.images.write import check_holds, format_for, name_for, write_picture
from freefill.masks.sources import mask_from_picture
from freefill.values import Picture

# Not ru_maxrss: what the parent had taken is counted there, too.
PEAK = """{}
print(next(int(line.split()[1]) >> 10 for line in open('/proc/self/status') if line.startswith('VmHWM')))"""


def read(data: bytes) -> Picture:
    return read_picture(io.BytesIO(data))


def peak_mb(path: Path) -> int:
    """The memory that reading and writing a file takes, in a process of its own."""
    work = (
        "from freefill.images.read import read_picture; from freefill.images.write import write_picture; import io; "
        f"write_picture(read_picture({str(path)!r}), io.BytesIO())"
    )
    return int(subprocess.run([sys.executable, "-c", PEAK.format(work)], capture_output=True, text=True).stdout)


def test_a_budget_is_shared_and_spent_by_what_is_too_large() -> None:
    budget = Budget(100)
    assert [budget.take(size) for size in (40, 60, 1)] == [True, True, False]
    budget = Budget(100)
    assert [budget.take(size) for size in (101, 1)] == [False, False]


def test_texts_that_unpack_to_gigabytes_are_left_out(tmp_path: Path) -> None:
    text = zlib.compress(bytes(64 << 20), 9)
    bomb = b"".join(files.chunk(b"zTXt", b"k%d\0\0" % i + text) for i in range(30))
    (tmp_path / "a.png").write_bytes(files.png_by_hand(files.pixels(3), 2, bomb))
    assert peak_mb(tmp_path / "a.png") < 400
    assert any("more than 64 MB" in note for note in read_picture(tmp_path / "a.png").extras.notes)


def test_tags_that_share_a_block_are_not_each_read(tmp_path: Path) -> None:
    count, block = 1000, 1 << 20
    base = [(256, 4, 1, 64), (257, 4, 1, 64), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 2), (273, 4, 1, None),
            (277, 3, 1, 3), (278, 4, 1, 64), (279, 4, 1, 12288)]  # fmt: skip
    base += [(40000 + i, 7, block, None) for i in range(count)]
    place = 8 + 2 + 12 * len(base) + 4
    entries = b"".join(struct.pack("<HHII", t, k, c, place if v is None else v) for t, k, c, v in base)
    (tmp_path / "a.tif").write_bytes(b"II*\0\x08\0\0\0" + struct.pack("<H", len(base)) + entries + bytes(4 + block))
    assert peak_mb(tmp_path / "a.tif") < 500


def test_a_jpeg_of_thousands_of_scans_is_refused() -> None:
    data = files.saved(files.pil("L"), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    with pytest.raises(InputError, match=r"50\d scans"):
        read(data[:-2] + data[last:-2] * 495 + b"\xff\xd9")


@pytest.mark.parametrize(
    "more",
    [
        b"\xff\xe1\x00\x48Exif\0\0" + bytes(64), b"\xff\xed\x40\x10Photoshop 3.0\0" + bytes(16384),
        b"\xff\xfe\x00\x08about", b"\xff" * 60, b"\0\0\0",
    ],
    ids=["EXIF", "Photoshop", "comments", "fill bytes", "garbage"],
)  # fmt: skip
def test_segments_by_the_thousand_take_no_time(more: bytes) -> None:
    data = files.saved(files.pil("RGB"), "JPEG")
    picture = read(data[: 18 + 2] + more * 100_000 + data[20:])
    write_picture(picture, io.BytesIO())  # minutes where the decoder looks at all of them: pytest's own clock ends it
    assert np.array_equal(picture.pixels, read(data).pixels)


def test_a_jpeg_of_thousands_of_tables_is_refused() -> None:
    data = files.saved(files.pil("L"), "JPEG")
    start = data.index(b"\xff\xc4")
    (size,) = struct.unpack_from(">H", data, start + 2)
    with pytest.raises(InputError, match="segments of tables"):
        read(data[:start] + data[start : start + 2 + size] * 3000 + data[start:])


@pytest.mark.parametrize(("place", "value", "said"), [(1, 0xC3, "lossless"), (4, 12, "12 bits")])
def test_a_jpeg_that_is_only_unsupported_is_not_called_damaged(place: int, value: int, said: str) -> None:
    data = bytearray(files.saved(files.pil("RGB"), "JPEG"))
    data[data.index(b"\xff\xc0") + place] = value
    with pytest.raises(InputError, match=said) as raised:
        read(bytes(data))
    assert "damaged" not in str(raised.value)


@pytest.mark.parametrize("sampling", [((4, 1), (1, 1), (1, 1)), ((1, 2), (1, 1), (1, 1)), ((2, 2), (2, 1), (2, 1))])
@pytest.mark.parametrize("rgb", [False, True])
def test_a_jpeg_of_odd_sampling_keeps_what_is_far_from_the_fill(
    sampling: tuple[tuple[int, int], ...], rgb: bool
) -> None:
    pixels = files.pixels(3, size=(96, 160))
    model = files.saved(Image.fromarray(pixels), "JPEG", quality=90, subsampling=0, keep_rgb=rgb)
    from freefill.images.jpeg import blocks as jpeg_blocks

    header = header_of(model, "model")
    tables = [header.tables[table] for *_, table in header.components]
    made = encode(pixels, sampling, tables, rgb)
    assert made is not None
    data = jpeg_blocks.write_blocks(made, model)
    picture = read(data)
    assert np.abs(picture.pixels.astype(int) - pixels).mean() < (16 if rgb else 4)
    filled = picture.pixels.copy()
    filled[32:48, 40:60] = 255 - filled[32:48, 40:60] // 2
    out = io.BytesIO()
    assert write_picture(replace(picture, pixels=filled), out) == ()
    again = read(out.getvalue())
    assert [each[1:3] for each in header_of(out.getvalue(), "out").components] == [*sampling]
    far = np.ones(pixels.shape[:2], bool)
    far[:80, :110] = False
    assert np.array_equal(again.pixels[far], picture.pixels[far])
    assert np.abs(again.pixels[34:46, 42:58].astype(int) - filled[34:46, 42:58]).mean() < 30


@pytest.mark.parametrize("opaque", [True, False])
def test_alpha_comes_back_from_lossless_webp_also_where_it_is_opaque_everywhere(opaque: bool) -> None:
    array = files.pixels(4)
    array[:, :, 3] = 255 if opaque else array[:, :, 3]
    out = io.BytesIO()
    write_picture(from_array(array), out, "webp")
    back = read(out.getvalue())
    assert back.alpha is not None
    assert np.array_equal(np.dstack([back.pixels, back.alpha]), array)
    assert Image.open(out).mode == "RGBA"


def test_lossy_webp_says_that_an_opaque_alpha_is_left_out() -> None:
    array = files.pixels(4)
    array[:, :, 3] = 255
    assert any("opaque everywhere" in note for note in write_picture(from_array(array), io.BytesIO(), "webp", 80))


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"></x:xmpmeta>'


@pytest.mark.parametrize("bits", [8, 10])
def test_how_heic_tells_its_colours_stays_and_is_said_where_it_cannot(bits: int) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    mode, data = ("RGB;16", files.pixels(3, np.uint16)) if bits == 10 else ("RGB", files.pixels(3))
    out = io.BytesIO()
    told = {"color_primaries": 9, "transfer_characteristics": 16, "matrix_coefficients": 9}
    pillow_heif.from_bytes(mode=mode, size=files.SIZE[::-1], data=data.tobytes()).save(out, **told)
    picture, again = read(out.getvalue()), io.BytesIO()
    assert not any("nclx" in note for note in write_picture(picture, again))
    back = pillow_heif.open_heif(again, convert_hdr_to_8bit=False).info["nclx_profile"]
    assert {key: back[key] for key in told} == told
    assert any("nclx 9/16/9" in note for note in write_picture(picture, io.BytesIO(), "png"))


@pytest.mark.parametrize("has_alpha", [False, True])
def test_ten_bits_of_heic_stay(has_alpha: bool) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    shape = (64, 96, 4 if has_alpha else 3)
    levels = (np.linspace(0, 65535, 96)[None, :, None] * np.ones((64, 1, 1))).astype(np.uint16)
    data = np.ascontiguousarray(np.broadcast_to(levels, shape)).tobytes()
    out = io.BytesIO()
    pillow_heif.from_bytes(mode="RGBA;16" if has_alpha else "RGB;16", size=(96, 64), data=data).save(out, quality=-1)
    picture = read(out.getvalue())
    assert np.abs(picture.pixels.astype(int) - levels).max() < 64
    assert (picture.pixels.max(), picture.alpha is not None) == (65535, has_alpha)
    again = io.BytesIO()
    write_picture(replace(picture, extras=replace(picture.extras, xmp=XMP)), again)
    back = read(again.getvalue())
    assert np.abs(back.pixels.astype(int) - levels).mean() < 300
    assert len(np.unique(back.pixels[:, :, 1])) > 90
    assert back.extras.xmp == XMP
    assert pillow_heif.open_heif(again, convert_hdr_to_8bit=False).info["bit_depth"] == 10


def test_colours_that_an_avif_tells_by_numbers_are_said_where_they_are_lost() -> None:
    data = files.file("avif")
    plain = read(data)
    assert not any("nclx" in note for note in write_picture(plain, io.BytesIO()))
    place = data.index(b"colrnclx") + 8
    wide = data[:place] + struct.pack(">HHH", 9, 16, 9) + data[place + 6 :]  # BT.2020, PQ
    assert any("nclx 9/16/9" in note for note in write_picture(read(wide), io.BytesIO()))


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("bits", [10, 12])
def test_ten_and_twelve_bits_of_avif_are_read_as_sixteen(bits: int, channels: int) -> None:
    top = 2**bits - 1
    levels = np.broadcast_to(np.linspace(0, top, 96)[None, :, None], (64, 96, channels)).astype(np.uint16)
    done, data = cv2.imencode(".avif", levels, [cv2.IMWRITE_AVIF_DEPTH, bits, cv2.IMWRITE_AVIF_QUALITY, 100])
    if not done:
        pytest.skip("this OpenCV writes no AVIF")
    picture = read(data.tobytes())
    wanted = levels[:, :, :3].astype(float) * 65535 / top
    assert np.abs(picture.pixels - wanted).mean() < 200
    assert (picture.pixels.max() > 65000, picture.alpha is not None) == (True, channels == 4)
    assert picture.extras.notes == ()
    assert any("8 bits" in note for note in write_picture(picture, io.BytesIO()))
    deep = io.BytesIO()
    assert write_picture(picture, deep, "png") == ()
    assert np.array_equal(read(deep.getvalue()).pixels, picture.pixels)


@pytest.mark.parametrize(
    ("picture", "kind", "said"),
    [
        (from_array(files.pixels(4)), "JPEG", "cannot hold transparency"),
        (from_array(files.pixels(3)), "GIF", "256 colours"),
        (from_array(np.zeros((1, 16384, 3), np.uint8)), "WEBP", "16,383"),
        (from_array(np.zeros((1, 65501, 3), np.uint8)), "JPEG", "65,500"),
    ],
)
def test_what_a_format_cannot_hold_is_known_before(picture: Picture, kind: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        check_holds(picture, kind, "out")


def test_an_unknown_ending_is_refused_also_for_pictures_of_a_format() -> None:
    picture = read(files.file("jpeg-444"))
    with pytest.raises(InputError, match=r"'\.jpgg' is not a format that freefill writes; did you mean 'jpg'"):
        format_for(picture, "out.jpgg")
    assert format_for(picture, "out") == "JPEG"


def test_a_png_called_jpg_is_filled_as_a_png() -> None:
    assert name_for(read(files.file("png-RGB")), "a/photo.jpg") == str(Path("a/photo.filled.png"))
    assert name_for(read(files.file("jpeg-444")), "a/photo.JPG") == str(Path("a/photo.filled.JPG"))


def test_a_photograph_given_as_the_mask_is_refused_with_the_way_out() -> None:
    photo = from_array(files.pixels(3, size=(90, 120)), source="photo.png")
    with pytest.raises(InputError, match=re.escape("photo.png: looks like a photograph, not a mask")):
        mask_from_picture(photo)
    assert mask_from_picture(photo, channel="grey").hole.any()


def test_a_mask_with_soft_edges_is_a_mask() -> None:
    rows, cols = np.mgrid[:200, :200]
    soft = np.clip(255 * (0.5 + (60 - np.hypot(rows - 100, cols - 100)) / 30), 0, 255).astype(np.uint8)
    assert 0.2 < mask_from_picture(from_array(soft)).hole.mean() < 0.35


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_read_and_an_idle_one_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    monkeypatch.setattr(whole_files, "_PIPE_WAIT_S", 0.1)
    with pytest.raises(InputError, match="nobody writes to it"):
        read_picture(pipe)
    with pytest.raises(InputError, match="nobody reads from it"):
        write_picture(from_array(files.pixels(3)), pipe)
    monkeypatch.setattr(whole_files, "_PIPE_WAIT_S", 20)
    data = files.png_by_hand(files.pixels(3, size=(300, 400)), 2)
    writer = threading.Thread(target=lambda: pipe.write_bytes(data))
    writer.start()
    assert read_picture(pipe).size == (300, 400)
    writer.join()


@pytest.mark.parametrize("name", ["z" * 300, "a\0b", "."])
def test_looking_at_impossible_names_never_raises(name: str) -> None:
    assert not whole_files.is_file(name)
    assert whole_files.is_folder(name) is (name == ".")
