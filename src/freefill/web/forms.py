"""Fields of requests and answers, with what the API's description says of them."""

from __future__ import annotations

import json
from typing import Any, Literal

from fastapi import UploadFile
from pydantic import BaseModel, ConfigDict, Field, field_validator

from freefill.engines import registry
from freefill.errors import InputError, did_you_mean
from freefill.request import WORDS
from freefill.values import PEOPLE_WORDS, Structure
from freefill.web import problems
from freefill.weights.folder import records

WORDS_TEXT = "`people`, `people but the main one`, `salient`, `text`, or `alpha` for what is transparent"
WEIGHTS = tuple(name for spec in registry.ENGINES for name in spec.weights)


class Wishes(BaseModel):
    """How to fill; every field has the meaning of the option of that name of `freefill inpaint`."""

    model_config = ConfigDict(extra="forbid")

    engine: str = Field("auto", max_length=40, description="`GET /api/v1/engines` lists them", examples=["texture"])
    weights: str | None = Field(None, max_length=40, description="Of the engine, by name; left out: its first")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="Another seed gives another fill, the same seed the same")
    grow: str = Field("0", max_length=12, description="Grow the hole first: `6px`, `3%`", examples=["3%"])
    feather: str = Field("0", max_length=12, description="Let the fill fade over this much of the grown ring")
    refine: bool = Field(False, description="Repair the mask first, so that it covers the whole thing")
    invert: bool = Field(False, description="Black is what should go")
    mask_fit: Literal["error", "scale"] = Field("error", description="`scale` takes a mask of another size")
    mask_channel: Literal["auto", "grey", "transparent", "opaque"] = Field(
        "auto", description="Where a mask with transparency carries what should go"
    )
    score: float | None = Field(None, gt=0, lt=1, description="How sure a word must be; lower finds more")
    texture: Literal["auto", "always", "never"] = "auto"
    window: Literal["auto", "whole"] = "auto"
    structure: Structure = Field("auto", description="Ask what crosses the hole before it is filled")

    @field_validator("weights")
    @classmethod
    def _by_name(cls, value: str | None) -> str | None:
        """Only by name: a path would be one of the server's."""
        if value is None or value in WEIGHTS:
            return value
        # Weights that whoever runs the service trained and imported have names of their own.
        every = (*WEIGHTS, *(each.name for each in records() if each.name not in WEIGHTS))
        if value not in every:
            raise ValueError(f"'{value}' is not known;{did_you_mean(value, every)} all: {', '.join(every)}")
        return value

    def wishes(self) -> dict[str, Any]:
        """Return the wishes as a request takes them; those that come as files are read by the worker."""
        return self.model_dump(include=set(Wishes.model_fields))


class InpaintForm(Wishes):
    """One picture to fill."""

    # A misspelt wish is refused: passed over, the fill would be another one than was asked for.
    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    image: UploadFile = Field(description="The picture, of any format that freefill reads")
    mask: UploadFile | None = Field(None, description="White is what should go; of the picture's size")
    word: str | None = Field(None, max_length=40, description=f"Instead of a mask: {WORDS_TEXT}", examples=["people"])
    source: UploadFile | None = Field(None, description="A mask: copy only from where it is white")
    not_from: UploadFile | None = Field(None, description="A mask: never copy from where it is white")
    sketch: UploadFile | None = Field(
        None, description="White lines on black, which the fill follows; for weights that were trained with lines"
    )
    format: str | None = Field(
        None, pattern="^[a-z]{2,5}$", description="Left out: the picture's own", examples=["png"]
    )


class MaskForm(BaseModel):
    """One picture in which something is looked for."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    image: UploadFile
    refine: bool = False
    score: float | None = Field(None, gt=0, lt=1, description="How sure it must be; lower finds more")


class RefineForm(BaseModel):
    """One picture with a mask to repair."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    image: UploadFile
    mask: UploadFile


class IoPaintForm(BaseModel):
    """What IOPaint's clients send; what has no meaning here is left alone."""

    image: str = Field(description="base64, with or without a data: head")
    mask: str = Field(description="base64, white = remove")
    sd_seed: int = -1


def from_json(text: str) -> dict[str, Any]:
    """Return wishes that the page sends as one JSON object."""
    try:
        given = json.loads(text)
    except ValueError:
        raise InputError("settings are not valid JSON") from None
    if not isinstance(given, dict):
        raise InputError("settings must be a JSON object")
    foreign = sorted(set(given) - set(Wishes.model_fields))
    if foreign:
        raise InputError(f"settings: '{foreign[0]}' is not known; all: {', '.join(Wishes.model_fields)}")
    try:
        return Wishes(**given).wishes()
    except ValueError as error:
        raise InputError(f"settings: {_first(error)}") from None


def check_word(word: str) -> None:
    """Refuse what names no mask.

    Raises
    ------
    Problem
        422, with the nearest word.
    """
    if word not in WORDS and not PEOPLE_WORDS.fullmatch(word):
        every = (*WORDS, "people but the main one")
        raise problems.Problem(422, f"word '{word}' is not known;{did_you_mean(word, every)} all: {', '.join(every)}")


def answers(kind: str, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """Return what a route's description says of an answer that is no JSON."""
    return {status: {"description": "Done", "content": {kind: {"schema": {"type": "string", "format": "binary"}}}}}


def _first(error: Any) -> str:
    one = error.errors()[0]
    return f"{'.'.join(map(str, one['loc']))}: {one['msg']}"
