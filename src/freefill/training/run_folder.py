"""The folder of a run: options, log, samples, snapshots. Written whole or not at all; one process at a time."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from freefill import __version__
from freefill.errors import InputError
from freefill.files import explain, replacing
from freefill.training.options import RunOptions, made, plain
from freefill.training.photos import Photo, fingerprint
from freefill.training.schedule import Schedule

FORMAT = 1  # of options.json and snapshots; another one is refused
KEPT = 2  # snapshots, beside the best and the one before a decay


@dataclass(frozen=True)
class Snapshot:
    """A file that training can go on from, read.

    Attributes
    ----------
    step : how many steps were done
    schedule : see there
    networks, optimizers : their state dicts, by name
    average : state dict of the averaged network, or None
    best : the best score so far, or None
    """

    step: int
    schedule: Schedule
    networks: dict[str, Any]
    optimizers: dict[str, Any]
    average: dict[str, Any] | None
    best: float | None


@dataclass(frozen=True)
class RunFolder:
    """Where everything of a run lies."""

    path: Path

    @property
    def options_file(self) -> Path:
        return self.path / "options.json"

    @property
    def log_file(self) -> Path:
        return self.path / "log.jsonl"

    @property
    def best_file(self) -> Path:
        """The snapshot with the best held-out score."""
        return self.path / "best.pt"

    @property
    def before_decay_file(self) -> Path:
        """The last snapshot at the full rate: a longer run goes on from here."""
        return self.path / "before-decay.pt"

    @property
    def samples(self) -> Path:
        return self.path / "samples"

    def snapshot_files(self) -> list[Path]:
        """Return the snapshots, oldest first."""
        return sorted((self.path / "snapshots").glob("step-*.pt"))

    # --- options -------------------------------------------------------------------------------------------------

    def create(self, options: RunOptions, paths: Sequence[Path], photos: Sequence[Photo]) -> None:
        """Begin a run here.

        Raises
        ------
        InputError
            If another run lies here already, or nothing can be written.
        """
        if self.options_file.exists():
            was = self.described()["options"]["recipe"]
            raise InputError(
                f"{self.path}: holds a run of '{was}'; go on with --resume {self.path}, or name a new --out"
            )
        try:
            (self.path / "snapshots").mkdir(parents=True, exist_ok=True)
            self.samples.mkdir(exist_ok=True)
        except OSError as error:
            raise explain(str(self.path), error, "written") from None
        said = {
            "format": FORMAT,
            "freefill": __version__,
            "options": plain(options),
            "data": [str(path.resolve()) for path in paths],
            "photos": len(photos),
            "fingerprint": fingerprint(photos),
        }
        with replacing(self.options_file) as file:
            file.write((json.dumps(said, indent=1) + "\n").encode())

    def described(self) -> dict[str, Any]:
        """Return what `create` wrote.

        Raises
        ------
        InputError
            If no run lies here, or one of another format.
        """
        try:
            said = json.loads(self.options_file.read_text("utf-8"))
            if said["format"] == FORMAT:
                return said
        except FileNotFoundError:
            raise InputError(f"{self.path}: holds no run (no options.json); check the path") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{self.options_file}: cannot be read ({error})") from None
        raise InputError(
            f"{self.path}: is a run in format {said['format']} by freefill {said.get('freefill')}; this freefill "
            f"{__version__} goes on with format {FORMAT}: use that version, or start again with the same recipe"
        )

    def options(self) -> RunOptions:
        """Return the frozen options of the run that lies here."""
        return made(RunOptions, self.described()["options"], str(self.options_file))

    # --- snapshots -----------------------------------------------------------------------------------------------

    def save(self, snapshot: Snapshot) -> Path:
        """Write a snapshot and keep the last two.

        Raises
        ------
        InputError
            If it cannot be written, as on a full disk; older snapshots are still there then.
        """
        file = self.path / "snapshots" / f"step-{snapshot.step:08d}.pt"
        write(snapshot, file)
        # Only now that the new one is whole.
        for older in self.snapshot_files()[:-KEPT]:
            older.unlink(missing_ok=True)
        return file

    def newest(self) -> Snapshot:
        """Return the newest snapshot that can be read; a damaged one is passed over.

        Raises
        ------
        InputError
            If there is none.
        """
        problems = []
        for file in reversed(self.snapshot_files()):
            try:
                return read(file)
            except InputError as error:
                problems.append(str(error))
        raise InputError(problems[0] if problems else f"{self.path}: holds no snapshot yet; start the run again")


def write(snapshot: Snapshot, file: Path) -> None:
    """Write a snapshot whole or not at all."""
    buffer = io.BytesIO()
    torch.save(
        {"format": FORMAT, **{key: getattr(snapshot, key) for key in Snapshot.__annotations__}}
        | {"schedule": asdict(snapshot.schedule)},
        buffer,
    )
    with replacing(file) as stream:
        stream.write(buffer.getbuffer())


def read(file: Path) -> Snapshot:
    """Read a snapshot; tensors and numbers only, nothing that could run code.

    Raises
    ------
    InputError
        If it is missing, damaged, or of another format.
    """
    try:
        with file.open("rb") as stream:
            if not zipfile.is_zipfile(stream):
                raise InputError(f"{file}: is not a snapshot, or is cut off")
            stream.seek(0)
            found = torch.load(stream, map_location="cpu", weights_only=True)
    except OSError as error:
        raise explain(str(file), error, "read") from None
    except (RuntimeError, ValueError, KeyError, EOFError) as error:
        raise InputError(f"{file}: this snapshot cannot be read ({str(error).splitlines()[0][:100]})") from None
    if not isinstance(found, dict) or found.pop("format", None) != FORMAT:
        raise InputError(f"{file}: is not a snapshot of this version of freefill")
    return Snapshot(**{**found, "schedule": Schedule(**found["schedule"])})
