"""Blocks that ImageMagick and others keep in PNG's texts, in hex, under the name "Raw profile type ..."."""

from __future__ import annotations

import re

PREFIX = "Raw profile type "
_HEAD = re.compile(r"\s*[\w .-]*\n\s*(\d{1,9})\n")


def unpacked(text: str) -> bytes | None:
    """Return the block; None where the text is no such thing.

    Examples
    --------
    >>> unpacked("\\nexif\\n       4\\n45786966\\n")
    b'Exif'
    """
    head = _HEAD.match(text)
    if head is None:
        return None
    try:
        block = bytes.fromhex(text[head.end() :])
    except ValueError:
        return None
    return block[: int(head[1])]


def packed(kind: str, block: bytes) -> str:
    """Return the text of a block, lines of 72 digits as ImageMagick writes them."""
    digits = block.hex()
    lines = "\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    return f"\n{kind}\n{len(block):8d}\n{lines}\n"
