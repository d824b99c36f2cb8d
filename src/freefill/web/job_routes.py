"""Jobs: how they stand, as they go on, and an end to them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from freefill.web.job import Job
from freefill.web.service import Service

BEAT_S = 15.0  # a line now and then keeps proxies from closing a stream in which nothing happens


def said(job: Job, service: Service) -> dict[str, Any]:
    """Return what a client is told of a job."""
    told: dict[str, Any] = {"id": job.id, "status": job.what}
    if job.what == "waiting":
        office = service.office_of(job)
        told["ahead"] = office.ahead(job)
        told["estimate_s"] = office.wait_estimate_s(told["ahead"])
    if job.progress:
        told["progress"] = job.progress
    if job.what == "done":
        told["answer"] = job.answer
    if job.error:
        told["error"] = job.error
    if job.seconds is not None:
        told["seconds"] = round(job.seconds, 3)
    return told


def routes(service: Service) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])

    @router.get("/{name}", summary="How a job stands")
    async def about(name: str) -> dict[str, Any]:
        return said(service.job(name), service)

    @router.delete("/{name}", status_code=204, summary="Give a job up; its work ends at once")
    async def end(name: str) -> Response:
        job = service.job(name)
        service.office_of(job).end(job)
        return Response(status_code=204)

    @router.get("/{name}/events", summary="How a job goes on, as server-sent events", response_class=StreamingResponse)
    async def events(name: str, hold_s: Annotated[float | None, Query(ge=0, le=600)] = None) -> StreamingResponse:
        """With `hold_s` the job ends where nobody has listened for so long: a page may be loaded anew meanwhile."""
        return StreamingResponse(
            _events(service.job(name), service, hold_s),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},  # or nginx would hold the events back
        )

    return router


async def _events(job: Job, service: Service, hold_s: float | None) -> AsyncIterator[str]:
    """Tell how a job stands each time that it changes, until it is over."""
    job.listeners += 1
    try:
        while True:
            # Noted before it is told: what changes while the line is on its way is told next.
            version = job.version
            yield f"data: {json.dumps(said(job, service))}\n\n"
            if job.over:
                return
            while job.version == version:
                try:
                    async with asyncio.timeout(BEAT_S), job.changed:
                        await job.changed.wait_for(lambda version=version: job.version != version)
                except TimeoutError:
                    yield ": still there\n\n"
    finally:
        job.listeners -= 1
        if hold_s is not None and not job.over:
            asyncio.get_running_loop().call_later(hold_s, _end_unheard, job, service)


def _end_unheard(job: Job, service: Service) -> None:
    """Give a job up that nobody listens to any more."""
    if not job.listeners:
        service.office_of(job).end(job)
