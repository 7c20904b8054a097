"""`deliver`, `channel` and `delivery`: messages of alerts, where they go and what came of them."""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from stroke_map.commands.closures import opened_store, this_user
from stroke_map.commands.output import as_json, print_json, print_table, say
from stroke_map.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stroke_map.live.deliveries import Delivery

#: `stroke_map.live.channels.CHANNEL_KINDS` and those of the API, which would take long to import; a test holds them together.
KINDS = ("webhook", "email", "sms", "voice")
FORMATS = ("native", "fhir")
TEAMS = ("emergency", "radiology", "neurology", "cardiology", "cath_lab")


@click.command()
def deliver() -> None:
    """Send messages of alerts until interrupted; for servers with STROKE_MAP_DELIVER_IN_SERVER=false. Any number may run."""
    from stroke_map import logs
    from stroke_map.delivery import Deliverer, Sender

    settings = read_settings()
    logs.begin("deliver", settings.log_level)
    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    sender = Sender(settings)
    with opened_store() as store:
        store.audit.end()  # what is delivered is nobody's deed
        deliverer = Deliverer(store, sender)
        deliverer.start()
        say("Messages of alerts are being sent; Ctrl-C ends it")
        ended.wait()
        deliverer.end()


@click.group()
def channel() -> None:
    """Where messages of alerts go, besides the hospital's screen."""


@channel.command()
@click.argument("hospital")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("target")
@click.option("--team", type=click.Choice(TEAMS), help="Only for calls of this team; every one when left out.")
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), default="native", show_default=True, help="Of a webhook."
)
@as_json
def add(hospital: str, kind: str, target: str, team: str | None, format_: str, *, as_json: bool) -> None:
    """Send messages to HOSPITAL also by KIND to TARGET: an address, a mailbox, a number. A webhook's secret is shown this once."""
    from stroke_map.editions import open_published
    from stroke_map.web.channel_models import read_channel

    fields = {"hospital": hospital, "kind": kind, "target": target, "team": team, "format": format_}
    new = read_channel(fields, open_published(read_settings().geodata_dir), this_user())
    with opened_store() as store:
        made = store.channels.add(new, now=datetime.now(UTC))
    if as_json:
        print_json(made.as_json() | {"secret": made.secret or None})
        return
    say(f"Channel {made.id}" + ("; messages are signed with this secret, shown this once:" if made.secret else ""))
    if made.secret:
        click.echo(made.secret)


@channel.command("list")
@click.option("--hospital", help="Only those of the hospital with this id.")
@click.option("--all", "include_ended", is_flag=True, help="Also those that were removed.")
@as_json
def list_channels(hospital: str | None, *, include_ended: bool, as_json: bool) -> None:
    """List channels; their secrets are never shown again."""
    with opened_store() as store:
        found = [one.as_json() for one in store.channels.list(hospital=hospital, include_ended=include_ended)]
    if as_json:
        print_json(found)
    else:
        _print(("id", "hospital", "team", "kind", "target", "format", "ended_by"), found)


@channel.command()
@click.argument("channel_id", type=int)
@as_json
def remove(channel_id: int, *, as_json: bool) -> None:
    """Send nothing more by the channel CHANNEL_ID."""
    with opened_store() as store:
        removed = store.channels.remove(channel_id, this_user(), now=datetime.now(UTC)).as_json()
    if as_json:
        print_json(removed)
    else:
        click.echo(f"Removed {removed['id']}")


@click.group()
def delivery() -> None:
    """Messages of alerts: on their way, there, or given up."""


@delivery.command("list")
@click.option("--dead", is_flag=True, help="Only those that were given up.")
@click.option("--alert", type=int, help="Only those of this alert.")
@as_json
def list_deliveries(alert: int | None, *, dead: bool, as_json: bool) -> None:
    """List messages with what came of them."""
    with opened_store() as store:
        _print_deliveries(store.deliveries.list(alert_id=alert, dead=dead), as_json=as_json)


@delivery.command()
@click.argument("delivery_id", type=int)
@as_json
def resend(delivery_id: int, *, as_json: bool) -> None:
    """Send the message DELIVERY_ID again, which was given up."""
    with opened_store() as store:
        _print_deliveries([store.deliveries.resend(delivery_id, now=datetime.now(UTC))], as_json=as_json)


def _print_deliveries(found: Sequence[Delivery], *, as_json: bool) -> None:
    told = [one.as_json() for one in found]
    if as_json:
        print_json(told)
    else:
        _print(("id", "alert", "hospital", "kind", "team", "via", "target", "state", "attempts", "problem"), told)


def _print(columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    table = (["" if row[column] is None else row[column] for column in columns] for row in rows)
    print_table([column.upper() for column in columns], table)
