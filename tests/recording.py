"""An engine that writes down what it is asked, and answers with one grey."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from freefill.engines.engine import Ready
from freefill.values import Crop, EngineSpec, Fill


@dataclass
class Recording:
    """Fills with `grey`, and says `notes` and `stages` as it is told to."""

    grey: float = 0.5
    notes: tuple[str, ...] = ()
    stages: dict[str, Any] = field(default_factory=dict)
    confidence: float | None = None
    weights_sha256: str | None = None
    crops: list[Crop] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)

    def fill(self, crop: Crop, seed: int) -> Fill:
        self.crops.append(crop)
        self.seeds.append(seed)
        pixels = np.full_like(crop.image, self.grey)
        trust = None if self.confidence is None else np.full(crop.hole.shape, self.confidence, np.float32)
        return Fill(pixels, notes=self.notes, stages=self.stages, confidence=trust)


def ready(engine: Recording | None = None, **spec: Any) -> Ready:
    """Return a recording engine with a spec of its own."""
    told = {"name": "recording", "factory": "no:thing", "summary": "", "min_context_px": 8, "context": 0.5} | spec
    return Ready(EngineSpec(**told), engine or Recording())  # type: ignore[arg-type]
