"""freefill train, export and weights import RUN, as a user types them; every wrong input is one line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")

from freefill.cli.main import main
from freefill.weights.opening.load import load_state

SMALL = ["--set", "data.side_px=32", "--set", "settings.width=4", "--set", "settings.discriminator_width=4"]
SMALL += ["--set", "steps=3", "--set", "workers=0", "--set", "batch=2", "--set", "speed=fp32"]
SMALL += ["--set", "data.held_out_views=2"]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(5):
        small = Image.fromarray(rng.integers(0, 255, (4, 4, 3), np.uint8))
        small.resize((60, 50), Image.Resampling.BICUBIC).save(folder / f"{number}.jpg")
    return folder


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(tmp_path / "weights"))


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    return int(ended.value.code or 0)


def test_from_photographs_to_a_filled_picture(tmp_path: Path, photos: Path, capsys) -> None:
    trained = tmp_path / "mine"
    assert run("train", "deepfill_starter", "--data", photos, "--out", trained, *SMALL) == 0
    assert run("weights", "import", trained, "--half") == 0
    capsys.readouterr()
    assert run("weights", "show", "mine", "--json") == 0
    card = json.loads(capsys.readouterr().out)["here"]
    assert card["about"]["steps"] == 3
    assert card["about"]["photographs"] == 5
    assert card["about"]["settings"]["prefill"] is True
    assert load_state(Path(card["path"]))["stage1.conv1.conv.weight"].shape[1] == 8  # a smooth fill is among the inputs
    last = [json.loads(line) for line in (trained / "log.jsonl").read_text().splitlines() if "held_out" in line][-1]
    assert card["about"]["held_out_scores"]["l1"] == last["l1"]
    mask = Image.fromarray(np.pad(np.full((20, 20), 255, np.uint8), ((10, 20), (20, 20))))
    mask.save(tmp_path / "mask.png")
    words = ("--engine", "deepfillv2", "--weights", "mine", "-o", tmp_path / "out.png")
    assert run("inpaint", photos / "0.jpg", tmp_path / "mask.png", *words) == 0
    before, after = np.asarray(Image.open(photos / "0.jpg")), np.asarray(Image.open(tmp_path / "out.png"))
    hole = np.asarray(mask) > 0
    assert np.array_equal(before[~hole], after[~hole])
    assert run("export", "mine", "-o", tmp_path / "mine.onnx") == 0
    assert (tmp_path / "mine.onnx").stat().st_size > 10_000


def test_a_network_trained_with_a_sketch_follows_one(tmp_path: Path, photos: Path, capsys) -> None:
    trained = tmp_path / "guided"
    assert run("train", "guided_sketch", "--data", photos, "--out", trained, *SMALL, "--set", "settings.gain=2.2") == 0
    assert run("weights", "import", trained) == 0
    assert "1 guide channel" in capsys.readouterr().err
    mask = Image.fromarray(np.pad(np.full((20, 20), 255, np.uint8), ((10, 20), (20, 20))))
    mask.save(tmp_path / "mask.png")
    for name, row in (("high", 14), ("low", 25)):
        lines = np.zeros((50, 60), np.uint8)
        lines[row, 20:40] = 255
        Image.fromarray(lines).save(tmp_path / f"{name}.png")
        words = ("--engine", "deepfillv2", "--weights", "guided", "--texture", "never")
        more = ("--sketch", tmp_path / f"{name}.png", "-o", tmp_path / f"{name}.out.png")
        assert run("inpaint", photos / "0.jpg", tmp_path / "mask.png", *words, *more) == 0
    high, low = (np.asarray(Image.open(tmp_path / f"{name}.out.png")).astype(int) for name in ("high", "low"))
    hole = np.asarray(mask) > 0
    assert (high != low)[hole].any()
    assert np.array_equal(high[~hole], low[~hole])
    assert run("inpaint", photos / "0.jpg", tmp_path / "mask.png", "--sketch", tmp_path / "high.png") == 1
    assert "follows no sketch" in capsys.readouterr().err


ROLES = (
    ("painter_starter", "painter", ["--set", "settings.widths=[4, 4, 8]", "--set", "settings.blocks=[1, 1, 1]"]),
    ("structure_starter", "structure", ["--set", "settings.widths=[4, 4, 8, 8]", "--set", "settings.blocks=[1, 1, 1]"]),
)
FEW = [*SMALL[:2], "--set", "steps=2", *SMALL[8:]]


@pytest.mark.parametrize(("recipe", "role", "sizes"), ROLES, ids=["painter", "pointer"])
def test_a_small_network_of_ones_own_is_what_structure_network_asks(
    tmp_path: Path, photos: Path, capsys, recipe: str, role: str, sizes: list[str]
) -> None:
    pytest.importorskip("onnx")
    from freefill.engines import painting, pointing

    trained = tmp_path / "mine"
    assert run("train", recipe, "--data", photos, "--out", trained, *FEW, *sizes) == 0
    packaged = (painting if role == "painter" else pointing).network()
    assert run("weights", "import", trained, "--half") == 0
    assert "--structure network asks it" in capsys.readouterr().err
    assert run("weights", "show", role, "--json") == 0
    card = json.loads(capsys.readouterr().out)["here"]
    last = [json.loads(line) for line in (trained / "log.jsonl").read_text().splitlines() if "held_out" in line][-1]
    assert card["network"] == role
    assert card["about"]["steps"] == 2
    score = {"painter": "l1", "structure": "loss"}[role]
    assert card["about"]["held_out_scores"][score] == last[score]
    own = (painting if role == "painter" else pointing).network()
    assert own is not None
    assert own is not packaged
    mask = Image.fromarray(np.pad(np.full((34, 40), 255, np.uint8), ((8, 8), (10, 10))))
    mask.save(tmp_path / "mask.png")
    words = ("--engine", "texture", "--structure", "network", "--json", "-o", tmp_path / "out.png")
    assert run("inpaint", photos / "0.jpg", tmp_path / "mask.png", *words) == 0
    assert "a small network said" in " ".join(json.loads(capsys.readouterr().out)["notes"])
    # Handed on as one file, and taken in elsewhere, with all that was measured.
    assert run("export", role, "-o", tmp_path / "handed-on.onnx") == 0
    assert run("weights", "remove", role, "--forget") == 0
    assert (painting if role == "painter" else pointing).network() is packaged
    assert run("weights", "import", tmp_path / "handed-on.onnx") == 0
    capsys.readouterr()
    assert run("weights", "show", role, "--json") == 0
    assert json.loads(capsys.readouterr().out)["here"]["about"] == card["about"]


def test_names_that_the_engines_look_for_are_kept_for_their_networks(tmp_path: Path, photos: Path, capsys) -> None:
    trained = tmp_path / "painter"
    assert run("train", "deepfill_starter", "--data", photos, "--out", trained, *SMALL) == 0
    assert run("weights", "import", trained) == 1
    assert "'painter' names the painting network" in capsys.readouterr().err
    assert run("weights", "import", trained, "--name", "mine") == 0


def test_a_dry_run_says_everything_and_writes_nothing(tmp_path: Path, photos: Path, capsys) -> None:
    assert run("train", "deepfill_starter", "--data", photos, "--dry-run", *SMALL) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["trained_on"] + said["held_out"] == 5
    assert said["options"]["data"]["side_px"] == 32
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


def test_fine_tuning_starts_from_the_given_weights(tmp_path: Path, photos: Path) -> None:
    from freefill.training.run_folder import RunFolder

    run("train", "deepfill_starter", "--data", photos, "--out", tmp_path / "a", *SMALL)
    run("weights", "import", tmp_path / "a")
    still = ["--set", "settings.rate=0.0", "--set", "steps=1", "--weights", "a"]
    assert run("train", "deepfill_starter", "--data", photos, "--out", tmp_path / "b", *SMALL, *still) == 0
    average = RunFolder(tmp_path / "a").newest().average
    assert average is not None
    tuned = RunFolder(tmp_path / "b").newest().networks["generator"]
    assert all((average[f"module.{key}"] == value).all() for key, value in tuned.items())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["deepfil_starter", "--data", "{photos}", "--out", "{out}"], "did you mean 'deepfill_starter'"),
        (["smoke_cpu", "--data", "{tmp}/none", "--out", "{out}"], "no such file or folder"),
        (["smoke_cpu", "--data", "{empty}", "--out", "{out}"], "holds no photographs"),
        (["smoke_cpu", "--data", "{photos}", "--out", "{out}", "--set", "data.sid_px=3"], "did you mean 'side_px'"),
        (["smoke_cpu", "--data", "{photos}", "--out", "{out}", "--set", "data.side_px=100"], "multiples of 8"),
        (["smoke_cpu", "--data", "{photos}", "--out", "{out}", "--set", "batch=many"], "which is no int"),
        (["smoke_cpu", "--data", "{photos}", "--out", "{out}", "--set", "speed=warp"], "none of fp32"),
        (["smoke_cpu", "--data", "{photos}", "--out", "{out}", "--set", "task=draw"], "task 'draw' is not known"),
        (["smoke_cpu", "--data", "{photos}", "--out", "{out}", "--set", "masks={everything=1}"], "covered more than"),
        (["smoke_cpu", "--data", "{photos}", "--out", "{out}", "--set", "masks={box=0}"], "masks is empty"),
        (["smoke_cpu", "--data", "{photos}", "--out", "{out}", "--device", "gpu"], "device 'gpu' is not there"),
        (["smoke_cpu", "--data", "{photos}", "--out", "{out}", "--weights", "mine"], "weights 'mine' are not known"),
        (["--resume", "{empty}"], "holds no run"),
    ],
)
def test_wrong_input_is_one_line_and_leaves_nothing(tmp_path: Path, photos: Path, capsys, words, said: str) -> None:
    (tmp_path / "empty").mkdir()
    known = {"photos": photos, "out": tmp_path / "out", "empty": tmp_path / "empty", "tmp": tmp_path}
    assert run("train", *(word if "{masks" in word or "={" in word else word.format(**known) for word in words)) == 1
    error = capsys.readouterr().err
    assert said in error
    assert len(error.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_small_photographs_can_be_refused(tmp_path: Path, photos: Path, capsys) -> None:
    words = ("--set", "data.fit=crop", "--set", "data.small=refuse", "--set", "data.side_px=128")
    assert run("train", "smoke_cpu", "--data", photos, "--out", tmp_path / "out", *words) == 1
    assert "60x50 px is smaller than the view of 128x128" in capsys.readouterr().err


def test_a_folder_with_another_run_is_left_alone(tmp_path: Path, photos: Path, capsys) -> None:
    run("train", "deepfill_starter", "--data", photos, "--out", tmp_path / "a", *SMALL)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "a").rglob("*")}
    assert run("train", "smoke_cpu", "--data", photos, "--out", tmp_path / "a") == 1
    assert "holds a run of 'deepfill_starter'; go on with --resume" in capsys.readouterr().err
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "a").rglob("*")}


def test_a_run_of_another_version_is_refused(tmp_path: Path, photos: Path, capsys) -> None:
    run("train", "deepfill_starter", "--data", photos, "--out", tmp_path / "a", *SMALL)
    file = tmp_path / "a" / "options.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "format": 99, "freefill": "9.0"}))
    assert run("train", "--resume", tmp_path / "a", "--steps", "9") == 1
    assert "is a run in format 99 by freefill 9.0" in capsys.readouterr().err


def test_a_finished_run_says_how_to_go_on(tmp_path: Path, photos: Path, capsys) -> None:
    run("train", "deepfill_starter", "--data", photos, "--out", tmp_path / "a", *SMALL)
    assert run("train", "--resume", tmp_path / "a") == 1
    assert "is finished (3 steps); pass --steps" in capsys.readouterr().err
    assert run("train", "--resume", tmp_path / "a", "--steps", "5") == 0
