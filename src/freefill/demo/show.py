"""The demo itself: fill every scene, write pictures, masks and fills, and the page."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from freefill.demo.page import ShownScene, write_page
from freefill.demo.scenes import SCENES, Scene, load
from freefill.errors import InputError, did_you_mean
from freefill.images.write import write_picture
from freefill.inpainter import Inpainter
from freefill.inputs import mask_picture
from freefill.progress import Progress
from freefill.values import Mask, Options


def chosen(names: Sequence[str]) -> tuple[Scene, ...]:
    """Return the scenes of these names, all where none is named.

    Raises
    ------
    InputError
        If there is none of a name.
    """
    known = {scene.name: scene for scene in SCENES}
    for name in names:
        if name not in known:
            raise InputError(f"no scene '{name}';{did_you_mean(name, known)} all: {', '.join(known)}")
    return tuple(known[name] for name in names) if names else SCENES


def show(
    output: Path,
    scenes: Sequence[Scene] = SCENES,
    engine: str = "auto",
    options: Options = Options(),  # noqa: B008 (frozen)
    on_start: Callable[[Scene], None] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Path:
    """Fill the scenes into a folder; return the page.

    For each scene there are NAME.image.png, NAME.mask.png and NAME.filled.png.

    Parameters
    ----------
    on_start : called with each scene before it is filled
    progress : called while it is filled

    Raises
    ------
    InputError
        If the folder cannot be written.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{output}: cannot make this folder ({error.strerror}); name another") from None
    inpainter = Inpainter(engine)
    shown = []
    for scene in scenes:
        if on_start is not None:
            on_start(scene)
        picture, mask = load(scene)
        begun = time.perf_counter()
        barred = None if scene.not_from is None else scene.not_from(picture.size)
        result = inpainter.run(picture, mask, options, source=None if barred is None else ~barred, progress=progress)
        shown.append(ShownScene(scene, picture, result, time.perf_counter() - begun))
        write_picture(picture, output / f"{scene.name}.image.png")
        write_picture(mask_picture(mask), output / f"{scene.name}.mask.png")
        write_picture(result.picture, output / f"{scene.name}.filled.png")
        if barred is not None:
            write_picture(mask_picture(Mask(barred)), output / f"{scene.name}.not-from.png")
    return write_page(output / "index.html", shown)
