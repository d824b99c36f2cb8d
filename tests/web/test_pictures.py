"""Pictures by name, as the page uses them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from .serving import FILL_S, by_command, filled, finished, sent


def test_the_page_gets_the_file_that_the_command_line_writes(address: str, photo: Path, mask: Path) -> None:
    about = sent(address, photo)
    assert (about["width"], about["height"], about["bits"]) == (96, 64, 16)
    told = filled(address, about["id"], mask, engine="telea")
    assert told["status"] == "done", told
    assert told["answer"]["box"] == [30, 20, 20, 10]
    file = httpx.get(f"{address}/api/v1/pictures/{told['answer']['picture']}/file", timeout=FILL_S)
    assert file.content == by_command(photo, mask, "--engine", "telea")


def test_only_the_box_that_changed_travels_back(address: str, photo: Path, mask: Path) -> None:
    about = sent(address, photo)
    told = filled(address, about["id"], mask, engine="telea")
    piece = httpx.get(f"{address}/api/v1/pictures/{told['answer']['picture']}/changed")
    assert Image.open(io.BytesIO(piece.content)).size == (20, 10)


def test_a_second_fill_goes_on_from_the_first(address: str, photo: Path, mask: Path) -> None:
    about = sent(address, photo)
    first = filled(address, about["id"], mask, engine="telea")["answer"]["picture"]
    content = io.BytesIO()
    Image.new("1", (4, 4), 1).save(content, "PNG")
    job = httpx.post(
        f"{address}/api/v1/pictures/{first}/fill",
        files={"mask": content.getvalue()},
        data={"top": "2", "left": "2", "settings": json.dumps({"engine": "ns"})},
    ).json()
    second = finished(address, job)["answer"]["picture"]

    def pixels(name: str) -> np.ndarray:
        from freefill.images.read import read_picture

        return read_picture(io.BytesIO(httpx.get(f"{address}/api/v1/pictures/{name}/file").content)).pixels

    zero, one, two = pixels(about["id"]), pixels(first), pixels(second)
    assert np.array_equal(two[20:30, 30:50], one[20:30, 30:50])
    assert (one != zero).any(axis=2).sum() <= 200
    changed = (two != one).any(axis=2)
    assert changed[2:6, 2:6].any()
    changed[2:6, 2:6] = False
    assert not changed.any()


def test_the_same_photo_sent_twice_has_one_name(address: str, photo: Path) -> None:
    assert sent(address, photo)["id"] == sent(address, photo)["id"]


def test_tiles_cover_the_photo_and_nothing_else(address: str, tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    Image.new("RGB", (700, 520), (10, 200, 30)).save(path)
    name = sent(address, path)["id"]
    tile = httpx.get(f"{address}/api/v1/pictures/{name}/tiles/0/1/1")
    assert Image.open(io.BytesIO(tile.content)).size == (700 - 512, 520 - 512)
    assert httpx.get(f"{address}/api/v1/pictures/{name}/tiles/0/2/0").status_code == 404
    assert httpx.get(f"{address}/api/v1/pictures/{name}/tiles/0/-1/0").status_code == 404


def test_a_mask_that_reaches_beyond_the_photo_is_refused(address: str, photo: Path, mask: Path) -> None:
    name = sent(address, photo)["id"]
    answer = httpx.post(
        f"{address}/api/v1/pictures/{name}/fill", files={"mask": mask.read_bytes()}, data={"top": "1", "left": "0"}
    )
    told = finished(address, answer.json())
    assert told["status"] == "failed"
    assert "reaches beyond" in told["error"]


def test_a_box_cuts_out_what_is_inside(address: str, tmp_path: Path) -> None:
    pixels = np.full((80, 80, 3), 200, np.uint8)
    pixels[30:50, 30:50] = (180, 20, 20)
    path = tmp_path / "thing.png"
    Image.fromarray(pixels).save(path)
    name = sent(address, path)["id"]
    job = httpx.post(f"{address}/api/v1/pictures/{name}/mask/marks", data={"box": "24,24,32,32"}).json()
    answer = finished(address, job)["answer"]
    left, top, width, height = answer["box"]
    assert abs(left - 30) <= 2
    assert abs(top - 30) <= 2
    assert abs(width - 20) <= 4
    assert abs(height - 20) <= 4


def test_a_picture_that_was_dropped_is_gone_with_its_fills(address: str, photo: Path, mask: Path) -> None:
    name = sent(address, photo)["id"]
    fill = filled(address, name, mask, engine="telea")["answer"]["picture"]
    assert httpx.delete(f"{address}/api/v1/pictures/{name}").status_code == 204
    assert httpx.get(f"{address}/api/v1/pictures/{name}").status_code == 404
    assert httpx.get(f"{address}/api/v1/pictures/{fill}/file").status_code == 404


def test_smaller_tiles_show_more_of_the_photo(address: str, tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    Image.new("RGB", (1500, 1101), (10, 200, 30)).save(path)
    name = sent(address, path)["id"]
    tile = httpx.get(f"{address}/api/v1/pictures/{name}/tiles/1/0/1")
    assert Image.open(io.BytesIO(tile.content)).size == ((1500 - 1024) // 2, 512)
    assert httpx.get(f"{address}/api/v1/pictures/{name}/tiles/2/0/1").status_code == 404
    assert httpx.get(f"{address}/api/v1/pictures/{name}/tiles/99/0/0").status_code == 404


def test_a_fill_is_told_what_is_wrong_with_it_in_words(address: str, photo: Path, mask: Path) -> None:
    name = sent(address, photo)["id"]
    assert httpx.post(f"{address}/api/v1/pictures/{name}/diagnosis").status_code == 404, "nothing was filled"
    fill = filled(address, name, mask, engine="telea")["answer"]["picture"]
    told = finished(address, httpx.post(f"{address}/api/v1/pictures/{fill}/diagnosis").json())
    assert told["status"] == "done", told
    assert told["answer"]["verdict"] in ("good", "doubtful", "bad")
    assert {"residue", "seam", "smudge"} <= {each["name"] for each in told["answer"]["findings"]}


def test_a_repair_tells_what_each_step_adds(address: str, tmp_path: Path) -> None:
    pixels = np.full((120, 120, 3), 200, np.uint8)
    pixels[40:80, 40:80] = (180, 20, 20)
    path = tmp_path / "thing.png"
    Image.fromarray(pixels).save(path)
    name = sent(address, path)["id"]
    content = io.BytesIO()
    Image.new("1", (30, 30), 1).save(content, "PNG")
    job = httpx.post(
        f"{address}/api/v1/pictures/{name}/refine", files={"mask": content.getvalue()}, data={"top": "45", "left": "45"}
    ).json()
    answer = finished(address, job)["answer"]
    assert answer["layers"]
    assert all(layer["step"] and layer["png"] for layer in answer["layers"])
