"""freefill mask: annotations, marks, seeds, and work on masks that are there. Detectors: tests/detectors."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from freefill.cli.main import main


def call(capsys, *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["mask", *(str(word) for word in words)])
    out = capsys.readouterr()
    code = ended.value.code
    return code if isinstance(code, int) else 0 if code is None else 1, out.out, out.err


def refused(capsys, *words: object) -> str:
    """The one line of an error: exit code 1, nothing on standard output, nothing half-written."""
    before = sorted(str(path) for path in Path().rglob("*"))
    code, out, err = call(capsys, *words)
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert err.startswith("freefill: ")
    assert sorted(str(path) for path in Path().rglob("*")) == before
    return err


def copy(path, target) -> None:
    with Image.open(path) as image:
        image.save(target)


def pixels(path) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image)


def mode(path) -> str:
    with Image.open(path) as image:
        return image.mode


def hole(path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("L")) > 127


@pytest.fixture
def files(tmp_path, monkeypatch):
    """photo.png (a red disc on green, 60 x 40), mask.png (its middle), instances.json, in the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(tmp_path / "none"))
    rng = np.random.default_rng(0)
    rows, cols = np.mgrid[:40, :60]
    disc = (rows - 20) ** 2 + (cols - 30) ** 2 <= 100
    pixels = np.where(disc[..., None], [200, 40, 40], [40, 160, 60]) + rng.integers(-6, 7, (40, 60, 3))
    Image.fromarray(pixels.astype(np.uint8)).save("photo.png")
    mask = np.zeros((40, 60), np.uint8)
    mask[14:27, 24:37] = 255
    Image.fromarray(mask).save("mask.png")

    def thing(number, picture, category, col):
        box = [col, 5, col + 10, 5, col + 10, 25, col, 25]
        return {"id": number, "image_id": picture, "category_id": category, "iscrowd": 0, "segmentation": [box]}

    instances = {
        "images": [
            {"id": 1, "file_name": "a.jpg", "height": 40, "width": 60},
            {"id": 2, "file_name": "sub/b.png", "height": 40, "width": 60},
            {"id": 3, "file_name": "c.jpg", "height": 40, "width": 60},
        ],
        "categories": [{"id": 1, "name": "person"}, {"id": 2, "name": "hot dog"}, {"id": 3, "name": "umbrella"}],
        "annotations": [thing(10, 1, 1, 5), thing(11, 1, 3, 17), thing(12, 2, 1, 20), thing(13, 3, 2, 20)],
    }
    Path("instances.json").write_text(json.dumps(instances))
    return tmp_path


# --- coco --------------------------------------------------------------------------------------------------------


def test_a_whole_data_set_in_one_go(files, capsys):
    code, out, _ = call(capsys, "coco", "instances.json", "-o", "masks")
    assert code == 0
    assert out.split() == [str(Path("masks/a.png")), str(Path("masks/sub/b.png"))]
    assert hole("masks/a.png").sum() == 200
    assert mode("masks/a.png") == "1"


def test_pictures_without_the_thing_are_written_where_wanted(files, capsys):
    call(capsys, "coco", "instances.json", "-o", "masks", "--empty")
    assert not hole("masks/c.png").any()


def test_attached_things_come_along(files, capsys):
    code, out, err = call(capsys, "coco", "instances.json", "-o", "masks", "--attached", "--picture", "1", "--json")
    assert code == 0
    told = json.loads(out)
    assert told["id"] == 1
    assert told["notes"] == ["taken along: umbrella"]
    assert hole("masks/a.png").sum() == 400
    assert "umbrella" in err


def test_one_mask_for_each_thing(files, capsys):
    call(capsys, "coco", "instances.json", "-o", "masks", "--each", "--all-categories")
    names = sorted(path.relative_to("masks").as_posix() for path in Path("masks").rglob("*.png"))
    assert names == ["a_10_person.png", "a_11_umbrella.png", "c_13_hot-dog.png", "sub/b_12_person.png"]


def test_one_picture_goes_to_the_file_that_is_named(files, capsys):
    code, out, _ = call(capsys, "coco", "instances.json", "--picture", "b", "-o", "b-mask.png", "--bits", "8")
    assert (code, out) == (0, "b-mask.png\n")
    assert mode("b-mask.png") == "L"


def test_a_missing_picture_fails_alone(files, capsys):
    Path("photos").mkdir()
    copy("photo.png", "photos/a.jpg")
    code, out, err = call(capsys, "coco", "instances.json", "photos", "-o", "masks")
    assert code == 3
    assert out == f"{Path('masks/a.png')}\n"
    assert err == "freefill: photos: has no picture sub/b.png, which the annotations name\n"


def test_a_picture_of_another_size_is_named(files, capsys):
    Path("photos").mkdir()
    Image.new("RGB", (40, 60)).save("photos/a.jpg")
    err = refused(capsys, "coco", "instances.json", "photos", "-o", "masks.png", "--picture", "a.jpg")
    assert "a.jpg: is 40x60, annotated as 60x40" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "x", "-c", "persn"), "did you mean 'person'"),
        (("-o", "x", "--picture", "a.jpeg"), "has no picture 'a.jpeg'; did you mean 'a.jpg'"),
        (("nowhere", "-o", "x"), "nowhere: there is no such folder"),
        (("-o", "mask.png"), "mask.png: this is a file; name a folder"),
        (("-o", "x", "--crowds", "only"), "none of 3 pictures shows person"),
    ],
)
def test_coco_refuses_in_one_line(files, capsys, words, said):
    assert said in refused(capsys, "coco", "instances.json", *words)


@pytest.mark.parametrize(("name", "said"), [("../b.png", "leads out of the output folder"), ("b\\u0000.png", "NUL")])
def test_a_file_name_that_cannot_be_is_told_and_the_others_are_done(files, capsys, name, said):
    content = Path("instances.json").read_text().replace("sub/b.png", name)
    Path("instances.json").write_text(content)
    code, out, err = call(capsys, "coco", "instances.json", "-o", "masks")
    assert code == 3
    assert said in err
    assert out.split() == [str(Path("masks/a.png"))]
    assert said in refused(capsys, "coco", "instances.json", "-o", "masks", "--picture", "b" if ".." in name else "2")


@pytest.mark.parametrize("own", ["11", "10", "null", '"../../x"', '"a/b"'])
def test_things_of_one_id_or_of_odd_ids_get_a_mask_each(files, capsys, own):
    content = json.loads(Path("instances.json").read_text())
    for each in content["annotations"]:
        if each["id"] in (10, 11):
            each |= {"id": json.loads(own), "category_id": content["annotations"][0]["category_id"], "image_id": 1}
    Path("instances.json").write_text(json.dumps(content))
    code, out, _ = call(capsys, "coco", "instances.json", "-o", "masks", "--each", "--picture", "1")
    assert code == 0
    assert len(set(out.split())) == 2
    assert {Path(line).parent for line in out.split()} == {Path("masks")}
    assert [Path(line).is_file() for line in out.split()] == [True, True]


# --- random ------------------------------------------------------------------------------------------------------


def test_numbered_masks_from_a_seed(files, capsys):
    code, out, _ = call(capsys, "random", "--size", "64x48", "--count", 3, "--kind", "thick", "-o", "many", "--json")
    assert code == 0
    told = [json.loads(line) for line in out.splitlines()]
    assert [each["seed"] for each in told] == [0, 1, 2]
    assert hole("many/000002.png").shape == (48, 64)
    call(capsys, "random", "--size", "64,48", "--seed", 2, "--kind", "thick", "-o", "one.png")
    assert Path("one.png").read_bytes() == Path("many/000002.png").read_bytes()


def test_a_mask_for_each_picture_has_its_size(files, capsys):
    code, out, _ = call(capsys, "random", "photo.png", "--kind", "person", "--shapes", "instances.json", "-o", "r.png")
    assert code == 1  # the persons of the file are smaller than 32 x 32
    code, out, _ = call(capsys, "random", "photo.png", "--kind", "boxes")
    assert (code, out) == (0, "photo.mask.png\n")
    assert hole("photo.mask.png").shape == (40, 60)


@pytest.mark.parametrize("words", [(), ("photo.png", "--size", "3x3"), ("--size", "9x9"), ("--size", "9", "-o", "x")])
def test_random_called_wrongly_is_a_usage_error(files, capsys, words):
    assert call(capsys, "random", *words)[0] == 2


# --- grabcut -----------------------------------------------------------------------------------------------------


def test_the_boxed_thing_is_cut_out(files, capsys):
    code, _, _ = call(capsys, "grabcut", "photo.png", "--box", "15,5,30,30", "-o", "cut.png")
    assert code == 0
    assert 250 < hole("cut.png").sum() < 390


def test_strokes_are_read_from_a_mask_file(files, capsys):
    call(capsys, "grabcut", "photo.png", "--strokes", "mask.png", "-o", "cut.png")
    assert 250 < hole("cut.png").sum() < 390
    assert hole("cut.png")[hole("mask.png")].all()


def test_grabcut_refuses_in_one_line(files, capsys):
    assert "does not lie in the picture" in refused(capsys, "grabcut", "photo.png", "--box", "50,5,30,30")
    assert "fetch u2netp" in refused(capsys, "grabcut", "photo.png", "--box", "5,5,30,30", "--prior", "salient")
    assert "fetch mobile-sam" in refused(capsys, "grabcut", "photo.png", "--point", "5,5", "--model", "mobile-sam")


def test_grabcut_without_marks_is_a_usage_error(files, capsys):
    assert call(capsys, "grabcut", "photo.png")[0] == 2
    assert call(capsys, "grabcut", "photo.png", "--box", "1,2,3")[0] == 2


# --- work on masks -----------------------------------------------------------------------------------------------


def test_grow_and_shrink(files, capsys):
    code, out, _ = call(capsys, "grow", "mask.png", "2px", "-o", "grown.png", "--json")
    assert code == 0
    assert json.loads(out)["radius_px"] == 2
    assert hole("grown.png").sum() > 169
    assert hole("grown.png")[hole("mask.png")].all()
    call(capsys, "grow", "grown.png", "2px", "--shrink", "-o", "back.png")
    assert np.array_equal(hole("back.png"), hole("mask.png"))


def test_grow_in_percent_of_the_object(files, capsys):
    code, out, _ = call(capsys, "grow", "mask.png", "10%", "--json")
    assert code == 0
    assert json.loads(out)["radius_px"] == pytest.approx(1.3)
    assert Path("mask.grown.png").is_file()


def test_invert_twice_is_the_mask(files, capsys):
    call(capsys, "invert", "mask.png", "-o", "other.png")
    assert np.array_equal(hole("other.png"), ~hole("mask.png"))
    call(capsys, "invert", "other.png", "-o", "again.png", "-q")
    assert np.array_equal(hole("again.png"), hole("mask.png"))


def test_folders_keep_their_tree_and_no_two_masks_meet(files, capsys):
    for name in ("in/a.png", "in/deep/a.png", "in/a.bmp"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        copy("mask.png", name)
    code, out, _ = call(capsys, "invert", "in", "-o", "out")
    assert code == 0
    names = sorted(path.relative_to("out").as_posix() for path in Path("out").rglob("*.png"))
    assert names == ["a.bmp.png", "a.png", "deep/a.png"]
    assert len(out.splitlines()) == 3


def test_one_that_fails_stops_nothing(files, capsys):
    Path("in").mkdir()
    copy("mask.png", "in/a.png")
    Path("in/b.png").write_text("no picture")
    code, out, err = call(capsys, "invert", "in", "-o", "out", "--json")
    assert code == 3
    told = [json.loads(line) for line in out.splitlines()]
    assert [each["output"] for each in told] == [str(Path("out/a.png")), None]
    assert err.count("\n") == 1
    assert "b.png" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("invert", "nope.png"), "nope.png: there is no such file"),
        (("invert", "mask.png", "-o", "mask.jpg"), "would blur the mask's edge"),
        (("invert", "mask.png", "photo.png", "-o", "mask.png"), "there are 2 masks to write"),
        (("show", "photo.png", "nope.png"), "nope.png"),
        (("refine", "mask.png", "--image", "nope.png"), "nope.png"),
        (("grow", "mask.png", "3", "--max-megapixels", "0.001"), "mask.png"),
    ],
)
def test_mask_commands_refuse_in_one_line(files, capsys, words, said):
    assert said in refused(capsys, *words)


def test_show_lays_the_mask_over_the_picture(files, capsys):
    code, out, _ = call(capsys, "show", "photo.png", "mask.png", "--json")
    assert code == 0
    told = json.loads(out)
    assert (told["parts"], told["box"]) == (1, [24, 14, 13, 13])
    shown, photo = pixels("photo.shown.png"), pixels("photo.png")
    outside = ~hole("mask.png")
    assert np.array_equal(shown[outside], photo[outside])
    assert (shown[~outside] != photo[~outside]).any(axis=1).all()


def test_refine_covers_more_and_shows_how(files, capsys):
    code, out, _ = call(
        capsys, "refine", "mask.png", "-i", "photo.png", "-o", "fine.png", "--overlay", "how.png", "--json",
        "--set", "thicken=0.2",
    )  # fmt: skip
    assert code == 0
    told = json.loads(out)
    assert told["share"] > told["share_before"]
    assert told["added"]
    assert hole("fine.png")[hole("mask.png")].all()
    with Image.open("how.png") as image:
        assert image.size[0] == 60


def test_every_step_of_refine_can_be_switched_off(files, capsys):
    steps = (
        "specks",
        "fill",
        "close",
        "reach",
        "snap",
        "attached",
        "ends",
        "thicken",
        "smooth",
        "pockets",
        "shadow",
        "reflection",
    )
    words = [f"--no-{step}" for step in steps]
    code, out, _ = call(capsys, "refine", "mask.png", "-i", "photo.png", "-o", "same.png", "--json", *words)
    assert code == 0
    assert json.loads(out)["added"] == {}
    assert np.array_equal(hole("same.png"), hole("mask.png"))


def test_refine_takes_settings_by_name(files, capsys):
    small, large = (
        json.loads(call(capsys, "refine", "mask.png", "--set", f"thicken={v}", "-o", "x.png", "--json")[1])["share"]
        for v in (0.02, 0.3)
    )
    assert small < large
    assert call(capsys, "refine", "mask.png", "--set", "thikken=1")[0] == 2
    assert call(capsys, "refine", "mask.png", "--set", "thicken=much")[0] == 2
    code, out, _ = call(capsys, "refine", "--settings")
    assert (code, "thicken=" in out) == (0, True)


def test_refine_can_be_thorough_and_settings_go_before(files, capsys):
    shares = [
        json.loads(call(capsys, "refine", "mask.png", *words, "-o", "x.png", "--json")[1])["share"]
        for words in ((), ("--thorough",), ("--thorough", "--set", "thicken=0.03"), ("--thorough", "--no-thicken"))
    ]
    assert shares[1] > shares[2] > shares[0] >= shares[3]


def test_refine_takes_annotated_things_along(files, capsys):
    call(capsys, "coco", "instances.json", "--picture", "a", "-o", "a.png")
    code, _, err = call(capsys, "refine", "a.png", "--annotations", "instances.json", "-o", "fine.png")
    assert code == 0
    assert "taken along: umbrella" in err


def test_refine_pairs_folders_by_name(files, capsys):
    for folder in ("masks", "photos"):
        Path(folder).mkdir()
    for name in ("a", "b"):
        copy("mask.png", f"masks/{name}.png")
        copy("photo.png", f"photos/{name}.png")
    code, out, _ = call(capsys, "refine", "masks", "-i", "photos", "-o", "fine", "--overlay", "how")
    assert code == 0
    assert len(out.splitlines()) == 2
    assert sorted(path.name for path in Path("how").iterdir()) == ["a.png", "b.png"]


def test_standard_streams(files):
    read = Path("mask.png").read_bytes()
    done = subprocess.run(
        [sys.executable, "-m", "freefill", "mask", "invert", "-", "-o", "-"],
        input=read,
        capture_output=True,
        check=True,
    )
    assert done.stdout.startswith(b"\x89PNG")
    assert done.stderr == b""


@pytest.mark.parametrize(
    "name", ["people", "salient", "text", "coco", "grabcut", "random", "refine", "grow", "invert", "show"]
)
def test_every_command_has_help(capsys, name):
    code, out, _ = call(capsys, name, "--help")
    assert code == 0
    assert "Usage: freefill mask" in out


def test_a_mask_of_another_size_is_refined_where_that_is_asked_for(files, capsys):
    with Image.open("mask.png") as mask:
        mask.resize((30, 20)).save("small.png")
    assert "60x40" in refused(capsys, "refine", "small.png", "-i", "photo.png", "-o", "a.png")
    code, *_ = call(capsys, "refine", "small.png", "-i", "photo.png", "-o", "a.png", "--mask-fit", "scale")
    assert (code, hole("a.png").shape) == (0, (40, 60))
    assert (hole("a.png") & hole("mask.png")).sum() > 0.9 * hole("mask.png").sum()


def test_a_mask_saved_in_two_colours_at_224_px_is_refined_on_its_picture(files, capsys):
    with Image.open("mask.png") as mask:
        small = np.asarray(mask.convert("L").resize((224, 224), Image.Resampling.NEAREST)) > 127
    Image.fromarray(np.where(small[..., None], (253, 231, 37), (68, 1, 84)).astype(np.uint8)).save("viridis.png")
    code, _, err = call(capsys, "refine", "viridis.png", "-i", "photo.png", "-o", "a.png", "--mask-fit", "scale")
    assert code == 0
    assert "viridis" in err
    assert (hole("a.png") & hole("mask.png")).sum() > 0.9 * hole("mask.png").sum()
