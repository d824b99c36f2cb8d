"""What the networks see at a mask, with networks for which a person is what is bright."""

import numpy as np
import pytest

from freefill.detectors import at_mask, nanodet, refining, things
from freefill.detectors.at_mask import look
from freefill.detectors.refining import ask, refined_mask
from freefill.errors import WeightsError
from freefill.values import Box, Mask


def scene() -> np.ndarray:
    """Dark, with two bright squares."""
    image = np.full((416, 416, 3), 0.1, np.float32)
    image[100:160, 80:140] = image[260:320, 300:360] = 0.95
    return image


def first(image: np.ndarray) -> np.ndarray:
    """A mask of the left two thirds of the first square."""
    hole = np.zeros(image.shape[:2], bool)
    hole[100:160, 80:120] = True
    return hole


def seen(monkeypatch, found: dict) -> None:
    """Let NanoDet find these: category to boxes and scores."""
    named = {name: nanodet.Found(np.array(boxes, float), np.array(scores)) for name, (boxes, scores) in found.items()}
    nothing = nanodet.Found(np.zeros((0, 4)), np.zeros(0))
    monkeypatch.setattr(
        at_mask, "find_kinds", lambda image, kinds, **_: {kind: named.get(kind, nothing) for kind in kinds}
    )


def test_the_person_at_the_mask_is_seen_and_the_far_one_is_not(models):
    image = scene()
    persons = look(image, first(image)).persons
    assert persons
    assert all(person.box.overlaps(Box(100, 80, 60, 60)) for person in persons)
    seen = np.maximum.reduce([person.over(Box(0, 0, 416, 416), (416, 416)) for person in persons]) > 0.5
    truth = image[..., 0] > 0.5
    truth[200:] = False
    assert (seen & truth).sum() > 0.9 * (seen | truth).sum()


def test_a_surer_box_of_another_name_goes_before_and_what_is_masked_already_is_left(models, monkeypatch):
    image = scene()
    of_persons = nanodet.find_boxes(image)
    boxes = {
        "frisbee": ([[96.0, 136, 150, 180]], [0.6]),
        "kite": ([[97.0, 137, 150, 180]], [0.5]),
        "dog": ([[100.0, 80, 160, 118]], [0.9]),
        "handbag": ([[100.0, 130, 150, 190]], [0.3]),
    }
    seen(monkeypatch, {**boxes, "person": (of_persons.boxes, of_persons.scores)})
    hole = first(image)
    hole[100:160, 120:140] = True
    found = look(image, hole).things
    assert [(each.category, each.box) for each in found] == [("frisbee", Box(96, 136, 54, 44))]
    assert found[0].hole.shape == (54, 44)


def test_what_is_more_surely_a_horse_is_no_person(models, monkeypatch):
    image = scene()
    box = [[100.0, 80, 160, 140]]
    seen(monkeypatch, {"person": (box, [0.4]), "horse": (box, [0.3])})
    assert len(look(image, first(image)).persons) == 1
    seen(monkeypatch, {"person": (box, [0.4]), "horse": (box, [0.6])})
    assert look(image, first(image)).persons == ()
    seen(monkeypatch, {"person": (box, [0.4]), "motorcycle": ([[110.0, 80, 190, 140]], [0.6])})
    assert len(look(image, first(image)).persons) == 1  # who rides it


@pytest.mark.parametrize(("score", "taken"), [(0.6, 1), (0.4, 0)])
def test_a_sure_thing_that_nobody_can_tell_from_the_ground_is_taken_by_its_edges(models, monkeypatch, score, taken):
    """Two rings and a bar, as of a bicycle: what stands out is taken, never the whole box."""
    image = scene()
    rows, cols = np.mgrid[:416, :416]
    for centre in (170, 230):
        away = np.hypot(rows - 140, cols - centre)
        image[(away > 14) & (away < 17)] = 0.5
    image[138:142, 170:230] = 0.5
    box = [120.0, 150, 160, 250]
    monkeypatch.setattr(things, "_shape", lambda image, box, masked: np.ones((box.height, box.width), bool))
    seen(monkeypatch, {"person": ([[100.0, 80, 160, 140]], [0.9]), "bicycle": ([box], [score])})
    hole = first(image) | np.roll(first(image), 32, 1)
    found = look(image, hole).things
    assert len(found) == taken
    for bicycle in found:
        assert bicycle.hole[18:22, 40:60].all()
        assert 0.2 < bicycle.hole.mean() < 0.8


@pytest.mark.parametrize(("name", "taken"), [("tennis racket", True), ("handbag", False)])
def test_what_looks_like_nothing_else_is_believed_from_a_lower_score_on(models, monkeypatch, name, taken):
    image = scene()
    hole = first(image) | np.roll(first(image), 20, 1)
    monkeypatch.setattr(things, "_shape", lambda image, box, masked: np.eye(box.height, box.width) > 0)
    found = {"person": ([[100.0, 80, 160, 140]], [0.9]), name: ([[100.0, 136, 150, 186]], [0.3])}
    seen(monkeypatch, found)
    assert [each.category for each in look(image, hole).things] == [name] * taken
    found["kite"] = ([[0.0, 130, 101, 180]], [0.28])  # less sure ones after it are looked at all the same
    found["surfboard"] = ([[120.0, 136, 160, 176]], [0.26])
    seen(monkeypatch, found)
    assert [each.category for each in look(image, hole).things] == [name] * taken + ["surfboard"]


@pytest.mark.parametrize(("top", "taken"), [(80, True), (100, False), (20, False)])
def test_an_umbrella_is_believed_from_a_lower_score_on_where_somebody_stands_under_it(models, monkeypatch, top, taken):
    image = scene()
    hole = first(image) | np.roll(first(image), 20, 1)
    monkeypatch.setattr(things, "_shape", lambda image, box, masked: np.ones((box.height, box.width), bool))
    seen(
        monkeypatch,
        {"person": ([[100.0, 80, 160, 140]], [0.9]), "umbrella": ([[float(top), 70, top + 40.0, 150]], [0.3])},
    )
    found = look(image, hole).things
    assert [each.category for each in found] == ["umbrella"] * taken
    for umbrella in found:  # nobody can tell its shape: a dome
        assert umbrella.hole[2, 40]
        assert not umbrella.hole[2, [2, 77]].any()
        assert umbrella.hole[-1].all()


@pytest.mark.parametrize(
    ("name", "score", "away", "taken"),
    [("frisbee", 0.6, 30, True), ("frisbee", 0.4, 30, False), ("frisbee", 0.6, 90, False), ("kite", 0.6, 30, False)],
)
def test_what_is_thrown_is_seen_though_it_touches_nobody(models, monkeypatch, name, score, away, taken):
    image = scene()
    box = [120.0, 140.0 + away, 140, 160.0 + away]
    monkeypatch.setattr(things, "_shape", lambda image, box, masked: np.eye(box.height, box.width) > 0)
    seen(monkeypatch, {"person": ([[100.0, 80, 160, 140]], [0.9]), name: ([box], [score])})
    hole = first(image) | np.roll(first(image), 20, 1)
    assert [each.category for each in look(image, hole).things] == [name] * taken


def test_what_the_network_leaves_out_of_a_thing_is_taken_by_its_colours(models, monkeypatch):
    image = np.full((240, 240, 3), 0.1, np.float32) + np.array([0, 0.3, 0], np.float32)
    image[90:150, 100:140] = 0.95  # stands out
    image[90:150, 140:160] = (0.5, 0.02, 0.05)  # of the thing, and does not
    image += np.random.default_rng(0).normal(0, 0.01, image.shape).astype(np.float32)
    hole = np.zeros(image.shape[:2], bool)
    hole[90:150, 60:98] = True
    seen(monkeypatch, {"person": ([[90.0, 60, 150, 98]], [0.9]), "suitcase": ([[86.0, 97, 154, 164]], [0.8])})
    (suitcase,) = look(image, hole).things
    assert suitcase.hole[10:60, 45:60].mean() > 0.9
    assert suitcase.hole.mean() < 0.9


@pytest.mark.parametrize(("right", "side", "times"), [(98, 60, 1), (145, 60, 0), (98, 24, 0)])
def test_the_slow_network_is_not_asked_about_what_is_mostly_masked_or_tiny(models, monkeypatch, right, side, times):
    image = np.random.default_rng(0).random((240, 240, 3)).astype(np.float32)  # no colours tell anything
    hole = np.zeros(image.shape[:2], bool)
    hole[90:150, 60:right] = True
    asked = []
    network = things.salient.probabilities
    monkeypatch.setattr(things.salient, "probabilities", lambda crop: asked.append(1) or network(crop))
    monkeypatch.setattr(things, "cut_out", lambda crop, marks, prior=None: np.ones(crop.shape[:2], bool))
    box = [90.0, 97, 90.0 + side, 97.0 + side]
    seen(monkeypatch, {"person": ([[90.0, 60, 150, 98]], [0.9]), "suitcase": ([box], [0.8])})
    look(image, hole)
    assert len(asked) == times


def test_several_kinds_are_found_as_one_by_one(models):
    image = scene()
    kinds = nanodet.find_kinds(image, ["dog", "person"])
    assert list(kinds) == ["dog", "person"]
    assert not len(kinds["dog"].boxes)
    assert np.array_equal(kinds["person"].boxes, nanodet.find_boxes(image).boxes)


def test_nobody_at_the_mask_is_no_trouble(models):
    image = np.full((60, 90, 3), 0.1, np.float32)
    hole = np.ones((60, 90), bool)
    assert look(image, hole).persons == look(image, hole).things == ()


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (33, 65)])
def test_any_size_is_looked_at(models, size):
    look(np.full((*size, 3), 0.9, np.float32), np.ones(size, bool))


def test_what_was_seen_is_said(models):
    prior, note = ask(scene(), first(scene()))
    assert prior is not None
    assert note == f"{len(prior.persons)} persons, 0 things seen at the mask by nanodet, pose, selfie, u2netp"
    assert ask(scene(), first(scene()), "none") == (None, "")


def test_what_was_seen_already_is_not_looked_for_again(models, monkeypatch):
    image, mask = scene(), Mask(first(scene()), source="drawn", notes=("drawn",))
    prior = look(image, mask.hole)
    asked_anew, _ = refined_mask(mask, image)
    monkeypatch.setattr(refining, "look", None)
    refined, steps = refined_mask(mask, image, seen=prior)
    assert np.array_equal(refined.hole, asked_anew.hole)
    assert np.array_equal(refined.hole, steps.hole)
    assert refined.notes == asked_anew.notes
    assert refined.notes[:2] == (
        "drawn",
        f"{len(prior.persons)} persons, 0 things seen at the mask by {refining.asked()}",
    )


def test_boxes_of_a_lower_bar_are_sifted_as_if_they_had_been_asked_for(models):
    image = scene()
    low, high = (nanodet.find_boxes(image, least=least) for least in (0.05, 0.25))
    sifted = low.surer_than(0.25)
    assert np.array_equal(sifted.boxes, high.boxes)
    seen, again = look(image, first(image)), look(image, first(image), at_mask.find_all(image, least=0.05))
    assert [each.box for each in seen.persons] == [each.box for each in again.persons]


def test_without_the_networks_auto_says_what_would_bring_them_and_people_stops(no_weights):
    prior, note = ask(scene(), first(scene()))
    assert prior is None
    assert "run: freefill weights fetch people" in note
    with pytest.raises(WeightsError, match="freefill weights fetch people"):
        ask(scene(), first(scene()), "people")


def test_a_network_that_cannot_be_run_stops_people_and_not_auto(models, monkeypatch):
    def broken(*_: object) -> None:
        raise WeightsError("running it needs an extra")

    monkeypatch.setattr(refining, "look", broken)
    assert ask(scene(), first(scene()))[0] is None
    with pytest.raises(WeightsError, match="needs an extra"):
        ask(scene(), first(scene()), "people")
