"""The live state, as requests see it: the worker's one store and one view of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from flask import current_app

from stroke_map.live import LiveStore, LiveView

if TYPE_CHECKING:
    from flask import Flask

    from stroke_map.settings import Settings

WARM_UP_S: Final = 5.0
_STORE, _VIEW = "stroke_map.live_store", "stroke_map.live_view"


def live_store() -> LiveStore:
    """Where this application keeps its live state."""
    return live_store_of(current_app)


def live_store_of(app: Flask) -> LiveStore:
    """Where `app` keeps its live state."""
    store: LiveStore = app.extensions[_STORE]
    return store


def live_view_of(app: Flask) -> LiveView:
    """The live state of `app`, to answer questions with."""
    view: LiveView = app.extensions[_VIEW]
    return view


def warm_live_state(app: Flask) -> None:
    """Read the live state before the first question: making a new database takes longer than a question waits."""
    view, until = live_view_of(app), time.monotonic() + WARM_UP_S
    while view.state(datetime.now(UTC)).stale and time.monotonic() < until:
        time.sleep(0.05)


def install_live_state(app: Flask, settings: Settings) -> None:
    """Give `app` its store and its view. Nothing is opened before the first question.

    Raises
    ------
    InvalidRequestError
        `database_url` cannot be used.
    """
    store = LiveStore(settings)
    app.extensions[_STORE], app.extensions[_VIEW] = store, LiveView(store)
