"""One request in, the file out."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import httpx
import pytest
from PIL import Image

from .serving import FILL_S, by_command, finished


def test_one_request_gives_the_file_that_the_command_line_writes(address: str, photo: Path, mask: Path) -> None:
    answer = httpx.post(
        address + "/api/v1/inpaint",
        files={"image": photo.read_bytes(), "mask": mask.read_bytes()},
        data={"engine": "telea", "grow": "2px", "seed": "3"},
        timeout=FILL_S,
    )
    assert answer.status_code == 200, answer.text
    assert answer.content == by_command(photo, mask, "--engine", "telea", "--grow", "2px", "--seed", "3")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-freefill-engine"] == "telea"
    assert answer.headers["x-freefill-seed"] == "3"


def test_what_may_not_be_copied_is_sent_as_a_mask_of_its_own(address: str, photo: Path, mask: Path) -> None:
    barred = mask.with_name("barred.png")
    Image.new("L", (96, 64), 0).save(barred)
    with Image.open(barred) as image:
        image.paste(255, (0, 0, 48, 64))
        image.save(barred)
    answer = httpx.post(
        address + "/api/v1/inpaint",
        files={"image": photo.read_bytes(), "mask": mask.read_bytes(), "not_from": barred.read_bytes()},
        data={"engine": "texture"},
        timeout=FILL_S,
    )
    assert answer.status_code == 200, answer.text
    barred_fill = by_command(photo, mask, "--engine", "texture", "--not-from", str(barred))
    assert answer.content == barred_fill
    assert barred_fill != by_command(photo, mask, "--engine", "texture")


def test_json_holds_the_same_file_with_the_plan(address: str, photo: Path, mask: Path) -> None:
    answer = httpx.post(
        address + "/api/v1/inpaint",
        files={"image": photo.read_bytes(), "mask": mask.read_bytes()},
        data={"engine": "telea"},
        headers={"Accept": "application/json"},
        timeout=FILL_S,
    ).json()
    assert base64.b64decode(answer["image"]) == by_command(photo, mask, "--engine", "telea")
    assert answer["plan"]["hole_px"] == 200


def test_a_job_that_answers_later_gives_its_file_once(address: str, photo: Path, mask: Path) -> None:
    answer = httpx.post(
        address + "/api/v1/inpaint",
        files={"image": photo.read_bytes(), "mask": mask.read_bytes()},
        data={"engine": "telea"},
        headers={"Prefer": "respond-async"},
    )
    assert answer.status_code == 202
    told = finished(address, answer.json())
    assert told["status"] == "done", told
    file = httpx.get(address + told["answer"]["file"])
    assert file.content == by_command(photo, mask, "--engine", "telea")
    assert httpx.get(address + told["answer"]["file"]).status_code == 404


def test_iopaints_shape_is_understood(address: str, photo: Path, mask: Path) -> None:
    coded = [base64.b64encode(path.read_bytes()).decode() for path in (photo, mask)]
    body = {"image": "data:image/png;base64," + coded[0], "mask": coded[1], "sd_seed": 7, "hd_strategy": "Crop"}
    answer = httpx.post(address + "/iopaint/api/v1/inpaint", json=body, timeout=FILL_S)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-seed"] == "7"
    assert answer.content == by_command(photo, mask, "--seed", "7")


@pytest.mark.parametrize(
    ("files", "data", "status", "says"),
    [
        ({"image": "photo"}, {}, 422, "either a mask or a word"),
        ({"image": "photo", "mask": "mask"}, {"engine": "telae"}, 422, "did you mean 'telea'?"),
        ({"image": "photo", "mask": "mask"}, {"grow": "lots"}, 422, "'lots' is not a length"),
        ({"image": "photo", "mask": "mask"}, {"colour": "red"}, 422, "colour"),
        ({"image": "photo", "mask": "small"}, {}, 422, "picture is 96x64, mask 8x8"),
        ({"image": "photo", "mask": "black"}, {}, 422, "mask"),
        ({"image": "noise", "mask": "mask"}, {}, 422, "image"),
        ({"mask": "mask"}, {}, 422, "image"),
        ({"image": "photo"}, {"word": "peple"}, 422, "did you mean 'people'?"),
        ({"image": "photo", "mask": "mask"}, {"weights": "/etc/passwd"}, 422, "weights"),
        ({"image": "photo", "mask": "mask"}, {"seed": str(2**31)}, 422, "seed"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_line(
    address: str, photo: Path, mask: Path, files: dict, data: dict, status: int, says: str
) -> None:
    def png(size: int, level: int) -> bytes:
        content = io.BytesIO()
        Image.new("L", (size, size) if size == 8 else (96, 64), level).save(content, "PNG")
        return content.getvalue()

    contents = {"photo": photo.read_bytes(), "mask": mask.read_bytes(), "small": png(8, 255), "black": png(96, 0),
                "noise": b"\x01\x02 no picture"}  # fmt: skip
    sending = {name: contents[what] for name, what in files.items()}
    answer = httpx.post(address + "/api/v1/inpaint", files=sending, data=data, timeout=FILL_S)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert says in problem["detail"]
    assert "\n" not in problem["detail"]
    assert "/tmp" not in problem["detail"], "a path of the server's"
