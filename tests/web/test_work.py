"""What a worker does with a visitor's picture, order by order, in this process."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from freefill.errors import InputError
from freefill.web import orders, work
from freefill.web.work import VIEW, do

SIZE = (48, 64)


@pytest.fixture(autouse=True)
def nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """A worker tells its parent by a pipe that is not here; what it tells is kept."""
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(work, "tell", told.append)
    return told


def photo(folder: Path, mode: str = "RGB") -> orders.State:
    """Open an upload of 64 x 48 px: grey lines that no two rows share, and its last column red."""
    pixels = np.repeat(np.arange(SIZE[0], dtype=np.uint8)[:, None] * 5, SIZE[1], axis=1)
    pixels = np.stack([pixels] * len(mode), axis=-1)
    pixels[:, -1, 0] = 255
    if mode == "RGBA":
        pixels[..., 3] = 200
    Image.fromarray(pixels).save(folder / "upload", "PNG")
    assert "error" not in do(orders.Open(str(folder), 1.0))
    return orders.State(str(folder))


def piece(size: tuple[int, int], top: int, left: int) -> orders.Piece:
    return orders.Piece(cv2.imencode(".png", np.full(size, 255, np.uint8))[1].tobytes(), top, left)


def filled(state: orders.State, folder: Path, name: str, mask: orders.Piece, **wishes: Any) -> dict[str, Any]:
    target = str(folder / name)
    return do(orders.FillOrder(state, mask, {"engine": "telea", **wishes}, target)) | {"target": target}


def written(state: orders.State, folder: Path, format: str | None = None) -> np.ndarray:
    target = folder / "written"
    do(orders.WriteFile(state, str(target), format))
    with Image.open(target) as image:
        return np.asarray(image)


def test_an_opened_picture_is_told_before_all_of_it_is_kept(tmp_path: Path, nothing_is_told: list[dict[str, Any]]):
    photo(tmp_path)
    about = {"width": 64, "height": 48, "format": "PNG", "mode": "RGB", "bits": 8, "alpha": False}
    assert nothing_is_told == [about]
    assert {path.name for path in tmp_path.iterdir()} == {"upload", "preview.jpg", "shown.npy", "picture.pickle"}
    assert np.load(tmp_path / "shown.npy").shape == (48, 64, 3)


def test_what_is_no_picture_is_told_by_what_it_was_sent_as(tmp_path: Path):
    (tmp_path / "upload").write_bytes(b"no picture")
    told = do(orders.Open(str(tmp_path), 1.0))
    assert told["kind"] == "InputError"
    assert told["error"].startswith("photo: ")
    assert str(tmp_path) not in told["error"]


def test_a_fill_writes_the_box_that_changed_and_what_the_page_shows_of_it(tmp_path: Path):
    state = photo(tmp_path)
    told = filled(state, tmp_path, "one.npz", piece((6, 8), 10, 20), grow="2px")
    assert told["box"] == [18, 8, 12, 10]  # left, top, width, height: grown by 2 px all round
    assert told["engine"] == "telea"
    with np.load(told["target"]) as kept:
        assert kept["pixels"].shape == (10, 12, 3)
        assert kept["box"].tolist() == [8, 18, 10, 12]
        assert "alpha" not in kept
    with Image.open(Path(told["target"]).with_suffix(VIEW)) as view:
        assert view.size == (12, 10)


def test_outside_its_box_a_written_file_is_the_upload_bit_for_bit_and_fills_lie_on_each_other(tmp_path: Path):
    state = photo(tmp_path)
    before = written(state, tmp_path)
    one = filled(state, tmp_path, "one.npz", piece((6, 8), 10, 20))
    state = orders.State(state.folder, (one["target"],))
    two = filled(state, tmp_path, "two.npz", piece((5, 5), 12, 40))
    both = written(orders.State(state.folder, (one["target"], two["target"])), tmp_path)
    hole = np.zeros(SIZE, bool)
    hole[10:16, 20:28] = hole[12:17, 40:45] = True
    assert np.array_equal(both[~hole], before[~hole])
    assert np.array_equal(both[12:17, 20:28][:3], written(state, tmp_path)[12:15, 20:28])
    assert np.array_equal(written(orders.State(state.folder), tmp_path), before)  # the worker's own copy is untouched


def test_where_a_picture_is_transparent_its_alpha_is_kept(tmp_path: Path):
    state = photo(tmp_path, "RGBA")
    told = filled(state, tmp_path, "one.npz", piece((6, 8), 10, 20))
    after = written(orders.State(state.folder, (told["target"],)), tmp_path)
    assert (after[..., 3] == 200).all()
    with np.load(told["target"]) as kept:
        assert kept["alpha"].shape == (6, 8)


@pytest.mark.parametrize(("top", "left"), [(-1, 0), (0, -1), (43, 0), (0, 57)])
def test_a_mask_that_reaches_beyond_the_picture_is_refused(tmp_path: Path, top: int, left: int):
    told = filled(photo(tmp_path), tmp_path, "one.npz", piece((6, 8), top, left))
    assert told["error"] == f"the mask of 8x6 at {left}, {top} reaches beyond the picture of 64x48"
    assert not (tmp_path / "one.npz").exists()


def test_a_mask_may_reach_to_the_edges(tmp_path: Path):
    for number, (top, left) in enumerate([(0, 0), (42, 56)]):
        assert "error" not in filled(photo(tmp_path), tmp_path, f"{number}.npz", piece((6, 8), top, left))


def test_an_empty_mask_is_refused_in_words_of_the_page(tmp_path: Path):
    empty = orders.Piece(cv2.imencode(".png", np.zeros((4, 4), np.uint8))[1].tobytes())
    assert "error" in filled(photo(tmp_path), tmp_path, "one.npz", empty)


def mask_of(told: dict[str, Any]) -> tuple[list[int], np.ndarray]:
    with Image.open(io.BytesIO(base64.b64decode(told["png"]))) as image:
        return told["box"], np.asarray(image) > 127


def test_a_mask_is_grown_and_shrunk_by_a_length(tmp_path: Path):
    state = photo(tmp_path)
    box, hole = mask_of(do(orders.Refine(state, piece((10, 12), 10, 20), "3px")))
    assert box == [17, 7, 18, 16]
    assert not hole[0, 0]  # round at its corners
    box, hole = mask_of(do(orders.Refine(state, piece((10, 12), 10, 20), "-3px")))
    assert box == [23, 13, 6, 4]
    gone = do(orders.Refine(state, piece((4, 4), 10, 20), "-3px"))
    assert (gone["png"], gone["box"]) == (None, None)


def test_a_repair_tells_the_mask_and_each_step_that_changed_it(tmp_path: Path):
    told = do(orders.Refine(photo(tmp_path), piece((10, 12), 10, 20)))
    box, hole = mask_of(told)
    assert box[0] <= 20
    assert hole.sum() >= 120
    assert all(layer["png"] for layer in told["layers"])


def test_a_word_in_a_box_is_only_what_lies_in_the_box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from freefill.values import Mask

    monkeypatch.setattr(work, "mask_of_word", lambda word, picture, score=None: Mask(np.ones(picture.size, bool)))
    state = photo(tmp_path)
    assert mask_of(do(orders.MakeMask(state, "people")))[0] == [0, 0, 64, 48]
    assert mask_of(do(orders.MakeMask(state, "people", box=(5, 7, 20, 10))))[0] == [5, 7, 20, 10]


def test_points_and_boxes_are_handed_on_by_row_and_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    heard: list[Any] = []

    def found(image: np.ndarray, marks: Any, model: str) -> tuple[np.ndarray, None]:
        heard.append((marks, model))
        return np.zeros(image.shape[:2], bool), None

    monkeypatch.setattr(work, "marked", found)
    told = do(orders.MakeMask(photo(tmp_path), "marks", box=(5, 7, 20, 10), points=((3, 4, True), (30, 2, False))))
    assert told["png"] is None
    ((marks, model),) = heard
    assert model == "auto"
    assert (marks.box.left, marks.box.top, marks.box.width, marks.box.height) == (5, 7, 20, 10)
    assert (marks.points, marks.not_points) == (((4.0, 3.0),), ((2.0, 30.0),))


def test_memory_that_is_not_there_is_told_and_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def none(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setitem(work._DO, orders.WriteFile, none)
    told = do(orders.WriteFile(orders.State(str(tmp_path)), "x"))
    assert told["kind"] == "MemoryError"
    assert "not enough memory" in told["error"]


def test_another_format_is_written_where_it_is_asked_for(tmp_path: Path):
    state = photo(tmp_path)
    do(orders.WriteFile(state, str(tmp_path / "written"), "tiff"))
    with Image.open(tmp_path / "written") as image:
        assert image.format == "TIFF"


def test_the_last_fill_is_diagnosed_against_the_picture_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import freefill.diagnosis.diagnose as diagnosing

    heard: list[Any] = []

    class Said:
        def to_json(self) -> dict[str, Any]:
            return {"findings": []}

    def diagnose(before: np.ndarray, hole: np.ndarray, after: np.ndarray, tokens: Any) -> Said:
        heard.append((before, hole, after))
        return Said()

    monkeypatch.setattr(diagnosing, "diagnose", diagnose)
    state = photo(tmp_path)
    one = filled(state, tmp_path, "one.npz", piece((6, 8), 10, 20))
    first = orders.State(state.folder, (one["target"],))
    two = filled(first, tmp_path, "two.npz", piece((5, 5), 12, 40))
    do(orders.Diagnose(orders.State(state.folder, (one["target"], two["target"]))))
    ((before, hole, after),) = heard
    assert np.array_equal(before, written(first, tmp_path))
    assert np.argwhere(hole)[[0, -1]].tolist() == [[12, 40], [16, 44]]
    assert hole.sum() == 25
    assert np.array_equal(after[~hole], before[~hole])
    assert not np.array_equal(after, before)


def halves(folder: Path) -> dict[str, str]:
    """Write a photograph with red gravel on the left and green on the right, a hole amid it, and masks for it."""
    gravel = np.random.default_rng(0).integers(120, 255, SIZE, dtype=np.uint8)
    pixels = np.zeros((*SIZE, 3), np.uint8)
    pixels[:, :32, 0], pixels[:, 32:, 1] = gravel[:, :32], gravel[:, 32:]
    masks = {name: np.zeros(SIZE, np.uint8) for name in ("hole", "left", "lines", "empty")}
    masks["hole"][18:30, 24:40] = masks["left"][:, :32] = masks["lines"][24, 20:44] = 255
    for name, levels in {"photo": pixels, **masks, "inverted": 255 - masks["lines"]}.items():
        Image.fromarray(levels).save(folder / name, "PNG")
    return {name: str(folder / name) for name in ("photo", *masks, "inverted")}


def once(paths: dict[str, str], folder: Path, files: dict[str, str], **wishes: Any) -> dict[str, Any]:
    asked = {"max_mpx": 1.0, "engine": "texture", **wishes}
    return do(orders.Once(paths["photo"], paths["hole"], asked, str(folder / "target"), files=files))


def redness(folder: Path, **files: str) -> float:
    paths = halves(folder)
    told = once(paths, folder, {wish: paths[name] for wish, name in files.items()}, structure="never")
    assert "error" not in told
    with Image.open(folder / "target") as image:
        inside = np.asarray(image)[18:30, 24:40].astype(float)
    return float((inside[..., 0] - inside[..., 1]).mean())


def test_a_fill_copies_only_from_where_the_masks_that_were_sent_allow_it(tmp_path: Path):
    free = redness(tmp_path)
    assert redness(tmp_path, source="left") > free + 15
    assert redness(tmp_path, not_from="left") < free - 15


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"source": "empty"}, "source: nothing is left to copy from; allow more with source or not_from"),
        ({"source": "left", "not_from": "left"}, "source and not_from: nothing is left"),
        ({"not_from": "small"}, "not_from: picture is 64x48, mask 9x9; pass mask_fit=scale"),
        ({"sketch": "inverted"}, "sketch: 99% of it is white"),
        ({"sketch": "lines"}, "engine 'texture' follows no sketch; pass engine=deepfillv2"),
        ({"sketch": "noise"}, "sketch: "),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_mask_that_was_sent_is_told_by_its_field(tmp_path: Path, files: dict, why: str):
    paths = halves(tmp_path) | {"small": str(tmp_path / "small"), "noise": str(tmp_path / "noise")}
    Image.new("L", (9, 9), 255).save(tmp_path / "small", "PNG")
    (tmp_path / "noise").write_bytes(b"no picture")
    told = once(paths, tmp_path, {wish: paths[name] for wish, name in files.items()})
    assert told["error"].startswith(why)
    assert str(tmp_path) not in told["error"]
    assert "--" not in told["error"]


def test_lines_that_were_sent_reach_the_engine_as_they_were_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    heard: list[Any] = []

    class Listening:
        def run(self, picture: Any, mask: Any, request: Any, **more: Any) -> Any:
            heard.append(more)
            raise InputError("heard")

    monkeypatch.setattr(work, "_inpainter", lambda *_: Listening())
    paths = halves(tmp_path)
    assert once(paths, tmp_path, {"sketch": paths["lines"]})["error"] == "heard"
    assert np.argwhere(heard[0]["sketch"])[[0, -1]].tolist() == [[24, 20], [24, 43]]
    assert heard[0]["source"] is None
