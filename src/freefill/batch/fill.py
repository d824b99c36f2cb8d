"""One picture of a batch: read, fill, write, and say what came of it."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from pathlib import Path

import freefill
from freefill.batch import places
from freefill.batch.pairs import Pair
from freefill.batch.records import Record, Work
from freefill.errors import FreefillError, InputError
from freefill.images.read import read_picture
from freefill.images.write import format_for, write_picture
from freefill.inpainter import Inpainter
from freefill.masks.sources import fit_mask, mask_from_picture
from freefill.values import Mask, Picture


def fill_pair(pair: Pair, work: Work, output: str, inpainter: Inpainter) -> Record:
    """Fill one picture and write it.

    What a user can mend (FreefillError), the disk (OSError) and too little memory are told in the record. Anything
    else is a bug: it ends the worker process, and whoever runs the worker notes it for this picture.
    """
    begun = time.perf_counter()
    try:
        record = _fill(pair, work, output, inpainter)
    except FreefillError as error:
        record = _failed(pair, str(error))
    except MemoryError:
        record = _failed(pair, f"{pair.image}: out of memory; fewer --jobs or a smaller --max-memory may help")
    except OSError as error:
        record = _failed(pair, f"{error.filename or pair.image}: {error.strerror or error}")
    return replace(record, seconds=round(time.perf_counter() - begun, 4), asked=work.fingerprint)


def _fill(pair: Pair, work: Work, output: str, inpainter: Inpainter) -> Record:
    """Fill one picture; the record still lacks its time."""
    # Stamps are taken before the files are read: one that changes meanwhile is filled again by --resume.
    stamps = {}
    if not work.plan_only:
        stamps = {"image": _stamp(pair.image)} | ({} if pair.made else {"mask": _stamp(pair.mask)})
    picture = _read(pair.image, work.max_mpx)
    mask = _mask(pair, picture, work)
    if work.plan_only:
        plan = inpainter.plan(picture, mask, work.options)
        return _record("planned", pair, plan.engine, mask.share, plan.to_json(), (*mask.notes, *plan.notes))
    result = inpainter.run(picture, mask, work.options)
    place = places.join(output, pair.output)
    notes = _write(result.picture, place, work)
    stamps["output"] = _stamp(place)
    record = _record("done", pair, result.plan.engine, mask.share, result.plan.to_json(), (*result.notes, *notes))
    parts = {part: round(seconds, 4) for part, seconds in result.seconds.items()}
    return replace(record, parts=parts, stamps=stamps)


def _mask(pair: Pair, picture: Picture, work: Work) -> Mask:
    """Read the mask, or make it from the picture."""
    if not pair.made:
        read = _read(pair.mask, work.max_mpx)
        mask = mask_from_picture(read, invert=work.invert, channel=work.mask_channel)
    elif pair.mask == "alpha":
        mask = replace(mask_from_picture(picture, invert=work.invert, channel="alpha"), own_alpha=True)
    else:
        from freefill.detectors.source import mask_for

        mask = mask_for(pair.mask, picture)
    mask = fit_mask(mask, picture.size, how=work.mask_fit)
    if not (work.refine and mask.hole.any()):
        return mask
    from freefill.images.profile import colour_codec
    from freefill.masks.refinement import refine

    refined = refine(mask, colour_codec(picture, "own").decode(picture.pixels))
    return replace(mask, hole=refined.hole, notes=(*mask.notes, *refined.notes))


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
        notes=tuple(dict.fromkeys(notes)),
        version=freefill.__version__,
    )


def _failed(pair: Pair, error: str) -> Record:
    return Record("failed", pair.image, pair.mask, pair.output, error=error, version=freefill.__version__)


def _stamp(place: str) -> places.Stamp:
    found = places.stamp(place, with_hash=True)
    if found is None:
        raise InputError(f"{place}: there is no such file")
    return found


def _read(place: str, max_mpx: float) -> Picture:
    """Read a picture from this machine or from an address."""
    if not places.is_remote(place):
        return read_picture(place, max_mpx=max_mpx)
    return read_picture(places.open_stream(place), max_mpx=max_mpx)


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
