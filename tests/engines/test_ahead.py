"""Work that is begun on another thread before it is asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from freefill.engines.ahead import Ahead


def test_what_it_tells_is_told_in_order_by_the_thread_that_asks():
    here, heard = threading.get_ident(), []

    def work(tell: Callable[[float], None]) -> int:
        for share in (0.25, 0.5, 1.0):
            tell(share)
        return threading.get_ident()

    with Ahead(work) as ahead:
        there = ahead.answer(lambda share: heard.append((share, threading.get_ident())))
    assert there != here
    assert heard == [(0.25, here), (0.5, here), (1.0, here)]


def test_what_it_raises_is_raised_where_it_is_asked_for():
    def work(tell: Callable[[float], None]) -> None:
        raise ValueError("no ground")

    with Ahead(work) as ahead, pytest.raises(ValueError, match="no ground"):
        ahead.answer()


def test_nobody_waits_for_work_that_nobody_wants():
    left, told = threading.Event(), []

    def work(tell: Callable[[float], None]) -> None:
        left.wait(10)
        while True:  # for ever, where telling did not end it
            told.append(len(told))
            tell(0.5)

    with Ahead(work) as ahead:
        threading.Timer(0.05, left.set).start()
        ahead.end()
    assert told == [0]


def test_a_listener_that_stops_the_fill_stops_the_work():
    begun = threading.Event()

    def work(tell: Callable[[float], None]) -> None:
        while True:
            tell(0.5)
            begun.set()

    def stop(share: float) -> None:
        begun.wait(10)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Ahead(work) as ahead:
        ahead.answer(stop)
