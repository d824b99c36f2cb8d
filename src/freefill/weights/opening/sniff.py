"""Tell what a file is from its first bytes, without opening it as anything."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from pathlib import Path

# What a damaged file can make its readers raise (found by damaging files at random).
DAMAGE = (
    RuntimeError, ValueError, KeyError, IndexError, TypeError, AttributeError, EOFError, OSError, MemoryError,
    ArithmeticError, AssertionError, struct.error, zlib.error, zipfile.BadZipFile,
)  # fmt: skip

KINDS = {
    "empty": "an empty file",
    "html": "a web page",
    "pointer": "a Git LFS pointer, not the file it stands for",
    "torchscript": "a TorchScript file",
    "torch": "a PyTorch checkpoint",
    "pickle": "an old PyTorch checkpoint or another pickle",
    "safetensors": "a safetensors file",
    "npz": "a NumPy archive",
    "zip": "a zip archive",
    "gzip": "a gzip archive",
    "tflite": "a TensorFlow Lite file",
    "hdf5": "an HDF5 file",
    "unknown": "a file of an unknown kind",
}


def kind(path: Path) -> str:
    """Return a key of KINDS.

    A file cut off in the middle still shows its kind; whoever opens it finds the cut.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        return "empty"
    if re.match(rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|html|head|\?xml)", head, re.IGNORECASE):
        return "html"
    if head.startswith(b"version https://git-lfs"):
        return "pointer"
    if head.startswith(b"PK\x03\x04"):
        return _zip_kind(path, head)
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith(b"\x89HDF\r\n"):
        return "hdf5"
    if head[4:8] == b"TFL3":
        return "tflite"
    # The length of a JSON header, then the header.
    if len(head) > 9 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 30:
        return "safetensors"
    if head[:1] == b"\x80" and head[1:2] in (b"\1", b"\2", b"\3", b"\4", b"\5"):  # a pickle names its protocol
        return "pickle"
    return "unknown"


def title(path: Path) -> str:
    """Return the title of a web page, for messages; empty where it has none."""
    with path.open("rb") as file:
        text = file.read(1 << 16).decode("utf-8", "replace")
    found = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    return " ".join(found.group(1).split())[:80] if found else ""


def _zip_kind(path: Path, head: bytes) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except DAMAGE:
        # Cut off (the table of contents is at the end) or damaged: the first entry's name is at the beginning too.
        names = [head[30 : 30 + int.from_bytes(head[26:28], "little")].decode("utf-8", "replace")]
    folders = {name.split("/", 1)[1] for name in names if "/" in name}
    if "constants.pkl" in folders or any(name.startswith("code/") for name in folders):
        return "torchscript"
    if any(name in ("data.pkl", ".format_version", "version", "byteorder") for name in folders):
        return "torch"
    if names and all(name.endswith(".npy") for name in names):
        return "npz"
    return "zip"
