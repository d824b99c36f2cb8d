"""Threads see each other's news without Python's lock."""

import threading
import time

from freefill.networks.pulse import Pulse


def test_watching_ends_by_itself_when_there_is_no_news():
    pulse = Pulse()
    start = time.perf_counter()
    assert not pulse.watch(pulse.count, beat=False, pause=False)
    assert time.perf_counter() - start < 5  # some 0.1 ms; but who knows what else goes on


def test_news_since_it_was_last_seen_is_noticed():
    pulse = Pulse()
    seen = pulse.count
    pulse.beat()
    assert pulse.watch(seen, beat=False, pause=True)
    assert not pulse.watch(pulse.count, beat=False, pause=False)


def test_who_tells_news_while_watching_does_not_take_it_for_news_of_others():
    pulse = Pulse()
    seen = pulse.count
    assert not pulse.watch(seen, beat=True, pause=False)
    assert pulse.count == seen + 1


def test_no_news_is_lost_when_all_tell_at_the_same_time():
    pulse = Pulse()

    def tell():
        for _ in range(200):
            pulse.watch(-1, beat=True, pause=False)

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pulse.count == 800
