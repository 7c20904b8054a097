"""The service over HTTP: application factory, JSON API, pages, one error body."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from stroke_map.settings import Settings
    from stroke_map.web.workers import Workers


def create_app(settings: Settings, among: Workers | None = None) -> Flask:
    """The WSGI application; see `stroke_map.web.application`, which is imported only now, for it is not light."""
    from stroke_map.web.application import make_app

    return make_app(settings, among)


def application() -> Flask:
    """The application for another WSGI server, with the settings of the environment: `gunicorn 'stroke_map.web:application()'`.

    It does all that a worker of `stroke-map serve` does; the stream is a process of its own, see `stroke-map stream`.
    """
    import os

    from stroke_map.settings import prepare_numba_cache, read_settings

    prepare_numba_cache()  # before anything imports numba
    from stroke_map.web.server import load

    settings = read_settings()
    folder = settings.cache_dir / "workers" / f"{os.getppid()}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return load(settings, folder)
