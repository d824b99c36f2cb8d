"""freefill serve."""

from __future__ import annotations

import logging
import sys

import click

from freefill.errors import InputError


@click.command("serve")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on. Anything but this machine needs a token.",
)
@click.option(
    "--port",
    default=8765,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes any free one.",
)
@click.option("--token", envvar="FREEFILL_TOKEN", help="A word that every request must carry (or set FREEFILL_TOKEN).")
@click.option("--no-token", is_flag=True, help="Let anybody who reaches the service use it.")
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="Also answer under this host name. Can be given more than once.",
)
@click.option(
    "--allow-origin",
    "origins",
    multiple=True,
    metavar="ORIGIN",
    help="Let pages of this site use the service (CORS). Can be given more than once.",
)
@click.option(
    "--workers", default=0, type=click.IntRange(0, 64), help="How many processes fill; 0 chooses by cores and memory."
)
@click.option(
    "--queue", "places", default=8, show_default=True, type=click.IntRange(1, 10_000), help="How many jobs may wait."
)
@click.option(
    "--deadline",
    "deadline_s",
    default=600.0,
    show_default=True,
    metavar="SECONDS",
    help="Longest time for one job, waiting included.",
)
@click.option("--max-megapixels", "max_mpx", default=200.0, show_default=True, help="Refuse pictures larger than this.")
@click.option("--metrics", is_flag=True, help="Offer figures for Prometheus under /metrics.")
@click.option("--open", "open_page", is_flag=True, help="Open the page in the browser.")
@click.option("--quiet", "-q", is_flag=True, help="Do not print a line for each request.")
def command(
    host: str,
    port: int,
    token: str | None,
    no_token: bool,
    hosts: tuple[str, ...],
    origins: tuple[str, ...],
    workers: int,
    places: int,
    deadline_s: float,
    max_mpx: float,
    metrics: bool,
    open_page: bool,
    quiet: bool,
) -> None:
    """Open the page on which you paint over what should go, and the HTTP service behind it.

    \b
    freefill serve                       then open http://127.0.0.1:8765
    freefill serve --host 0.0.0.0 --token WORD
    """
    try:
        import uvicorn

        from freefill.web.app import make_app
    except ModuleNotFoundError as error:
        raise InputError(f"the page needs {error.name}; run: pip install 'freefill[web]'") from None
    import socket

    from freefill.web.connections import Patient
    from freefill.web.guard import log_to
    from freefill.web.settings import Settings

    settings = Settings(
        host=host,
        port=port,
        token=token,
        no_token=no_token,
        hosts=hosts,
        origins=origins,
        workers=workers,
        places=places,
        deadline_s=deadline_s,
        max_mpx=max_mpx,
        metrics=metrics,
    )
    log_to([] if quiet else [logging.StreamHandler(sys.stderr)])
    family = socket.AF_INET6 if ":" in host else socket.AF_INET  # no other address has a colon
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # so that it starts at once after it ended
    # Bound here and not by uvicorn: with port 0 the address is known before it is printed, and a port that is taken
    # is told in one line.
    try:
        listening.bind((host, port))
        listening.listen(128)  # whoever reads the address may call at once
    except OSError as error:
        raise InputError(f"{host}:{port}: cannot listen here ({error.strerror}); pass another --port") from None
    # These mean "everywhere", and no browser opens them.
    address = f"http://{'localhost' if host in ('0.0.0.0', '::') else host}:{listening.getsockname()[1]}"
    click.echo(f"{address}/{f'?token={token}' if token else ''}")
    if open_page:
        click.launch(address)
    config = uvicorn.Config(
        make_app(settings),
        http=Patient,
        log_level="error",
        access_log=False,  # web/guard.py says it
        timeout_keep_alive=20,
        timeout_graceful_shutdown=5,  # Ctrl-C ends it, whatever is at work
        h11_max_incomplete_event_size=64 << 10,
    )
    uvicorn.Server(config).run(sockets=[listening])
