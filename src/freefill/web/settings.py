"""How the service runs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from freefill.errors import InputError
from freefill.threads import cores

LOOPBACK = ("127.0.0.1", "localhost", "::1")
WORKER_BYTES = 3 << 30  # what a worker takes that fills large photos
_CGROUP = Path("/sys/fs/cgroup/memory.max")  # what a container may take


@dataclass(frozen=True)
class Settings:
    """What `freefill serve` may be told.

    Attributes
    ----------
    host, port : where it listens; 0 = any free port
    token : what every request must carry where the service can be reached from elsewhere
    no_token : the user says that everybody who reaches the service may use it
    hosts : names under which the service may be asked for, besides loopback's; anything else is refused, so that a
        page elsewhere cannot reach it by letting its own name point here (DNS rebinding)
    origins : pages of other sites that may use the service (CORS)
    workers : processes that fill; 0 = one for every four cores, as far as memory goes
    places : how many jobs may wait
    deadline_s : a job that is not done by then is given up; waiting counts
    body_deadline_s : an upload that is not here by then is cut off
    max_upload_bytes, max_mpx : larger uploads and pictures are refused
    keep_bytes, keep_s : pictures of visitors that are kept for their next fill, in all, and how long after the last use
    metrics : offer /metrics
    """

    host: str = "127.0.0.1"
    port: int = 8765
    token: str | None = None
    no_token: bool = False
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    workers: int = 0
    places: int = 8
    deadline_s: float = 600.0
    body_deadline_s: float = 120.0
    max_upload_bytes: int = 512 << 20
    max_mpx: float = 200.0
    keep_bytes: int = 4 << 30
    keep_s: float = 6 * 3600.0
    metrics: bool = False

    def __post_init__(self) -> None:
        if self.host not in LOOPBACK and not self.token and not self.no_token:
            raise InputError(
                f"--host {self.host} can be reached from other machines; pass --token WORD (or set FREEFILL_TOKEN), "
                "or --no-token if everybody may use it"
            )

    @property
    def fillers(self) -> int:
        """How many processes fill: a fill uses several cores by itself, and memory for its picture."""
        return self.workers or max(1, min(cores() // 4, memory_bytes() // WORKER_BYTES))

    @property
    def known_hosts(self) -> frozenset[str]:
        """Names in the Host header that are answered."""
        # 0.0.0.0 and :: mean every address and are no name that anybody asks for.
        return frozenset((*LOOPBACK, "[::1]", *self.hosts, *(() if self.host in ("0.0.0.0", "::") else (self.host,))))


def memory_bytes() -> int:
    """Return how much memory this machine has, or lets its container have."""
    try:
        here = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not everywhere
        return 8 << 30
    bound = _CGROUP.read_text().strip() if _CGROUP.is_file() else "max"
    return min(here, int(bound)) if bound.isdigit() else here
