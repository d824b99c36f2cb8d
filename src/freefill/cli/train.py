"""freefill train RECIPE --data PATH... --out RUN, and --resume RUN."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from freefill.cli.progress import Report
from freefill.errors import InputError

if TYPE_CHECKING:
    from freefill.training.start import Planned

_PATH = click.Path(path_type=Path)


@click.command("train")
@click.argument("recipe", required=False)
@click.option(
    "--data",
    "paths",
    multiple=True,
    type=_PATH,
    metavar="PATH",
    help="Folder, plain .tar file or picture to learn from. Can be given more than once.",
)
@click.option("-o", "--out", type=_PATH, metavar="RUN", help="New folder for the run.")
@click.option("--resume", type=_PATH, metavar="RUN", help="Continue the run in this folder.")
@click.option(
    "--from", "start", type=_PATH, metavar="FILE", help="With --resume: start from this snapshot, not from the newest."
)
@click.option("--steps", type=click.IntRange(1), help="Stop after this step, not after the recipe's last one.")
@click.option(
    "--decay",
    type=click.IntRange(1),
    metavar="STEPS",
    help="With --resume: lower the learning rate over STEPS steps, then end.",
)
@click.option("--hours", type=click.FloatRange(0, min_open=True), help="Save and stop after this many hours.")
@click.option("--weights", metavar="NAME_OR_FILE", help="Start from these weights (fine-tuning).")
@click.option(
    "--set",
    "words",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change an option of the recipe. Can be given more than once.",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
@click.option("--dry-run", is_flag=True, help="Check everything and print the plan as JSON. Train nothing.")
@click.option("--list", "list_", is_flag=True, help="List the recipes and what each needs.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress. Warnings are still shown.")
@click.pass_context
def command(
    ctx: click.Context,
    recipe: str | None,
    paths: tuple[Path, ...],
    out: Path | None,
    resume: Path | None,
    start: Path | None,
    steps: int | None,
    decay: int | None,
    hours: float | None,
    weights: str | None,
    words: tuple[str, ...],
    device: str,
    dry_run: bool,
    list_: bool,
    quiet: bool,
) -> int:
    """Train a network by RECIPE, one that comes with freefill or a .toml file of your own.

    Ctrl-C saves and stops; --resume goes on from there. With several GPUs: torchrun --nproc-per-node N -m freefill
    train ...
    """
    _needs_torch()
    if list_:
        _list()
        return 0
    if (recipe is None) == (resume is None):
        raise click.UsageError(
            "give a RECIPE with --data and --out, or --resume RUN; recipes: freefill train --list", ctx
        )
    from freefill.training import recipes
    from freefill.training import start as starting

    show = _Bar(quiet)
    if resume is not None:
        if words or weights or out or dry_run:
            raise click.UsageError(
                "a run's options are fixed: --resume takes no --set, --weights, --out, --dry-run", ctx
            )
        with show:
            done = starting.resume(
                resume, show, paths=paths, start=start, steps=steps, decay_steps=decay, device=device, hours=hours
            )
        return _ended(done, resume, show)
    assert recipe is not None
    if decay or start:
        raise click.UsageError("--decay and --from go with --resume; a new run's decay is rate.decay_steps", ctx)
    from freefill.training.options import changed

    given = (f"steps={steps}",) if steps else ()
    given += (f"start={json.dumps(weights)}",) if weights else ()
    options = changed(recipes.load(recipe), (*words, *given))
    if not paths or (out is None and not dry_run):
        raise click.UsageError("a new run needs --data PATH (photographs) and --out RUN (a folder)", ctx)
    if dry_run:
        _print(starting.plan(options, paths), recipes.header(recipe))
        return 0
    assert out is not None
    with show:
        done = starting.begin(options, paths, out, show, device=device, hours=hours)
    return _ended(done, out, show)


def _needs_torch() -> None:
    import importlib.util

    if importlib.util.find_spec("torch") is None:
        raise InputError("training needs an extra; run: pip install 'freefill[train]'")


def _list() -> None:
    from freefill.training import recipes

    for name in recipes.names():
        click.echo(recipes.header(name) + "\n")


def _print(planned: Planned, header: str) -> None:
    from freefill.training.options import plain

    click.echo(header, err=True)
    said = {
        "trained_on": planned.trained_on,
        "held_out": planned.held_out,
        "parameters": planned.parameters,
        "passes": round(planned.passes, 1),
        "options": plain(planned.options),
    }
    click.echo(json.dumps(said, indent=1))


def _ended(done: bool, run: Path, show: _Bar) -> int:
    if show.rank:  # the first process tells it for all
        # 130 as after Ctrl-C: a scheduler tells a run that was stopped from one that is done.
        return 0 if done else 130
    if done:
        click.echo(f"freefill: done; use it: freefill weights import {run}", err=True)
        click.echo(str(run))
        return 0
    click.echo(f"freefill: saved; go on with: freefill train --resume {run}", err=True)
    return 130


class _Bar:
    """A progress bar with the time left where standard error is a terminal, else a line now and then."""

    def __init__(self, quiet: bool) -> None:
        import os

        self.rank = int(os.environ.get("RANK", "0"))  # torchrun starts a process for each GPU
        self._quiet = quiet
        self._report = Report("training", quiet or self.rank != 0 or not sys.stderr.isatty())
        self._first: tuple[int, float] | None = None

    def __enter__(self) -> _Bar:
        self._report.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self._report.end()

    def progress(self, step: int, steps: int, figures: Mapping[str, float]) -> None:
        text = "  ".join(f"{name} {value:.3f}" for name, value in figures.items() if name in _SHOWN)
        if not self._report.quiet:
            self._report.share(step / max(steps, 1), f"{step} of {steps}, {text}")
        elif not self._quiet:
            click.echo(f"freefill: step {step} of {steps}{self._left(step, steps)}  {text}", err=True)

    def _left(self, step: int, steps: int) -> str:
        if self._first is None or step <= self._first[0]:
            self._first = step, time.monotonic()
            return ""
        # From the first step that was told, not from the start: loading and compiling come only once.
        minutes = (time.monotonic() - self._first[1]) / (step - self._first[0]) * (steps - step) / 60
        return f", {minutes / 60:.1f} h left" if minutes >= 90 else f", {minutes:.0f} min left"

    def say(self, text: str) -> None:
        if self._report.quiet:
            click.echo(f"freefill: {text}", err=True)
        else:
            self._report.line(f"freefill: {text}")


_SHOWN = ("l1", "l1_refined", "loss", "generator", "discriminator", "psnr_db", "step_ms")
