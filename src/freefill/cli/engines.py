"""freefill engines."""

from __future__ import annotations

import json

import click

from freefill.cli.table import table
from freefill.engines import registry


@click.command("engines")
@click.option("--warm", is_flag=True, help="Compile now what the first fill would compile.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(warm: bool, as_json: bool) -> None:
    """List the engines, and what each one needs.

    'auto', the default of --engine, chooses by what the hole is: docs/decisions/0004.
    """
    if warm:
        from freefill.engines.structure import warm as compile_layout
        from freefill.synthesis.warm import warm as compile_kernels

        seconds = compile_kernels() + compile_layout()
        click.echo(f"freefill: kernels compiled in {seconds:.1f} s", err=True)
        return
    rows = []
    for spec in registry.ENGINES:
        extra = registry.missing(spec)
        ready = "ready" if extra is None else f"pip install 'freefill[{extra}]'"
        # Weights come second: without its extra an engine has no use for them.
        if extra is None and spec.weights:
            ready = _weights_state(spec.weights)
        rows.append(
            {
                "engine": spec.name,
                "aliases": list(spec.aliases),
                "state": ready,
                "summary": spec.summary,
                "weights": list(spec.weights),
                "devices": list(spec.devices),
                "deterministic": spec.deterministic,
            }
        )
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    listed = [[row[column] for column in ("engine", "state", "summary")] for row in rows]
    click.echo(table(("engine", "state", "what it does"), listed, whole="state"))


def _weights_state(names: tuple[str, ...]) -> str:
    """Tell whether the weights are here, and how to get them."""
    from freefill.errors import WeightsError
    from freefill.weights.locate import locate

    for name in names:
        try:
            locate(name)
        except WeightsError:
            continue
        return f"ready ({name})"
    return f"freefill weights fetch {names[0]}"
