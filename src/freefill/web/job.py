"""A job: one order, and how far it is."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

What = Literal["waiting", "running", "done", "failed", "cancelled", "late"]


class Full(Exception):
    """No place is free; come back in `retry_after_s`."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"{retry_after_s} s")
        self.retry_after_s = retry_after_s


@dataclass(eq=False)
class Job:
    """One order, and how far it is.

    Attributes
    ----------
    what : where it stands; "late" = its time was up
    answer : of the worker, once it is done
    error : one line, where it failed
    progress : what the worker said last
    finish : what is made of the answer when it is there, in the event loop
    clean_up : called once nothing more will come, whatever came
    forget : called when the job can no longer be asked about
    timer : ends it at its deadline
    listeners : how many follow it at this moment
    """

    order: Any
    deadline_s: float
    id: str = field(default_factory=lambda: secrets.token_urlsafe(12))  # nobody guesses another visitor's
    what: What = "waiting"
    answer: dict[str, Any] = field(default_factory=dict)
    error: str | None = None
    died: bool = False
    progress: dict[str, Any] = field(default_factory=dict)
    finish: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    clean_up: Callable[[], None] | None = None
    forget: Callable[[], None] | None = None
    asked_at: float = field(default_factory=time.monotonic)
    started_at: float | None = None
    seconds: float | None = None
    timer: asyncio.TimerHandle | None = None
    listeners: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    version: int = 0  # counts changes, so that whoever follows a job tells each state once

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.what not in ("waiting", "running")


async def wake(job: Job) -> None:
    """Tell whoever waits that a job has changed."""
    async with job.changed:
        job.changed.notify_all()


async def reached(job: Job, enough: Callable[[Job], bool]) -> None:
    """Wait until a job is so far."""
    async with job.changed:
        await job.changed.wait_for(lambda: enough(job))
