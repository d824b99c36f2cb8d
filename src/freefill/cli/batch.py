"""freefill batch IMAGES MASKS -o DIR."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from freefill.cli.headings import HeadedCommand, under
from freefill.cli.options import output_options, request_options, talk_options, tries_option
from freefill.cli.progress import working
from freefill.errors import SOME_FAILED, InputError, did_you_mean

if TYPE_CHECKING:
    from freefill.batch.pairs import Pair, Pairing
    from freefill.batch.records import Record
    from freefill.batch.run import Summary
    from freefill.cli.progress import Report
    from freefill.request import Request

NAMED_AT_MOST = 5  # files without a partner that are named one by one; --json names all


class ShardType(click.ParamType):
    """ "3/8": the third of eight parts."""

    name = "i/n"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        number, _, of = str(value).partition("/")
        if not (number.isdigit() and of.isdigit() and 1 <= int(number) <= int(of)):
            self.fail(f"'{value}' is not a shard; write 3/8 for the third of eight", param, ctx)
        return int(number), int(of)


@click.command("batch", cls=HeadedCommand)
@click.argument("images")
@click.argument("masks", required=False)
@under(
    "Files",
    click.option("-o", "--output", required=True, metavar="DIR", help="Folder for the fills and the journal."),
    click.option("--mask-suffix", metavar="TEXT", help="How mask files are named: _mask, or {stem}_mask.png."),
)
@under(
    "Many pictures",
    click.option(
        "--jobs", default=1, show_default=True, type=click.IntRange(1, 256), help="How many processes to run."
    ),
    click.option(
        "--resume", is_flag=True, help="Skip pictures that an earlier run finished and that have not changed."
    ),
    click.option(
        "--shard", default="1/1", type=ShardType(), help="Do only part I of N, to share the work between machines."
    ),
)
@request_options
@output_options
@under(
    "Many pictures",
    click.option("--dry-run", is_flag=True, help="Print the pairs and plans as JSON. Fill nothing."),
    tries_option,
)
@talk_options
def command(
    images: str,
    masks: str | None,
    output: str,
    mask_suffix: str | None,
    jobs: int,
    resume: bool,
    shard: tuple[int, int],
    request: Request,
    format_name: str | None,
    quality: int | None,
    tries: int,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Fill many pictures: IMAGES and MASKS are folders, globs in quotes, or IMAGES is a manifest (CSV, JSONL).

    \b
    freefill batch photos masks -o filled                      photos/x/a.jpg with masks/x/a.png
    freefill batch photos --mask-suffix _mask -o filled        photos/a.jpg with photos/a_mask.png
    freefill batch 'photos/*.jpg' logo.png -o filled           one mask for all
    freefill batch photos --box 80%,92%,20%,8% -o filled       the date stamp, at one place in all
    freefill batch photos people -o filled                     or alpha, salient, text: made from each picture
    freefill batch pairs.csv -o filled --jobs 8 --resume       columns image, mask, and output if you like

    Each picture is one line in DIR/freefill.jsonl. A picture that fails stops nothing: the exit code is 3 then.
    """
    from freefill.batch.records import Work
    from freefill.batch.run import plan_all, run

    work = Work(request, format=format_name, quality=quality, plan_only=dry_run, tries=tries)
    # Shapes are a mask by themselves; where masks are named too, they are found first and joined with them.
    drawn = masks is None and mask_suffix is None and bool(request.shapes or request.also)
    pairing = _pairing(images, masks, output, mask_suffix, format_name, drawn)
    # Before the refusal below: where nothing has a partner, this says why.
    if not quiet:
        _report_alone(pairing)
    if not pairing.pairs:
        raise InputError(f"{images}: no picture has a mask; --mask-suffix or a manifest says which belong together")
    if dry_run:
        planned = plan_all(pairing.shard(*shard), work, output, jobs=jobs)
        told = {"pairs": [_planned(record) for record in planned], "alone": _alone(pairing)}
        click.echo(json.dumps(told, indent=2))
        return SOME_FAILED if any(record.status == "failed" for record in planned) else 0
    begun = time.monotonic()
    with working("filling", quiet) as report:
        told = _BatchReport(report)
        summary = run(
            pairing,
            work,
            output,
            jobs=jobs,
            resume=resume,
            shard=shard,
            on_start=told.begin,
            on_record=told.advance,
            on_told=told.told,
        )
    if not quiet:
        told.conclude()
    _conclude(summary, pairing, time.monotonic() - begun, as_json, quiet)
    # A row of a manifest that cannot be used has failed; a picture without a mask was perhaps never meant.
    return SOME_FAILED if summary.failed or any(each.kind == "row" for each in pairing.alone) else 0


def _pairing(
    images: str, masks: str | None, output: str, mask_suffix: str | None, format_name: str | None, drawn: bool
) -> Pairing:
    """Find the pairs by a manifest or by names."""
    from freefill.batch.manifest import is_manifest, read_manifest
    from freefill.batch.pairs import find_pairs

    suffix = _suffix(format_name)
    if not is_manifest(images):
        return find_pairs(images, masks, output, mask_suffix, suffix, drawn)
    if masks is not None or mask_suffix is not None:
        raise click.UsageError("a manifest names the masks itself: leave MASKS and --mask-suffix out")
    return read_manifest(images, output, suffix)


def _suffix(format_name: str | None) -> str | None:
    """Return the ending of files of a format."""
    if format_name is None:
        return None
    from freefill.images.write import FORMATS, SUFFIXES

    word = format_name.lower().lstrip(".")
    if word not in FORMATS:
        raise InputError(
            f"format '{format_name}' is not written;{did_you_mean(word, FORMATS)} all: {', '.join(FORMATS)}"
        )
    return SUFFIXES[FORMATS[word]]


def _report_alone(pairing: Pairing) -> None:
    """Say what has no partner, before anything starts."""
    for kind in ("picture", "mask", "row"):
        alone = [each for each in pairing.alone if each.kind == kind]
        for each in alone[:NAMED_AT_MOST]:
            click.echo(f"freefill: {each.reason if kind == 'row' else f'{each.place}: {each.reason}'}", err=True)
        if len(alone) > NAMED_AT_MOST:
            click.echo(f"freefill: and {len(alone) - NAMED_AT_MOST} more such {kind}s", err=True)


def _alone(pairing: Pairing) -> list[dict[str, str]]:
    return [asdict(each) for each in pairing.alone]


def _planned(record: Record) -> dict[str, Any]:
    """Return what a dry run says of one pair."""
    keys = ("image", "mask", "output", "engine", "hole_share", "plan", "notes", "error")
    return {key: getattr(record, key) for key in keys}


def _conclude(summary: Summary, pairing: Pairing, seconds: float, as_json: bool, quiet: bool) -> None:
    """Print how it ended."""
    if as_json:
        told = {
            "done": summary.done,
            "empty": summary.empty,
            "failed": summary.failed,
            "skipped": summary.skipped,
            "seconds": round(seconds, 3),
            "journal": summary.journal,
            "failures": [{"image": record.image, "error": record.error} for record in summary.failures],
            "alone": _alone(pairing),
        }
        click.echo(json.dumps(told))
    elif not quiet:
        parts = [f"{summary.done - summary.empty} filled"]
        parts += [f"{summary.empty} without anything to remove"] if summary.empty else []
        parts += [f"{summary.skipped} already done"] if summary.skipped else []
        parts += [f"{summary.failed} failed"] if summary.failed else []
        click.echo(f"{', '.join(parts)} in {seconds:.1f} s; journal: {summary.journal}")


class _BatchReport:
    """What a batch says while it runs: how many pictures are done, failures as they come, compiling once."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._total, self._done, self._at_work = 0, 0, dict[str, float]()
        self._notes: dict[str, list[str]] = {}  # what was said -> of which pictures
        self._compiling = False

    def begin(self, left: int, skipped: int) -> None:
        """Know how many there are."""
        del skipped  # they are no work: the estimate leaves them out
        self._total = left

    def told(self, pair: Pair, message: object) -> None:
        """Something is said of a picture that is at work."""
        from freefill.batch.fill import COMPILING

        if message == COMPILING:
            if not self._compiling:  # each process of --jobs says it for itself
                self._compiling = True
                self._report.compiling()
        elif isinstance(message, float):
            self._at_work[pair.output] = message
            self._count()

    def advance(self, record: Record) -> None:
        """One more is ready."""
        self._done += 1
        self._at_work.pop(record.output, None)
        if record.status == "failed":
            self._report.line(f"freefill: {record.error}")
        for note in record.notes:
            self._notes.setdefault(note, []).append(record.image)
        self._count()

    def conclude(self) -> None:
        """Say once what was said of any picture; the journal has it for each."""
        often = sorted(self._notes.items(), key=lambda item: -len(item[1]))
        for note, images in often[:NAMED_AT_MOST]:
            more = f" and {len(images) - 1} more" if len(images) > 1 else ""
            click.echo(f"freefill: {images[0]}{more}: {note}", err=True)
        if len(often) > NAMED_AT_MOST:
            click.echo(f"freefill: and {len(often) - NAMED_AT_MOST} more notes, in the journal", err=True)

    def _count(self) -> None:
        self._report.count(self._done + sum(list(self._at_work.values())), self._total)
