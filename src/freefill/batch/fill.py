"""One picture of a batch: read, fill, write, and say what came of it."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from freefill import __version__, places
from freefill.batch.pairs import Pair
from freefill.batch.records import Record, Work
from freefill.compiling import announced
from freefill.errors import FreefillError, InputError, NothingFoundError
from freefill.images.write import format_for, write_picture
from freefill.inpainter import Inpainter
from freefill.inputs import as_picture, mask_for, sketch_for, sources
from freefill.running.telling import tell
from freefill.values import Mask, Outcome, Picture

TELL_EVERY = 0.02  # of a picture
COMPILING = "compiling"  # said before loops are compiled


def filler(shared: tuple[Work, str]) -> Callable[[Pair], Record]:
    """Return what fills pairs, its engine loaded: the task of a batch.

    Parameters
    ----------
    shared : what is the same for all pairs, and the output folder

    Raises
    ------
    FreefillError
        If the engine cannot be loaded.
    """
    work, output = shared
    inpainter = Inpainter.of(work.request)

    def fill(pair: Pair) -> Record:
        with announced(lambda: tell(COMPILING)):
            return fill_pair(pair, work, output, inpainter)

    return fill


def fill_pair(pair: Pair, work: Work, output: str, inpainter: Inpainter) -> Record:
    """Fill one picture and write it.

    What a user can mend (FreefillError), the disk (OSError) and too little memory are told in the record. Anything
    else is a bug: it ends the worker, and the runner notes it for this picture.
    """
    begun = time.perf_counter()
    try:
        record = _fill(pair, work, output, inpainter)
    except FreefillError as error:
        named = any(place in str(error) for place in (pair.image, pair.mask))
        # Not every error knows which file it is about.
        record = _failed(pair, str(error) if named else f"{pair.image}: {error}")
    except MemoryError:
        # Each process takes what one picture takes.
        record = _failed(pair, f"{pair.image}: out of memory; fewer --jobs or a smaller --max-memory may help")
    except OSError as error:
        record = _failed(pair, f"{error.filename or pair.image}: {error.strerror or error}")
    return replace(record, seconds=round(time.perf_counter() - begun, 4), asked=work.fingerprint)


def _fill(pair: Pair, work: Work, output: str, inpainter: Inpainter) -> Record:
    """Fill one picture; the record still lacks its time."""
    request = work.request
    # Stamps are taken before the files are read: one that changes meanwhile is filled again by --resume.
    stamps = {}
    if not work.plan_only:
        read = {"image": pair.image, **({} if pair.made else {"mask": pair.mask}), **request.files()}
        stamps = {key: _stamp(place) for key, place in read.items()}
    picture = as_picture(_opened(pair.image), request.max_mpx)
    try:
        mask = mask_for((pair.mask or None) if pair.made else _opened(pair.mask), picture, request, request.max_mpx)
    except NothingFoundError as nothing:  # nobody there: the picture is written as it is, and counted apart
        mask = Mask(np.zeros(picture.size, bool), pair.mask, (str(nothing),))
    if work.plan_only:
        plan = inpainter.plan(picture, mask, request)
        return _record("planned", pair, plan.engine, mask.share, plan.to_json(), (*mask.notes, *plan.notes))
    result = _filled(picture, mask, work, inpainter)
    place = places.join(output, pair.output)
    notes = _write(result.picture, place, work)
    stamps["output"] = _stamp(place)
    record = _record("done", pair, result.plan.engine, mask.share, result.plan.to_json(), (*result.notes, *notes))
    parts = {part: round(seconds, 4) for part, seconds in result.seconds.items()}
    return replace(record, parts=parts, stamps=stamps)


def _filled(picture: Picture, mask: Mask, work: Work, inpainter: Inpainter) -> Outcome:
    """Fill once, or in several ways of which the best is kept; of an empty hole there is but one way."""
    request, telling = work.request, _Telling()
    source, sketch = sources(picture, request), sketch_for(picture, request)
    if work.tries == 1 or not mask.hole.any():
        return inpainter.run(
            picture, mask, request, source=source, sketch=sketch, progress=lambda step: telling(step.share)
        )
    from freefill.tries import best_of, kept

    made = best_of(
        picture, mask, request, inpainter, work.tries, source=source, sketch=sketch,
        progress=lambda done, of, share: telling((done + share) / of),
    )  # fmt: skip
    return kept(made)


class _Telling:
    """Tells whoever runs the batch how far a picture is: now and then, for each message crosses a pipe."""

    def __init__(self) -> None:
        self._said = 0.0

    def __call__(self, share: float) -> None:
        # The end is told in any case, and once.
        if share >= self._said + TELL_EVERY or share == 1.0 > self._said:
            self._said = share
            tell(share)


def _record(
    status: str, pair: Pair, engine: str, hole_share: float, plan: dict[str, object], notes: tuple[str, ...]
) -> Record:
    return Record(
        status,  # type: ignore[arg-type]
        pair.image,
        pair.mask,
        pair.output,
        engine=engine,
        hole_share=round(hole_share, 6),
        plan=plan,
        # Reading, filling and writing may say the same.
        notes=tuple(dict.fromkeys(notes)),
        version=__version__,
    )


def _failed(pair: Pair, error: str) -> Record:
    return Record("failed", pair.image, pair.mask, pair.output, error=error, version=__version__)


def _stamp(place: str) -> places.Stamp:
    found = places.stamp(place, with_hash=True)
    if found is None:
        raise InputError(f"{place}: there is no such file")
    return found


def _opened(place: str) -> str | BinaryIO:
    """Return a path as it is, and a stream for an address."""
    return places.open_stream(place) if places.is_remote(place) else place


def _write(picture: Picture, place: str, work: Work) -> tuple[str, ...]:
    """Write a picture; its folder is made. Return what the format could not hold."""
    if not places.is_remote(place):
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        return write_picture(picture, place, format=work.format, quality=work.quality)
    content = io.BytesIO()
    content.name = place  # type: ignore[attr-defined]
    notes = write_picture(picture, content, format=format_for(picture, place, work.format), quality=work.quality)
    places.write_bytes(place, content.getvalue())
    return notes
