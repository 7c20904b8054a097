"""The registry as a SQLite file, `registry.db` of an edition."""

from __future__ import annotations

import os
import sqlite3
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from stroke_map.errors import RegistryError
from stroke_map.registry.models import Hospital
from stroke_map.registry.network_models import CASES, MEDIANS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlite_utils import Database

_HOSPITAL_COLUMNS: Final[dict[str, type]] = {
    "id": str,
    "position": int,  # the sheet's order, which people recognise their list by
    **dict.fromkeys(("name_zh", "name_en", "name_short", "organisation", "campus", "district", "address"), str),
    **dict.fromkeys(("lat", "lon", "entrance_lat", "entrance_lon"), float),
    **dict.fromkeys(("crs", "phone", "kind", "lead_hospital", "community", "remote_ecg_partner"), str),
}
# What a hospital has several of, or may have none of: a table each, in the order in which the hospital has them.
_TABLES: Final[dict[str, dict[str, type]]] = {
    "capabilities": dict.fromkeys(
        ("capability", "status", "hours", "valid_from", "valid_until", "body", "assessed_on", "agents"), str
    ),
    "levels": dict.fromkeys(("centre", "scheme", "level", "body", "assessed_on", "valid_until"), str),
    "transfer_partners": {"partner_id": str, "transfer_delay_min": float},
    "contacts": {"position": int, "team": str, "phone": str},
    "figures": {"year": int, **dict.fromkeys(CASES, int), **dict.fromkeys(MEDIANS, float)},
}
_KEYS: Final = {
    "capabilities": "capability",
    "levels": "centre",
    "transfer_partners": "partner_id",
    "contacts": "position",
}


def save_registry(hospitals: Iterable[Hospital], db_path: str | os.PathLike[str]) -> None:
    """Write hospitals as a new SQLite file, replacing `db_path` whole or not at all.

    The same hospitals give the same bytes with the same SQLite. Coordinates in it are WGS-84 degrees. It holds the
    contacts of alerts, which are for clinical use: it is not a file to publish.

    Raises
    ------
    RegistryError
        Two hospitals with one id.
    OSError, sqlite3.OperationalError
        A folder that cannot be written or a full disk; `db_path` is as before.
    """
    from sqlite_utils import Database  # imports pandas where that is installed: 0.2 s that no reader needs to wait

    db_path = Path(db_path)
    unfinished = db_path.with_name(db_path.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        with closing(Database(unfinished)) as database:
            # A file that only gets its name when it is whole needs no journal, and has to be on the disk once.
            database.execute("pragma journal_mode = memory")
            database.execute("pragma synchronous = off")
            _write(database, list(hospitals))
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        unfinished.replace(db_path)
    except sqlite3.IntegrityError as error:
        raise RegistryError(f"two hospitals have one id ({error})", problems=[]) from None
    finally:
        unfinished.unlink(missing_ok=True)


def _write(database: Database, hospitals: list[Hospital]) -> None:
    with database.atomic():
        table = database.table("hospitals")
        table.create(_HOSPITAL_COLUMNS, pk="id")
        table.insert_all(
            {"position": position, **hospital.model_dump(include=set(_HOSPITAL_COLUMNS))}
            for position, hospital in enumerate(hospitals)
        )
        for name, columns in _TABLES.items():
            table = database.table(name)
            table.create(
                {"hospital_id": str, **columns},
                pk=("hospital_id", _KEYS[name]) if name in _KEYS else "hospital_id",
                foreign_keys=[("hospital_id", "hospitals", "id")],
            )
            table.insert_all(
                {"hospital_id": hospital.id, **row} for hospital in hospitals for row in _rows(name, hospital)
            )


def _rows(table: str, hospital: Hospital) -> Iterator[dict[str, Any]]:
    """What one hospital has in a table."""
    told = hospital.model_dump(mode="json", include={table})[table]
    if table == "capabilities":
        for name, row in told.items():
            yield {"capability": name, **row, "agents": ";".join(row["agents"])}
    elif table == "levels":
        for name, row in told.items():
            yield {"centre": name, **row}
    elif table == "transfer_partners":
        for row in told:
            yield {"partner_id": row.pop("id"), **row}
    elif table == "contacts":
        for position, row in enumerate(told):
            yield {"position": position, **row}
    elif any(value is not None for value in told.values()):
        yield told


def load_registry(db_path: str | os.PathLike[str]) -> list[Hospital]:
    """Read the hospitals back, in the order in which they were saved; equal to what was saved.

    Raises
    ------
    RegistryError
        A file that is missing, damaged, or no registry.
    """
    db_path = Path(db_path)
    try:
        # Read-only and immutable: a sealed edition gets no journal, lock or changed byte from being looked at.
        with closing(sqlite3.connect(f"{db_path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return _read(connection)
    except (sqlite3.DatabaseError, ValidationError, KeyError) as error:
        raise RegistryError(
            f"{db_path.name} cannot be read as a registry: {error}",
            next_step="Build the edition again, or go back to one that is whole.",
            problems=[],
        ) from error


def _read(connection: sqlite3.Connection) -> list[Hospital]:
    of_hospital: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for table in _TABLES:
        for row in map(dict, connection.execute(f"select * from {table} order by rowid")):  # noqa: S608 - our own names
            _add(of_hospital[row.pop("hospital_id")], table, row)
    hospitals = map(dict, connection.execute("select * from hospitals order by position"))
    return [
        Hospital(**{k: v for k, v in row.items() if k != "position"}, **of_hospital[row["id"]]) for row in hospitals
    ]


def _add(values: dict[str, Any], table: str, row: dict[str, Any]) -> None:
    """Take back what `_rows` made of one value."""
    if table == "capabilities":
        agents = row.pop("agents")
        row["agents"] = tuple(agents.split(";")) if agents else ()
        values.setdefault(table, {})[row.pop("capability")] = row
    elif table == "levels":
        values.setdefault(table, {})[row.pop("centre")] = row
    elif table == "transfer_partners":
        values.setdefault(table, []).append({"id": row.pop("partner_id"), **row})
    elif table == "contacts":
        del row["position"]
        values.setdefault(table, []).append(row)
    else:
        values[table] = row
