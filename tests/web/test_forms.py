"""Fields of requests: what is misspelt is refused in one line, and a wish has the meaning it has elsewhere."""

from __future__ import annotations

import io
import json

import pytest
from fastapi import UploadFile

from freefill.errors import InputError
from freefill.request import WISHES, Request
from freefill.web import problems
from freefill.web.api_routes import SENT_WISHES
from freefill.web.forms import InpaintForm, Wishes, answers, check_word, from_json
from freefill.web.page_routes import _numbers


def test_a_form_that_is_left_empty_asks_for_what_the_library_does_by_itself():
    assert Request(**Wishes.model_validate({}).wishes()) == Request()


def test_every_field_is_a_wish():
    assert set(Wishes.model_fields) <= set(WISHES)
    assert set(Wishes.model_validate({}).wishes()) == set(Wishes.model_fields)


def test_wishes_are_taken_from_json():
    assert from_json('{"seed": 3, "grow": "3%", "texture": "never"}') == Wishes.model_validate({}).wishes() | {
        "seed": 3,
        "grow": "3%",
        "texture": "never",
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "settings are not valid JSON"),
        ("[]", "settings must be a JSON object"),
        ('{"sede": 1}', "settings: 'sede' is not known; all: engine, weights,"),
        ('{"seed": -1}', "settings: seed: Input should be greater than or equal to 0"),
        ('{"seed": 2147483648}', "settings: seed: "),
        ('{"texture": "often"}', "settings: texture: "),
        ('{"weights": "/etc/passwd"}', "settings: weights: .*'/etc/passwd' is not known"),
        (json.dumps({"engine": "x" * 41}), "settings: engine: "),
    ],
)
def test_what_is_no_wish_is_refused_in_one_line(text: str, why: str):
    with pytest.raises(InputError, match=why) as raised:
        from_json(text)
    assert "\n" not in str(raised.value)


def test_weights_that_were_imported_under_a_name_of_their_own_can_be_asked_for(monkeypatch: pytest.MonkeyPatch):
    class Record:
        name = "guided"

    with pytest.raises(ValueError, match="'guided' is not known"):
        Wishes.model_validate({"weights": "guided"})
    monkeypatch.setattr("freefill.web.forms.records", lambda: [Record()])
    assert Wishes.model_validate({"weights": "guided"}).wishes()["weights"] == "guided"
    with pytest.raises(ValueError, match="did you mean 'guided'"):
        Wishes.model_validate({"weights": "guidde"})


def test_wishes_that_are_sent_as_files_are_fields_of_their_own_and_no_words():
    sent = set(InpaintForm.model_fields) & set(WISHES) - set(Wishes.model_fields)
    assert sent == set(SENT_WISHES) == {"source", "not_from", "sketch"}
    form = InpaintForm(image=UploadFile(io.BytesIO()), not_from=UploadFile(io.BytesIO()))  # type: ignore[call-arg]
    assert set(form.wishes()) == set(Wishes.model_fields)


def test_a_misspelt_field_of_a_request_is_refused():
    with pytest.raises(ValueError, match="sede"):
        InpaintForm(image=None, sede=1)  # type: ignore[arg-type, call-arg]


@pytest.mark.parametrize("word", ["people", "people but 2", "people but the main one", "small people", "text", "alpha"])
def test_words_that_name_a_mask_are_taken(word: str):
    check_word(word)


@pytest.mark.parametrize("word", ["peple", "people but 0", "photo.jpg", ""])
def test_other_words_are_refused_with_all_that_there_are(word: str):
    with pytest.raises(problems.Problem) as raised:
        check_word(word)
    assert raised.value.status_code == 422
    assert "all: alpha, people, salient, text, people but the main one" in raised.value.detail


def test_the_nearest_word_is_named():
    with pytest.raises(problems.Problem, match="did you mean 'people'"):
        check_word("peple")


def test_groups_of_numbers_are_read():
    assert _numbers(None, 3, "points") == _numbers("", 3, "points") == []
    assert _numbers("1,2,1;3.7,4,0;", 3, "points") == [(1, 2, 1), (3, 4, 0)]


@pytest.mark.parametrize("text", ["1,2", "1,2,3,4", "a,b,c", "1,2,1e999", "1,2,nan", "1,2,1;" * 201])
def test_other_groups_are_refused(text: str):
    with pytest.raises(problems.Problem, match="points: 3 numbers with commas are wanted"):
        _numbers(text, 3, "points")


def test_two_hundred_groups_are_taken():
    assert len(_numbers("1,2,1;" * 200, 3, "points")) == 200


def test_an_answer_that_is_no_json_is_described():
    assert answers("image/png", 202) == {
        202: {"description": "Done", "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}
    }


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"error": "x", "kind": "WeightsError"}, 409),
        ({"error": "x", "kind": "EngineError"}, 422),
        ({"error": "x", "kind": "MemoryError"}, 507),
        ({"error": "x", "kind": "InputError"}, 422),
        ({"error": "x"}, 422),
    ],
)
def test_what_a_worker_says_gets_the_status_that_tells_whose_move_it_is(said: dict[str, str], status: int):
    problem = problems.of_worker(said)
    assert (problem.status_code, problem.detail) == (status, "x")
