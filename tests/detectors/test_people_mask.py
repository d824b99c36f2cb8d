"""Which persons are masked, and what is told of them, with networks for which a person is what is bright."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pictures

from freefill.cli.main import main
from freefill.detectors import people_mask
from freefill.detectors.people_mask import PeopleWishes, mask_people
from freefill.errors import InputError
from freefill.inputs import mask_for
from freefill.masks.refining.detected import Person
from freefill.masks.refining.settings import DEFAULT
from freefill.values import Box, Picture

SIZE = (416, 416)
PLACES = {"large": Box(120, 150, 140, 140), "small": Box(40, 330, 40, 40), "tiny": Box(350, 20, 30, 30)}


@pytest.fixture
def three(models, monkeypatch):
    """Three bright persons whom the detector finds one by one; the least of them is doubtful and lacks an arm."""
    image = np.full((*SIZE, 3), 0.1, np.float32)
    persons = []
    for number, box in enumerate(PLACES.values()):
        image[box.slices] = 0.95
        lacking = ("left arm",) if number == 2 else ()
        persons.append(Person(box, np.ones((box.height, box.width), np.float32), 0.95 - 0.2 * number, lacking))
    monkeypatch.setattr(people_mask, "find_people", lambda *_: tuple(persons))
    return image


def within(mask, name: str) -> float:
    return float(mask.hole[PLACES[name].slices].mean())


@pytest.mark.parametrize(
    ("word", "gone"),
    [
        ("people", ["large", "small", "tiny"]),
        ("people but the main one", ["small", "tiny"]),
        ("people but 2", ["tiny"]),
        ("small people", ["small", "tiny"]),
    ],
)
def test_words_say_who_goes(three, word, gone):
    picture = Picture(np.rint(three * 255).astype(np.uint8), source="party.jpg")
    mask = mask_for(word, picture)
    for name in PLACES:
        assert within(mask, name) == (1 if name in gone else 0)


def test_nobody_is_left_where_all_stay(three):
    found = mask_people(three, PeopleWishes(keep=3))
    assert not found.mask.hole.any()
    assert found.mask.notes == ("all 3 persons stay",)
    assert len(found.stay) == 3


def test_what_refining_adds_does_not_reach_over_who_stays(three):
    found = mask_people(three, PeopleWishes(keep=1, refining=DEFAULT))
    assert within(found.mask, "large") == 0
    assert within(found.mask, "small") == 1
    assert found.refined is not None


def test_each_person_has_a_mask_and_nobody_shares_a_pixel(three):
    masks = mask_people(three).each()
    assert [mask.hole.sum() for mask in masks] == [box.area for box in PLACES.values()]
    assert np.sum([mask.hole for mask in masks], axis=0).max() == 1


def test_what_is_told_is_how_many_how_sure_and_who_may_be_incomplete(three):
    found = mask_people(three, PeopleWishes(keep=1), "party.jpg")
    told = found.told()
    assert [person["score"] for person in told["persons"]] == [0.75, 0.55]
    assert [person["may_lack"] for person in told["persons"]] == [[], ["left arm"]]
    assert told["persons"][0]["box"] == [330, 40, 40, 40]
    assert [person["size_px"] for person in told["stay"]] == [140.0]
    assert found.mask.notes == (
        f"people: 2 of 3 persons, {100 * found.mask.share:.1f} % of the picture",
        "1 of 2 persons may be none: --score 0.6 leaves them out",
        "person 2 may be incomplete: left arm drawn from the joints",
        "who is a person is told better with one more network; run: freefill weights fetch movenet",
    )


def test_the_overlay_shows_who_may_be_incomplete_and_who_stays(three):
    layers = mask_people(three, PeopleWishes(keep=1)).layers()
    assert layers["persons"].sum() == PLACES["small"].area
    assert layers["may be incomplete"].sum() == PLACES["tiny"].area
    assert layers["stays"].sum() == PLACES["large"].area


@pytest.mark.parametrize("words", ["persons", "people but", "people but 0", "people but the main", "small"])
def test_other_words_name_nobody(words):
    with pytest.raises(InputError, match="does not name people"):
        PeopleWishes.from_words(words)


def test_fewer_than_nobody_cannot_stay():
    with pytest.raises(InputError, match="-1 people cannot stay"):
        PeopleWishes(keep=-1)


def call(capsys, *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["mask", "people", *(str(word) for word in words)])
    out = capsys.readouterr()
    code = ended.value.code
    return code if isinstance(code, int) else 0 if code is None else 1, out.out, out.err


@pytest.fixture
def party(three, tmp_path, monkeypatch):
    """party.png in the working folder."""
    monkeypatch.chdir(tmp_path)
    Pictures.fromarray(np.rint(three * 255).astype(np.uint8)).save("party.png")


def test_each_writes_a_mask_for_each_person_beside_the_mask_of_all(party, capsys):
    code, out, _ = call(capsys, "party.png", "-o", "m.png", "--each", "--but", 1, "--json")
    assert code == 0
    assert json.loads(out)["each"] == ["m_1.png", "m_2.png"]
    sizes = [
        int((np.asarray(Pictures.open(name).convert("L")) > 127).sum()) for name in ("m.png", "m_1.png", "m_2.png")
    ]
    assert sizes == [1600 + 900, 1600, 900]


def white_px(name: str) -> int:
    with Pictures.open(name) as mask:
        return int((np.asarray(mask.convert("L")) > 127).sum())


def test_no_persons_mask_has_the_name_of_another_pictures(party, capsys):
    Path("party_1.png").write_bytes(Path("party.png").read_bytes())
    code, out, _ = call(capsys, "party.png", "party_1.png", "-o", "masks", "--each", "--json")
    assert code == 0
    first, second = (json.loads(line) for line in out.splitlines())
    assert first["each"] == [f"masks/party_{name}.png" for name in ("1~2", "2", "3")]
    assert second["output"] == "masks/party_1.png"
    assert white_px("masks/party_1.png") == sum(box.area for box in PLACES.values())
    assert white_px("masks/party_1~2.png") == PLACES["large"].area


def test_no_persons_mask_is_written_over_the_picture_that_is_read(party, capsys):
    Path("m_1.png").write_bytes(before := Path("party.png").read_bytes())
    code, out, _ = call(capsys, "m_1.png", "-o", "m.png", "--overlay", "m_2.png", "--each", "--json")
    assert code == 0
    assert json.loads(out)["each"] == ["m_1~2.png", "m_2~2.png", "m_3.png"]
    assert Path("m_1.png").read_bytes() == before


def test_the_overlay_of_a_command_is_a_picture(party, capsys):
    assert call(capsys, "party.png", "-o", "m.png", "--overlay", "shown.png")[0] == 0
    with Pictures.open("shown.png") as shown:
        assert shown.size[0] == SIZE[1]
        assert np.ptp(np.asarray(shown)[200, 200]) > 40  # coloured


def test_tight_masks_less_than_the_default_and_thorough_more(party, capsys):
    shares = {}
    for word in ("--tight", "", "--thorough"):
        code, out, _ = call(capsys, "party.png", "-o", "m.png", "--refine", "--json", *([word] if word else []))
        assert code == 0
        shares[word] = json.loads(out)["share"]
    assert shares["--tight"] < shares[""] < shares["--thorough"]


@pytest.mark.parametrize(
    "words", [("--tight",), ("--refine", "--tight", "--thorough"), ("--weights", "u2net-human", "--each")]
)
def test_wishes_that_do_not_go_together_are_refused(party, capsys, words):
    assert call(capsys, "party.png", "-o", "m.png", *words)[0] == 2
    assert not Path("m.png").exists()
