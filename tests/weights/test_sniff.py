"""What a file is, by its first bytes; no file is opened for more than that."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from freefill.weights.opening.sniff import KINDS, kind, title


def archive(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name in names:
            file.writestr(name, "x" * 50)
    return out.getvalue()


def header(length: int, first: bytes = b"{") -> bytes:
    return length.to_bytes(8, "little") + first + b'"a": 1}'


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "empty"), (b"\x80", "unknown"), (b"x", "unknown"), (b"<htm", "unknown"),
        (b"<html>", "html"), (b"  \n<!doctype   HTML>", "html"), (b"\xef\xbb\xbf<?xml ?>", "html"),
        (b"<head>", "html"), (b"text <html>", "unknown"),
        (b"version https://git-lfs", "pointer"), (b"a version https://git-lfs", "unknown"),
        (b"\x1f\x8b", "gzip"), (b"\x89HDF\r\n", "hdf5"), (b"0000TFL3", "tflite"), (b"00000TFL3", "unknown"),
        (header(2), "safetensors"), (header(2, b"["), "unknown"), (header((1 << 30) - 1), "safetensors"),
        (header(1 << 30), "unknown"), (header(2)[:10], "safetensors"), (header(2)[:9], "unknown"),
        *[(bytes([0x80, version]), "pickle" if 1 <= version <= 5 else "unknown") for version in range(8)],
        (b"\x81\x02", "unknown"), (b"\x80\x02}q\x00.", "pickle"), (b"0000TFL3 and more", "tflite"),
        (archive("a/data.pkl", "a/version"), "torch"), (archive("a/.format_version"), "torch"),
        (archive("a/byteorder"), "torch"), (archive("data.pkl"), "zip"), (archive("a/b/data.pkl"), "zip"),
        (archive("a/data.pkl", "a/constants.pkl"), "torchscript"),
        (archive("a/data.pkl", "a/code/b.py"), "torchscript"), (archive("code/b.py"), "zip"),
        (archive("x.npy", "y.npy"), "npz"), (archive("x.npy", "y.txt"), "zip"), (archive(), "unknown"),
        (archive("a/data.pkl", "a/version")[:100], "torch"), (archive("a/constants.pkl")[:90], "torchscript"),
        (archive("x.npy", "y.npy")[:80], "npz"), (archive("b.txt")[:60], "zip"), (b"PK\x03\x04", "zip"),
    ],
)  # fmt: skip
def test_a_file_is_known_by_its_first_bytes(tmp_path: Path, content: bytes, what: str):
    (tmp_path / "a").write_bytes(content)
    assert kind(tmp_path / "a") == what
    assert what in KINDS


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("<html><TITLE id=3>\n Sign \t in </title>", "Sign in"), ("<html>", ""),
        ("<title>" + "x" * 99 + "</title>", "x" * 80),
        ("<title>a</title><title>b</title>", "a"), (" " * 65530 + "<title>late</title>", ""), ("<title></title>", ""),
    ],
)  # fmt: skip
def test_the_title_of_a_page_is_one_short_line(tmp_path: Path, page: str, said: str):
    (tmp_path / "a").write_text(page)
    assert title(tmp_path / "a") == said


def test_bytes_that_are_no_text_do_not_hide_a_title(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"\xff<title>Gr\xfc\xdfe</title>")
    assert title(tmp_path / "a") == "Gr��e"


def test_the_name_in_an_archive_that_was_cut_off_ends_where_its_padding_begins(tmp_path: Path):
    out = io.BytesIO()
    entry = zipfile.ZipInfo("weight.npy")
    entry.extra = b"FB\x04\x00ZZZZ"  # as PyTorch pads, so that numbers lie on whole words
    with zipfile.ZipFile(out, "w") as file:
        file.writestr(entry, b"x" * 40)
    path = tmp_path / "cut"
    path.write_bytes(out.getvalue()[:70])
    assert kind(path) == "npz"
