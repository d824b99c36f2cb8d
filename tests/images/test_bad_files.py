"""Broken files: one line that says what, where and the way out, and never anything else."""

from __future__ import annotations

import io
import os
import struct
import threading
from pathlib import Path

import numpy as np
import picture_files as files
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from freefill.errors import InputError
from freefill.images.arrays import from_array
from freefill.images.read import read_picture
from freefill.images.write import write_picture


def refusal(path: Path, **how: object) -> str:
    with pytest.raises(InputError) as caught:
        read_picture(path, **how)  # type: ignore[arg-type]
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(f"{path}: ")
    return text


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "nowhere.png")


def test_a_folder_is_called_a_folder(tmp_path: Path) -> None:
    assert "freefill batch" in refusal(tmp_path)


def test_a_file_of_no_bytes_is_called_empty(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    assert "empty" in refusal(tmp_path / "a.png")


def test_a_text_renamed_is_called_a_text(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("Dear Sir or Madam,\nthis is no picture.")
    assert "text file" in refusal(tmp_path / "a.png")


def test_a_device_is_not_read(tmp_path: Path) -> None:
    assert "device" in refusal(Path("/dev/zero"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(files.file("png-RGB"))
    (tmp_path / "a.png").chmod(0)
    assert "permissions" in refusal(tmp_path / "a.png")


def test_a_format_that_is_not_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"8BPS\0\1" + bytes(60))
    assert "Photoshop" in refusal(tmp_path / "a.jpg")


def test_a_name_of_another_format_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(files.file("jpeg-444"))
    assert read_picture(tmp_path / "a.png").extras.format == "JPEG"


@pytest.mark.parametrize("name", files.EVERY)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_a_file_cut_off_is_refused(name: str, share: float, tmp_path: Path) -> None:
    data = files.file(name)
    (tmp_path / "a").write_bytes(data[: max(round(len(data) * share), 20)])
    refusal(tmp_path / "a")


@pytest.mark.parametrize(
    "name", ["png-RGB", "jpeg-444", "tiff-uint16-3-little", "webp-RGB", "bmp-RGB", "gif-P", "avif"]
)
def test_a_picture_over_the_limit_is_refused_before_it_is_decoded(name: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(files.file(name))
    assert "--max-megapixels 1" in refusal(tmp_path / "a", max_mpx=0.001)


def test_a_small_file_with_a_gigantic_header_is_refused_at_once(tmp_path: Path) -> None:
    data = bytearray(files.file("png-RGB"))
    data[16:24] = struct.pack(">II", 60000, 60000)
    data[29:33] = files.chunk(b"IHDR", bytes(data[16:29]))[-4:]
    (tmp_path / "a.png").write_bytes(data)
    assert "60000x60000" in refusal(tmp_path / "a.png")


def test_a_gif_whose_frame_is_larger_than_its_screen_is_refused(tmp_path: Path) -> None:
    data = bytearray(files.file("gif-P"))
    place = data.index(b"\x2c\0\0\0\0" + struct.pack("<HH", files.SIZE[1], files.SIZE[0]))
    data[place + 5 : place + 9] = b"\xff\xff\xff\xff"
    (tmp_path / "a.gif").write_bytes(data)
    refusal(tmp_path / "a.gif")


@pytest.mark.slow
def test_the_limit_can_be_lifted(tmp_path: Path) -> None:
    side = 15_000  # over Pillow's own limit of 179 megapixels and over ours
    Image.new("1", (side, side)).save(tmp_path / "a.png")
    assert "225 megapixels" in refusal(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png", max_mpx=None).size == (side, side)


@pytest.mark.parametrize(
    ("format", "word"),
    [("GIF", "frames"), ("WEBP", "frames"), ("PNG", "frames"), ("TIFF", "pages"), ("AVIF", "frames")],
)
def test_a_film_is_refused_and_its_first_picture_read_on_request(format: str, word: str, tmp_path: Path) -> None:
    frames = [Image.fromarray(np.full((8, 8, 3), value, np.uint8)) for value in (0, 255)]
    frames[0].save(tmp_path / "a", format, save_all=True, append_images=frames[1:])
    assert word in refusal(tmp_path / "a")
    picture = read_picture(tmp_path / "a", first_frame=True)
    assert picture.size == (8, 8)
    assert picture.pixels.max() < 10


def test_a_preview_beside_the_picture_does_not_make_pages() -> None:
    out = io.BytesIO()
    import tifffile

    with tifffile.TiffWriter(out) as writer:
        writer.write(files.pixels(3)[:8, :8], subfiletype=1, photometric="rgb")
        writer.write(files.pixels(3), photometric="rgb")
    assert read_picture(io.BytesIO(out.getvalue())).size == files.SIZE


def test_transparency_is_not_sent_to_a_format_without() -> None:
    with pytest.raises(InputError, match="write PNG"):
        write_picture(from_array(files.pixels(4)), io.BytesIO(), "jpeg")


def test_an_unknown_format_names_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'webp'"):
        write_picture(from_array(files.pixels(3)), io.BytesIO(), "wepb")


# --- mutated files -----------------------------------------------------------------------------------------------

MUTATION = st.one_of(
    st.tuples(st.just("byte"), st.floats(0, 1), st.integers(0, 255)),
    st.tuples(st.just("head"), st.floats(0, 1), st.integers(0, 255)),  # in the first 200 bytes, where layouts stand
    st.tuples(st.just("cut"), st.floats(0, 1), st.integers(0, 255)),
    st.tuples(st.just("drop"), st.floats(0, 1), st.integers(1, 40)),
    st.tuples(st.just("double"), st.floats(0, 1), st.integers(1, 40)),
    st.tuples(st.just("word"), st.floats(0, 1), st.sampled_from([0, 1, 255, 0x7FFFFFFF, 0xFFFFFFFF, 0x10000])),
)


def mutated(data: bytes, mutations: list[tuple[str, float, int]]) -> bytes:
    out = bytearray(data)
    for kind, where, value in mutations:
        place = int(where * max(len(out) - 1, 0))
        if kind == "head":
            place = int(where * min(len(out) - 1, 200))
        if kind in ("byte", "head") and out:
            out[place] = value & 255
        elif kind == "cut":
            del out[place:]
        elif kind == "drop":
            del out[place : place + value]
        elif kind == "double":
            out[place:place] = out[place : place + value]
        elif kind == "word":
            out[place : place + 4] = struct.pack("<I", value)
        if not out:
            break
    return bytes(out)


def mended(data: bytes) -> bytes:
    """Give a mutated PNG sound checksums, so that damage gets past them."""
    if not data.startswith(b"\x89PNG"):
        return data
    out, place = data[:8], 8
    while place + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, place)
        body = data[place + 8 : place + 8 + size]
        out += files.chunk(data[place + 4 : place + 8], body)
        place += 12 + size
    return out


def read_or_refuse(name: str, mutations: list[tuple[str, float, int]], sound: bool) -> None:
    data = mutated(files.file(name), mutations)
    data = mended(data) if sound else data
    said = ""
    try:
        write_picture(read_picture(io.BytesIO(data), max_mpx=4), io.BytesIO())
    except InputError as error:
        said = str(error)
    assert "\n" not in said


CASES = {
    "name": st.sampled_from(sorted(files.EVERY)),
    "mutations": st.lists(MUTATION, min_size=1, max_size=4),
    "sound": st.booleans(),
}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(**CASES)
@example(name="tiff-uint16-3-little", mutations=[("head", 0.02, 255)], sound=False)
def test_a_mutated_file_is_read_or_refused(name: str, mutations: list[tuple[str, float, int]], sound: bool) -> None:
    read_or_refuse(name, mutations, sound)


@pytest.mark.slow
@settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(**CASES)
def test_many_mutated_files_are_read_or_refused(
    name: str, mutations: list[tuple[str, float, int]], sound: bool
) -> None:
    read_or_refuse(name, mutations, sound)


def test_nothing_is_said_on_the_terminal_about_broken_files(capfd: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(5)
    for name in files.EVERY:
        for _ in range(6):
            data = bytearray(files.file(name))
            for place in rng.integers(30, len(data), 3):
                data[place] = rng.integers(0, 256)
            try:
                read_picture(io.BytesIO(mended(bytes(data))), max_mpx=4)
            except InputError:
                continue
    many = bytearray(files.file("tiff-RGB-tiff_lzw"))
    for place in range(8, len(many) - 12):
        if many[place : place + 8] == b"\x15\x01\x03\0\x01\0\0\0":
            many[place + 8] = 200  # samples of a pixel: this is said through logging
    with pytest.raises(InputError):
        read_picture(io.BytesIO(bytes(many)))
    assert capfd.readouterr() == ("", "")


def test_broken_and_sound_files_in_many_threads_leave_the_filters_of_warnings_alone() -> None:
    import warnings

    before = list(warnings.filters)

    def work(seed: int) -> None:
        names = sorted(files.EVERY)
        for i in range(30):
            name = names[(seed * 7 + i) % len(names)]
            data = files.file(name)
            try:
                read_picture(io.BytesIO(data if i % 2 else data[: len(data) // 2]))
            except InputError:
                continue

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before
