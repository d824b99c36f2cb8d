"""What a run tells: lines of JSON, TensorBoard, sample grids, and sentences for the user."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch
from PIL import Image as PillowImage
from torch import Tensor

from freefill.files import replacing
from freefill.training.run_folder import RunFolder


class Show(Protocol):
    """How a run is shown to whoever started it."""

    def progress(self, step: int, steps: int, figures: Mapping[str, float]) -> None:
        """Show how far it is."""
        ...

    def say(self, text: str) -> None:
        """Show a sentence."""
        ...


class Silent:
    """Shows nothing; for processes other than the first, and for tests."""

    def progress(self, step: int, steps: int, figures: Mapping[str, float]) -> None:
        """Show nothing."""

    def say(self, text: str) -> None:
        """Show nothing."""


class TrainingLog:
    """Writes the log of one run; lines after `step`, left by a run that was killed, are taken out first."""

    def __init__(self, folder: RunFolder, step: int, show: Show) -> None:
        self.folder = folder
        self.show = show
        self._cut(step)
        self._board = _board(folder, step, show)

    def _cut(self, step: int) -> None:
        if not self.folder.log_file.exists():
            return
        kept = []
        for line in self.folder.log_file.read_text("utf-8").splitlines():
            try:
                if json.loads(line)["step"] <= step:
                    kept.append(line + "\n")
            except (ValueError, KeyError):  # the last line of a process that was killed
                continue
        with replacing(self.folder.log_file) as file:
            file.write("".join(kept).encode())

    def note(self, step: int, kind: str, figures: Mapping[str, Any]) -> None:
        """Write one line of the log; numbers go to TensorBoard too."""
        with self.folder.log_file.open("a", encoding="utf-8") as file:
            file.write(
                json.dumps({"step": step, "kind": kind, "time": round(time.time(), 1), **_plain(figures)}) + "\n"
            )
        if self._board is not None:
            for name, value in figures.items():
                if isinstance(value, int | float):
                    self._board.add_scalar(f"{kind}/{name}", value, step)

    def say(self, step: int, text: str) -> None:
        """Write a sentence to the log and show it."""
        self.note(step, "says", {"text": text})
        self.show.say(text)

    def samples(self, step: int, columns: Sequence[Tensor]) -> None:
        """Write a grid: a row for each picture, a column for each tensor of (B, 3, H, W) in [-1, 1]."""
        rows = torch.cat([column.float().cpu().clamp(-1, 1) for column in columns], dim=3)  # (B, 3, h, columns*w)
        grid = torch.cat(list(rows), dim=1)  # (3, B*h, columns*w)
        pixels = ((grid + 1) * 127.5 + 0.5).to(torch.uint8)  # to the nearest
        with replacing(self.folder.samples / f"step-{step:08d}.png") as file:
            PillowImage.fromarray(pixels.permute(1, 2, 0).numpy()).save(file, "PNG")
        if self._board is not None:
            self._board.add_image("samples", pixels, step)

    def close(self) -> None:
        """Write what is still held back."""
        if self._board is not None:
            self._board.close()


def _plain(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers as JSON has them: what is not finite becomes null."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value  # JSON has no infinity
        for name, value in figures.items()
    }


def _board(folder: RunFolder, step: int, show: Show) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        show.say("TensorBoard is not installed: the log goes to log.jsonl alone; pip install 'freefill[train]' adds it")
        return None
    # What a killed run told behind its snapshot is hidden.
    return SummaryWriter(str(folder.path / "tensorboard"), purge_step=step + 1 if step else None)
