"""What saving as JPEG does to pixels outside the hole: python benchmarks/jpeg.py [--photos DIR] [--rotated].

Each photograph is decoded, a box of it is replaced, and it is saved again as JPEG in three ways: compressed anew at
quality 95, compressed anew with the input's own tables and subsampling, and as freefill does it, with untouched blocks
carried over. Near = within 16 px of the hole (a block of chroma), far = beyond.
"""

from __future__ import annotations

import argparse
import io
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from freefill.distance import distance_outside
from freefill.images.read import read_picture
from freefill.images.write import write_picture
from freefill.values import Picture

PHOTOS = Path(__file__).parents[2] / "shared" / "data" / "photos_eval"
NAMES = ("bsds500/*.jpg", "coco_other/*.jpg", "large/*.jpg", "kodak/*.jpg")


def anew(picture: Picture, quality: int | None) -> bytes:
    """Compress all of a picture again with Pillow."""
    tables, out = picture.extras.jpeg, io.BytesIO()
    array = picture.pixels[:, :, 0] if picture.pixels.shape[2] == 1 else picture.pixels
    options = {"quality": quality, "subsampling": 2}
    if quality is None and tables is not None:
        options = {"qtables": [list(t) for t in tables.quantization], "subsampling": max(tables.subsampling, 0)}
    Image.fromarray(array).save(out, "JPEG", **options)
    return out.getvalue()


def kept(picture: Picture) -> bytes:
    """Save as freefill does."""
    out = io.BytesIO()
    write_picture(picture, out, "jpeg")
    return out.getvalue()


WAYS: dict[str, Callable[[Picture], bytes]] = {
    "anew, quality 95": lambda picture: anew(picture, 95),
    "anew, same tables": lambda picture: anew(picture, None),
    "freefill": kept,
}


def filled(picture: Picture) -> tuple[Picture, NDArray[np.bool_]]:
    """Replace a box by a slope between its corners' colours: what a fill could look like."""
    height, width = picture.size
    rows, cols = slice(height * 2 // 5, height * 3 // 5), slice(width * 2 // 5, width * 3 // 5)
    part = picture.pixels[rows, cols].astype(float)
    down, across = np.linspace(0, 1, part.shape[0])[:, None, None], np.linspace(0, 1, part.shape[1])[None, :, None]
    top = part[0, 0] * (1 - across) + part[0, -1] * across
    bottom = part[-1, 0] * (1 - across) + part[-1, -1] * across
    pixels = picture.pixels.copy()
    pixels[rows, cols] = np.rint(top * (1 - down) + bottom * down)
    hole = np.zeros(picture.size, bool)
    hole[rows, cols] = True
    return replace(picture, pixels=pixels), hole


def rotated(data: bytes) -> bytes:
    """Give a file the orientation of a portrait taken with a phone, the pixels cut to whole blocks."""
    image = Image.open(io.BytesIO(data))
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    tables = [image.quantization[key] for key in sorted(image.quantization)]  # type: ignore[attr-defined]
    image = image.crop((0, 0, image.width // 16 * 16, image.height // 16 * 16))
    image.save(out, "JPEG", qtables=tables, subsampling=2, exif=exif)
    return out.getvalue()


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--photos", type=Path, default=PHOTOS)
    options.add_argument("--rotated", action="store_true", help="as phones save portraits: EXIF orientation 6")
    options.add_argument("--each", type=int, default=6, help="photographs from each folder")
    asked = options.parse_args()
    files = [path for pattern in NAMES for path in sorted(asked.photos.glob(pattern))[: asked.each]]
    kept(read_picture(files[0]))  # compiles
    rows: dict[str, list[list[float]]] = {way: [] for way in WAYS}
    for path in files:
        data = path.read_bytes()
        picture = read_picture(io.BytesIO(rotated(data) if asked.rotated else data))
        new, hole = filled(picture)
        distance = distance_outside(hole)
        near, far = (distance > 0) & (distance <= 16), distance > 16 * 2**0.5
        for way, save in WAYS.items():
            start = time.perf_counter()
            out = save(new)
            seconds = time.perf_counter() - start
            gap = np.abs(read_picture(io.BytesIO(out)).pixels.astype(int) - new.pixels).max(axis=2)
            figures = [f(gap[part]) for part in (near, far) for f in (lambda g: (g > 0).mean(), np.mean, np.max)]
            second = np.abs(gap[hole]).mean()
            rows[way].append([*map(float, figures), float(second), seconds, len(out) / len(data)])
    print(f"{len(files)} photographs, {platform.processor() or platform.machine()}; shares of pixels that differ,")
    print(
        "mean and largest difference of the worst channel, levels of 255; medians over the photographs, max = largest"
    )
    print("| saved | near: differ | mean | max | far: differ | mean | max | in the hole: mean | seconds | size |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for way, found in rows.items():
        column = list(zip(*found, strict=True))
        middle = [statistics.median(values) for values in column]
        worst = [max(values) for values in column]
        print(
            f"| {way} | {middle[0]:.1%} | {middle[1]:.2f} | {worst[2]:.0f} | {middle[3]:.1%} | {middle[4]:.2f} | "
            f"{worst[5]:.0f} | {middle[6]:.2f} | {middle[7]:.3f} | {middle[8]:.2f} |"
        )
    exact = sum(row[5] == 0 for row in rows["freefill"])
    print(f"freefill: {exact} of {len(files)} photographs have no pixel beyond 23 px of the hole that differs")


if __name__ == "__main__":
    main()
