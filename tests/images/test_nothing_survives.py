"""What was removed is not to be seen in what stands beside the pixels; what went is said."""

from __future__ import annotations

import base64
import io
import re
import struct
import zlib
from dataclasses import replace

import numpy as np
import picture_files as files
import pytest
from PIL import Image

from freefill.images.metadata.exif import clean_exif
from freefill.images.metadata.photoshop import IPTC, resource, resources
from freefill.images.metadata.raw_profile import packed, unpacked
from freefill.images.metadata.xmp import clean_xmp
from freefill.images.read import read_picture
from freefill.images.write import write_picture
from freefill.values import Picture

PREVIEW = files.saved(Image.fromarray(files.pixels(3, size=(24, 32))), "JPEG")
PACKET = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" {attributes}>{elements}<dc:title>kept</dc:title>'
    "</rdf:Description></rdf:RDF></x:xmpmeta>"
)


def read(data: bytes) -> Picture:
    return read_picture(io.BytesIO(data))


def written(picture: Picture, format: str | None = None) -> tuple[bytes, tuple[str, ...]]:
    out = io.BytesIO()
    notes = write_picture(picture, out, format)
    return out.getvalue(), notes


def xmp(attributes: str = "", elements: str = "") -> bytes:
    return PACKET.format(attributes=attributes, elements=elements).encode()


def entry(tag: int, kind: int, count: int, value: int) -> bytes:
    return struct.pack("<HHII", tag, kind, count, value)


def exif_with_maker(note: bytes) -> bytes:
    """An inner directory with a maker's note."""
    head = b"II*\0" + struct.pack("<IH", 8, 1) + entry(0x8769, 4, 1, 26) + bytes(4)
    return head + struct.pack("<H", 1) + entry(0x927C, 7, len(note), 44) + bytes(4) + note


def segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg_with(*segments: bytes, behind: bytes = b"") -> bytes:
    data = files.saved(files.pil("RGB"), "JPEG")
    return data[:2] + b"".join(segments) + data[2:] + behind


def test_a_makers_note_with_a_preview_goes_and_is_said() -> None:
    block, notes = clean_exif(exif_with_maker(b"MAKER\0" + PREVIEW))
    assert block is not None
    assert PREVIEW[100:160] not in block
    assert b"\xff\xd8\xff" not in block
    assert "maker's note" in notes[0]


def test_a_makers_note_without_a_preview_stays_as_it_was() -> None:
    block = exif_with_maker(b"MAKER\0" + bytes(range(64)))
    assert clean_exif(block) == (block, ())


@pytest.mark.parametrize("strips", [False, True])
def test_a_preview_that_is_no_jpeg_goes_too(strips: bool) -> None:
    pixels = bytes(range(200))
    if strips:  # an uncompressed preview: the bytes lie in a strip
        second = struct.pack("<H", 2) + entry(273, 4, 1, 56) + entry(279, 4, 1, 200) + bytes(4)
    else:
        second = struct.pack("<H", 2) + entry(0x201, 4, 1, 56) + entry(0x202, 4, 1, 200) + bytes(4)
    first = b"II*\0" + struct.pack("<IH", 8, 1) + entry(0x0112, 3, 1, 6) + struct.pack("<I", 26)
    block, notes = clean_exif((first + second).ljust(56, b"\0") + pixels)
    assert block is not None
    assert pixels[10:60] not in block
    assert "preview" in notes[0]
    assert Image.Exif().load(b"Exif\0\0" + block) is None


@pytest.mark.parametrize("block", [b"", b"this is no exif", b"II*\0\xff\xff\xff\xff" + bytes(20), b"II*\0\x08\0\0\0\xff\xff" + bytes(9)])  # fmt: skip # noqa: E501
def test_a_damaged_block_is_not_handed_on(block: bytes) -> None:
    assert clean_exif(block) == (None, ("the EXIF block is damaged and was left out",))


def test_entries_that_point_out_of_the_block_go() -> None:
    block = b"II*\0" + struct.pack("<IH", 8, 2) + entry(271, 2, 900, 40) + entry(305, 2, 4, 0x00414141) + bytes(4)
    cleaned, _ = clean_exif(block)
    assert cleaned is not None
    exif = Image.Exif()
    exif.load(b"Exif\0\0" + cleaned)
    assert dict(exif) == {305: "AAA"}


GAIN = 'xmlns:{p}="http://ns.adobe.com/hdr-gain-map/1.0/" {p}:Version="1.0" {p}:GainMapMax="3"'
DATA = base64.b64encode(PREVIEW).decode()
SAFE = base64.urlsafe_b64encode(PREVIEW).decode()
GIF = base64.b64encode(files.saved(files.pil("L"), "GIF")).decode()
BEHIND = base64.b64encode(b"a header of its own" + PREVIEW).decode()
XAP = 'xmlns:{p}="http://ns.adobe.com/xap/1.0/"'
NOTE = 'xmlns:{p}="http://ns.adobe.com/xmp/note/" {p}:HasExtendedXMP="AB"'
THUMBNAILS = "<{p}:Thumbnails><a>x</a></{p}:Thumbnails>"
CAMERA = (
    'xmlns:{p}="http://ns.google.com/photos/1.0/camera/" {p}:MotionPhoto="1" {p}:MicroVideoOffset="99" {p}:Other="x"'
)


@pytest.mark.parametrize("prefix", ["hdrgm", "GCamera", "x1"])
@pytest.mark.parametrize(
    ("packet", "gone", "said"),
    [
        (lambda p: xmp(GAIN.format(p=p)), b"GainMapMax", "gain map"),
        (lambda p: xmp(CAMERA.format(p=p)), b"MicroVideoOffset", "motion photo"),
        (lambda p: xmp(NOTE.format(p=p)), b"HasExt", "extended XMP"),
        (lambda p: xmp(XAP.format(p=p), THUMBNAILS.format(p=p)), b"Thumb", "preview"),
        (lambda p: xmp(f'xmlns:{p}="urn:any"', f"<{p}:Data>{DATA}</{p}:Data>"), b"/9j/", "pictures inside XMP"),
        (lambda p: xmp(f'xmlns:{p}="urn:any" {p}:Data="{DATA}"'), b"/9j/", "pictures inside XMP"),
        (lambda p: xmp(f'{p}="data:image/jpeg;base64,{DATA}"'), b"/9j/", "pictures inside XMP"),
        (lambda p: xmp("", f"<{p}><![CDATA[{DATA}]]></{p}>"), b"/9j/", "pictures inside XMP"),
        (lambda p: xmp("", f"<{p}>Words first {DATA}</{p}>"), b"/9j/", "pictures inside XMP"),
        (lambda p: xmp("", f"<{p}>{SAFE}</{p}>"), SAFE[:60].encode(), "pictures inside XMP"),
        (lambda p: xmp("", f"<{p}>{GIF}</{p}>"), GIF[:60].encode(), "pictures inside XMP"),
        (lambda p: xmp("", f"<{p}>{BEHIND}</{p}>"), BEHIND[:60].encode(), "pictures inside XMP"),
    ],
)  # fmt: skip
def test_what_xmp_announces_or_holds_goes_and_is_said(prefix, packet, gone, said) -> None:  # type: ignore[no-untyped-def]
    before = packet(prefix)
    assert gone in before
    after, notes = clean_xmp(before)
    assert after is not None
    assert gone not in after
    assert b"<dc:title>kept</dc:title>" in after
    assert any(said in note for note in notes)
    if gone == b"MicroVideoOffset":
        assert b'Other="x"' in after


def test_a_packet_with_nothing_of_the_kind_stays_byte_for_byte() -> None:
    packet = xmp('tiff:Orientation="1"') + b" " * 4000
    assert clean_xmp(packet) == (packet, ())


@pytest.mark.parametrize(
    "hostile", [b"<a " + b" " * 2_000_000, b'<a x="' + b"A" * 2_000_000, b"<x:Thumbnails>" * 100_000]
)
def test_a_packet_made_to_take_time_takes_none(hostile: bytes) -> None:
    clean_xmp(b'<r xmlns:x="http://ns.adobe.com/xap/1.0/">' + hostile)  # pytest's own clock ends it where it does


def test_a_gain_map_behind_the_picture_is_said() -> None:
    picture = read(jpeg_with(behind=PREVIEW))
    data, notes = written(picture)
    assert PREVIEW not in data
    assert any("gain maps" in note for note in notes)


def test_a_raw_profile_in_png_is_exif_like_any_other() -> None:
    block = files.exif(6)
    text = b"Raw profile type exif\0\0" + zlib.compress(packed("exif", block).encode())
    array = files.pixels(3)
    picture = read(files.png_by_hand(array, 2, files.chunk(b"zTXt", text)))
    assert picture.size == array.shape[1::-1]  # turned, as viewers show it
    data, _ = written(picture)
    assert b"Raw profile type exif" not in data
    assert Image.open(io.BytesIO(data)).getexif()[271] == "freefill camera"
    assert unpacked(packed("exif", block)) == block


@pytest.mark.parametrize("value", [base64.b64encode(PREVIEW), PREVIEW.hex().encode()])
def test_a_png_text_that_is_a_picture_goes(value: bytes) -> None:
    chunks = files.chunk(b"tEXt", b"Thumbnail\0" + value) + files.chunk(b"tEXt", b"Title\0a slope")
    picture = read(files.png_by_hand(files.pixels(3), 2, chunks))
    data, notes = written(picture)
    assert value[:80] not in data
    assert any("'Thumbnail' holds a picture" in note for note in notes)
    assert dict(picture.extras.text) == {"Title": "a slope"}


@pytest.mark.parametrize(
    ("marker", "body", "said"),
    [
        (0xE1, b"FLIR\0" + bytes(90), "thermal data"),
        (0xEB, b"JP\0\1" + bytes(90), "content credentials"),
        (0xE0, b"JFXX\0\x10" + PREVIEW, "JFXX"),
        (0xE4, b"Somebody's own" + bytes(9), r"APP4 \(Somebody\)"),
        (0xE2, b"urn:iso:std:iso:ts:21496:-1\0" + bytes(9), "gain map"),
    ],
)
def test_a_segment_that_does_not_go_along_is_said(marker: int, body: bytes, said: str) -> None:
    data, notes = written(read(jpeg_with(segment(marker, body))))
    assert body[-60:] not in data
    assert any(re.search(said, note) for note in notes)


def test_a_second_comment_is_said_and_the_first_stays() -> None:
    data, notes = written(read(jpeg_with(segment(0xFE, b"the first"), segment(0xFE, b"the second"))))
    assert b"the first" in data
    assert any("second comment" in note for note in notes)


def test_what_every_camera_writes_is_not_told() -> None:
    _, notes = written(read(jpeg_with(segment(0xE2, b"MPF\0" + bytes(40)), segment(0xEC, b"Ducky\0" + bytes(9)))))
    assert notes == ()


def test_png_chunks_go_along_where_they_stay_true() -> None:
    own = {b"sBIT": b"\5\6\5", b"bKGD": b"\0\1\0\2\0\3", b"prVt": b"safe to copy", b"sCAL": b"\0011\0001"}
    chunks = b"".join(files.chunk(kind, body) for kind, body in own.items())
    gone = files.chunk(b"prVT", b"unsafe to copy") + files.chunk(b"caBX", b"signed") + files.chunk(b"prVt", PREVIEW)
    picture = read(files.png_by_hand(files.pixels(3), 2, chunks + gone))
    data, notes = written(picture)
    assert all(files.chunk(kind, body) in data for kind, body in own.items())
    assert not any(body in data for body in (b"unsafe to copy", b"caBX", PREVIEW[50:90]))
    said = " ".join(notes)
    assert "prVT" in said
    assert "C2PA" in said
    assert "prVt holds a picture" in said
    deep = replace(picture, pixels=picture.pixels.astype(np.uint16) * 257)
    assert b"bKGD" not in written(deep)[0]  # it names a colour in the depth that was


def test_png_chunks_that_are_damaged_or_doubled_are_not_handed_on() -> None:
    doubled = files.chunk(b"gAMA", struct.pack(">I", 45455))
    chunks = doubled + doubled + files.chunk(b"cHRM", bytes(7))
    data, notes = written(read(files.png_by_hand(files.pixels(3), 2, chunks)))
    assert data.count(b"gAMA") == 1
    assert b"cHRM" not in data
    assert any("damaged cHRM" in note for note in notes)


def test_the_comment_of_a_gif_stays() -> None:
    data, _ = written(read(files.saved(files.pil("P"), "GIF", comment=b"seen from the hill")))
    assert b"seen from the hill" in data


@pytest.mark.parametrize("profile", [b"short", b"\0" * 200, None])
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_damaged_profile_is_not_handed_on(profile: bytes | None, format: str) -> None:
    profile = files.srgb_profile()[:-40] if profile is None else profile
    picture = read(files.saved(files.pil("RGB"), format, icc_profile=profile))
    assert picture.extras.icc is None
    _, notes = written(picture)
    assert any("colour profile is damaged" in note for note in notes)


def test_a_profile_for_other_colours_does_not_go_into_a_png() -> None:
    data, _ = written(read(files.saved(files.pil("L"), "PNG", icc_profile=files.srgb_profile())))
    assert b"iCCP" not in data


@pytest.mark.parametrize("format", ["jpeg", "tiff", "png"])
def test_iptc_goes_along(format: str) -> None:
    records = b"\x1c\x02\x78\x00\x07a title"
    first = read(jpeg_with(segment(0xED, b"Photoshop 3.0\0" + resource(records))))
    assert first.extras.iptc == records
    data, _ = written(first, format)
    assert read(data).extras.iptc == records


def test_photoshops_preview_does_not() -> None:
    thumbnail = b"8BIM" + struct.pack(">HHI", 1036, 0, len(PREVIEW)) + PREVIEW + b"\0" * (len(PREVIEW) & 1)
    block = thumbnail + resource(b"\x1c\x02\x78\x00\x01a")
    assert dict(resources(block))[IPTC] == b"\x1c\x02\x78\x00\x01a"
    data, _ = written(read(jpeg_with(segment(0xED, b"Photoshop 3.0\0" + block))))
    assert PREVIEW[100:200] not in data
    assert b"\x1c\x02\x78\x00\x01a" in data


def test_the_time_of_the_last_change_is_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(86400))
    old = files.chunk(b"tIME", struct.pack(">HBBBBB", 1999, 1, 2, 3, 4, 5))
    data, _ = written(read(files.png_by_hand(files.pixels(3), 2, old)))
    assert old not in data
    assert files.chunk(b"tIME", struct.pack(">HBBBBB", 1970, 1, 2, 0, 0, 0)) in data


def test_a_lossless_picture_under_a_lossy_name_is_told() -> None:
    _, notes = written(read(files.file("png-RGB")), "jpeg")
    assert any("loses nothing" in note for note in notes)
    assert np.array_equal(read(files.file("png-RGB")).pixels, read(written(read(files.file("png-RGB")))[0]).pixels)
