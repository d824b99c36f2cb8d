"""What the page asks for: pictures by name, fills and masks as boxes of what changed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import FileResponse, JSONResponse

from freefill.web import orders, problems, views
from freefill.web.files import file_answer, kind_of, notes_header
from freefill.web.forms import answers, check_word, from_json
from freefill.web.job import Job
from freefill.web.job_routes import said
from freefill.web.service import Service
from freefill.web.work import VIEW

FOREVER = {"Cache-Control": "private, max-age=86400, immutable"}  # a picture's name never means another picture


def routes(service: Service) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/v1/pictures", tags=["pictures"])
    _coming_and_going(router, service)
    _looking(router, service)
    _filling(router, service)
    _masking(router, service)
    return router


def _coming_and_going(router: APIRouter, service: Service) -> None:
    """Add how a picture is sent, described and forgotten."""

    @router.post("", status_code=201, summary="Send a picture; later requests name it")
    async def send(request: Request) -> JSONResponse:
        path = await service.pictures.receive(request.stream(), service.settings.max_upload_bytes)
        name, upload = service.pictures.take(path)
        try:
            await service.open(upload, request)
        except BaseException:  # also where the visitor leaves, which cancels this
            service.pictures.drop(name)
            raise
        return JSONResponse({"id": name, **upload.about}, 201, {"Location": f"/api/v1/pictures/{name}"})

    @router.get("/{name}", summary="Size and format of a picture")
    async def about(name: str) -> dict[str, Any]:
        upload, _ = service.picture(name)
        return {"id": name, **upload.about}

    @router.delete("/{name}", status_code=204, summary="Forget a picture and all its fills")
    async def drop(name: str) -> Response:
        if not service.pictures.drop(name):
            raise problems.Problem(404, "this picture is not here any more")
        return Response(status_code=204)


def _looking(router: APIRouter, service: Service) -> None:
    """Add what is seen of a picture, and the picture as a file."""

    @router.get("/{name}/preview", summary="A small JPEG of the upload")
    async def preview(name: str) -> FileResponse:
        upload, _ = service.picture(name)
        return FileResponse(upload.folder / "preview.jpg", media_type="image/jpeg", headers=FOREVER)

    @router.get(
        "/{name}/tiles/{level}/{row}/{col}",
        response_class=Response,
        responses=answers("image/jpeg"),
        summary="A tile of 512 x 512 px of the upload; level 0 is full scale, each next one half",
    )
    async def tile(name: str, level: int, row: int, col: int) -> Response:
        upload, _ = await service.whole(name)
        data = await anyio.to_thread.run_sync(views.tile, upload.folder, level, row, col)
        if data is None:
            raise problems.Problem(404, "there is no such tile")
        return Response(data, media_type="image/jpeg", headers=FOREVER)

    @router.get(
        "/{name}/changed",
        summary="What the last fill changed, for the eye: its box, as WebP or PNG",
        response_class=Response,
        responses=answers("image/*"),
    )
    async def changed(name: str) -> FileResponse:
        _, state = service.picture(name)
        if not state.fills:
            raise problems.Problem(404, "nothing was filled in this picture")
        view = Path(state.fills[-1]).with_suffix(VIEW)
        kind = "image/png" if view.read_bytes()[:4] == b"\x89PNG" else "image/webp"  # what is too wide for WebP
        return FileResponse(view, media_type=kind, headers=FOREVER)

    @router.get("/{name}/file", summary="The picture as a file of its own format")
    async def file(name: str, request: Request, format: str | None = None) -> FileResponse:
        upload, state = await service.whole(name)
        target = service.pictures.scratch()
        if format is not None and not re.fullmatch(r"[a-z]{2,5}", format):
            raise problems.Problem(422, "format: a word like 'png' is wanted")
        kind = kind_of(format, upload.about["format"])
        try:
            told = await service.answer(service.readers, orders.WriteFile(state, str(target), kind.lower()), request)
        except BaseException:  # as above: a visitor who leaves
            target.unlink(missing_ok=True)
            raise
        return file_answer(target, kind, {"X-Freefill-Notes": notes_header(told["notes"])})


def _filling(router: APIRouter, service: Service) -> None:
    """Add filling, and what is said of a fill."""

    @router.post("/{name}/fill", status_code=202, summary="Fill a hole; answers a job")
    async def fill(
        name: str,
        mask: Annotated[UploadFile, File(description="PNG of the mask's box, white = remove")],
        top: Annotated[int, Form(ge=0)] = 0,
        left: Annotated[int, Form(ge=0)] = 0,
        settings: Annotated[str, Form(description="JSON object of wishes")] = "{}",
    ) -> JSONResponse:
        upload, state = await service.whole(name)
        target = service.pictures.target(upload)
        piece = orders.Piece(await mask.read(), top, left)
        order = orders.FillOrder(state, piece, from_json(settings), str(target))
        job = service.fillers.submit(order, service.settings.deadline_s)

        def clean_up() -> None:
            # A worker that was ended may have left half a file.
            if job.what != "done":
                target.unlink(missing_ok=True)

        job.clean_up = clean_up
        job.finish = lambda answer: answer | {"picture": service.pictures.add_fill(upload, state, target)}
        return accepted(job, service)

    @router.post(
        "/{name}/diagnosis", status_code=202, summary="What is wrong with the last fill, in words; answers a job"
    )
    async def diagnosis(name: str) -> JSONResponse:
        _, state = await service.whole(name)
        if not state.fills:
            raise problems.Problem(404, "nothing was filled in this picture")
        return accepted(service.readers.submit(orders.Diagnose(state), service.settings.deadline_s), service)


def _masking(router: APIRouter, service: Service) -> None:
    """Add how masks are found and repaired."""

    @router.post("/{name}/mask/{source}", status_code=202, summary="Find people, the subject, text, or what is marked")
    async def find(
        name: str,
        source: str,
        box: Annotated[
            str | None, Form(description="left,top,width,height: of a word's mask only what lies in it")
        ] = None,
        points: Annotated[str | None, Form(description="x,y,1 for on it; x,y,0 for beside it; separated by ;")] = None,
    ) -> JSONResponse:
        if source != "marks":
            check_word(source)
        _, state = await service.whole(name)
        (numbers,) = _numbers(box, 4, "box") or [()]
        marked = [(p[0], p[1], bool(p[2])) for p in _numbers(points, 3, "points")]
        order = orders.MakeMask(state, source, numbers or None, tuple(marked))  # type: ignore[arg-type]
        return accepted(_mask_job(service, order), service)

    @router.post("/{name}/refine", status_code=202, summary="Repair, grow or shrink a mask; answers a job")
    async def refine(
        name: str,
        mask: Annotated[UploadFile, File()],
        top: Annotated[int, Form(ge=0)] = 0,
        left: Annotated[int, Form(ge=0)] = 0,
        grow: Annotated[str | None, Form(max_length=12, description="`4px`, `-2px`, `3%`")] = None,
    ) -> JSONResponse:
        _, state = await service.whole(name)
        order = orders.Refine(state, orders.Piece(await mask.read(), top, left), grow)
        return accepted(_mask_job(service, order), service)


def accepted(job: Job, service: Service) -> JSONResponse:
    """Answer that a job was taken."""
    return JSONResponse(said(job, service), 202, {"Location": f"/api/v1/jobs/{job.id}"})


def _mask_job(service: Service, order: Any) -> Job:
    return service.fillers.submit(order, service.settings.deadline_s)


def _numbers(text: str | None, each: int, what: str) -> list[tuple[int, ...]]:
    """Read groups of whole numbers, separated by ;."""
    if not text:
        return []
    try:
        # By way of float: a browser's coordinates may have fractions.
        groups = [tuple(int(float(word)) for word in group.split(",")) for group in text.split(";") if group]
    except (ValueError, OverflowError):
        groups = [()]
    if any(len(group) != each for group in groups) or len(groups) > 200:
        raise problems.Problem(422, f"{what}: {each} numbers with commas are wanted")
    return groups
