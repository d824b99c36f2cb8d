"""Settings of refining by words, as a command line or a page has them."""

import pytest

from freefill.errors import InputError
from freefill.masks.refining.settings import SWITCHES, THOROUGH, RefineSettings


def test_words_change_what_they_name_and_nothing_else():
    assert THOROUGH.changed(["thicken=0.05", "shadow=no"]) == RefineSettings(
        short=THOROUGH.short, faint=0, thicken=0.05, thicken_px=1.5, block=2.5, shadow=False
    )


@pytest.mark.parametrize(
    ("word", "said"), [("thiken=1", "did you mean 'thicken'"), ("thicken=much", "needs a number"), ("snap=-1", "snap")]
)
def test_a_word_that_says_nothing_is_refused(word, said):
    with pytest.raises(InputError, match=said):
        RefineSettings().changed([word])


@pytest.mark.parametrize("step", SWITCHES)
def test_a_step_that_is_left_out_is_nought(step):
    left = RefineSettings().without([step])
    assert not getattr(left, step)
    assert left != RefineSettings()


def test_thickening_that_is_left_out_adds_no_pixel_either():
    assert RefineSettings().without(["thicken"]).thicken_px == 0
