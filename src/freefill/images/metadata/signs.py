"""Where a small copy of the picture may lie inside other data: by the first bytes that every JPEG and PNG has.

A preview shows the picture as it was, with what the user removed. So no block of metadata is handed on with one in it.
"""

from __future__ import annotations

import re

# A JPEG begins FF D8, then a marker; Minolta's makers' notes hold previews whose first byte is another. A GIF says its
# version, a HEIC or AVIF its brand. TIFF has four bytes that stand in many makers' notes which hold no picture.
_IMAGE = re.compile(
    rb"\xff\xd8\xff[\xc0\xc2\xc4\xdb\xdd\xe0-\xef\xfe]|\xd8\xff\xdb\x00|\x89PNG\r\n\x1a\n|RIFF....WEBP|GIF8[79]a"
    rb"|ftyp(?:hei[cfmsx]|hev[cx]|mif1|avi[fs])",
    re.S,
)
IN_BASE64 = re.compile(
    rb"[/_]9j[/_][A-Za-z0-9+/_-]{2}|iVBORw0KGgo|UklGR[A-Za-z0-9+/_-]{5}|R0lGOD[dl]h|AAAA[A-Za-z0-9+/_-]{2}Z0eX[A-Da-d]"
)
IN_HEX = re.compile(rb"ffd8ff(?:c0|c2|c4|db|dd|e.|fe)|89504e470d0a1a0a|474946383[79]61", re.I)


def places_of_images(data: bytes) -> list[int]:
    """Return where something begins that looks like a JPEG, PNG, WebP, GIF, HEIC or AVIF, in order."""
    return [found.start() for found in _IMAGE.finditer(data)]


def begins_image(data: bytes | memoryview) -> bool:
    """Tell whether one of them begins anywhere in bytes."""
    return _IMAGE.search(data) is not None


def holds_image(data: bytes) -> bool:
    """Tell whether bytes hold a picture, as it is, in base64 or in hex."""
    if begins_image(data) or IN_BASE64.search(data):
        return True
    return IN_HEX.search(re.sub(rb"\s", b"", data)) is not None
