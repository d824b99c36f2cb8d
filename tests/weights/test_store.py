"""Where weights lie: finding, checking and taking away, by name and by path."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from loopback import DATA, Site, card, whole

from freefill.errors import WeightsError
from freefill.weights import store
from freefill.weights.cards import catalogue
from freefill.weights.cards.card import Card
from freefill.weights.folder import folder, read_record, records
from freefill.weights.locate import locate, sha256_of, state, vouched


@pytest.fixture
def with_cards(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put other cards into the list."""
    return lambda *cards: monkeypatch.setattr(catalogue, "CARDS", cards)


@pytest.fixture
def thing(site: Site, with_cards: Callable[..., None]) -> Card:
    """A card of the list without a published hash, which the server has."""
    one = card(site.serve("/f", whole()), data=None)
    with_cards(one)
    return one


def test_what_is_not_here_names_the_command_that_gets_it() -> None:
    with pytest.raises(WeightsError) as error:
        locate("places2")
    text = str(error.value)
    assert "run: freefill weights fetch places2" in text
    assert "freefill weights import FILE --name places2" in text


def test_an_unknown_name_gives_the_nearest() -> None:
    with pytest.raises(WeightsError, match=r"weights 'celebhq' are not known; did you mean 'celebahq'\?"):
        locate("celebhq")


def test_a_path_is_returned_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "own.pth"
    path.write_bytes(b"x")
    assert locate(str(path)) == path
    assert sha256_of(str(path)) == hashlib.sha256(b"x").hexdigest()


def test_a_file_named_like_a_card_does_not_hide_the_card(
    thing: Card, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("thing").write_bytes(b"another")
    path = store.fetch(["thing"])[0]
    assert locate("thing") == path
    assert sha256_of("thing") == hashlib.sha256(DATA).hexdigest()
    assert vouched("thing", "thing") == (path, hashlib.sha256(DATA).hexdigest())


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"own\.pth: there is no such file"):
        locate(str(tmp_path / "own.pth"))
    with pytest.raises(WeightsError, match=r"own\.safetensors: there is no such file"):
        locate("own.safetensors")


def test_a_name_cannot_reach_out_of_the_folder() -> None:
    for name in ("..", ".hidden", "a b", ""):
        with pytest.raises(WeightsError):
            locate(name)


def test_fetch_locate_verify_remove(thing: Card) -> None:
    assert state("thing") == "not here"
    path = store.fetch(["thing"])[0]
    assert locate("thing") == path
    assert state("thing") == "ready"
    assert store.verify("thing") == sha256_of("thing") == hashlib.sha256(DATA).hexdigest()
    assert store.remove("thing") == path
    assert not path.exists()
    assert state("thing") == "not here"
    assert records() == []


def test_looking_for_weights_fetches_nothing(thing: Card, site: Site) -> None:
    with pytest.raises(WeightsError):
        locate("thing")
    state("thing")
    assert site.asked == []


def test_companions_come_along(site: Site, with_cards: Callable[..., None]) -> None:
    one = card(site.serve("/a", whole()), companions=("other",))
    two = card(site.serve("/b", whole(b"b")), data=b"b", name="other", file="other.bin", companions=("thing",))
    with_cards(one, two)
    path = store.fetch(["thing"])[0]
    assert path.name == "thing.bin"
    assert state("other") == "ready"


def test_verify_finds_a_change_that_keeps_size_and_time(thing: Card) -> None:
    import os

    path = store.fetch(["thing"])[0]
    before = path.stat()
    path.write_bytes(DATA[:-1] + b"?")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert state("thing") == "ready"  # the fast look cannot see it
    with pytest.raises(WeightsError, match="have changed"):
        store.verify("thing")


def test_a_changed_file_is_neither_ready_nor_fetched_over(thing: Card, site: Site) -> None:
    store.fetch(["thing"])[0].write_bytes(b"changed")
    assert state("thing") == "changed"
    with pytest.raises(WeightsError, match="run: freefill weights remove thing"):
        store.fetch(["thing"])[0]
    store.remove("thing")
    assert store.fetch(["thing"])[0].read_bytes() == DATA


def test_removing_keeps_the_recorded_hash_and_forgetting_does_not(thing: Card, site: Site) -> None:
    store.fetch(["thing"])[0]
    store.remove("thing")
    site.serve("/f", whole(b"replaced by its publisher"))
    with pytest.raises(WeightsError, match="--forget"):
        store.fetch(["thing"])[0]
    store.remove("thing", forget=True)
    assert store.fetch(["thing"])[0].read_bytes() == b"replaced by its publisher"


def test_there_is_nothing_to_remove_where_nothing_is(thing: Card) -> None:
    with pytest.raises(WeightsError, match="nothing to remove"):
        store.remove("thing")
    with pytest.raises(WeightsError, match="nothing to remove"):
        store.remove("no-such-thing")


def test_a_file_put_there_by_hand_is_taken_if_its_published_hash_vouches(with_cards: Callable[..., None]) -> None:
    with_cards(card("http://127.0.0.1:9/f"))
    folder().mkdir()
    (folder() / "thing.bin").write_bytes(DATA)
    assert locate("thing") == folder() / "thing.bin"
    assert read_record("thing") is not None


def test_a_wrong_file_put_there_by_hand_is_refused(with_cards: Callable[..., None]) -> None:
    with_cards(card("http://127.0.0.1:9/f"))
    folder().mkdir()
    (folder() / "thing.bin").write_bytes(b"wrong")
    with pytest.raises(WeightsError, match="SHA-256"):
        locate("thing")


def test_a_file_put_there_by_hand_that_nothing_vouches_for_goes_through_import(thing: Card) -> None:
    folder().mkdir()
    (folder() / "thing.bin").write_bytes(DATA)
    with pytest.raises(WeightsError, match="freefill weights import FILE --name thing"):
        locate("thing")


def test_a_broken_record_is_named_and_can_be_forgotten(thing: Card) -> None:
    path = store.fetch(["thing"])[0]
    (folder() / "thing.record.json").write_text("{")
    with pytest.raises(WeightsError, match="remove thing --forget"):
        locate("thing")
    store.remove("thing", forget=True)
    assert not path.exists()
    assert state("thing") == "not here"


def test_weights_in_a_folder_that_cannot_be_written_are_used(thing: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    path = store.fetch(["thing"])[0]
    os.utime(path, ns=(1, 1))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert locate("thing") == path


# --- files that may run code -----------------------------------------------------------------------------------------


def test_a_program_of_ones_own_is_vouched_for_by_its_cards_hash(
    tmp_path: Path, with_cards: Callable[..., None]
) -> None:
    with_cards(card("http://127.0.0.1:9/f", data=None, md5=hashlib.md5(DATA).hexdigest()))
    path = tmp_path / "own.pt"
    path.write_bytes(DATA)
    assert vouched(str(path), "thing") == (path, hashlib.sha256(DATA).hexdigest())
    path.write_bytes(DATA + b"?")
    with pytest.raises(WeightsError, match=r"is a program, .* was not opened"):
        vouched(str(path), "thing")


def test_a_program_without_any_published_hash_is_not_vouched_for(tmp_path: Path, thing: Card) -> None:
    path = tmp_path / "own.pt"
    path.write_bytes(DATA)
    with pytest.raises(WeightsError, match="no hash of it is published"):
        vouched(str(path), "thing")


def test_weights_of_another_network_are_not_vouched_for(thing: Card, with_cards: Callable[..., None]) -> None:
    with_cards(thing, replace(thing, name="lama", network="lama"))
    store.fetch(["thing"])[0]
    with pytest.raises(WeightsError, match="are for nothing, not for lama"):
        vouched("thing", "lama")


def test_what_was_made_of_a_file_goes_with_it(thing: Card) -> None:
    from freefill.weights.folder import put, record_for, work_folder
    from freefill.weights.tfjs.converted import SUFFIX

    store.fetch(["thing"])[0]
    part = work_folder() / "part"
    part.write_bytes(b"made")
    record = replace(record_for(thing, "made of it", ""), name="thing" + SUFFIX, file="thing.onnx")
    made = put(part, record, hashlib.sha256(b"made").hexdigest())
    store.remove("thing")
    assert not made.exists()
