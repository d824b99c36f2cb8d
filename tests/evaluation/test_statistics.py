"""Intervals, words and tables, by cases that can be known."""

import numpy as np
import pytest

from freefill.evaluation.statistics import mean_interval, paired
from freefill.evaluation.tables import Table


def test_the_interval_holds_the_mean_of_the_law_about_95_times_of_100():
    held = 0
    for seed in range(100):
        values = np.random.default_rng(seed).normal(0, 1, 40)
        found = mean_interval(values)
        held += found.low <= 0 <= found.high
    assert 88 <= held <= 99


def test_values_that_are_not_finite_are_left_out():
    found = mean_interval(np.array([1.0, 3.0, np.nan, np.inf]))
    assert (found.mean, found.count) == (2.0, 2)


def test_one_value_has_no_interval():
    found = mean_interval(np.array([4.0]))
    assert found.mean == 4
    assert np.isnan(found.low)


@pytest.mark.parametrize(("shift", "better", "word"), [
    (1.0, "up", "better"), (1.0, "down", "worse"), (-1.0, "down", "better"), (0.0, "up", "no difference seen"),
])  # fmt: skip
def test_a_difference_is_said_in_a_word(shift, better, word):
    rng = np.random.default_rng(0)
    a = rng.normal(0, 5, 50)  # cases differ far more than engines: only pairs show it
    assert paired(a + shift + rng.normal(0, 0.3, 50) - 0.02, a, better)[1] == word


TABLE = Table("T", ("engine", "psnr_hole ↑"), (("a & b", "50 %"), ("x|y", "1 <b>")))


def test_markdown_escapes_bars_and_has_as_many_cells_in_every_line():
    lines = TABLE.markdown().splitlines()
    assert {line.replace("\\|", "").count("|") for line in lines} == {3}


def test_latex_escapes_what_would_be_a_command():
    assert r"a \& b & 50 \% \\" in TABLE.latex()
    assert r"psnr\_hole $\uparrow$" in TABLE.latex()


def test_html_escapes_tags_and_names_its_rows_and_columns():
    text = TABLE.html()
    assert "1 &lt;b&gt;" in text
    assert '<th scope="row">a &amp; b</th>' in text


def test_in_html_an_interval_stands_under_its_figure_and_the_word_beside_it():
    text = Table("T", ("engine", "psnr"), (("a", "16.4 (14.5 to 18.5)"), ("b", "+1.5 (0.1 to 3.4) better"))).html()
    assert "<td>16.4<small>(14.5 to 18.5)</small></td>" in text
    assert "<td>+1.5 better<small>(0.1 to 3.4)</small></td>" in text
