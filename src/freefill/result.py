"""What a user gets: the filled picture as the kind that was passed in, to look at and to save."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from freefill.inputs import array_of_tensor, is_tensor, mask_picture
from freefill.request import in_python
from freefill.values import Outcome, Picture

SHOWN_PX = 1024  # longest side of what a notebook shows; the picture itself keeps its size


@dataclass(frozen=True, eq=False)
class Result(Outcome):
    """An outcome that also gives the picture back as the caller gave it.

    Attributes
    ----------
    like : what the caller passed in
    """

    like: Any = None

    @classmethod
    def of(cls, outcome: Outcome, like: Any) -> Result:
        """Make one; its notes speak Python."""
        told: dict[str, Any] = {name: getattr(outcome, name) for name in Outcome.__dataclass_fields__}
        told["notes"] = tuple(map(in_python, outcome.notes))
        return cls(**told, like=like)

    @cached_property
    def image(self) -> Any:
        """The filled picture, of the kind that was passed in.

        A PIL image; an array of the same shape and dtype; a tensor of the same shape, dtype and device; bytes of the
        same format. For a path or a stream: an array, (H, W, 1 to 4).
        """
        from freefill.images.arrays import is_pil, to_array

        if isinstance(self.like, bytes | bytearray | memoryview):
            return self.to_bytes()
        if is_tensor(self.like):
            return self._as_tensor()
        like = self.like if isinstance(self.like, np.ndarray) or is_pil(self.like) else None
        return to_array(self.picture, like)

    def save(
        self, path: str | os.PathLike[str], *, format: str | None = None, quality: int | None = None
    ) -> tuple[str, ...]:
        """Write the filled picture; format, depth, metadata and compression follow the input unless told otherwise.

        Returns
        -------
        notes: what of the input's file could not be kept, and what the format could not hold; none where all is there
        """
        from freefill.images.write import write_picture

        return tuple(map(in_python, write_picture(self.picture, path, format=format, quality=quality)))

    def to_bytes(self, format: str | None = None, *, quality: int | None = None) -> bytes:
        """Return the filled picture as the bytes of a file; the format follows the input, PNG where it had none."""
        return _written(self.picture, format, quality)

    def save_mask(self, path: str | os.PathLike[str]) -> None:
        """Write the final mask as a 1-bit PNG, white = hole."""
        from freefill.images.write import write_picture

        write_picture(mask_picture(self.mask), path, format="PNG")

    def __repr__(self) -> str:
        """Return one line: what was filled, by what, in what time."""
        height, width = self.picture.size
        share = self.plan.hole_px / (height * width)
        return (
            f"<freefill.Result {width}x{height}, {share:.1%} filled by {self.plan.engine} in "
            f"{sum(self.seconds.values()):.1f} s, {len(self.notes)} note{'' if len(self.notes) == 1 else 's'}>"
        )

    def _repr_png_(self) -> bytes | None:
        """Show it in a notebook: as PNG where the picture has an alpha channel."""
        return None if self.picture.alpha is None else _written(_shown(self.picture), "png", None)

    def _repr_jpeg_(self) -> bytes | None:
        """Show it in a notebook: as JPEG, which is small, where the picture is opaque."""
        return _written(_shown(self.picture), "jpeg", 90) if self.picture.alpha is None else None

    def _as_tensor(self) -> Any:
        import torch

        from freefill.images.arrays import to_array

        like: torch.Tensor = self.like
        array = np.asarray(to_array(self.picture, array_of_tensor(like)))
        array = np.moveaxis(array, -1, 0) if like.ndim > 2 else array
        filled = torch.from_numpy(np.ascontiguousarray(array))
        filled = filled[None] if like.ndim == 4 else filled
        return filled.to(dtype=like.dtype, device=like.device)


def _written(picture: Picture, format: str | None, quality: int | None) -> bytes:
    from freefill.images.write import write_picture

    content = io.BytesIO()
    write_picture(picture, content, format=format, quality=quality)
    return content.getvalue()


def _shown(picture: Picture) -> Picture:
    """Return the picture in 8 bits and small enough for a page."""
    import cv2

    def small(values: np.ndarray) -> np.ndarray:
        levels = np.rint(values * (255 / picture.full_scale)).astype(np.uint8)
        scale = SHOWN_PX / max(picture.size)
        if scale >= 1:
            return levels
        size = [max(round(side * scale), 1) for side in picture.size[::-1]]
        return np.asarray(cv2.resize(levels, size, interpolation=cv2.INTER_AREA)).reshape(size[1], size[0], -1)

    alpha = None if picture.alpha is None else small(picture.alpha).reshape(small(picture.pixels).shape[:2])
    return Picture(small(picture.pixels), alpha, source=picture.source)
