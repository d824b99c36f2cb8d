"""What of a person's mask is another thing: a woman in red behind a brown bench, of which weak evidence is taken."""

import numpy as np
import pytest

from freefill.detectors.nanodet import Found, surest
from freefill.detectors.rivals import without_rivals
from freefill.masks.refining.detected import Person
from freefill.values import Box

HEAD, BACK = slice(40, 100), slice(100, 200)  # rows; both in columns 100 to 200
BENCH = np.array([[100.0, 20, 230, 280]])
SHE = np.array([[40.0, 100, 200, 200]])


def scene(back: tuple[float, float, float] = (0.45, 0.3, 0.1), weak: float = 0.7) -> tuple[np.ndarray, Person]:
    """Draw a head above a bench; the image, and a person who is surely the head and weakly the bench's back."""
    image = np.random.default_rng(0).normal(0, 0.01, (300, 300, 3)).astype(np.float32) + np.float32(0.6)
    image[100:230, 20:280] += np.array([0.45, 0.3, 0.1], np.float32) - 0.6
    image[HEAD, 100:200] += np.array([0.8, 0.1, 0.1], np.float32) - 0.6
    image[BACK, 100:200] += np.array(back, np.float32) - np.array([0.45, 0.3, 0.1], np.float32)
    sure = np.zeros((300, 300), np.float32)
    sure[HEAD, 100:200] = 0.95
    sure[BACK, 100:200] = weak
    return np.clip(image, 0, 1), Person(Box(0, 0, 300, 300), sure)


def boxes(name: str = "bench", score: float = 0.6, hers: float = 0.4) -> dict[str, Found]:
    return {"person": Found(SHE, np.array([hers])), name: Found(BENCH, np.array([score]))}


def test_a_bench_before_a_person_stays():
    image, person = scene()
    (left,) = without_rivals(image, [person], boxes(), 0.4)
    hole = left.hole((300, 300), 0.4)
    assert hole[HEAD, 100:200].mean() > 0.98
    assert hole[115:200, 100:200].mean() < 0.05


@pytest.mark.parametrize(
    ("kinds", "back", "weak"),
    [
        (boxes(hers=0.7), (0.45, 0.3, 0.1), 0.7),  # the person is surer than the bench
        (boxes(score=0.3, hers=0.2), (0.45, 0.3, 0.1), 0.7),  # the bench is not firmly seen
        (boxes("chair"), (0.45, 0.3, 0.1), 0.7),  # its box is mostly whoever sits in it
        (boxes("horse"), (0.45, 0.3, 0.1), 0.7),  # whoever removes a rider removes the horse
        (boxes(), (0.8, 0.1, 0.1), 0.7),  # what is weakly seen has her colours
        (boxes(), (0.45, 0.3, 0.1), 0.9),  # the evidence is strong
    ],
)
def test_a_person_stays_whole_where_any_evidence_for_the_other_thing_lacks(kinds, back, weak):
    image, person = scene(back, weak)
    (left,) = without_rivals(image, [person], kinds, 0.4)
    assert left is person


def test_another_person_is_no_rival():
    image, person = scene()
    everybody = {"person": Found(np.concatenate([SHE, BENCH]), np.array([0.4, 0.9]))}
    assert without_rivals(image, [person], everybody, 0.4) == [person]


# --- boxes that are two things at once ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "hers", "its", "stays"),
    [
        ("chair", 0.45, 0.42, False),  # a jacket on a chair
        ("horse", 0.66, 0.52, False),  # far away
        ("chair", 0.66, 0.42, True),  # the person is clearly surer
        ("horse", 0.4, 0.32, True),  # the horse is not firmly seen
        ("backpack", 0.45, 0.42, True),  # worn, it has her box
    ],
)
def test_one_box_is_no_person_where_it_is_nearly_as_surely_something_large(name, hers, its, stays):
    kinds = {"person": Found(SHE, np.array([hers])), name: Found(SHE + 2, np.array([its]))}
    assert bool(len(surest(kinds)["person"].scores)) == stays


def test_no_lines_stay_where_the_box_of_the_other_thing_ends():
    image, person = scene()
    sure = person.sure.copy()
    sure[HEAD.stop : 130, 185:200] = 0  # so that her head does not touch it
    kinds = boxes() | {"bench": Found(np.array([[100.0, 20, 230, 196]]), np.array([0.6]))}
    (left,) = without_rivals(image, [Person(person.box, sure)], kinds, 0.4)
    hole = left.hole((300, 300), 0.4)
    assert hole[HEAD, 100:200].mean() > 0.98
    assert not hole[120:200, 190:210].any()


def test_a_piece_that_was_apart_before_stays():
    image, person = scene()
    sure = person.sure.copy()
    sure[220:240, 100:130] = 0.7  # a foot below the bench
    (left,) = without_rivals(image, [Person(person.box, sure)], boxes(), 0.4)
    hole = left.hole((300, 300), 0.4)
    assert not hole[115:200, 100:200].any()
    assert hole[231:239, 101:129].all()
