"""Masks of what is seen in a picture, as functions: `freefill.masks.people`, `text` and `salient`."""

from __future__ import annotations

from dataclasses import replace

from freefill.errors import NothingFoundError
from freefill.inputs import PictureLike, as_picture
from freefill.request import DEFAULT_MAX_MPX, speaking_python
from freefill.values import Length, Mask, Picture


def people(
    image: PictureLike,
    *,
    but: int = 0,
    small: bool = False,
    attached: bool = False,
    refine: bool = False,
    grow: float | str = 0,
    score: float = 0.5,
    empty_ok: bool = False,
    max_mpx: float = DEFAULT_MAX_MPX,
) -> Mask:
    """Mask the persons in a picture.

    Parameters
    ----------
    image : a path, a file object, bytes of a file, a PIL image, an array or a tensor, as `freefill.inpaint`
    but : so many stay, the main ones first: large, central
    small : only those who are far smaller than the main person
    attached : with what they hold, wear, ride or lead
    refine : repair the mask so that it covers them wholly
    grow : then grow it by px, or by percent of its size ("3%")
    score : how sure a person must be, 0 to 1; lower finds more, and more that is none
    empty_ok : return an empty mask where nobody is seen, instead of raising
    max_mpx : larger pictures are refused, megapixels

    Returns
    -------
    Mask : `.hole` (H, W) bool, `.share`, `.notes`; `freefill.inpaint` takes it as its mask

    Raises
    ------
    NothingFoundError
        If nobody is seen.
    WeightsError
        If the extra or the networks are not on this machine; the message has the command that gets them.
    """
    with speaking_python():
        from freefill.detectors.needs import needed, require
        from freefill.detectors.people import PeopleSettings
        from freefill.detectors.people_mask import PeopleWishes, mask_people
        from freefill.detectors.source import as_image
        from freefill.masks.refining.settings import DEFAULT

        require(needed("people"), "masks.people")
        wishes = PeopleWishes(
            PeopleSettings(least_score=score), but, small, attached, DEFAULT if refine else None, Length.of(grow)
        )
        picture = as_picture(image, max_mpx)
        return _found(mask_people(as_image(picture), wishes, picture.source).mask, empty_ok)


def text(
    image: PictureLike,
    *,
    score: float = 0.5,
    sensitive: bool = False,
    boxes: bool = False,
    refine: bool = False,
    grow: float | str = 0,
    empty_ok: bool = False,
    max_mpx: float = DEFAULT_MAX_MPX,
) -> Mask:
    """Mask text in a picture: captions, dates, watermarks.

    Parameters
    ----------
    image, refine, grow, empty_ok, max_mpx : as `people`
    score : how sure a row must be, 0 to 1
    sensitive : ask a larger network: more faint text, more false alarms
    boxes : mask whole rows instead of the glyphs' strokes

    Returns
    -------
    Mask, as `people`; the same errors
    """
    with speaking_python():
        from freefill.detectors.needs import require
        from freefill.detectors.source import text_mask
        from freefill.detectors.text import SENSITIVE, WEIGHTS, TextSettings

        require((SENSITIVE,) if sensitive else WEIGHTS, "masks.text")
        settings = TextSettings(sensitive=sensitive, least_mean=score, shape="boxes" if boxes else "glyphs")
        picture = as_picture(image, max_mpx)
        return _finished(text_mask(picture, settings), picture, refine, grow, empty_ok)


def salient(
    image: PictureLike,
    *,
    cut: float = 0.5,
    weights: str = "u2netp",
    refine: bool = False,
    grow: float | str = 0,
    empty_ok: bool = False,
    max_mpx: float = DEFAULT_MAX_MPX,
) -> Mask:
    """Mask the thing that stands out in a picture.

    Parameters
    ----------
    image, refine, grow, empty_ok, max_mpx : as `people`
    cut : where the mask ends, as a share of the strongest answer
    weights : "u2netp", "birefnet-lite", or an ONNX file with the same conventions

    Returns
    -------
    Mask, as `people`; the same errors
    """
    with speaking_python():
        from freefill.detectors.needs import require
        from freefill.detectors.salient import WEIGHTS, detect
        from freefill.detectors.source import as_image, as_mask

        if weights in WEIGHTS:
            require(WEIGHTS, "masks.salient")
        picture = as_picture(image, max_mpx)
        mask = as_mask(detect(as_image(picture), weights=weights, cut=cut), "salient thing", picture)
        return _finished(mask, picture, refine, grow, empty_ok)


def _finished(mask: Mask, picture: Picture, refine: bool, grow: float | str, empty_ok: bool) -> Mask:
    from freefill.detectors.refining import finished
    from freefill.detectors.source import as_image

    done = finished(mask, as_image(picture) if refine else None, refining=refine, growing=Length.of(grow))
    return _found(replace(done, notes=tuple(dict.fromkeys(done.notes))), empty_ok)


def _found(mask: Mask, empty_ok: bool) -> Mask:
    """Raise where nothing is masked, unless that is as good an answer as any."""
    if not mask.hole.any() and not empty_ok:
        raise NothingFoundError(f"{mask.notes[0]}; lower the score, mark the place with shapes, or pass empty_ok=True")
    return mask
