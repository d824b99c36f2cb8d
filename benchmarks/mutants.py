"""Break every line of the central rooms, one change at a time, and count which changes the tests notice.

    make mutate                                                  all rooms below, some hours of one core
    .venv/bin/python benchmarks/mutants.py compose/fit.py        one of them
    .venv/bin/python benchmarks/mutants.py --since main          those that changed
    .venv/bin/python benchmarks/mutants.py --again left.txt      only what an earlier run, kept in this file, left
    .venv/bin/python benchmarks/mutants.py --sample 40           so many of each module, drawn once for all

A change ("mutant") turns one comparison, operator, number, condition, argument or statement into another. The tests of
its room are run in a fresh process that sees the changed module in place of the real one; the change is noticed where
a test fails, or does not end. What is left is read by a person: either a test is missing, or the change does not alter
behaviour, and then it stands in mutants_alike.txt with the reason. Such changes are not counted.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib.abc
import importlib.util
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "freefill"
ALIKE = Path(__file__).with_name("mutants_alike.txt")

ROOMS: dict[str, tuple[str, ...]] = {  # module: its tests, the quickest first
    "inpainting.py": ("tests/test_inpainting.py", "tests/test_watch.py"),
    "progress.py": ("tests/test_watch.py", "tests/test_inpainting.py"),
    "compose/canvas.py": ("tests/test_inpainting.py", "tests/compose/test_canvas.py"),
    "compose/blend.py": ("tests/compose/test_blend.py", "tests/compose/test_canvas.py"),
    "compose/fit.py": ("tests/test_inpainting.py", "tests/compose/test_fit.py"),
    "compose/groups.py": ("tests/compose/test_groups.py", "tests/compose/test_fit.py"),
    "batch/resume.py": ("tests/batch/test_journal.py",),
    "batch/records.py": ("tests/batch/test_journal.py",),
    "running/journal.py": ("tests/batch/test_journal.py", "tests/test_places.py"),
    "files.py": ("tests/test_whole_files.py", "tests/images/test_files.py"),
    "places.py": ("tests/test_whole_files.py", "tests/test_places.py"),
    "inputs.py": ("tests/test_inputs.py",),
    "request.py": ("tests/test_inputs.py", "tests/test_every_wish.py"),
    "images/jpeg/huffman.py": ("tests/images/test_jpeg_blocks.py",),
    "images/jpeg/blocks.py": ("tests/images/test_jpeg_blocks.py", "tests/images/test_jpeg_coefficients.py"),
    "images/tiff/tags.py": ("tests/images/test_tiff_tags.py",),
    "images/tiff/numbers.py": ("tests/images/test_depths_and_turns.py", "tests/images/test_tiff_numbers.py"),
    "images/tiff/layout.py": ("tests/images/test_tiff_layout.py",),
    "images/tiff/geo.py": ("tests/images/test_tiff_layout.py",),
    "images/tiff/samples.py": ("tests/images/test_tiff_layout.py",),
    "images/depth.py": ("tests/images/test_depths_and_turns.py",),
    "images/orient.py": ("tests/images/test_depths_and_turns.py",),
    "images/cmyk.py": ("tests/images/test_depths_and_turns.py",),
    "images/budget.py": ("tests/images/test_depths_and_turns.py",),
    "images/tiff/codec.py": ("tests/images/test_tiff_codec.py",),
    "images/jpeg/encode.py": ("tests/images/test_jpeg_encode.py",),
    "images/modes.py": ("tests/images/test_modes.py",),
    "images/damage.py": ("tests/images/test_damage.py",),
    "masks/shapes.py": ("tests/masks/test_shapes.py",),
    "masks/refining/colour_regions.py": ("tests/masks/refining/test_colour_regions.py",),
    "web/views.py": ("tests/web/test_views.py",),
    "web/forms.py": ("tests/web/test_forms.py",),
    "web/wording.py": ("tests/web/test_wording.py",),
    "web/guard.py": ("tests/web/test_at_the_door.py",),
    "web/settings.py": ("tests/web/test_at_the_door.py",),
    "web/jobs.py": ("tests/web/test_office.py", "tests/web/test_keeping.py"),
    "web/work.py": ("tests/web/test_work.py", "tests/web/test_wording.py"),
    "images/palette.py": ("tests/images/test_palette.py",),
    "images/metadata/exif.py": ("tests/images/test_metadata_blocks.py",),
    "images/metadata/xmp.py": ("tests/images/test_metadata_blocks.py",),
    "images/metadata/photoshop.py": ("tests/images/test_metadata_blocks.py",),
    "images/metadata/raw_profile.py": ("tests/images/test_metadata_blocks.py",),
    "images/metadata/signs.py": ("tests/images/test_metadata_blocks.py",),
    "values/box.py": ("tests/test_values.py",),
    "values/crop.py": ("tests/test_values.py",),
    "values/options.py": ("tests/test_values.py",),
    "values/picture.py": ("tests/test_values.py",),
    "weights/getting/fetch.py": ("tests/weights/test_fetch.py", "tests/weights/test_packages.py"),
    "networks/gated_conv.py": ("tests/networks/test_gated_conv.py",),
    "networks/losses.py": ("tests/networks/test_gated_conv.py",),
    "networks/on_processor/regions.py": ("tests/networks/on_processor/test_regions.py",),
    "networks/contextual_attention.py": ("tests/networks/test_contextual_attention.py",),
    "weights/packaged/__init__.py": ("tests/weights/test_packaged.py",),
    "weights/locate.py": (
        "tests/weights/test_packaged.py",
        "tests/weights/test_store.py",
        "tests/weights/test_fetch.py",
    ),
    "weights/folder.py": ("tests/weights/test_folder.py",),
    "weights/opening/sniff.py": ("tests/weights/test_sniff.py",),
    "weights/opening/recognise.py": ("tests/weights/test_recognise.py",),
    "weights/opening/load.py": ("tests/weights/test_load.py",),
}
OTHER: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Add: ast.Sub, ast.Sub: ast.Add,
    ast.Mult: ast.Add, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.And: ast.Or, ast.Or: ast.And, ast.LShift: ast.RShift,
}  # fmt: skip
SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any"}
SLOWEST = 6.0  # a mutant that takes so many times as long as the real module does not end: it is noticed


@dataclass(frozen=True)
class Mutant:
    """One change: where, what it was and what it is, and the whole module with it."""

    room: str
    line: int
    what: str
    source: str

    @property
    def key(self) -> str:
        return f"{self.room}: {self.what}"


def mutants(room: str) -> Iterator[Mutant]:
    """Yield every change of a module, in the order of its lines."""
    tree = ast.parse((SOURCE / room).read_text())
    seen: dict[str, int] = {}
    for number, node in enumerate(_code(tree)):
        for variant in range(_variants(node)):
            changed = copy.deepcopy(tree)
            target = next(each for n, each in enumerate(_code(changed)) if n == number)
            before = ast.unparse(node).splitlines()[0]
            replacement = _changed(target, variant)
            if replacement is None:
                continue
            _Swap(target, replacement).visit(changed)
            what = f"{before}  ->  {ast.unparse(replacement).splitlines()[0]}"
            seen[what] = seen.get(what, 0) + 1
            if seen[what] > 1:
                what += f"  ({seen[what]})"
            yield Mutant(room, node.lineno, what, ast.unparse(ast.fix_missing_locations(changed)))


def _code(tree: ast.AST) -> Iterator[Any]:
    """Yield the nodes that run: no annotations, no decorators, no docstrings, nothing for the type checker."""
    for field, value in ast.iter_fields(tree):
        if field in ("annotation", "returns", "decorator_list", "type_comment"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST):
                continue
            if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
                continue
            if isinstance(child, ast.JoinedStr | ast.Raise):  # what a message says is no behaviour here
                continue
            if isinstance(child, ast.keyword) and child.arg == "strict":  # of zip: it only guards against ourselves
                continue
            if hasattr(child, "lineno"):
                yield child
            yield from _code(child)


def _variants(node: Any) -> int:
    return len(node.keywords) + 1 if isinstance(node, ast.Call) else 1


def _changed(node: Any, variant: int) -> Any:
    """Return the node changed; None where this kind of node has no such change."""
    new = copy.deepcopy(node)
    if isinstance(node, ast.Compare) and type(node.ops[0]) in OTHER:
        new.ops[0] = OTHER[type(node.ops[0])]()
    elif isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign) and type(node.op) in OTHER:
        new.op = OTHER[type(node.op)]()
    elif isinstance(node, ast.UnaryOp):
        new = node.operand
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        new.test = ast.UnaryOp(ast.Not(), node.test)
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        new.value = not node.value
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        new.value = node.value + (1 if isinstance(node.value, int) else max(abs(node.value), 0.1) * 0.5)
    elif isinstance(node, ast.Return) and node.value is not None and not _is_plain(node.value):
        new.value = ast.Constant(None)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        new = ast.Pass()
    elif isinstance(node, ast.Call) and variant > 0:
        if node.keywords[variant - 1].arg == "strict":
            return None
        del new.keywords[variant - 1]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SWAPPED:
        new.func = ast.Name(SWAPPED[node.func.id], ast.Load())
    else:
        return None
    return new


def _is_plain(node: ast.AST) -> bool:
    """None stays None, and to return it for False changes nothing; True and False are changed by themselves."""
    return isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool))


class _Swap(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self._new if node is self._old else super().visit(node)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the changed module in place of the real one."""

    def __init__(self, mutant: Mutant) -> None:
        room = mutant.room.removesuffix(".py")
        self._package = room.endswith("/__init__")
        self._name = "freefill." + room.removesuffix("/__init__").replace("/", ".")
        self._path, self._source = str(SOURCE / mutant.room), mutant.source

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name != self._name:
            return None
        spec = importlib.util.spec_from_loader(name, self, origin=self._path, is_package=self._package)
        if spec is not None and self._package:
            spec.submodule_search_locations = [str(Path(self._path).parent)]
        return spec

    def exec_module(self, module: Any) -> None:
        module.__file__ = self._path
        exec(compile(self._source, self._path, "exec"), module.__dict__)


def noticed(mutant: Mutant, most_s: float) -> bool:
    """Run the tests of a room in a fork of this process, which has loaded the heavy libraries already."""
    pid = os.fork()
    if pid == 0:
        _run_tests(mutant)
    begun = time.monotonic()
    while time.monotonic() - begun < most_s:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) != 0
        time.sleep(0.05)
    os.killpg(pid, 9)
    os.waitpid(pid, 0)
    return True


def _run_tests(mutant: Mutant | None, room: str = "") -> None:
    """The child: run the tests and end with their exit code."""
    os.setpgid(0, 0)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    if mutant is not None:
        sys.meta_path.insert(0, _Finder(mutant))
        room = mutant.room
    import pytest

    words = [
        "-x",
        "-q",
        "--assert=plain",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "-o",
        "addopts=",
        "-m",
        "not slow",
        *ROOMS[room],
    ]
    try:
        code = int(pytest.main(words))
    except BaseException:
        code = 1
    os._exit(code)


def _prepare() -> None:
    """Load what every run needs, so that each fork has it."""
    import cv2
    import hypothesis
    import numba  # noqa: F401
    import PIL.Image  # noqa: F401
    import pytest  # noqa: F401
    import torch

    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    hypothesis.settings.register_profile("mutants", derandomize=True, database=None, max_examples=30, deadline=None)
    hypothesis.settings.load_profile("mutants")
    sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
    os.chdir(ROOT)


def left_before(report: Path) -> set[str]:
    """Return the changes that the report of an earlier run lists; lines may have moved since."""
    lines = (line.strip().split(":", 2) for line in report.read_text().splitlines() if "  ->  " in line)
    return {f"{room}:{what}" for room, _, what in lines}


def drawn(changes: Sequence[Mutant], sample: int | None) -> list[Mutant]:
    """Draw some of the changes, in their order; the same ones each time, so that --again finds them."""
    if sample is None or sample >= len(changes):
        return list(changes)
    return [changes[n] for n in sorted(random.Random(0).sample(range(len(changes)), sample))]


def measure(
    room: str, alike: set[str], only: set[str] | None = None, sample: int | None = None
) -> tuple[int, list[Mutant]]:
    """Return how many changes count, and those that nobody noticed."""
    begun = time.monotonic()
    pid = os.fork()
    if pid == 0:
        _run_tests(None, room)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0:
        raise SystemExit(f"{room}: its tests fail without any change; mend them first")
    most_s = SLOWEST * (time.monotonic() - begun) + 10
    counted, left = 0, []
    changes = [each for each in mutants(room) if each.key not in alike and (only is None or each.key in only)]
    for mutant in drawn(changes, sample):
        counted += 1
        if not noticed(mutant, most_s):
            left.append(mutant)
            print(f"  {room}:{mutant.line}: {mutant.what}", flush=True)
    return counted, left


def main(words: Sequence[str] | None = None) -> int:
    """Print a table; the exit code is 1 where a room is below the bar."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="*", help="modules below src/freefill; default: all that are listed")
    parser.add_argument("--since", metavar="COMMIT", help="only modules that changed since")
    parser.add_argument("--again", metavar="REPORT", type=Path, help="only changes that this run's output lists")
    parser.add_argument("--sample", metavar="N", type=int, help="only N changes of each module")
    parser.add_argument("--bar", type=float, default=90.0, help="percent that must be noticed (default 90)")
    asked = parser.parse_args(words)
    rooms = asked.rooms or list(ROOMS)
    if asked.since:
        told = subprocess.run(["git", "diff", "--name-only", asked.since], cwd=ROOT, capture_output=True, text=True)
        rooms = [room for room in rooms if f"src/freefill/{room}" in told.stdout.splitlines()]
    alike = {line.partition("  # ")[0].strip() for line in ALIKE.read_text().splitlines() if line.strip()}
    _prepare()
    only = None if asked.again is None else left_before(asked.again)
    if only is not None:
        rooms = [room for room in rooms if any(key.startswith(f"{room}: ") for key in only)]
    rows, below = [], False
    print(f"{'module':<34}{'changes':>9}{'noticed':>9}{'share':>9}", flush=True)
    for room in rooms:
        counted, left = measure(room, alike, only, asked.sample)
        share = 100 * (counted - len(left)) / max(counted, 1)
        below |= share < asked.bar
        rows.append((counted, counted - len(left)))
        print(f"{room:<34}{counted:>9}{counted - len(left):>9}{share:>8.1f} %", flush=True)
    total, killed = (sum(column) for column in zip(*rows, strict=True))
    print(f"{'together':<34}{total:>9}{killed:>9}{100 * killed / max(total, 1):>8.1f} %")
    return int(below)


if __name__ == "__main__":
    raise SystemExit(main())
