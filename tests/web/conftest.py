"""The application over the demonstration city; no part of it is replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flask.testing import FlaskClient

from stroke_map.settings import Settings, read_settings
from stroke_map.web import create_app
from stroke_map.web.live_state import warm_live_state

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask import Flask
    from werkzeug.test import TestResponse

KEY = "correct horse battery staple"


@pytest.fixture(scope="session")
def settings(demo_geodata: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return read_settings({}, geodata_dir=demo_geodata, cache_dir=tmp_path_factory.mktemp("cache"), clinical_key=KEY)


class BufferedClient(FlaskClient):
    """Reads every answer to its end, which closes the file it may come from."""

    def open(self, *arguments: Any, buffered: bool = True, **named: Any) -> TestResponse:
        return super().open(*arguments, buffered=buffered, **named)


@pytest.fixture(scope="session")
def app(settings: Settings) -> Flask:
    app = create_app(settings)
    app.test_client_class = BufferedClient
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    warm_live_state(app)
    return app.test_client()


@pytest.fixture(scope="session")
def clinical() -> dict[str, str]:
    """The header of someone who may ask clinical questions."""
    return {"Authorization": f"Bearer {KEY}"}


@pytest.fixture(scope="session")
def place(demo_edition) -> dict[str, float]:
    """A place in the city from which hospitals can be reached: the gate of one of them, moved to its street's middle."""
    hospital = demo_edition.hospitals[0]
    return {"lat": round(hospital.entrance_lat, 5), "lon": round(hospital.entrance_lon, 5)}


@pytest.fixture(scope="session")
def app_without_edition(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    empty: Callable[[str], Path] = tmp_path_factory.mktemp
    return create_app(read_settings({}, geodata_dir=empty("geodata"), cache_dir=empty("cache")))
