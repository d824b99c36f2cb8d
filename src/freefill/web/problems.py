"""Errors as problem details (RFC 9457), with the one line that the command line would print."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Literal

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException as AnyHTTPException

from freefill.errors import FreefillError, WeightsError
from freefill.web.job import Full
from freefill.web.pictures import TooLarge

MEDIA_TYPE = "application/problem+json"


class ProblemDetails(BaseModel):
    """A problem as it is sent."""

    type: Literal["about:blank"] = "about:blank"
    title: str
    status: int
    detail: str = Field(description="One line: what is wrong, and the way out", examples=["grow: 'lots' is no length"])


RESPONSES: dict[int | str, dict[str, Any]] = {
    kind: {"description": what, "content": {MEDIA_TYPE: {"schema": ProblemDetails.model_json_schema()}}}
    for kind, what in (("4XX", "What was asked cannot be done"), ("5XX", "It came to nothing here"))
}


class Problem(HTTPException):
    """Something that is answered with a status and one line; raised while a body is read it keeps its status."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, detail, headers)


def answer(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return the response for a problem."""
    content = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(content, status, headers, MEDIA_TYPE)


def of_worker(said: dict[str, Any]) -> Problem:
    """Return the problem for an error that a worker answered."""
    # 409 and 507: nothing is wrong with the request, but something is missing on this machine.
    status = {"WeightsError": 409, "EngineError": 422, "MemoryError": 507}.get(said.get("kind", ""), 422)
    return Problem(status, said["error"])


def install(app: FastAPI) -> None:
    """Have all errors of an app answered in this way."""

    @app.exception_handler(FreefillError)
    async def ours(request: Request, error: FreefillError) -> JSONResponse:
        status = 413 if isinstance(error, TooLarge) else 409 if isinstance(error, WeightsError) else 422
        return answer(status, str(error))

    @app.exception_handler(Full)
    async def full(request: Request, error: Full) -> JSONResponse:
        wait_s = str(error.retry_after_s)
        return answer(429, f"too much is waiting already; try again in {wait_s} s", {"Retry-After": wait_s})

    @app.exception_handler(AnyHTTPException)
    async def http(request: Request, error: AnyHTTPException) -> JSONResponse:
        return answer(error.status_code, str(error.detail), dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        # FastAPI names before a field where it travelled, which tells nothing to whoever filled in the form.
        where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))
        return answer(422, f"{where or 'request'}: {first['msg']}")

    @app.exception_handler(Exception)
    async def bug(request: Request, error: Exception) -> JSONResponse:
        # Not in the error's own words: they may name paths of the server.
        return answer(500, "something broke here that should not have; the service's log has more")
