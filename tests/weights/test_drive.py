"""The question of a drive host: three ways to ask it, and the address that answers each."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from freefill.weights.getting.drive import confirmed_url

URL = "https://drive.example/uc?id=abc&export=download"


def parts(url: str | None) -> tuple[str, dict[str, list[str]]]:
    assert url is not None
    split = urlsplit(url)
    return f"{split.scheme}://{split.netloc}{split.path}", parse_qs(split.query, keep_blank_values=True)


def test_a_form_is_sent_off_with_all_its_hidden_fields():
    page = (
        '<form action="/search"><input name="q" value="x"></form>'
        '<form action="https://files.example/download"><input type="hidden" name="id" value="abc">'
        '<input name="confirm" value="t"><input type="submit"><input name="empty"></form>'
    )
    assert parts(confirmed_url(page, URL, {})) == (
        "https://files.example/download",
        {"id": ["abc"], "confirm": ["t"], "empty": [""]},
    )


def test_a_form_that_has_only_a_uuid_is_one_and_its_address_may_be_relative():
    page = '<form action="/download?a=1"><input name="uuid" value="0-1"></form>'
    assert parts(confirmed_url(page, URL, {})) == ("https://drive.example/download", {"a": ["1"], "uuid": ["0-1"]})


def test_a_form_without_an_address_goes_where_the_page_came_from():
    page = '<form><input name="confirm" value="y"></form>'
    assert parts(confirmed_url(page, URL, {})) == (
        "https://drive.example/uc",
        {"id": ["abc"], "export": ["download"], "confirm": ["y"]},
    )


def test_a_link_that_carries_the_confirmation_is_followed():
    page = '<a href="/help">help</a><a href="/uc?confirm=x1&amp;id=abc">go on</a>'
    assert confirmed_url(page, URL, {}) == "https://drive.example/uc?confirm=x1&id=abc"


def test_the_value_of_a_cookie_is_sent_back():
    cookies = {"other": "no", "download_warning_1_abc": "z9"}
    assert parts(confirmed_url("<p>large</p>", URL, cookies))[1] == {
        "id": ["abc"],
        "export": ["download"],
        "confirm": ["z9"],
    }


@pytest.mark.parametrize(
    "page", ["", "<p>not here</p>", '<form action="/login"><input name="user"></form>', '<input name="confirm">']
)
def test_a_page_that_asks_nothing_has_no_answer(page: str):
    assert confirmed_url(page, URL, {"session": "1"}) is None
