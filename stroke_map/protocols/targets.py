"""In which time treatment is to begin: the protocol's own values where it has them, else those of `targets.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stroke_map.protocols.protocol import Value

if TYPE_CHECKING:
    from stroke_map.protocols.protocol import Protocol


def targets_of(protocol: Protocol) -> dict[str, tuple[Value, ...]]:
    """The targets of each measure of the protocol's condition, in minutes, the one that counts first."""
    clock = protocol.clock if "clock" in protocol.values else None
    return {
        measure: tuple(
            protocol.values[table["key"]] if "key" in table else Value.model_validate(table)
            for table in tables
            if table.get("clock") in {None, clock}
        )
        for measure, tables in _tables()[protocol.condition].items()
    }


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("targets.toml").read_text(encoding="utf-8"))
