"""What stands beside the pixels of a PNG: which chunks go along, and which become what other formats have too.

References
----------
PNG specification, third edition, sections 11.3 (ancillary chunks), 14.1 (chunks nobody knows).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from freefill.images.budget import Budget
from freefill.images.metadata import photoshop, raw_profile
from freefill.images.metadata.signs import holds_image
from freefill.values import Carry, Extras

# What holds for a picture of any depth and colour type.
_KEPT = (b"cICP", b"sRGB", b"gAMA", b"cHRM", b"mDCV", b"cLLI", b"tIME", b"sPLT", b"pCAL", b"sCAL", b"sTER")
# Fixed by the specification: of another length a chunk is damaged, and strict readers would refuse our file.
_SIZES = {b"cICP": 4, b"sRGB": 1, b"gAMA": 4, b"cHRM": 32, b"mDCV": 24, b"cLLI": 8, b"tIME": 7, b"sTER": 1, b"pHYs": 9}
_TIED = (b"bKGD", b"sBIT")  # hold for one colour type and depth
_PIXELS = (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"acTL", b"hIST", b"iDOT")  # and what only tells how they lie
_MOST_NOTES = 20  # a damaged file may have thousands of foreign chunks, and as many notes help nobody
XMP = "XML:com.adobe.xmp"

Chunk = tuple[bytes, bytes | memoryview]


@dataclass(frozen=True, eq=False)
class PngCarry(Carry):
    """What goes from a PNG to the PNG made of it, as it stood."""

    chunks: tuple[tuple[bytes, bytes], ...]
    tied: tuple[tuple[bytes, bytes], ...]  # what holds for a picture of that kind only
    kind: bytes  # depth and colour type, as the header says them
    texts: tuple[tuple[bytes, bytes], ...]
    text: Mapping[str, str]  # what they say, to tell whether it is still the same


def _unpacked(body: bytes, budget: Budget) -> bytes:
    """Inflate a text or profile, if it fits what the file may still take."""
    stream = zlib.decompressobj()
    # One byte more than is allowed shows that there is more, without unpacking it.
    out = stream.decompress(body, budget.left + 1)
    if not budget.take(len(out)):
        raise _TooLarge
    return out


class _TooLarge(ValueError):
    """A text is larger than what a file may take."""


def extras_of(chunks: list[Chunk]) -> Extras:
    """Collect what the file carries."""
    found: dict[str, Any] = {}
    texts: list[tuple[str, str, bytes, bytes]] = []
    kept: list[tuple[bytes, bytes]] = []
    tied: list[tuple[bytes, bytes]] = []
    notes: list[str] = []
    seen: set[bytes] = set()
    budget = Budget()
    for kind, part in chunks:
        body = b"" if kind == b"IDAT" else bytes(part)
        try:
            if len(body) != _SIZES.get(kind, len(body)):
                raise ValueError(f"{kind!r} of {len(body)} bytes")
            if kind == b"iCCP":
                # Behind the name: its end and the way of packing.
                found["icc"] = _unpacked(body.split(b"\0", 1)[1][1:], budget)
            elif kind == b"eXIf":
                found["exif"] = body.removeprefix(b"Exif\0\0")
            # Per metre; without a unit it is only the shape of a pixel.
            elif kind == b"pHYs" and len(body) == 9 and body[8] == 1:
                x, y = struct.unpack(">II", body[:8])
                found["dpi"] = (x * 0.0254, y * 0.0254)
            elif kind in (b"tEXt", b"zTXt", b"iTXt"):
                texts.append((*_text_of(kind, body, budget), kind, body))
            elif kind in (*_KEPT, *_TIED, b"pHYs"):
                if kind not in seen or kind == b"sPLT":  # a second one is what strict readers complain about
                    (tied if kind in _TIED else kept).append((kind, body))
                seen.add(kind)
            elif kind not in _PIXELS:
                _sort_unknown(kind, body, kept, notes)
        except _TooLarge:
            notes.append("texts and profiles that unpack to more than 64 MB together were left out")
        except (zlib.error, IndexError, ValueError, struct.error):
            # A damaged note beside sound pixels: the picture matters more.
            notes.append(f"a damaged {kind.decode('ascii', 'replace')} block was left out")
    text, raw = _sorted(texts, found, notes)
    carry = PngCarry(tuple(kept), tuple(tied), bytes(chunks[0][1][8:10]), tuple(raw), dict(text))
    return Extras("PNG", text=text, carry=carry, notes=tuple(dict.fromkeys(notes)), **found)


def _sort_unknown(kind: bytes, body: bytes, kept: list[tuple[bytes, bytes]], notes: list[str]) -> None:
    """Keep a chunk that nobody here knows where its name says that it holds for a changed picture too; else tell it.

    The case of the fourth letter says so: PNG specification, section 14.1.
    """
    word = kind.decode("ascii", "replace")
    if kind == b"caBX":
        notes.append("content credentials (C2PA) were left out: they are signed for the picture as it was")
    elif holds_image(body):
        notes.append(f"the chunk {word} holds a picture and was left out: it may show what was removed")
    elif kind[3] & 0x20:
        kept.append((kind, body))
    elif len(notes) < _MOST_NOTES:
        notes.append(f"the chunk {word} was left out: it need not be true of a changed picture")


def _sorted(
    texts: list[tuple[str, str, bytes, bytes]], found: dict[str, Any], notes: list[str]
) -> tuple[dict[str, str], list[tuple[bytes, bytes]]]:
    """Return the texts that are texts, and their chunks; what is another block in disguise goes where it belongs."""
    text: dict[str, str] = {}
    raw: list[tuple[bytes, bytes]] = []
    for key, value, kind, body in texts:
        if key == XMP:
            found["xmp"] = value.encode()
        elif key.startswith(raw_profile.PREFIX) and (block := raw_profile.unpacked(value)) is not None:
            _take_block(key.removeprefix(raw_profile.PREFIX).lower(), block, found, notes)
        elif holds_image(value.encode("utf-8", "replace")):
            notes.append(f"the text '{key[:40]}' holds a picture and was left out: it may show what was removed")
        else:
            text[key] = value
            raw.append((kind, body))
    return text, raw


def _take_block(word: str, block: bytes, found: dict[str, Any], notes: list[str]) -> None:
    """Put a "Raw profile" where the same block would be in any other format; PNG's own chunks go first."""
    if word in ("exif", "app1") and block.startswith(b"Exif\0\0"):
        found.setdefault("exif", block[6:])
    elif word in ("xmp", "app1") and b"<" in block[:64]:
        found.setdefault("xmp", block.removeprefix(b"http://ns.adobe.com/xap/1.0/\0"))
    elif word in ("icc", "icm"):
        found.setdefault("icc", block)
    elif word in ("iptc", "8bim") and photoshop.iptc_of(block):
        found.setdefault("iptc", photoshop.iptc_of(block))
    else:
        notes.append(f"the block '{raw_profile.PREFIX}{word[:20]}' was left out")


def _text_of(kind: bytes, body: bytes, budget: Budget) -> tuple[str, str]:
    """Return keyword and text."""
    key, rest = body.split(b"\0", 1)
    if kind == b"tEXt":
        return key.decode("latin-1"), rest.decode("latin-1")
    if kind == b"zTXt":
        return key.decode("latin-1"), _unpacked(rest[1:], budget).decode("latin-1")
    packed = rest[0] == 1
    value = rest[2:].split(b"\0", 2)[2]
    return key.decode("latin-1"), (_unpacked(value, budget) if packed else value).decode("utf-8")
