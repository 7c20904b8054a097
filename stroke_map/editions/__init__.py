"""Editions: one sealed folder with everything a server needs, built once, published by one switch.

`build_edition` makes one, `annual_update` that of a year, `amend_edition` a corrected one; `publish`, `rollback`, `verify_edition` and `list_editions` are what an editor does with
it; `EditionHolder` gives a server the published one, `open_published` a script.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stroke_map.editions.background import BackgroundVerifier
from stroke_map.editions.build import build_edition
from stroke_map.editions.comparing import Made
from stroke_map.editions.edition import Edition, open_published
from stroke_map.editions.holder import EditionHolder
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
from stroke_map.editions.region import Region, load_region

if TYPE_CHECKING:
    from stroke_map.editions.amend import amend_edition
    from stroke_map.editions.update import annual_update

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
    """The makers when they are asked for: a rollback must not wait for the rooms they need."""
    if name == "amend_edition":
        from stroke_map.editions.amend import amend_edition

        return amend_edition
    if name == "annual_update":
        from stroke_map.editions.update import annual_update

        return annual_update
    raise AttributeError(name)
