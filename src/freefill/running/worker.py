"""The process that works: `python -m freefill.running.worker`, started by processes.py, never by hand.

It reads (task, threads), then one item after the other, and answers each; pickled, through its standard streams, from
and to its own parent only. It ends when its input does: a parent that dies leaves no orphan.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import threading
import time
from queue import SimpleQueue
from typing import Any, BinaryIO

from freefill.errors import FreefillError
from freefill.running.task import Task
from freefill.running.telling import Told, listen

_SAYING = threading.Lock()  # a task may tell something from any of its threads
GRACE_S = 5.0  # for native code to return, so that files are cleaned away


def main() -> None:
    """Answer items until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends its workers itself
    signal.signal(signal.SIGTERM, _stop)
    # Native code may print to standard output; the answers get a stream of their own. So does the input: a thread waits
    # in it for ever, and Python cannot end while one waits in sys.stdin.
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    items: SimpleQueue[Any] = SimpleQueue()
    task: Task
    task, threads = pickle.load(orders)
    _bound_threads(threads)
    threading.Thread(target=_listen, args=(orders, items), daemon=True).start()
    try:
        work = task.make()
    except FreefillError as error:  # not this item's fault: the whole run ends
        pickle.dump(error, answers)
        answers.close()
        return
    pickle.dump(None, answers)
    answers.flush()
    listen(lambda message: _say(Told(message), answers))
    while (order := items.get()) is not None:
        (item,) = order
        _say(work(item), answers)


def _say(message: object, answers: BinaryIO) -> None:
    with _SAYING:
        pickle.dump(message, answers)
        answers.flush()


def _listen(stream: BinaryIO, items: SimpleQueue[Any]) -> None:
    """Pass items on; at the end of the input stop the process, also in the middle of an item."""
    with contextlib.suppress(EOFError):
        while True:
            order = pickle.load(stream)
            items.put(order)
            if order is None:  # the parent's good-bye: what is at work has been answered
                return
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os._exit(1)  # native code did not come back


def _stop(signum: int, frame: object) -> None:
    """Leave by an exception, so that a file being written is cleaned away."""
    raise SystemExit(128 + signum)  # what shells report of a program that a signal ended


def _bound_threads(threads: int) -> None:
    """OpenCV has its own pool, which no environment variable bounds; NumPy, numba and torch were bound by theirs."""
    import cv2

    cv2.setNumThreads(threads)


if __name__ == "__main__":
    main()
