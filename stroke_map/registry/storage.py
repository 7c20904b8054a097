"""The registry as a SQLite file, `registry.db` of an edition."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from stroke_map.errors import RegistryError
from stroke_map.registry.models import Capability, Hospital, Level

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from sqlite_utils import Database

_LEVELS = ("stroke_level", "chest_pain_level")
_HOSPITAL_COLUMNS = {
    "id": str,
    "position": int,  # the sheet's order, which people recognise their list by
    **dict.fromkeys(("name_zh", "name_en", "name_short", "district", "address"), str),
    **dict.fromkeys(("lat", "lon", "entrance_lat", "entrance_lon"), float),
    **dict.fromkeys(("crs", "phone", "kind"), str),
    **{f"{level}{part}": str for level in _LEVELS for part in ("_scheme", "")},
}
_CAPABILITY_COLUMNS = {
    "hospital_id": str,
    **dict.fromkeys(("capability", "status", "hours", "valid_from", "valid_until", "body", "agents"), str),
}


def save_registry(hospitals: Iterable[Hospital], db_path: str | os.PathLike[str]) -> None:
    """Write hospitals as a new SQLite file, replacing `db_path` whole or not at all.

    The same hospitals give the same bytes with the same SQLite. Coordinates in it are WGS-84 degrees.

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
            _write(database, list(hospitals))
        unfinished.replace(db_path)
    except sqlite3.IntegrityError as error:
        raise RegistryError(f"two hospitals have one id ({error})", problems=[]) from None
    finally:
        unfinished.unlink(missing_ok=True)


def _write(database: Database, hospitals: list[Hospital]) -> None:
    hospital_table = database.table("hospitals")
    capability_table = database.table("capabilities")
    with database.atomic():
        hospital_table.create(_HOSPITAL_COLUMNS, pk="id")
        capability_table.create(
            _CAPABILITY_COLUMNS,
            pk=("hospital_id", "capability"),
            foreign_keys=[("hospital_id", "hospitals", "id")],
        )
        hospital_table.insert_all(_hospital_row(index, hospital) for index, hospital in enumerate(hospitals))
        capability_table.insert_all(
            {"hospital_id": hospital.id, "capability": name, **_capability_row(capability)}
            for hospital in hospitals
            for name, capability in hospital.capabilities.items()
        )


def _hospital_row(position: int, hospital: Hospital) -> dict[str, Any]:
    row = hospital.model_dump(exclude={"capabilities", *_LEVELS})
    for name in _LEVELS:
        level: Level | None = getattr(hospital, name)
        row[f"{name}_scheme"], row[name] = (level.scheme, level.level) if level else (None, None)
    return {"position": position, **row}


def _capability_row(capability: Capability) -> dict[str, Any]:
    row = capability.model_dump(mode="json")
    return {**row, "agents": ";".join(capability.agents)}


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
    capabilities: dict[str, dict[str, Capability]] = {}
    for row in map(dict, connection.execute("select * from capabilities order by rowid")):
        hospital_id, name, agents = row.pop("hospital_id"), row.pop("capability"), row.pop("agents")
        capability = Capability(**row, agents=tuple(agents.split(";")) if agents else ())
        capabilities.setdefault(hospital_id, {})[name] = capability
    hospitals = map(dict, connection.execute("select * from hospitals order by position"))
    return [_hospital(row, capabilities.get(row["id"], {})) for row in hospitals]


def _hospital(row: dict[str, Any], capabilities: dict[str, Capability]) -> Hospital:
    del row["position"]
    for name in _LEVELS:
        scheme, level = row.pop(f"{name}_scheme"), row[name]
        row[name] = Level(scheme=scheme, level=level) if level else None
    return Hospital(**row, capabilities=capabilities)
