"""`backup` and `restore`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from stroke_map.commands.closures import this_user
from stroke_map.commands.output import as_json, print_json, progress, say
from stroke_map.errors import EditionDamagedError
from stroke_map.settings import read_settings


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--keep", type=click.IntRange(min=1), help="So many backups stay in FOLDER; older ones are removed.")
@as_json
def backup(folder: Path, *, keep: int | None, as_json: bool) -> None:
    """Make a backup of live state, audit log, sheets and editions in a new folder inside FOLDER, while everything runs."""
    from stroke_map.backups import back_up

    with progress() as show:
        made = back_up(read_settings(), folder, now=datetime.now(UTC), keep=keep, progress=show)
    manifest = made.manifest
    told: dict[str, Any] = {"backup": str(made.folder), "database": manifest.database, "rows": manifest.rows}
    told |= {"editions": sorted(manifest.editions), "serving": manifest.serving, "removed": list(made.removed)}
    if as_json:
        print_json(told)
    else:
        rows = f"{sum(manifest.rows.values()):,} rows" if manifest.database else "no live state"
        click.echo(f"{made.folder}: {rows}, editions {', '.join(told['editions']) or 'none'}")
    if manifest.left_out:
        raise EditionDamagedError(
            "the backup is whole but for editions that are damaged",
            next_step="Build them again, or take them from an older backup.",
            files=[f"{edition_id}: {wrong}" for edition_id, wrong in sorted(manifest.left_out.items())],
        )


@click.command()
@click.argument("backup", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--accept-audit", is_flag=True, help="Also where lines of its audit log were changed or removed.")
@as_json
def restore(backup: Path, *, accept_audit: bool, as_json: bool) -> None:
    """Put BACKUP where the settings say: into an empty folder, and an empty database; nothing of the service may run."""
    from stroke_map.backups import restore as put_back

    by = {"actor": this_user(), "role": "command line", "action": "stroke-map restore"}
    settings = read_settings()
    with progress() as show:
        done = put_back(settings, backup, by=by, accept_audit=accept_audit, progress=show)
    manifest = done.manifest
    for wrong in done.audit_problems:
        say(f"audit log: {wrong}")
    if as_json:
        told = {"made_at": manifest.made_at.isoformat(), "rows": manifest.rows, "editions": sorted(manifest.editions)}
        print_json(told | {"serving": manifest.serving, "audit_problems": list(done.audit_problems)})
        return
    click.echo(f"Restored what was there on {manifest.made_at:%Y-%m-%d %H:%M} UTC to {settings.geodata_dir}")
    if not manifest.serving:
        say("No edition serves: choose one of `stroke-map edition list`, and `stroke-map edition publish` it")
