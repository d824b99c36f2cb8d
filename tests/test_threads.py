"""One answer to "how many threads"."""

from __future__ import annotations

import pytest

from freefill.threads import VARIABLES, bounded, cores


@pytest.mark.parametrize("asked", ["", "0", "x", "-1", "100000"])
def test_what_is_no_smaller_number_bounds_nothing(monkeypatch: pytest.MonkeyPatch, asked: str):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    here = cores()
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert cores() == here >= 1


def test_a_user_may_ask_for_fewer(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert cores() == 1


def test_a_process_gets_its_share_and_never_more_than_the_user_set(monkeypatch: pytest.MonkeyPatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NUMBA_NUM_THREADS", "2")
    monkeypatch.setenv("MKL_NUM_THREADS", "7")
    shares = bounded(3)
    assert shares["OMP_NUM_THREADS"] == shares["MKL_NUM_THREADS"] == "3"
    assert shares["NUMBA_NUM_THREADS"] == "2"
