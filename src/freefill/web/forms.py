"""Fields of requests, with what the API's description says of them."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from freefill.errors import InputError
from freefill.request import WISHES


class Wishes(BaseModel):
    """How to fill; every field has the meaning of the option of that name of `freefill inpaint`."""

    model_config = ConfigDict(extra="forbid")

    engine: str = Field("auto", max_length=40, description="`GET /api/v1/engines` lists them", examples=["texture"])
    seed: int = Field(0, ge=0, le=2**32 - 1, description="Another seed gives another fill, the same seed the same")
    grow: str = Field("0", max_length=12, description="Grow the hole first: `6px`, `3%`", examples=["3%"])
    feather: str = Field("0", max_length=12, description="Let the fill fade over this much of the grown ring")
    refine: bool = Field(False, description="Repair the mask first, so that it covers the whole thing")
    invert: bool = Field(False, description="Black is what should go")
    mask_fit: Literal["error", "scale"] = Field("error", description="`scale` takes a mask of another size")
    texture: Literal["auto", "always", "never"] = "auto"
    window: Literal["auto", "whole"] = "auto"

    def wishes(self) -> dict[str, Any]:
        """Return the wishes as a request takes them."""
        return {name: value for name, value in self.model_dump().items() if name in WISHES}


def from_json(text: str) -> dict[str, Any]:
    """Return wishes that the page sends as one JSON object."""
    try:
        given = json.loads(text)
    except ValueError:
        raise InputError("settings: this is no JSON") from None
    if not isinstance(given, dict):
        raise InputError("settings: a JSON object is wanted")
    foreign = sorted(set(given) - set(Wishes.model_fields))
    if foreign:
        raise InputError(f"settings: '{foreign[0]}' is not known; all: {', '.join(Wishes.model_fields)}")
    try:
        return Wishes(**given).wishes()
    except ValueError as error:
        raise InputError(f"settings: {_first(error)}") from None


def _first(error: Any) -> str:
    one = error.errors()[0]
    return f"{'.'.join(map(str, one['loc']))}: {one['msg']}"
