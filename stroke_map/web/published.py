"""The published edition, as requests see it.

The holder belongs to the editions room: it notices a switch and swaps in one step. A request calls `current_edition()` once and uses what it got throughout, so no answer mixes two editions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app

from stroke_map.editions import EditionHolder

if TYPE_CHECKING:
    from flask import Flask

    from stroke_map.editions import Edition
    from stroke_map.settings import Settings

_HOLDER = "stroke_map.published"


def current_edition() -> Edition:
    """The edition to answer this request from.

    Raises
    ------
    NoEditionError, EditionDamagedError
        Nothing sound is published.
    """
    return holder_of(current_app).current()


def holder_of(app: Flask) -> EditionHolder:
    """The holder `app` takes its editions from; it also knows what is wrong with them."""
    holder: EditionHolder = app.extensions[_HOLDER]
    return holder


def install_edition(app: Flask, settings: Settings) -> None:
    """Give `app` its holder."""
    app.extensions[_HOLDER] = EditionHolder(settings.geodata_dir)
