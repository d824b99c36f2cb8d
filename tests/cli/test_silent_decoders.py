"""What OpenCV, libpng, libtiff and Pillow say for themselves never reaches the user, nor does a traceback."""

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from freefill.images.png.read import SIGNATURE, pack

RNG = np.random.default_rng(0)


def png16(*chunks: tuple[bytes, bytes], rows: int = 40, spare: bytes = b"", filters: int = 0) -> bytes:
    """A 40 x 40 PNG of 16-bit RGB, which OpenCV decodes, with more chunks before its pixels."""
    lines = b"".join(bytes([filters]) + RNG.bytes(240) for _ in range(rows))
    header = pack(b"IHDR", struct.pack(">IIBBBBB", 40, 40, 16, 2, 0, 0, 0))
    body = pack(b"IDAT", zlib.compress(lines) + spare)
    return SIGNATURE + header + b"".join(pack(*chunk) for chunk in chunks) + body + pack(b"IEND", b"")


def tiff(compression: str) -> bytes:
    out = io.BytesIO()
    pixels = RNG.integers(0, 256, (40, 40, 3), dtype=np.uint8)
    Image.fromarray(pixels).convert("1" if compression.startswith("group") else "RGB").save(
        out, "TIFF", compression=compression
    )
    return out.getvalue()


SICK = {
    "a profile that is none.png": png16((b"iCCP", b"x\0\0" + zlib.compress(b"no profile"))),
    "gamma of 0.png": png16((b"gAMA", bytes(4)), (b"cHRM", bytes(32)), (b"sBIT", b"\xff\xff\xff")),
    "too few rows.png": png16(rows=12),
    "too many rows.png": png16(rows=60),
    "more behind the pixels.png": png16(spare=b"more than that"),
    "a filter that does not exist.png": png16(filters=9),
    "text of no known kind.png": png16((b"iTXt", b"\xff\0\1\0\0\0\xff"), (b"zTXt", b"k\0\0junk")),
    "a cut fax.tif": tiff("group4")[:-60],
    "a cut jpeg.tif": tiff("jpeg")[:-60],
    "a cut lzw.tif": tiff("tiff_lzw")[:-60],
}


@pytest.fixture(scope="module")
def said(tmp_path_factory) -> dict[str, tuple[int, list[str]]]:
    """Exit code and lines of standard error for each, all in one process: what C code prints goes there too."""
    folder = tmp_path_factory.mktemp("sick")
    for name, data in SICK.items():
        (folder / name).write_bytes(data)
    code = """
import sys
from freefill.cli.main import main
for name in sys.argv[1:]:
    print("==", name, file=sys.stderr, flush=True)
    try:
        main(["inpaint", name, "--box", "4,4,9,9", "--engine", "telea", "-o", "out.png", "-q"])
    except SystemExit as end:
        print("exit", end.code, file=sys.stderr, flush=True)
"""
    done = subprocess.run([sys.executable, "-c", code, *SICK], cwd=folder, capture_output=True, text=True, check=True)
    parts = done.stderr.split("== ")[1:]
    lines = {part.splitlines()[0]: part.splitlines()[1:] for part in parts}
    return {name: (int(each[-1].removeprefix("exit ")), each[:-1]) for name, each in lines.items()}


@pytest.mark.parametrize("name", SICK)
def test_only_our_own_line_is_said(said, name):
    code, lines = said[name]
    assert code in (0, 1)
    assert len(lines) == code  # one line where it is refused, none where it is filled
    assert all(line.startswith(f"freefill: {Path(name)}: ") for line in lines)
