"""What one protocol says otherwise than another."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from stroke_map.protocols.protocol import Protocol, Value


class Change(NamedTuple):
    """One value that differs; `before` or `after` is "" where there is none."""

    key: str
    before: str
    after: str


def every_value(protocol: Protocol) -> dict[str, Value]:
    """All values of a protocol by key: its own, and those of its scales as `SCALE.cut_off` and `SCALE.items.ITEM`."""
    found = dict(protocol.values)
    for name, scale in protocol.scales.items():
        found |= {f"{name}.{part}": getattr(scale, part) for part in ("cut_off", "sensitivity", "specificity")}
        found |= {f"{name}.items.{item}": value for item, value in scale.items.items()}
    return found


def as_text(value: Value | None) -> str:
    """A value with its unit and standing."""
    if value is None:
        return ""
    shown = value.value if isinstance(value.value, str) else f"{value.value:g} {value.unit}"
    return f"{shown} ({value.status})"


def compare(before: Protocol, after: Protocol) -> list[Change]:
    """Every value that differs in its number or its standing, in the order of the keys."""
    old, new = every_value(before), every_value(after)
    pairs = {key: (as_text(old.get(key)), as_text(new.get(key))) for key in sorted(old.keys() | new.keys())}
    return [Change(key, *pair) for key, pair in pairs.items() if pair[0] != pair[1]]
