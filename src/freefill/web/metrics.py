"""What Prometheus may ask: jobs by how they ended, how long fills took, and how much is waiting now."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from freefill.web.job import Job
from freefill.web.jobs import Office

# To the deadline of a job (settings.py): none takes longer.
SECONDS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600)


class Metrics:
    """Of one service; counts from its start."""

    def __init__(self, fillers: Office, workers: int) -> None:
        self._registry = CollectorRegistry()
        self._jobs = Counter("freefill_jobs", "Jobs that are over, by how they ended", ["how"], registry=self._registry)
        self._seconds = Histogram(
            "freefill_job_seconds",
            "From asking to the answer, of jobs that were done",
            buckets=SECONDS,
            registry=self._registry,
        )
        now = {
            "freefill_jobs_waiting": ("Jobs that wait for a worker", lambda: fillers.waiting),
            "freefill_workers": ("Processes that fill", lambda: workers),
            "freefill_workers_busy": ("Of them at work", lambda: fillers.busy),
            "freefill_wait_estimate_seconds": (
                "How long a job would wait that came now",
                lambda: fillers.wait_estimate_s(fillers.waiting),
            ),
        }
        for name, (what, value) in now.items():
            Gauge(name, what, registry=self._registry).set_function(value)
        fillers.heard = self.count

    def count(self, job: Job) -> None:
        """Count a job that is over."""
        self._jobs.labels(job.what).inc()
        if job.what == "done" and job.seconds is not None:
            self._seconds.observe(job.seconds)

    def text(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        return generate_latest(self._registry)
