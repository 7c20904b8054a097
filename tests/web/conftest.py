"""The application over the demonstration city; no part of it is replaced."""

from __future__ import annotations

import os
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, text, update
from werkzeug.serving import make_server

from stroke_map.live.tables import changes, metadata
from stroke_map.settings import Settings, read_settings
from stroke_map.web import create_app
from stroke_map.web.live_state import warm_live_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from flask import Flask
    from werkzeug.test import TestResponse

    from tests.conftest import LiveDatabase

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


@contextmanager
def _live_apps(geodata: Path, folder: Path, address: str) -> Iterator[Callable[..., Flask]]:
    """Make applications over one database of live state, and let go of all of it in the end."""
    made: list[Flask] = []

    def make(**fields: Any) -> Flask:
        own = {"geodata_dir": geodata, "cache_dir": folder, "clinical_key": KEY}
        own |= {"database_url": address, "audit_dir": folder / "audit"}
        app = create_app(read_settings({}, **own | fields))
        app.test_client_class = BufferedClient
        made.append(app)
        return app

    try:
        yield make
    finally:
        for app in made:
            app.extensions["stroke_map.read_log"].close()
            app.extensions["stroke_map.live_store"].close()


@pytest.fixture
def make_live_app(demo_geodata: Path, live_database: LiveDatabase, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Make an application with a live state of its own, once in SQLite and once in PostgreSQL, and an audit folder."""
    with _live_apps(demo_geodata, tmp_path, live_database.address) as make:
        yield make


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def _shared_live_app(
    request: pytest.FixtureRequest, demo_geodata: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("live")
    address = f"sqlite:///{folder / 'live.db'}"
    if request.param == "postgres":
        address = request.getfixturevalue("postgres_databases").make("all_tests")
    with _live_apps(demo_geodata, folder, address) as make:
        app = make()
        app.extensions["stroke_map.live_store"].migrate()
        yield app


@pytest.fixture
def live_app(_shared_live_app: Flask) -> Flask:
    """An application with an empty live state, of each kind. Its log of reads goes on from test to test: ask for none of it."""
    store = _shared_live_app.extensions["stroke_map.live_store"]
    with store.writing(audited=False) as connection:
        # The chains of the audit log stay: its thread goes on writing to them.
        emptied = [table for table in reversed(metadata.sorted_tables) if not table.name.startswith("audit")]
        for table in emptied:
            if table is not changes:
                connection.execute(delete(table))
        connection.execute(update(changes).values(version=0))
        if connection.dialect.name == "sqlite":
            connection.execute(text("DELETE FROM sqlite_sequence"))
        else:
            named = connection.execute(text("SELECT sequencename FROM pg_sequences")).scalars().all()
            for name in named:
                connection.execute(text(f"ALTER SEQUENCE {name} RESTART"))
    warm_live_state(_shared_live_app)
    return _shared_live_app


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


# ---- a real browser

CHROMIUM_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SCREENSHOTS = Path(__file__).resolve().parents[2] / "screenshots"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium, else Playwright's; tests that need one are skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    with playwright.sync_playwright() as started:
        executable = found or started.chromium.executable_path
        if not Path(executable).exists():
            pytest.skip("no Chromium on PATH and none installed by playwright")
        browser = started.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def serving() -> Callable[[Any], AbstractContextManager[str]]:
    """Serve an application as long as a `with` block lasts; gives its address."""

    @contextmanager
    def serve(app: Any) -> Iterator[str]:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    return serve


@pytest.fixture(scope="session")
def site(app: Flask, serving: Callable[[Any], AbstractContextManager[str]]) -> Iterator[str]:
    """The address at which the demonstration city is served."""
    warm_live_state(app)
    with serving(app) as address:
        yield address


@pytest.fixture
def visit(browser: Any) -> Iterator[tuple[Callable[..., Any], list[str]]]:
    """Open pages and watch them: a request to another host, a console error, a dialog or a script error fails the test."""
    contexts: list[Any] = []
    wrong: list[str] = []

    def start(site: str, *, viewport: dict[str, int] | None = None, **options: Any) -> Any:
        phone = viewport is not None and viewport["width"] < 900
        context = browser.new_context(viewport=viewport or {"width": 1280, "height": 800}, has_touch=phone, **options)
        context.set_default_timeout(120_000)  # a busy machine is slow, not wrong
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: request.url.startswith((site, "data:")) or wrong.append(request.url))
        page.on("console", lambda said: said.type in {"error", "warning"} and wrong.append(said.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        return page

    yield start, wrong
    for context in contexts:
        context.close()
    # A question about a place without a road is answered 404, one too many 429, which Chromium writes to the console.
    assert [what for what in wrong if "404 (NOT FOUND)" not in what and "429 (TOO MANY" not in what] == []


@pytest.fixture(scope="session")
def picture() -> Callable[..., None]:
    """Take a screenshot into a folder that git ignores, for somebody to look at."""

    def take(page: Any, name: str, *, whole: bool = False) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        part = SCREENSHOTS / f".{os.environ.get('PYTEST_XDIST_WORKER', '')}{name}.png"
        page.screenshot(path=part, full_page=whole)
        part.replace(SCREENSHOTS / f"{name}.png")

    return take


@pytest.fixture(scope="session")
def settle() -> Callable[[Any], None]:
    """Wait until every tile is there and no animation runs."""

    def wait(page: Any) -> None:
        page.wait_for_selector(".leaflet-tile-loaded")
        page.wait_for_selector(".leaflet-tile:not(.leaflet-tile-loaded)", state="detached")
        page.wait_for_timeout(400)

    return wait


@pytest.fixture(scope="session")
def axe_finds() -> Callable[[Any], list[str]]:
    """What axe-core finds wrong with a page as it stands: the rule, and the elements that break it."""
    package = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    script = (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")

    def find(page: Any) -> list[str]:
        # By the debugger, which the page's own policy does not bind.
        page.evaluate(f"() => {{ if (!window.axe) {{ {script} }} }}")
        found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
        return [f"{one['id']}: {', '.join(node['html'][:200] for node in one['nodes'][:4])}" for one in found]

    return find
