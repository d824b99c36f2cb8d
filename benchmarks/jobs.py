"""Everyday jobs, judged by eye: fill them with two versions, show both without names, count the verdicts.

    python benchmarks/jobs.py                                          fill all 36, print seconds and notes
    python benchmarks/jobs.py fill --out fills/now                     keep the pictures
    python benchmarks/jobs.py fill --out fills/old --source ../old/src another checkout, by its path
    python benchmarks/jobs.py pair fills/old fills/now --out judge --key key.csv
    python benchmarks/jobs.py serve judge                              a page; it stores verdicts in judge/verdicts.csv
    python benchmarks/jobs.py verdict judge vase --x accept --y reject --better x --y-reason "step in the ledge"
    python benchmarks/jobs.py count judge --key key.csv --keep docs/results/jobs/NAME.csv

Accept means: somebody who does not know finds nothing at a normal look and nothing ugly at 100 %. A judge without a
browser looks at NAME_before.png, NAME_x.png, NAME_y.png and the crops at 100 %, and uses `verdict`. The judge has not
built what is judged, and does not see the key. Tune on half of the jobs (--half even), check on the other half.
Needs ../shared.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import _jobs_fill as fills
import _jobs_page as page
import _jobs_verdicts as verdicts

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Read the command and run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("fill", help="fill the jobs with one version")
    one.add_argument("--out", type=Path, help="folder for the filled pictures; left out: they are thrown away")
    one.add_argument("--source", type=Path, default=HERE.parent / "src", help="the src folder of the version")
    one.add_argument("--half", choices=("all", "even", "odd"), default="all")
    one.add_argument("--names", default="", help="only these jobs, separated by commas")
    one.add_argument("--engine", default="auto")
    one.add_argument("--option", action="append", default=[], help="NAME=VALUE for freefill.Inpainter's call, as JSON")
    two = commands.add_parser("pair", help="lay two filled folders side by side, in hidden order")
    two.add_argument("before", type=Path)
    two.add_argument("after", type=Path)
    two.add_argument("--out", type=Path, required=True, help="what the judge sees")
    two.add_argument("--key", type=Path, required=True, help="what the judge does not see")
    two.add_argument("--seed", type=int, default=0, help="of the hidden order")
    server = commands.add_parser("serve", help="show the page and store verdicts")
    server.add_argument("folder", type=Path)
    server.add_argument("--port", type=int, default=8017)
    say = commands.add_parser("verdict", help="give one verdict without a browser")
    say.add_argument("folder", type=Path)
    say.add_argument("name")
    for side in ("x", "y"):
        say.add_argument(f"--{side}", choices=verdicts.VERDICTS, required=True)
        say.add_argument(f"--{side}-tag", default="")
        say.add_argument(f"--{side}-reason", default="")
    say.add_argument("--better", choices=verdicts.BETTER, required=True)
    sum_up = commands.add_parser("count", help="open the key and count")
    sum_up.add_argument("folder", type=Path)
    sum_up.add_argument("--key", type=Path, required=True)
    sum_up.add_argument("--keep", type=Path, help="a CSV of the verdicts with their commits")
    arguments = parser.parse_args(sys.argv[1:] or ["fill"])
    COMMANDS[arguments.command](arguments)


def fill(arguments: argparse.Namespace) -> None:
    """Fill in a process of its own, so that the version is the one asked for and no other."""
    with tempfile.TemporaryDirectory() as thrown_away:
        folder = (arguments.out or Path(thrown_away)).resolve()
        order = {
            "folder": str(folder),
            "half": arguments.half,
            "names": [name for name in arguments.names.split(",") if name],
            "engine": arguments.engine,
            "options": {name: json.loads(value) for name, value in (o.split("=", 1) for o in arguments.option)},
        }
        source = arguments.source.resolve()
        environment = {**os.environ, "PYTHONPATH": str(source)}
        done = subprocess.run([sys.executable, HERE / "_jobs_fill.py", json.dumps(order)], env=environment)
        if done.returncode:
            sys.exit(done.returncode)
        made = json.loads((folder / "made.json").read_text())
        if Path(made["freefill"]).parent != source:
            sys.exit(f"{source}: not the version that was used, which is {made['freefill']}")
        made["commit"] = commit_of(source)
        (folder / "made.json").write_text(json.dumps(made, indent=1))
        print(
            f"{len(made['jobs'])} jobs, {sum(job['seconds'] for job in made['jobs'].values()):.1f} s, {made['commit']}"
        )


def commit_of(source: Path) -> str:
    """Return the commit that a src folder belongs to, with a + where something in it was changed since."""
    git = ["git", "-C", str(source)]
    found = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    if found.returncode:
        return source.parent.name
    changed = subprocess.run([*git, "status", "--porcelain", "."], capture_output=True, text=True).stdout.strip()
    return found.stdout.strip() + ("+" if changed else "")


def pair(arguments: argparse.Namespace) -> None:
    """Write pairs, page and key; jobs whose two fills are the same picture are left out, and said."""
    folder, key = arguments.out.resolve(), arguments.key.resolve()
    if folder in key.parents:
        sys.exit(f"{key}: lies where the judge looks; put it elsewhere")
    folder.mkdir(parents=True, exist_ok=True)
    made = {v: json.loads((getattr(arguments, v) / "made.json").read_text()) for v in ("before", "after")}
    # Another pair of versions has another order, so that nobody learns it.
    rng = random.Random(f"{arguments.seed} {made['before']['commit']} {made['after']['commit']}")
    order, shown, crops, same = {}, [], {}, []
    for row in fills.rows():
        name = row["name"]
        sides = ("before", "after") if rng.random() < 0.5 else ("after", "before")
        if any(name not in made[version]["jobs"] for version in made):
            continue
        images = {version: page.read(getattr(arguments, version) / f"{name}.png") for version in made}
        if (images["before"] == images["after"]).all():
            same.append(name)
            continue
        hole = page.read(fills.mask(row))[..., 0] >= 128
        two = {"x": images[sides[0]], "y": images[sides[1]]}
        crops[name] = page.write_pair(folder, name, page.read(fills.photo(row)), hole, two)
        order[name] = sides
        shown.append(row)
    page.write_key(key, order, {version: made[version]["commit"] for version in made})
    print(f"{page.write_page(folder, shown, crops)}: {len(shown)} pairs; key: {key}")
    if same:
        print(f"the same picture in both, left out: {', '.join(same)}")


def serve(arguments: argparse.Namespace) -> None:
    """Serve the page."""
    page.serve(arguments.folder.resolve(), arguments.port)


def verdict(arguments: argparse.Namespace) -> None:
    """Store one verdict."""
    names = {path.name[: -len("_before.png")] for path in arguments.folder.glob("*_before.png")}
    given = {field: getattr(arguments, field) for field in verdicts.FIELDS}
    wrong = verdicts.check(given, names)
    if wrong:
        sys.exit(wrong)
    verdicts.store(arguments.folder / "verdicts.csv", given)


def count(arguments: argparse.Namespace) -> None:
    """Open the key, print the counts, and keep the verdicts where asked."""
    rows = verdicts.unblind(arguments.folder / "verdicts.csv", arguments.key)
    print("\n".join(verdicts.counted(rows)))
    if arguments.keep:
        verdicts.keep(rows, arguments.keep)


COMMANDS = {"fill": fill, "pair": pair, "serve": serve, "verdict": verdict, "count": count}

if __name__ == "__main__":
    main()
