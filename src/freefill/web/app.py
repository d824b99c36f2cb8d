"""The service as an ASGI app: the page, the API, and how it is watched.

request -> guard (host, token, size, time) -> routes -> service (pictures, jobs) -> worker processes (work.py)
"""

from __future__ import annotations

import html
import importlib.resources
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST as CONTENT_TYPE
from starlette.types import ASGIApp

from freefill import __version__
from freefill.web import api_routes, job_routes, page_routes, problems
from freefill.web.forms import answers
from freefill.web.guard import Guard
from freefill.web.service import Service
from freefill.web.settings import Settings

STATIC = Path(str(importlib.resources.files("freefill") / "web" / "static"))
EXAMPLE = Path(str(importlib.resources.files("freefill") / "demo" / "photos"))
DESCRIPTION = (
    "Fill masked regions of pictures. Errors are problem details (RFC 9457) with one line that says the way out."
)


def make_app(settings: Settings) -> ASGIApp:
    """Return the service; it starts its workers when it is started, and ends them when it is ended."""
    service = Service(settings)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        service.start()
        try:
            yield
        finally:
            service.close()

    app = FastAPI(
        title="freefill",
        version=__version__,
        description=DESCRIPTION,
        lifespan=life,
        # FastAPI's own pages load their scripts from elsewhere; `/docs` below needs nothing.
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        responses=problems.RESPONSES,
    )
    problems.install(app)
    for room in (api_routes, page_routes, job_routes):
        app.include_router(room.routes(service))
    _watched(app, service)
    _page(app, settings)
    return Guard(app, settings)  # outermost: what it refuses reaches nothing else


def _watched(app: FastAPI, service: Service) -> None:
    """Add what tells how the service is."""

    @app.get("/livez", tags=["watching"], summary="The process answers")
    async def livez() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", tags=["watching"], summary="A worker is warm and can fill")
    async def readyz() -> JSONResponse:
        if service.fillers.warm and service.readers.warm:
            return JSONResponse({"status": "ok"})
        return problems.answer(503, service.fillers.trouble or "workers are being started", {"Retry-After": "2"})

    @app.get("/version", tags=["watching"], summary="Version of freefill")
    async def version() -> dict[str, str]:
        return {"version": __version__}

    if service.settings.metrics:

        @app.get(
            "/metrics",
            tags=["watching"],
            summary="How the service is, in Prometheus' text format",
            response_class=Response,
            responses=answers("text/plain"),
        )
        async def metrics() -> Response:
            return Response(service.metrics.text(), media_type=CONTENT_TYPE)


def _page(app: FastAPI, settings: Settings) -> None:
    """Add the page, its example, and a description of the API that needs nothing from elsewhere."""

    @app.get("/", include_in_schema=False)
    async def index() -> HTMLResponse:
        # No-cache: after an upgrade the page is the new one.
        page = HTMLResponse((STATIC / "index.html").read_text("utf-8"), headers={"Cache-Control": "no-cache"})
        if settings.token:  # so that the page's own requests carry it
            # No script reads it, no other site sends it.
            page.set_cookie("freefill", settings.token, httponly=True, samesite="strict")
        return page

    @app.get("/example.jpg", include_in_schema=False)
    async def example() -> Response:
        return Response((EXAMPLE / "astronaut.jpg").read_bytes(), media_type="image/jpeg")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(_docs(app.openapi()))

    app.mount("/static", StaticFiles(directory=STATIC), name="static")


def _docs(schema: dict[str, Any]) -> str:
    """Return a page of the API's routes, plain HTML."""
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        "<title>freefill: API</title><link rel=stylesheet href=/static/docs.css><main><h1>freefill: API</h1>"
        f"<p>{html.escape(schema['info']['description'])}</p>"
        "<p>The whole schema: <a href=/api/v1/openapi.json>openapi.json</a></p>"
    ]
    for path, methods in schema["paths"].items():
        for method, about in methods.items():
            parts.append(f"<section><h2><code>{method.upper()} {html.escape(path)}</code></h2>")
            parts.append(f"<p>{html.escape(about.get('summary', ''))}</p>")
            rows = [(p["name"], p["in"], p.get("description", "")) for p in about.get("parameters", [])]
            for name, field in _fields(schema, about).items():
                rows.append((name, "body", field.get("description", field.get("type", ""))))
            if rows:
                cells = "".join(
                    f"<tr><th scope=row><code>{html.escape(a)}</code><td>{html.escape(b)}<td>{html.escape(str(c))}"
                    for a, b, c in rows
                )
                parts.append(f"<table>{cells}</table>")
            parts.append("</section>")
    return "".join(parts) + "</main></html>"


def _fields(schema: dict[str, Any], about: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a route's body."""
    for content in about.get("requestBody", {}).get("content", {}).values():
        name = content["schema"].get("$ref", "").rsplit("/", 1)[-1]
        return schema["components"]["schemas"].get(name, {}).get("properties", {})
    return {}
