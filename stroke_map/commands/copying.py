"""`edition push` and `fetch`: editions from one machine to another, by way of a store that both reach."""

from __future__ import annotations

import click

from stroke_map.commands.editions import edition
from stroke_map.commands.output import as_json, print_json, progress, say
from stroke_map.settings import read_settings


@edition.command()
@click.argument("url")
@click.argument("edition_id", required=False)
@as_json
def push(url: str, edition_id: str | None, *, as_json: bool) -> None:
    """Send EDITION_ID (the published one when left out) to the store at URL, such as s3://bucket/editions."""
    from stroke_map.editions import read_publication
    from stroke_map.editions.remote import push as push_edition

    geodata_dir = read_settings().geodata_dir
    wanted = edition_id or read_publication(geodata_dir).edition
    with progress() as show:
        copied = push_edition(geodata_dir, wanted, url, lambda share: show("send", share))
    if as_json:
        print_json({"id": copied.info.id, "seal": copied.info.seal, "sent": copied.anew})
    else:
        click.echo(
            f"{copied.info.id} {'was sent' if copied.anew else 'is there already'}; its seal is {copied.info.seal}"
        )


@edition.command()
@click.argument("url")
@click.argument("edition_id")
@click.option("--seal", default="", help="Only the edition with this seal, as `push` told it.")
@as_json
def fetch(url: str, edition_id: str, seal: str, *, as_json: bool) -> None:
    """Fetch EDITION_ID from the store at URL, every byte compared with its seal; publishing it is another step.

    Run it again after an interruption: it goes on with the files that are still to come.
    """
    from stroke_map.editions.remote import fetch as fetch_edition

    geodata_dir = read_settings().geodata_dir
    with progress() as show:
        copied = fetch_edition(geodata_dir, edition_id, url, seal=seal, progress=lambda share: show("fetch", share))
    if as_json:
        print_json({"id": copied.info.id, "seal": copied.info.seal, "fetched": copied.anew})
        return
    click.echo(f"{edition_id} {'is here, and sound' if copied.anew else 'is here already'}")
    say(f"Publish it with: stroke-map edition publish {edition_id}")
