"""Editions: one sealed folder with everything a server needs, built once, published by one switch.

`build_edition` makes one, `annual_update` that of a year, `amend_edition` a corrected one; `publish`, `rollback`, `verify_edition` and `list_editions` are what an editor does with
it; `EditionHolder` gives a server the published one, `open_published` a script.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from stroke_map.editions.info import EditionInfo
from stroke_map.editions.publish import (
    EditionState,
    Publication,
    list_editions,
    publish,
    read_publication,
    rollback,
    verify_edition,
)

if TYPE_CHECKING:
    from stroke_map.editions.amend import amend_edition
    from stroke_map.editions.background import BackgroundVerifier
    from stroke_map.editions.build import build_edition
    from stroke_map.editions.comparing import Made
    from stroke_map.editions.edition import Edition, open_published
    from stroke_map.editions.holder import EditionHolder
    from stroke_map.editions.region import Region, load_region
    from stroke_map.editions.update import annual_update

_MODULES = {
    "BackgroundVerifier": "background",
    "Edition": "edition",
    "EditionHolder": "holder",
    "Made": "comparing",
    "Region": "region",
    "amend_edition": "amend",
    "annual_update": "update",
    "build_edition": "build",
    "load_region": "region",
    "open_published": "edition",
}

__all__ = [
    "BackgroundVerifier",
    "Edition",
    "EditionHolder",
    "EditionInfo",
    "EditionState",
    "Made",
    "Publication",
    "Region",
    "amend_edition",
    "annual_update",
    "build_edition",
    "list_editions",
    "load_region",
    "open_published",
    "publish",
    "read_publication",
    "rollback",
    "verify_edition",
]


def __getattr__(name: str) -> Any:
    """What needs NumPy and Shapely, when it is asked for: a rollback need not wait for them."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
