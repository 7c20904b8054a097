"""`serve` and `settings`."""

from __future__ import annotations

import click

from stroke_map.commands.output import as_json, print_json, print_table
from stroke_map.settings import SETTINGS, read_settings

_MASK = "********"


@click.command()
@click.option("--plane", type=click.Choice(["public", "clinical", "both"]), help="Which routes this process answers.")
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--workers", type=click.IntRange(1, 64), help="Server processes.")
@click.option("--no-stream", is_flag=True, help="Start no stream process: `stroke-map stream` runs by itself.")
def serve(plane: str | None, host: str | None, port: int | None, workers: int | None, *, no_stream: bool) -> None:
    """Serve the map and the API (http://127.0.0.1:8120 unless set otherwise)."""
    from stroke_map.web.server import run

    stream_port = 0 if no_stream else None
    run(read_settings(plane=plane, host=host, port=port, workers=workers, stream_port=stream_port))


@click.command()
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--with-parent", is_flag=True, hidden=True, help="End when the process that started this one is gone.")
def stream(host: str | None, port: int | None, *, with_parent: bool) -> None:
    """Tell changes of alerts, cases, statuses and closures as server-sent events; `serve` starts this by itself."""
    from stroke_map.stream.server import run

    run(read_settings(host=host, stream_port=port), with_parent=with_parent)


@click.command()
@as_json
def settings(as_json: bool) -> None:
    """Print every setting: its variable, the value in force, unit and meaning. Secrets are masked."""
    values = read_settings()
    rows = []
    for setting in SETTINGS:
        value = getattr(values, setting.name)
        rows.append((setting.variable, _MASK if setting.secret and value else str(value), setting.unit, setting.help))
    if as_json:
        print_json([dict(zip(("variable", "value", "unit", "help"), row, strict=True)) for row in rows])
    else:
        print_table(("VARIABLE", "VALUE", "UNIT", "MEANING"), rows)
