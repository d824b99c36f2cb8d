"""freefill weights."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from freefill.cli.completing import complete_names
from freefill.cli.progress import Report, reporting
from freefill.cli.table import table
from freefill.files import is_folder
from freefill.weights import store
from freefill.weights.cards import catalogue
from freefill.weights.cards.card import Card, DriveFile, PackageMember, Url
from freefill.weights.folder import WeightsRecord, folder, read_record, records
from freefill.weights.locate import card_of, locate, state
from freefill.weights.packaged import PackagedWeights, all_packaged

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print as JSON.")


@click.group("weights")
def command() -> None:
    """List, fetch, import and verify network weights.

    Nothing is fetched unless you say fetch. Files lie in the platform's cache folder, or in FREEFILL_WEIGHTS_DIR;
    FREEFILL_OFFLINE=1 makes sure that no socket is opened.
    """


@command.command("list", short_help="List all weights, and which are on this machine.")
@as_json_option
def list_(as_json: bool) -> None:
    """List all weights, what they are for, and which are on this machine."""
    rows = [_row(card) for card in catalogue.CARDS]
    from freefill.weights.tfjs.converted import SUFFIX

    # A converted file belongs to the card of its source.
    own = [record for record in records() if card_of(record.name.removesuffix(SUFFIX)) is None]
    rows += [_packaged_row(weights) for weights in all_packaged()]
    rows += [_own_row(record) for record in own]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    listed = []
    for row in rows:
        if row["part_of"] is None:
            sizes = [part["size_mb"] for part in rows if row["name"] in (part["name"], part["part_of"])]
            size = "" if None in sizes else f"{sum(sizes):.1f}"
            licence = re.split(r" \(|; ", row["licence"])[0]  # its name alone; `show` has it in full
            listed.append([row["name"], row["what_for"], size, licence, row["state"]])
    click.echo(table(("name", "what for", "MB", "licence", "state"), listed, right="MB"))
    click.echo(f"freefill: files lie in {folder()}; licence in full, and what it forbids: show NAME", err=True)


@command.command("show", short_help="Print source, hash, licence and training data.")
@click.argument("name", shell_complete=complete_names)
@as_json_option
def show(name: str, as_json: bool) -> None:
    """Print the card of NAME: source, size, hash, licence and what it forbids, training data.

    NAME may be a job, such as `people`: then all cards that it needs are shown.
    """
    if name in catalogue.JOBS:
        cards = [_shown(card.name) for card in catalogue.asked_for([name])]
        if as_json:
            click.echo(json.dumps(cards, indent=2))
        else:
            click.echo("\n\n".join(_in_lines(each) for each in cards))
        return
    own = next((weights for weights in all_packaged() if weights.name == name), None)
    if read_record(name) is None and own is not None:
        told = {"name": name, "state": "ready", "path": str(own.path), "card": own.card}
        click.echo(json.dumps(told, indent=2) if as_json else own.card.rstrip())
        return
    shown = _shown(name)
    click.echo(json.dumps(shown, indent=2) if as_json else _in_lines(shown))


def _shown(name: str) -> dict[str, Any]:
    """Return what is known of weights, and whether they are here."""
    card = card_of(name)
    record = read_record(name)
    if card is None and record is None:
        catalogue.find(name)  # raises, with the nearest name
    shown: dict[str, Any] = {"name": name, "state": state(name)}
    if card is not None:
        shown |= {
            key: value
            for key, value in asdict(card).items()
            if key not in ("name", "sources") and value not in (None, ())
        }
        shown["sources"] = [_source_text(source) for source in card.sources]
    if record is not None:
        shown["here"] = {**asdict(record), "path": str(record.path)}
    return shown


def _in_lines(shown: dict[str, Any]) -> str:
    """Return a card as lines, names at the left."""
    out = []
    for key, value in shown.items():
        lines = value if isinstance(value, list | tuple) else [value]
        if isinstance(value, dict):
            lines = [f"{inner}: {text}" for inner, text in value.items()]
        for number, line in enumerate(lines):
            out.append(f"{key.replace('_', ' ') if number == 0 else '':13} {line}")
    return "\n".join(out)


@command.command("fetch", short_help="Download weights and what they need.")
@click.argument("names", metavar="NAME...", nargs=-1, required=True, shell_complete=complete_names)
@click.option("--quiet", "-q", is_flag=True, help="Show no progress, only the paths.")
@as_json_option
def fetch(names: tuple[str, ...], quiet: bool, as_json: bool) -> None:
    """Fetch the weights NAME and what they need beside them; print where they lie.

    NAME may be a job: `people` fetches all that masks of people need, `measures` all that evaluation measures with.
    """
    cards = catalogue.asked_for(names)
    for card in cards:
        if not quiet and state(card.name) != "ready":
            click.echo(f"freefill: {card.name}: licence {card.licence}; forbids: {card.forbids}", err=True)
    with reporting("fetching", quiet) as report:
        paths = store.fetch(names, None if quiet else _FetchReport(report))
    _print_paths([card.name for card in cards], paths, as_json)


@command.command("path", short_help="Print where weights lie.")
@click.argument("name", shell_complete=complete_names)
@as_json_option
def path(name: str, as_json: bool) -> None:
    """Print where the weights NAME lie; fails where they are not here."""
    _print_paths([name], [locate(name)], as_json)


@command.command("verify", short_help="Compare files with their recorded hashes.")
@click.argument("names", metavar="[NAME...]", nargs=-1)
@as_json_option
def verify(names: tuple[str, ...], as_json: bool) -> None:
    """Hash NAME, or all weights that are here, and compare with the card and the record."""
    from freefill.errors import WeightsError

    rows = []
    for name in names or [record.name for record in records()]:
        try:
            rows.append({"name": name, "ok": True, "sha256": store.verify(name)})
        except WeightsError as error:
            rows.append({"name": name, "ok": False, "error": str(error)})
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        for row in rows:
            click.echo(f"{'ok ' if row['ok'] else 'BAD'} {row['name']}  {row.get('sha256', row.get('error'))}")
    bad = [str(row["name"]) for row in rows if not row["ok"]]
    if bad:
        raise WeightsError(f"{len(bad)} of {len(rows)} weights have problems: {', '.join(bad)}")


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", help="Name of a card, or a name of your own. Default: found from the file.")
@click.option("--half", is_flag=True, help="For a run: keep 16 bits of each number, which halves the file.")
@as_json_option
def import_(file: Path, name: str | None, half: bool, as_json: bool) -> None:
    """Add weights from FILE, which you downloaded or trained yourself.

    FILE is a checkpoint (.pth, .safetensors, .npz), a file whose hash is on a card, a package archive with one, or the
    folder of a run of freefill train: its best weights are taken, and their card says what was measured. A painter or
    a pointer of yours takes the place of that which comes with freefill, until you remove it.
    """
    if is_folder(file):
        from freefill.training.hand_out import import_run

        taken = [import_run(file, name, half=half)]
    elif half:
        raise click.UsageError("--half goes with the folder of a run")
    else:
        from freefill.weights.importing import import_file

        taken = import_file(file, name)
    for one in taken:
        click.echo(f"freefill: {file.name}: {one.what}; {one.use or f'use it as --weights {one.name}'}", err=True)
        for note in one.notes:
            click.echo(f"freefill: {note}", err=True)
    _print_paths([one.name for one in taken], [one.path for one in taken], as_json)


@command.command("remove")
@click.argument("names", metavar="NAME...", nargs=-1, required=True, shell_complete=complete_names)
@click.option("--forget", is_flag=True, help="Forget the recorded hash too, so that another file may take its place.")
def remove(names: tuple[str, ...], forget: bool) -> None:
    """Delete the weights NAME from this machine."""
    for name in names:
        click.echo(f"freefill: removed {store.remove(name, forget=forget)}", err=True)


def _row(card: Card) -> dict[str, Any]:
    return {
        "name": card.name,
        "state": state(card.name),
        "size_mb": card.size_mb,
        "licence": card.licence,
        "forbids": card.forbids,
        "what_for": card.what_for,
        "kind": card.kind,
        "hash_published": card.hash_published,
        "part_of": _part_of(card),
    }


def _part_of(card: Card) -> str | None:
    """Return the earlier card without which this one is of no use, if there is one."""
    names = catalogue.names()
    return next((name for name in card.companions if names.index(name) < names.index(card.name)), None)


def _own_row(record: WeightsRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "state": state(record.name),
        "size_mb": record.bytes / 1e6,
        "licence": record.licence,
        "forbids": record.forbids,
        "what_for": f"your own: {record.network}, layout '{record.layout}'",
        "kind": "file",
        "hash_published": False,
        "part_of": None,
    }


def _packaged_row(weights: PackagedWeights) -> dict[str, Any]:
    return {
        "name": weights.name,
        "state": "comes with freefill",
        "size_mb": weights.path.stat().st_size / 1e6,
        "licence": "Apache-2.0",
        "forbids": "nothing",
        "what_for": weights.what_for,
        "kind": "packaged",
        "hash_published": True,
        "part_of": None,
    }


def _source_text(source: Url | DriveFile | PackageMember) -> str:
    if isinstance(source, PackageMember):
        return f"{source.registry} {source.package} {source.version} ({source.archive_bytes} bytes): {source.member}"
    return source.url


def _print_paths(names: list[str] | tuple[str, ...], paths: list[Path], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([{"name": n, "path": str(p)} for n, p in zip(names, paths, strict=True)], indent=2))
    else:
        for one in paths:
            click.echo(str(one))


class _FetchReport:
    """How far fetching is, on standard error; messages in any case."""

    def __init__(self, report: Report) -> None:
        self._report, self._done = report, 0
        self._total: int | None = None

    def start(self, total: int | None) -> None:
        """Know how many bytes come."""
        self._done, self._total = 0, total
        self._report.stage("fetching")

    def update(self, n: int) -> None:
        """So many more bytes are here."""
        self._done += n
        if self._total:
            self._report.share(self._done / self._total, f"{self._done / 1e6:.1f} of {self._total / 1e6:.1f} MB")

    def close(self) -> None:
        """The file is here."""

    def say(self, text: str) -> None:
        """Print a line."""
        self._report.line(f"freefill: {text}")
