"""The process that fills pictures: `python -m freefill.batch.worker`, started by pool.py, never by hand.

It reads (work, output folder), then one pair after the other, and answers each with a record; pickled, through its
standard streams, from and to its own parent only. It ends when its input does: a parent that dies leaves no orphan.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import threading
import time
from queue import SimpleQueue
from typing import BinaryIO

from freefill.batch.pairs import Pair

GRACE_S = 5.0  # for native code to return, so that files are cleaned away


def main() -> None:
    """Answer pairs with records until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends its workers itself
    signal.signal(signal.SIGTERM, _stop)
    # Native code may print to standard output; the answers get a stream of their own. So does the input: a thread waits
    # in it for ever, and Python cannot end while one waits in sys.stdin.
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    jobs: SimpleQueue[Pair | None] = SimpleQueue()
    work, output, threads = pickle.load(orders)
    _bound_threads(threads)
    threading.Thread(target=_listen, args=(orders, jobs), daemon=True).start()

    from freefill.batch.fill import fill_pair
    from freefill.errors import FreefillError
    from freefill.inpainter import Inpainter

    settings = work.settings
    try:
        inpainter = Inpainter(
            work.engine, weights=settings.weights, device=settings.device, precision=settings.precision
        )
    except FreefillError as error:  # not this picture's fault: the whole batch ends
        pickle.dump(error, answers)
        answers.close()
        return
    pickle.dump(None, answers)
    answers.flush()
    while (pair := jobs.get()) is not None:
        pickle.dump(fill_pair(pair, work, output, inpainter), answers)
        answers.flush()


def _listen(stream: BinaryIO, jobs: SimpleQueue[Pair | None]) -> None:
    """Pass pairs on; at the end of the input stop the process, also in the middle of a picture."""
    with contextlib.suppress(EOFError):
        while True:
            pair = pickle.load(stream)
            jobs.put(pair)
            if pair is None:  # the parent's good-bye: what is at work has been answered
                return
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os._exit(1)  # native code did not come back


def _stop(signum: int, frame: object) -> None:
    """Leave by an exception, so that a file being written is cleaned away."""
    raise SystemExit(128 + signum)


def _bound_threads(threads: int) -> None:
    """OpenCV has its own pool, which no environment variable bounds; NumPy, numba and torch were bound by theirs."""
    import cv2

    cv2.setNumThreads(threads)


if __name__ == "__main__":
    main()
