"""Reading and writing a 24-megapixel picture against the library alone: python benchmarks/pictures.py [--photo FILE].

Every figure comes from a process of its own: seconds are the median of three runs in it after one that warms up, the
peak is its largest resident size less what it had after the imports. A fill of 2 % is written, so that JPEG does its
whole work.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

PHOTO = Path(__file__).parents[2] / "shared" / "data" / "published" / "hifill_large" / "1" / "raw.jpg"
KINDS = ("jpg", "png", "tif", "webp", "16.png", "16.tif")


def prepared(photo: Path, folder: Path) -> None:
    """Write the photograph in every kind."""
    import cv2
    import numpy as np
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    image = Image.open(photo).convert("RGB")
    image.save(folder / "photo.jpg", quality=92)
    image.save(folder / "photo.png", compress_level=3)
    image.save(folder / "photo.tif", compression="tiff_lzw")
    image.crop((0, 0, image.width // 2, image.height // 2)).save(folder / "photo.webp", lossless=True)
    deep = np.asarray(image)[:, :, ::-1].astype(np.uint16) * 257
    cv2.imwrite(str(folder / "photo.16.png"), deep)
    cv2.imwrite(str(folder / "photo.16.tif"), deep)


def ours(path: Path, out: Path) -> tuple[Callable[[], Any], Callable[[Any], Any]]:
    """Return freefill's reader and writer; the picture is filled once in between."""
    from freefill.images.read import read_picture
    from freefill.images.write import write_picture

    def filled(picture: Any) -> Any:
        height, width = picture.size
        pixels = picture.pixels.copy()
        pixels[height // 2 : height // 2 + height // 7, width // 2 : width // 2 + width // 7] //= 2
        return replace(picture, pixels=pixels)

    return lambda: read_picture(path), lambda picture: write_picture(filled(picture), out)


def library(path: Path, out: Path) -> tuple[Callable[[], Any], Callable[[Any], Any]]:
    """Return Pillow's (8 bit) or OpenCV's (16 bit) reader into an array and writer from one."""
    if ".16." in path.name:
        import cv2

        return lambda: cv2.imread(str(path), cv2.IMREAD_UNCHANGED), lambda array: cv2.imwrite(str(out), array)
    import numpy as np
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    options = {".jpg": {"quality": 92}, ".png": {}, ".tif": {"compression": "tiff_lzw"}, ".webp": {"lossless": True}}
    return lambda: np.array(Image.open(path)), lambda array: Image.fromarray(array).save(out, **options[out.suffix])


def child(who: str, path: Path) -> dict[str, float]:
    """Measure in this process."""
    out = path.with_name(f"out.{who}{''.join(path.suffixes)}")
    read, write = {"ours": ours, "library": library}[who](path, out)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found: Any = None
    seconds: dict[str, list[float]] = {"read": [], "write": []}
    for _ in range(4):
        found = None
        start = time.perf_counter()
        found = read()
        seconds["read"].append(time.perf_counter() - start)
        start = time.perf_counter()
        write(found)
        seconds["write"].append(time.perf_counter() - start)
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return {**{key: statistics.median(values[1:]) for key, values in seconds.items()}, "peak": peak}


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--photo", type=Path, default=PHOTO)
    options.add_argument("--child", nargs=2, default=None, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.child is not None and asked.child[0] == "prepare":
        prepared(asked.photo, Path(asked.child[1]))
        return
    if asked.child is not None:
        print(json.dumps(child(asked.child[0], Path(asked.child[1]))))
        return
    with tempfile.TemporaryDirectory() as name:
        # In a process of its own too: a child starts with the largest size that its parent ever had.
        subprocess.run([sys.executable, __file__, "--photo", asked.photo, "--child", "prepare", name], check=True)
        print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores; WebP: a quarter of the picture")
        print("| file | read: library s | freefill s | ratio | write: library s | freefill s | ratio | peak MB: | |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
        for kind in KINDS:
            path, rows = Path(name) / f"photo.{kind}", []
            for who in ("library", "ours"):
                command = [sys.executable, __file__, "--child", who, str(path)]
                rows.append(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
            a, b = rows
            print(
                f"| {kind} | {a['read']:.2f} | {b['read']:.2f} | {b['read'] / a['read']:.2f} | {a['write']:.2f} | "
                f"{b['write']:.2f} | {b['write'] / a['write']:.2f} | {a['peak']:.0f} | {b['peak']:.0f} |"
            )


if __name__ == "__main__":
    main()
