"""One page that shows every scene before and after, in one file that asks for no other."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from freefill import __version__
from freefill.demo.scenes import Scene
from freefill.files import replacing
from freefill.values import Hole, Outcome, Picture

JPEG_QUALITY = 92  # of the copies in the page; the exact pictures are the PNG files beside it
WIDE = 0.6  # of the picture's width: what spans more lies all over it
BESIDE = 0.03  # of the width, between the line and what was removed
MASK_COLOUR = (255, 0, 128, 150)  # red, green, blue, alpha


@dataclass(frozen=True, eq=False)
class ShownScene:
    """A scene and its fill; `seconds` is the fill's wall time."""

    scene: Scene
    picture: Picture
    result: Outcome
    seconds: float


def write_page(path: Path, shown: Sequence[ShownScene]) -> Path:
    """Write the page and return its path."""
    template = (resources.files("freefill.demo") / "page.html").read_text(encoding="utf-8")
    seconds = sum(each.seconds for each in shown)
    page = template.replace("{{version}}", escape(__version__))
    page = page.replace("{{summary}}", f"{len(shown)} photographs filled in {seconds:.1f} s")
    page = page.replace("{{scenes}}", "\n".join(_scene(each) for each in shown))
    with replacing(path) as stream:
        stream.write(page.encode())
    return path


def _scene(each: ShownScene) -> str:
    """One scene as HTML."""
    name, title = escape(each.scene.name), escape(each.scene.title)
    plan, (height, width) = each.result.plan, each.picture.size
    share = 100 * plan.hole_px / (height * width)
    barred = f" --not-from {name}.not-from.png" if each.scene.not_from is not None else ""
    notes = "".join(f"<li>{escape(note)}</li>" for note in each.result.notes)
    facts = (
        ("engine", plan.engine),
        ("time", f"{each.seconds:.2f} s"),
        ("picture", f"{width} x {height}"),
        ("hole", f"{share:.1f} %"),
        ("windows", str(len(plan.windows))),
    )
    listed = "".join(f"<div><dt>{word}</dt><dd>{escape(value)}</dd></div>" for word, value in facts)
    at = _line_at(each.result.mask.hole)
    before, after = _jpeg(each.picture.pixels), _jpeg(each.result.picture.pixels)
    return f"""<article>
<h2 id="{name}">{title}</h2>
<figure class="compare" style="--w:{width};--h:{height};--at:{at}%">
<img class="after" src="{after}" width="{width}" height="{height}" alt="{title}: after">
<img class="before" src="{before}" width="{width}" height="{height}" alt="{title}: before">
<img class="mask" src="{_overlay(each.result.mask.hole)}" width="{width}" height="{height}" alt="" hidden>
<span class="line" aria-hidden="true"></span>
<input type="range" min="0" max="100" value="{at}" step="1" aria-label="{title}: how much of the picture shows before">
</figure>
<div class="below"><span>before</span>
<label><input type="checkbox" class="show-mask"> show the mask</label><span>after</span></div>
<dl>{listed}</dl>
{f'<ul class="notes">{notes}</ul>' if notes else ""}
<details><summary>Plan</summary><pre tabindex="0">{escape(json.dumps(plan.to_json(), indent=2))}</pre></details>
<p class="files">Full size: {_links(name)}<br><code>freefill {name}.image.png {name}.mask.png{barred}</code></p>
</article>"""


def _line_at(hole: Hole) -> int:
    """Return where the line opens, percent of the width: beside what was removed, so that what was filled is seen.

    What was removed all over the picture is seen half before, half after.
    """
    cols = np.flatnonzero(hole.any(axis=0))
    width = hole.shape[1]
    left, right = cols[0] / width, (cols[-1] + 1) / width
    return 50 if right - left > WIDE else round(100 * max(left - BESIDE, 0.02))


def _links(name: str) -> str:
    """Return links to the exact pictures, which lie beside the page."""
    kinds = {"before": "image", "mask": "mask", "after": "filled"}
    return " ".join(f'<a href="{name}.{kind}.png">{word}</a>' for word, kind in kinds.items())


def _jpeg(pixels: NDArray[np.uint8]) -> str:
    """A data URL of (H, W, 1 or 3) pixels."""
    stream = io.BytesIO()
    PillowImage.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(
        stream, "JPEG", quality=JPEG_QUALITY, subsampling=0, optimize=True
    )
    return _data_url("image/jpeg", stream.getvalue())


def _overlay(hole: Hole) -> str:
    """A data URL of a picture that is tinted in the hole and clear elsewhere; two colours, so it is small."""
    drawn = PillowImage.fromarray(hole.astype(np.uint8))
    drawn.putpalette([0, 0, 0, *MASK_COLOUR[:3]])
    stream = io.BytesIO()
    drawn.save(stream, "PNG", bits=1, transparency=bytes((0, MASK_COLOUR[3])), optimize=True)
    return _data_url("image/png", stream.getvalue())


def _data_url(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
