"""Where photographs lie: folders and tar shards, which are read without being unpacked."""

from __future__ import annotations

import hashlib
import re
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from freefill.errors import InputError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
_PART = re.compile(r"_[a-z]$")  # "harbour_a", "harbour_b": parts of one photograph stay on one side


@dataclass(frozen=True)
class Photo:
    """One photograph.

    Attributes
    ----------
    name : path inside the folder or tar
    file : the file, or the tar that holds it
    offset, size_bytes : where it lies in `file`
    """

    name: str
    file: str
    offset: int
    size_bytes: int

    def read(self) -> bytes:
        """Return the file's bytes.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        try:
            with Path(self.file).open("rb") as stream:
                stream.seek(self.offset)
                return stream.read(self.size_bytes)
        except OSError as error:
            raise InputError(f"{self.file}: {self.name} cannot be read ({error.strerror})") from None


def find(paths: Sequence[Path]) -> list[Photo]:
    """Return all photographs in folders (with those inside), tars and single files, in an order that only names decide.

    Folders as Places2, CelebA and COCO unpack to work as they are, and so do shards in the WebDataset layout: of a
    shard's members the pictures are taken.

    Raises
    ------
    InputError
        If a path is missing, or holds no photograph.
    """
    photos: list[Photo] = []
    for path in paths:
        if path.is_dir():
            found = [
                Photo(str(file.relative_to(path)), str(file), 0, file.stat().st_size)
                for file in path.rglob("*")
                if file.suffix.lower() in SUFFIXES and file.is_file()
            ]
        elif path.suffix == ".tar":
            found = _members(path)
        elif path.suffix.lower() in SUFFIXES and path.is_file():
            found = [Photo(path.name, str(path), 0, path.stat().st_size)]
        elif path.exists():
            raise InputError(f"{path}: is neither a folder, a plain .tar, nor a picture; unpack it first")
        else:
            raise InputError(f"{path}: no such file or folder; check the path")
        if not found:
            raise InputError(f"{path}: holds no photographs ({', '.join(sorted(SUFFIXES))})")
        photos += sorted(found, key=lambda photo: photo.name)
    return photos


def _members(path: Path) -> list[Photo]:
    try:
        with tarfile.open(path, "r:") as tar:  # not compressed: only then a member can be read at its offset
            return [
                Photo(member.name, str(path), member.offset_data, member.size)
                for member in tar
                if member.isfile() and Path(member.name).suffix.lower() in SUFFIXES
            ]
    except (tarfile.TarError, OSError) as error:
        raise InputError(f"{path}: cannot be read as a plain tar ({error})") from None


def split(photos: Sequence[Photo], held_out_share: float) -> tuple[list[Photo], list[Photo]]:
    """Return those to train on and those held out, by the hash of the names: the same whatever else is added."""
    held_out = [photo for photo in photos if _share(photo.name) < held_out_share]
    return [photo for photo in photos if _share(photo.name) >= held_out_share], held_out


def _share(name: str) -> float:
    stem = _PART.sub("", Path(name).stem)
    # Not `hash`, which is another one in every process for text.
    return int.from_bytes(hashlib.sha256(stem.encode()).digest()[:8], "big") / 2**64


def fingerprint(photos: Sequence[Photo]) -> str:
    """Return a hash of names and sizes: another one means that a run would not go on with the same views."""
    digest = hashlib.sha256()
    for photo in photos:
        digest.update(f"{photo.name}\t{photo.size_bytes}\n".encode())
    return digest.hexdigest()
