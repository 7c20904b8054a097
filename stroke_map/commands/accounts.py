"""`user` and `key`: who may come in."""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from stroke_map.commands.closures import opened_store, this_user
from stroke_map.commands.output import as_json, print_json, print_table, say
from stroke_map.errors import EditionError, InvalidRequestError
from stroke_map.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stroke_map.live.accounts import Key, Standing

_DAYS = click.option("--days", type=click.IntRange(1, 1095), default=365, show_default=True, help="How long it lasts.")
_PASSWORD = click.option(
    "--password-stdin", is_flag=True, help="Read the password from stdin; it is asked for when not."
)


@click.group()
def user() -> None:
    """Add, list and revoke people who log in with a password and a one-time code."""


@click.group()
def key() -> None:
    """Add, list, rotate and revoke keys for machines."""


def _standing(name: str, role: str, hospital: str, team: str, scopes: Iterable[str] = ()) -> Standing:
    from stroke_map.editions import open_published
    from stroke_map.live.accounts import read_standing

    try:
        standing = read_standing(name, role, hospital, team, scopes)
    except ValueError as error:
        raise InvalidRequestError(f"this account cannot be: {error}", next_step="Correct it; see --help.") from None
    if hospital:
        with suppress(EditionError):  # accounts may come before the first edition
            if hospital not in {known.id for known in open_published(read_settings().geodata_dir).hospitals}:
                say(f"The published edition has no hospital {hospital}.")
    return standing


def _password_hash(*, from_stdin: bool) -> str:
    from stroke_map.live.credentials import hash_password

    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    try:
        return hash_password(password)
    except ValueError as error:
        raise InvalidRequestError(f"the password {error}", next_step="Choose another; a few words are good.") from None


def _print_user(told: dict[str, Any], totp_secret: str, *, as_json: bool) -> None:
    from stroke_map.live.credentials import totp_address

    address = totp_address(totp_secret, told["name"])
    if as_json:
        print_json(told | {"totp": address})
    else:
        say("For the authenticator app, shown this once:")
        click.echo(address)


@user.command("add")
@click.argument("name")
@click.option("--role", required=True, help="dispatcher, crew, hospital, editor, auditor or administrator.")
@click.option("--hospital", default="", help="The id of the hospital that the role hospital is bound to.")
@click.option("--team", default="", help="Its team: emergency, radiology, neurology, cardiology or cath_lab.")
@_PASSWORD
@as_json
def add_user(name: str, role: str, hospital: str, team: str, *, password_stdin: bool, as_json: bool) -> None:
    """Add somebody; prints the address that their authenticator app reads."""
    from stroke_map.live.credentials import new_totp_secret

    standing, now, secret = _standing(name, role, hospital, team), datetime.now(UTC), new_totp_secret()
    password_hash = _password_hash(from_stdin=password_stdin)
    with opened_store() as store:
        added = store.accounts.add_user(standing, password_hash, secret, by=this_user(), now=now)
    _print_user(added.as_json(now), secret, as_json=as_json)


@user.command("reset")
@click.argument("name")
@_PASSWORD
@as_json
def reset_user(name: str, *, password_stdin: bool, as_json: bool) -> None:
    """Give somebody a new password and authenticator; their sessions end, and they are locked out no longer."""
    from stroke_map.live.credentials import new_totp_secret

    now, secret = datetime.now(UTC), new_totp_secret()
    password_hash = _password_hash(from_stdin=password_stdin)
    with opened_store() as store:
        changed = store.accounts.reset_user(name, password_hash, secret, now=now)
    _print_user(changed.as_json(now), secret, as_json=as_json)


@user.command("unlock")
@click.argument("name")
@as_json
def unlock_user(name: str, *, as_json: bool) -> None:
    """Let somebody try again at once who is locked out after failed log-ins; password and authenticator stay."""
    now = datetime.now(UTC)
    with opened_store() as store:
        told = store.accounts.unlock_user(name).as_json(now)
    if as_json:
        print_json(told)
    else:
        click.echo(f"Unlocked {told['name']}")


@user.command("list")
@as_json
def list_users(*, as_json: bool) -> None:
    """List everybody, with role and what they are bound to."""
    now = datetime.now(UTC)
    with opened_store() as store:
        found = [one.as_json(now) for one in store.accounts.list_users()]
    if as_json:
        print_json(found)
    else:
        columns = ("name", "role", "hospital", "team", "state", "created_by")
        print_table([column.upper() for column in columns], ([one[c] or "" for c in columns] for one in found))


@user.command("revoke")
@click.argument("name")
@as_json
def revoke_user(name: str, *, as_json: bool) -> None:
    """Let somebody in no more, from the next request on; the name stays taken."""
    now = datetime.now(UTC)
    with opened_store() as store:
        told = store.accounts.revoke_user(name, by=this_user(), now=now).as_json(now)
    if as_json:
        print_json(told)
    else:
        click.echo(f"Revoked {told['name']}")


@key.command("add")
@click.argument("name")
@click.option("--role", required=True, help="dispatcher, crew, hospital, editor, auditor or administrator.")
@click.option("--hospital", default="", help="The id of the hospital that the role hospital is bound to.")
@click.option("--team", default="", help="Its team.")
@click.option(
    "--scope", "scopes", multiple=True, help="All it may do, such as route or closures:read; may be repeated."
)
@_DAYS
@as_json
def add_key(
    name: str, *, role: str, hospital: str, team: str, scopes: tuple[str, ...], days: int, as_json: bool
) -> None:
    """Make a key and print it; only its hash is kept, so it is shown this once."""
    standing, now = _standing(name, role, hospital, team, scopes), datetime.now(UTC)
    with opened_store() as store:
        made, whole = store.accounts.add_key(standing, lasts=timedelta(days=days), by=this_user(), now=now)
    _print_key(made, whole, now, as_json=as_json)


@key.command("rotate")
@click.argument("key_id")
@click.option(
    "--overlap-hours",
    type=click.IntRange(0, 720),
    default=24,
    show_default=True,
    help="How long the old one goes on, while machines are changed over.",
)
@_DAYS
@as_json
def rotate_key(key_id: str, overlap_hours: int, days: int, *, as_json: bool) -> None:
    """Make a key in the place of KEY_ID; both are good for a while, so that no machine stands without one."""
    now, lasts, overlap = datetime.now(UTC), timedelta(days=days), timedelta(hours=overlap_hours)
    with opened_store() as store:
        made, whole = store.accounts.rotate_key(key_id, lasts=lasts, overlap=overlap, by=this_user(), now=now)
    _print_key(made, whole, now, as_json=as_json)


def _print_key(made: Key, whole: str, now: datetime, *, as_json: bool) -> None:
    if as_json:
        print_json(made.as_json(now) | {"key": whole})
    else:
        say(f"Key {made.id}, until {made.expires_at:%Y-%m-%d}; shown this once:")
        click.echo(whole)


@key.command("list")
@as_json
def list_keys(*, as_json: bool) -> None:
    """List every key by its public part, with what it may do and until when."""
    now = datetime.now(UTC)
    with opened_store() as store:
        found = [one.as_json(now) for one in store.accounts.list_keys()]
    if as_json:
        print_json(found)
        return
    rows = (
        (k["id"], k["name"], k["role"], k["hospital"] or "", " ".join(k["scopes"]), k["state"], f"{k['expires_at']:%Y-%m-%d}")
        for k in found
    )  # fmt: skip
    print_table(("KEY", "NAME", "ROLE", "HOSPITAL", "SCOPES", "STATE", "UNTIL"), rows)


@key.command("revoke")
@click.argument("key_id")
@as_json
def revoke_key(key_id: str, *, as_json: bool) -> None:
    """Refuse the key KEY_ID (its public part) from the next request on, in every worker."""
    now = datetime.now(UTC)
    with opened_store() as store:
        told = store.accounts.revoke_key(key_id, by=this_user(), now=now).as_json(now)
    if as_json:
        print_json(told)
    else:
        click.echo(f"Revoked {told['id']}")
