"""For programs: a picture and a mask in, the file out, in one request. And IOPaint's shape, for its clients."""

from __future__ import annotations

import base64
import contextlib
import functools
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response, UploadFile
from fastapi.responses import FileResponse, JSONResponse

from freefill.engines import registry
from freefill.web import orders, problems
from freefill.web.files import file_answer, kind_of, notes_header
from freefill.web.forms import WORDS_TEXT, InpaintForm, IoPaintForm, MaskForm, RefineForm, answers, check_word
from freefill.web.page_routes import accepted
from freefill.web.service import Service
from freefill.weights.locate import card_of, state

CHUNK_BYTES = 1 << 20
MOST_HEADER = 4000
SENT_WISHES = ("source", "not_from", "sketch")  # wishes that are files of their own
FORM = Form(media_type="multipart/form-data")


def routes(service: Service) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["one request"])
    _filling(router, service)
    _fetching(router, service)
    _masking(router, service)
    _knowing(router)
    _for_others(router, service)
    return router


def _filling(router: APIRouter, service: Service) -> None:
    """Add filling: the file at once, or a job whose file is fetched later."""

    @router.post(
        "/api/v1/inpaint",
        response_class=Response,
        responses=answers("image/*"),
        summary="Fill a picture; answers the file",
    )
    async def inpaint(request: Request, form: Annotated[InpaintForm, FORM]) -> Any:
        if (form.mask is None) == (form.word is None):
            raise problems.Problem(422, "send either a mask or a word (people, salient, text, alpha)")
        if form.word is not None:
            check_word(form.word)
        with _files(service) as files:
            image = await _kept(files, form.image, service)
            mask = form.word or await _kept(files, form.mask, service)
            wishes = form.wishes() | {"max_mpx": service.settings.max_mpx}
            sent = {wish: getattr(form, wish) for wish in SENT_WISHES}
            more = {wish: await _kept(files, upload, service) for wish, upload in sent.items() if upload is not None}
            order = orders.Once(image, mask, wishes, str(files.new()), form.format, more)
            if "respond-async" in request.headers.get("prefer", ""):  # RFC 7240
                return _later(service, order, files)
            told = await service.answer(service.fillers, order, request)
            return _answered(request, told, Path(order.target), form.format, files)


def _fetching(router: APIRouter, service: Service) -> None:
    """Add the file of a job that was to be answered later."""

    @router.get(
        "/api/v1/results/{job}",
        response_class=Response,
        responses=answers("image/*"),
        summary="The file of a job that is done",
    )
    async def result(job: str) -> FileResponse:
        done = service.job(job)
        if not isinstance(done.order, orders.Once) or done.what != "done":
            raise problems.Problem(404, "this job has no file (yet)")
        if not Path(done.order.target).exists():
            raise problems.Problem(404, "the file was fetched already, or waited for too long")
        return _file(done.answer, Path(done.order.target), done.order.format)


def _masking(router: APIRouter, service: Service) -> None:
    """Add making a mask and repairing one."""
    most_mpx = service.settings.max_mpx

    @router.post(
        "/api/v1/mask/{source}",
        response_class=Response,
        responses=answers("image/png"),
        summary=f"Find something: {WORDS_TEXT}",
    )
    async def mask(source: str, request: Request, form: Annotated[MaskForm, FORM]) -> Any:
        check_word(source)
        with _files(service) as files:
            image = await _kept(files, form.image, service)
            wishes = {"refine": form.refine, "score": form.score, "max_mpx": most_mpx}
            order = orders.MaskOnce(image, source, None, str(files.new()), wishes)
            return await _mask(service, request, order)

    @router.post(
        "/api/v1/refine",
        response_class=Response,
        responses=answers("image/png"),
        summary="Repair a mask, so that it covers the whole thing",
    )
    async def refine(request: Request, form: Annotated[RefineForm, FORM]) -> Any:
        with _files(service) as files:
            image, given = await _kept(files, form.image, service), await _kept(files, form.mask, service)
            order = orders.MaskOnce(
                image, "", given, str(files.new()), {"refine": True, "mask_fit": "scale", "max_mpx": most_mpx}
            )
            return await _mask(service, request, order)


def _knowing(router: APIRouter) -> None:
    """Add what can be asked before anything is filled."""

    @router.get("/api/v1/engines", summary="What can fill, what is ready, and how to get the rest")
    async def engines() -> list[dict[str, Any]]:
        return [_engine(spec) for spec in registry.ENGINES]


def _for_others(router: APIRouter, service: Service) -> None:
    """Add the shape in which another program's clients ask."""

    @router.post(
        "/iopaint/api/v1/inpaint",
        response_class=Response,
        responses=answers("image/*"),
        summary="As IOPaint's clients ask for it",
    )
    async def iopaint(request: Request, form: IoPaintForm) -> Any:
        with _files(service) as files:
            # Theirs asks for any seed by -1; here the same request gives the same fill.
            seed = form.sd_seed if form.sd_seed >= 0 else 0
            image, given = files.write(_decoded(form.image, "image")), files.write(_decoded(form.mask, "mask"))
            wishes = {"seed": seed, "mask_fit": "scale", "max_mpx": service.settings.max_mpx}
            order = orders.Once(image, given, wishes, str(files.new()))
            told = await service.answer(service.fillers, order, request)
            answer = _answered(request, told, Path(order.target), None, files)
            answer.headers["X-Seed"] = str(seed)
            return answer


class _Files:
    """Files of one request; what is not handed on is removed at its end."""

    def __init__(self, service: Service) -> None:
        self._service, self._paths = service, []

    def new(self) -> Path:
        path = self._service.pictures.scratch()
        self._paths.append(path)
        return path

    def write(self, data: bytes) -> str:
        path = self.new()
        path.write_bytes(data)
        return str(path)

    def hand_on(self) -> list[Path]:
        paths, self._paths = self._paths, []
        return paths

    def remove(self) -> None:
        for path in self._paths:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def _files(service: Service) -> Iterator[_Files]:
    files = _Files(service)
    try:
        yield files
    finally:
        files.remove()


async def _kept(files: _Files, upload: UploadFile | None, service: Service) -> str:
    """Write an uploaded file under a name of our own."""
    assert upload is not None

    async def chunks() -> AsyncIterator[bytes]:
        while chunk := await upload.read(CHUNK_BYTES):
            yield chunk

    path = await service.pictures.receive(chunks(), service.settings.max_upload_bytes)
    # Under a name of this request, with which it goes.
    target = files.new()
    path.rename(target)
    return str(target)


def _answered(
    request: Request, told: dict[str, Any], target: Path, format: str | None, files: _Files
) -> FileResponse | JSONResponse:
    """Answer the file, or JSON with the file in it where that is asked for."""
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse(told | {"image": base64.b64encode(target.read_bytes()).decode()})
    rest = [path for path in files.hand_on() if path != target]  # the target itself goes once it is sent
    for path in rest:
        path.unlink(missing_ok=True)
    return _file(told, target, format)


def _file(told: dict[str, Any], target: Path, format: str | None) -> FileResponse:
    headers = {
        "X-Freefill-Engine": told["engine"],
        "X-Freefill-Seed": str(told["seed"]),
        "X-Freefill-Seconds": json.dumps(told["seconds"]),
        "X-Freefill-Notes": notes_header(told["notes"]),
        "X-Freefill-Hole-Share": f"{told['hole_share']:.6f}",
    }
    plan = json.dumps(told["plan"])
    if len(plan) <= MOST_HEADER:  # proxies refuse long ones; JSON on request has it in any case
        headers["X-Freefill-Plan"] = plan
    return file_answer(target, kind_of(format, told.get("format")), headers)


def _later(service: Service, order: orders.Once, files: _Files) -> JSONResponse:
    """Take a job whose file is fetched later."""
    job = service.fillers.submit(order, service.settings.deadline_s)
    # A worker reads them when this request is long over.
    inputs = [path for path in files.hand_on() if str(path) != order.target]

    target = Path(order.target)

    def clean_up() -> None:
        for path in inputs:
            path.unlink(missing_ok=True)

    def finish(answer: dict[str, Any]) -> dict[str, Any]:
        service.pictures.hold(target)
        return answer | {"file": f"/api/v1/results/{job.id}"}

    job.finish, job.clean_up = finish, clean_up
    job.forget = functools.partial(target.unlink, missing_ok=True)
    return accepted(job, service)


async def _mask(service: Service, request: Request, order: orders.MaskOnce) -> Response:
    told = await service.answer(service.fillers, order, request)
    data = Path(order.target).read_bytes()
    headers = {"X-Freefill-Notes": notes_header(told["notes"]), "X-Freefill-Hole-Share": f"{told['share']:.6f}"}
    return Response(data, media_type="image/png", headers=headers)


def _engine(spec: Any) -> dict[str, Any]:
    """Return what an engine is, and whether it can run now."""
    extra, get, weights = registry.missing(spec), None, [_weights(name) for name in spec.weights]
    if extra is not None:
        get = f"pip install 'freefill[{extra}]'"
    elif weights and not any(each["ready"] for each in weights):
        get = weights[0]["get"]
    return {"name": spec.name, "summary": spec.summary, "ready": get is None, "get": get, "weights": weights}


def _weights(name: str) -> dict[str, Any]:
    """Return what is known of an engine's weights, and the command that gets them."""
    card = card_of(name)
    ready = state(name) == "ready"
    about = {"what_for": card.what_for, "forbids": card.forbids} if card else {"what_for": "small, come with freefill"}
    return {"name": name, **about, "ready": ready, "get": None if ready else f"freefill weights fetch {name}"}


def _decoded(text: str, what: str) -> bytes:
    try:
        return base64.b64decode(text.split(",", 1)[-1] if text.startswith("data:") else text, validate=True)
    except ValueError:
        raise problems.Problem(422, f"{what}: this is no base64") from None
