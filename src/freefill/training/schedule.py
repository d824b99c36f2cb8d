"""The rate of learning: a short rise, constant, and a straight fall to nothing that may begin at any snapshot.

A constant rate has no end built in, so that a run can always go on; the fall is what makes its weights good.
"""

from __future__ import annotations

from dataclasses import dataclass

from freefill.training.options import RunOptions


@dataclass(frozen=True)
class Schedule:
    """Part of a snapshot, since going on may change it.

    Attributes
    ----------
    steps : the run ends after so many
    warmup_steps : over these the rate rises
    decay_from : step from which on it falls; `steps` = never
    """

    steps: int
    warmup_steps: int
    decay_from: int

    @classmethod
    def of(cls, options: RunOptions) -> Schedule:
        """Return the schedule that a recipe asks for."""
        return cls(options.steps, options.rate.warmup_steps, max(options.steps - options.rate.decay_steps, 0))

    def going_on(self, step: int, steps: int | None, decay_steps: int | None) -> Schedule:
        """Return the schedule after a resume at `step`: to another end, or with a decay over the next steps.

        Without a decay asked for, a longer run keeps its rate constant until its end.
        """
        if decay_steps is not None:
            return Schedule(step + decay_steps, self.warmup_steps, step)
        if steps is not None and steps != self.steps:
            return Schedule(steps, self.warmup_steps, steps)
        return self

    def share(self, step: int) -> float:
        """Return what part of the full rate step `step` takes, more than 0 and at most 1."""
        rising = min((step + 1) / self.warmup_steps, 1.0) if self.warmup_steps else 1.0  # the first step moves too
        falling = (self.steps - step) / (self.steps - self.decay_from) if step >= self.decay_from else 1.0
        return rising * max(falling, 0.0)
