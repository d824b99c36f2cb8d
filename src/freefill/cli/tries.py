"""--tries and --diagnose of freefill inpaint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from freefill.cli.progress import Report
    from freefill.diagnosis.diagnose import Diagnosis
    from freefill.inpainter import Inpainter
    from freefill.request import MaskLike, Request
    from freefill.tries import Try
    from freefill.values import Outcome, Picture


def best_try(
    picture: Picture,
    mask: MaskLike | None,
    request: Request,
    inpainter: Inpainter,
    tries: int,
    save_dir: str | None,
    report: Report,
) -> Try:
    """Return the try that the diagnosis likes best, with a note on each; write all where asked for."""
    from dataclasses import replace

    from freefill.files import make_folder
    from freefill.images.write import write_picture
    from freefill.inputs import mask_for, sketch_for, sources
    from freefill.tries import best_of, kept

    hole = mask_for(mask, picture, request, request.max_mpx)  # once: all tries fill the same hole
    report.stage("filling")

    def told(done: int, of: int, share: float) -> None:
        report.share((done + share) / of, f"try {done + 1} of {of}")

    source, sketch = sources(picture, request), sketch_for(picture, request)
    made = best_of(picture, hole, request, inpainter, tries, source=source, sketch=sketch, progress=told)
    if save_dir is not None:
        folder = Path(save_dir)
        make_folder(folder)
        for number, each in enumerate(made, 1):
            # A kind is words for the user; in a file's name blanks and commas would have to be quoted.
            name = each.kind.replace(", ", "-").replace(" ", "-")
            write_picture(each.result.picture, folder / f"{number}-{name}.png", format="PNG")
    return replace(made[0], result=kept(made))


def diagnosis_of(picture: Picture, result: Outcome) -> Diagnosis | None:
    """Return what is wrong with a fill; None where nothing was filled."""
    from freefill.judging import diagnose_result

    return diagnose_result(picture, result) if result.plan.hole_px else None
