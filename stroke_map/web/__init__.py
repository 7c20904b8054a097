"""The service over HTTP: application factory, JSON API, pages, one error body."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from stroke_map.settings import Settings


def create_app(settings: Settings) -> Flask:
    """The WSGI application; see `stroke_map.web.application`, which is imported only now, for it is not light."""
    from stroke_map.web.application import make_app

    return make_app(settings)
