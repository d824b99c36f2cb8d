"""Every row of the list of weights says where it comes from, how it is checked, and on what terms it may be used."""

import re

import pytest

from freefill.detectors import refining
from freefill.errors import WeightsError
from freefill.weights.cards import catalogue
from freefill.weights.cards.card import NOT_PUBLISHED, Card, DriveFile, PackageMember, Url
from freefill.weights.folder import RECORD, check_name

each_card = pytest.mark.parametrize("card", catalogue.CARDS, ids=lambda card: card.name)


@each_card
def test_a_row_has_a_hash_or_says_that_none_is_published(card: Card) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", card.sha256) or card.sha256 == NOT_PUBLISHED
    assert card.md5 is None or re.fullmatch(r"[0-9a-f]{32}", card.md5)
    assert not (card.md5 and card.sha256 != NOT_PUBLISHED)


@each_card
def test_a_row_names_its_licence_and_what_it_forbids(card: Card) -> None:
    known = ("Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "GPL-3.0", "CC BY-NC 4.0", "not stated")
    assert card.licence.startswith(known)
    assert card.forbids
    if card.licence.startswith(("GPL", "CC BY-NC", "not stated")):
        assert not card.forbids.startswith("nothing")


@each_card
def test_a_row_is_complete(card: Card) -> None:
    for text in (card.what_for, card.network, card.origin, card.trained_on, card.layout):
        assert text.strip() == text
        assert text
    assert card.sources
    assert card.size_mb is not None
    assert card.size_mb > 0
    assert check_name(card.name) == card.name
    assert check_name(card.file) == card.file


@each_card
def test_a_package_member_is_fully_pinned_and_stands_alone(card: Card) -> None:
    if card.kind == "file":
        assert all(isinstance(source, Url | DriveFile) for source in card.sources)
        assert all(
            source.url.startswith("https://") for source in card.sources if not isinstance(source, PackageMember)
        )
        return
    (source,) = card.sources
    assert isinstance(source, PackageMember)
    assert re.fullmatch(r"[0-9a-f]{64}", source.archive_sha256)
    assert source.archive_bytes > 0
    assert source.version
    assert source.member
    assert card.bytes is not None
    assert card.sha256 != NOT_PUBLISHED


@each_card
def test_a_companion_is_a_card_and_knows_of_it(card: Card) -> None:
    for name in card.companions:
        assert card.name in catalogue.find(name).companions


@each_card
def test_copyleft_is_said_where_it_is_listed(card: Card) -> None:
    assert ("COPYLEFT" in card.what_for) == card.licence.startswith("GPL")


def test_names_and_files_are_used_once() -> None:
    names = [card.name for card in catalogue.CARDS]
    files = [card.file for card in catalogue.CARDS] + [name + RECORD for name in names]
    assert len(set(names)) == len(names)
    assert len(set(files)) == len(files)


def test_the_names_of_the_engines_are_there() -> None:
    assert catalogue.names()[:6] == ["places2", "celebahq", "places2-tf", "celebahq-tf", "lama", "migan"]


def test_every_weights_name_of_the_engines_is_a_card_of_that_network_or_comes_with_freefill() -> None:
    from freefill.engines import registry
    from freefill.weights.packaged import packaged

    for spec in registry.ENGINES:
        for name in spec.weights:
            assert packaged(name) is not None or catalogue.find(name).network == spec.name


def test_an_unknown_name_gives_the_nearest() -> None:
    with pytest.raises(WeightsError, match="did you mean 'places2'"):
        catalogue.find("place2")


def test_a_job_names_all_the_weights_that_it_needs_once() -> None:
    assert [card.name for card in catalogue.asked_for(["pose", "people"])] == [
        "pose",
        "nanodet",
        "selfie",
        "movenet",
        "u2netp",
    ]


def test_what_people_masks_look_for_is_in_the_job_people() -> None:
    assert set(refining.WANTED) == set(catalogue.JOBS["people"])
