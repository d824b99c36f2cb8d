"""XMP packets: the orientation reset, previews and announcements of what is no longer in the file taken out.

References
----------
XMP specification, part 1 and 3; Android, "Ultra HDR image format" and "Motion photo format" 1.0; Adobe, "Gain map".
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from freefill.images.metadata.signs import IN_BASE64, IN_HEX, begins_image

_MOST_BYTES = 16 << 20
_MOST_OF_A_KIND = 200  # properties taken out, prefixes of one namespace: beyond that it is an attack on our time
_LEAST_RUN = 64  # letters: a picture has more
_GOOGLE = "http://ns.google.com/photos/1.0/"


@dataclass(frozen=True)
class _Part:
    """Something that XMP announces, and that no output of ours holds."""

    space: str  # a namespace
    names: str  # a pattern for its properties
    note: str


_GAIN_MAP = "the gain map (HDR) shows the picture as it was, and was left out"
_VIDEO = "the video of this motion photo shows the picture as it was, and was left out"
_DEPTH = "the depth map and pictures inside XMP were left out: they show the picture as it was"
_PARTS = (
    _Part("http://ns.adobe.com/hdr-gain-map/1.0/", r"[\w.-]+", _GAIN_MAP),
    _Part("http://ns.apple.com/HDRGainMap/1.0/", r"[\w.-]+", _GAIN_MAP),
    _Part(_GOOGLE + "camera/", r"(?:MotionPhoto|MicroVideo)[\w.-]*", _VIDEO),
    _Part(_GOOGLE + "container/", r"[\w.-]+", ""),
    _Part(_GOOGLE + "container/item/", r"[\w.-]+", ""),
    _Part(_GOOGLE + "depthmap/", r"[\w.-]+", _DEPTH),
    _Part(_GOOGLE + "image/", r"[\w.-]+", _DEPTH),
    _Part(_GOOGLE + "audio/", r"[\w.-]+", ""),
    _Part("http://ns.google.com/photos/dd/1.0/device/", r"[\w.-]+", _DEPTH),
    _Part("http://ns.adobe.com/xmp/note/", r"HasExtendedXMP", "extended XMP was left out"),
    _Part("http://ns.adobe.com/xap/1.0/", r"Thumbnails", "the preview inside XMP was left out"),
)


def sized_xmp(xmp: bytes, size: tuple[int, int]) -> bytes:
    """Return the packet with the width and height that it tells set to a size (height, width), where it tells any."""
    text = _as_text(xmp)
    if text is None:
        return xmp
    sides = {
        "exif:PixelXDimension": size[1],
        "exif:PixelYDimension": size[0],
        "tiff:ImageWidth": size[1],
        "tiff:ImageLength": size[0],
    }
    for name, side in sides.items():
        text = re.sub(rf"""({name}\s*=\s*["']|<{name}>)\d+""", rf"\g<1>{side}", text)
    return text.encode() if text != _as_text(xmp) else xmp


def clean_xmp(xmp: bytes) -> tuple[bytes | None, tuple[str, ...]]:
    """Return the packet without previews and stale announcements, upright; and what to say.

    Returns
    -------
    packet : None where it is no XMP that can be looked through
    notes : for the user
    """
    if len(xmp) > _MOST_BYTES:
        return None, (f"XMP of {len(xmp) >> 20} MB was left out: no description is as large",)
    text = _as_text(xmp)
    if text is None or "<" not in text:
        return None, ("the XMP block is damaged and was left out",)
    notes = []
    out = text
    for part in _PARTS:
        # Looked for in the packet as it came: with one part the declaration that a later one needs may be gone.
        prefixes = set(re.findall(rf"xmlns:([\w.-]{{1,64}})\s*=\s*[\"']{re.escape(part.space)}[\"']", text))
        for prefix in sorted(prefixes)[:_MOST_OF_A_KIND]:
            shorter = _without(out, prefix, part.names)
            if shorter != out and part.note:
                notes.append(part.note)
            out = shorter
    blanked = _without_images(out)
    if blanked != out:
        notes.append("pictures inside XMP were left out: they show the picture as it was")
    out = re.sub(r"(tiff:Orientation(?:\s*=\s*[\"']|>\s*))[1-8]", r"\g<1>1", blanked)
    # Plain UTF-8 without a mark, whatever it came as; what came so and is unchanged goes on byte for byte.
    return out.removeprefix("\ufeff").encode(), tuple(dict.fromkeys(notes))


def _as_text(xmp: bytes) -> str | None:
    """Decode a packet: UTF-8, or UTF-16 and UTF-32, which the specification allows outside JPEG."""
    codec = "utf-8"
    if b"\0" in xmp[:8]:
        codec = "utf-32" if b"\0\0\0" in xmp[:8] else "utf-16"
        if xmp[:1] == b"\0" and xmp[2:4] != b"\xfe\xff":  # no mark says the order: Python would take the machine's
            codec += "-be"
    elif xmp[:2] in (b"\xfe\xff", b"\xff\xfe"):
        codec = "utf-16"
    try:
        return xmp.decode(codec)
    except UnicodeDecodeError:
        return None


def _without(text: str, prefix: str, names: str) -> str:
    """Take a namespace's properties out, written as attributes or as elements."""
    name = rf"{re.escape(prefix)}:{names}"
    text = re.sub(rf"(?<=\s){name}\s*=\s*(?:\"[^\"]*\"|'[^']*')", "", text)
    text = re.sub(rf"<{name}(?:\s[^<>]*)?/>", "", text)
    for _ in range(_MOST_OF_A_KIND):  # each round goes through the whole text
        start = re.search(rf"<({name})(?:\s[^<>]*)?>", text)
        if start is None:
            break
        close = f"</{start[1]}>"
        end = text.find(close, start.end())
        # Without its end the packet is no XML; then only the sign is taken out, which is what readers look for.
        text = text[: start.start()] + (text[end + len(close) :] if end >= 0 else text[start.end() :])
    return text


def _without_images(text: str) -> str:
    """Take every picture in base64 or hex out, wherever it stands: in an element, an attribute, a data URL, CDATA."""

    def shortened(found: re.Match[str]) -> str:
        run = found[0]
        if len(run) < _LEAST_RUN:
            return run
        kept = re.sub(r"&#x?[0-9A-Fa-f]+;", "", run).encode("ascii", "replace")
        letters = re.sub(rb"\s", b"", kept)
        whole = letters.translate(bytes.maketrans(b"-_", b"+/"), b"=")  # the base64 of URLs has - and _
        if begins_image(base64.b64decode(whole[: len(whole) // 4 * 4])):
            return ""
        begins = [sign.start() for sign in (IN_BASE64.search(letters), IN_HEX.search(letters)) if sign]
        if not begins:
            return run
        # Words may stand before it; as many letters of the run as lie before its sign stay.
        seen = 0
        for place, letter in enumerate(run):
            if seen == min(begins):
                return run[:place] if "&" not in run[:place] else ""
            seen += not letter.isspace()
        return ""

    # Possessive throughout: a run is taken whole or not at all, so that no text makes the search slow.
    return re.sub(r"(?:[A-Za-z0-9+/_=\s-]++|&#x?[0-9A-Fa-f]++;)++", shortened, text)
