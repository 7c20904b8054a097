"""Reading a protocol: what this package ships, and what a region sets in its place."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from stroke_map.errors import ProtocolError
from stroke_map.protocols.protocol import CONDITIONS, Protocol, Scale, Value

_HERE: Final = Path(__file__).parent
_HEADER: Final = ("version", "signed_by", "signed_on")
_SCALE_VALUES: Final = ("cut_off", "sensitivity", "specificity")


def load_protocol(condition: str, overrides: str | Path | None = None) -> Protocol:
    """The protocol of this package, with a region's values in place of its own.

    Parameters
    ----------
    condition
        `stroke` or `chest_pain`.
    overrides
        A TOML file: `version`, `signed_by` and `signed_on` (both or neither), and `[stroke.KEY]`, `[chest_pain.KEY]` or
        `[scales.SCALE.cut_off]` (`sensitivity`, `specificity`), each with `value`, `unit` and, if wanted, `source`. Everything in
        it has the status "local". A file may set values of both conditions; all of it is checked each time.

    Raises
    ------
    ProtocolError
        A value is missing, unknown, not positive, in another unit, or contradicts another; the file and the key are named.
    """
    if condition not in CONDITIONS:
        raise _refuse("", "condition", f"is not known: give one of {', '.join(CONDITIONS)}")
    if overrides is None:
        return _shipped(condition)
    path = Path(overrides)
    local = _read(path)
    _check_tables(path, local)
    both = {name: _overridden(path, local, name) for name in CONDITIONS}
    return both[condition]


@cache
def _shipped(condition: str) -> Protocol:
    path = _HERE / f"{condition}.toml"
    table = _read(path)
    if condition == "stroke":
        table["scales"] = shipped_scales()
    return _protocol(path, table)


@cache
def shipped_scales() -> dict[str, Scale]:
    """The scales of this package, by name."""
    path = _HERE / "scales.toml"
    try:
        return {name: Scale.model_validate(table) for name, table in _read(path)["scales"].items()}
    except ValidationError as error:
        raise _refuse_all(path, error) from None


def _overridden(path: Path, local: dict[str, Any], condition: str) -> Protocol:
    shipped = _shipped(condition)
    table: dict[str, Any] = {name: getattr(shipped, name) for name in Protocol.model_fields}
    table |= {"local_version": local.get("version"), **{key: local.get(key) for key in _HEADER[1:]}}
    source = f"{local['signed_by']}, {local['signed_on']}" if local.get("signed_by") else f"{path.name}, not signed"
    values = dict(shipped.values)
    for key, told in local.get(condition, {}).items():
        if key not in values:
            raise _refuse(path.name, f"{condition}.{key}", f"is unknown; known are {', '.join(values)}")
        values[key] = _local(path, f"{condition}.{key}", told, values[key], source)
    table["values"] = values
    if condition == "stroke":
        table["scales"] = _scales(path, local.get("scales", {}), source)
    return _protocol(path, table)


def _scales(path: Path, told: dict[str, Any], source: str) -> dict[str, Scale]:
    scales = dict(shipped_scales())
    for name, table in told.items():
        if name not in scales:
            raise _refuse(path.name, f"scales.{name}", f"is unknown; known are {', '.join(scales)}")
        for key, value in _table(path, f"scales.{name}", table).items():
            if key not in _SCALE_VALUES:
                raise _refuse(path.name, f"scales.{name}.{key}", f"is unknown; known are {', '.join(_SCALE_VALUES)}")
            new = _local(path, f"scales.{name}.{key}", value, getattr(scales[name], key), source)
            try:
                scales[name] = Scale.model_validate({**dict(scales[name]), key: new})
            except ValidationError as error:
                raise _refuse_all(path, error, f"scales.{name}") from None
    return scales


def _local(path: Path, key: str, told: Any, shipped: Value, source: str) -> Value:
    """A region's value: it keeps the words, and must say the unit, so that hours are never taken for minutes."""
    table = _table(path, key, told)
    unknown = sorted(table.keys() - {"value", "unit", "source"})
    if unknown:
        raise _refuse(path.name, f"{key}.{unknown[0]}", "is unknown; known are value, unit, source")
    for part in ("value", "unit"):
        if part not in table:
            raise _refuse(path.name, f"{key}.{part}", "is missing")
    if table["unit"] != shipped.unit:
        raise _refuse(path.name, f"{key}.unit", f"must be {shipped.unit}")
    try:
        return Value.model_validate(shipped.model_dump() | {"source": source} | table | {"status": "local"})
    except ValidationError as error:
        raise _refuse_all(path, error, key) from None


def _check_tables(path: Path, local: dict[str, Any]) -> None:
    for key, value in local.items():
        if key in _HEADER:
            right = isinstance(value, date) if key == "signed_on" else isinstance(value, str) and value.strip()
            if not right:
                raise _refuse(path.name, key, "must be a date" if key == "signed_on" else "must be a text")
        elif key in (*CONDITIONS, "scales"):
            _table(path, key, value)
        else:
            raise _refuse(path.name, key, f"is unknown; known are {', '.join((*_HEADER, *CONDITIONS, 'scales'))}")
    if "version" not in local:
        raise _refuse(path.name, "version", "is missing")
    if ("signed_by" in local) != ("signed_on" in local):
        raise _refuse(path.name, "signed_by", "and signed_on go together")


def _table(path: Path, key: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _refuse(path.name, key, "must be a table")
    return value


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _refuse(path.name, "", f"cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise _refuse(path.name, "", f"is no TOML: {error}") from None


def _protocol(path: Path, table: dict[str, Any]) -> Protocol:
    try:
        return Protocol.model_validate(table)
    except ValidationError as error:
        raise _refuse_all(path, error) from None


def _refuse_all(path: Path, error: ValidationError, key: str = "") -> ProtocolError:
    """What pydantic found, without its prefix and without what was given."""
    found = []
    for each in error.errors(include_url=False, include_input=False, include_context=False):
        where = ".".join(str(part) for part in (key, *each["loc"]) if str(part) and not str(part).endswith("]"))
        found.append({"file": path.name, "field": where, "problem": each["msg"].removeprefix("Value error, ")})
    return _error(found)


def _refuse(file: str, key: str, problem: str) -> ProtocolError:
    return _error([{"file": file, "field": key, "problem": problem}])


def _error(found: list[dict[str, str]]) -> ProtocolError:
    first = found[0]
    return ProtocolError(" ".join(part for part in first.values() if part), errors=found)
