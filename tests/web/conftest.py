"""The application over the demonstration city; no part of it is replaced."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, text, update

from stroke_map.live.accounts import Standing
from stroke_map.live.tables import changes, metadata
from stroke_map.settings import Settings, read_settings
from stroke_map.web import create_app
from stroke_map.web.ask import warm_up
from stroke_map.web.live_state import live_view_of, warm_live_state
from stroke_map.web.published import holder_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from duty.postgres import PostgresDatabases
    from flask import Flask
    from werkzeug.test import TestResponse

    from tests.conftest import LiveDatabase

KEY = "correct horse battery staple"


@pytest.fixture(scope="session")
def settings(demo_geodata: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    own = tmp_path_factory.mktemp("own")  # the folder of the city is that of every process of pytest-xdist
    live = {"database_url": f"sqlite:///{own / 'live.db'}", "audit_dir": own / "audit"}
    return read_settings({}, geodata_dir=demo_geodata, cache_dir=own, clinical_key=KEY, **live)


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


@contextmanager
def _live_app(geodata: Path, folder: Path, address: str) -> Iterator[Flask]:
    with _live_apps(geodata, folder, address) as make:
        app = make()
        app.extensions["stroke_map.live_store"].migrate()
        # A busy machine keeps PostgreSQL for longer than a question waits, and the test is then told that its new key is nobody's.
        live_view_of(app)._patience_s = 60.0
        yield app


@pytest.fixture(scope="session")
def _live_app_on_sqlite(demo_geodata: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("live")
    with _live_app(demo_geodata, folder, f"sqlite:///{folder / 'live.db'}") as app:
        yield app


@pytest.fixture(scope="session")
def _live_app_on_postgres(
    demo_geodata: Path, postgres_databases: PostgresDatabases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    with _live_app(demo_geodata, tmp_path_factory.mktemp("live"), postgres_databases.make("all_tests")) as app:
        yield app


@pytest.fixture(params=["sqlite", "postgres"])
def live_app(request: pytest.FixtureRequest) -> Flask:
    """An application with an empty live state, of each kind. Its log of reads goes on from test to test: ask for none of it."""
    app: Flask = request.getfixturevalue(f"_live_app_on_{request.param}")
    store = app.extensions["stroke_map.live_store"]
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
    warm_live_state(app)
    return app


@pytest.fixture
def key_of(app: Flask) -> Callable[..., dict[str, str]]:
    """The header of somebody new with a role."""

    def make(role: str, hospital: str = "", team: str = "", scopes: tuple[str, ...] = ()) -> dict[str, str]:
        standing = Standing(f"{role} {hospital} {team}".strip(), role, hospital, team, scopes)
        accounts = app.extensions["stroke_map.live_store"].accounts
        _, key = accounts.add_key(standing, lasts=timedelta(days=1), by="test", now=datetime.now(UTC))
        return {"Authorization": f"Bearer {key}"}

    return make


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


class Served(NamedTuple):
    """An application with a live state of its own, and where it is served."""

    app: Flask
    site: str

    def ask(self, method: str, address: str, body: Any = None, **headers: str) -> Any:
        """What the API answers to a dispatcher."""
        known = {"Authorization": f"Bearer {KEY}", **headers}
        response = self.app.test_client().open(f"/api/v1{address}", method=method, json=body, headers=known)
        assert response.status_code < 300, response.text
        return response.get_json()


@pytest.fixture(scope="session")
def serve_live(
    demo_geodata: Path, serving: Callable[[Any], AbstractContextManager[str]], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., AbstractContextManager[Served]]:
    """Serve the city with a live state of its own, in SQLite, and further settings as long as a `with` block lasts."""

    @contextmanager
    def serve(**fields: Any) -> Iterator[Served]:
        folder = tmp_path_factory.mktemp("served")
        with _live_apps(demo_geodata, folder, f"sqlite:///{folder / 'live.db'}") as make:
            app = make(stream_port=0, **fields)
            app.extensions["stroke_map.live_store"].migrate()
            warm_live_state(app)
            warm_up(holder_of(app).current(), app.extensions["stroke_map.settings"])
            with serving(app) as site:
                yield Served(app, site)

    return serve


@pytest.fixture(scope="session")
def fast_clock() -> str:
    """A script by which a page is on a machine whose clock is five hours fast."""
    return """(() => {
      const ahead = 5 * 3600_000, Right = Date, now = Date.now, origin = performance.timeOrigin + ahead;
      window.Date = class extends Right { constructor(...given) { given.length ? super(...given) : super(now() + ahead); } static now() { return now() + ahead; } };
      Object.defineProperty(performance, "timeOrigin", { get: () => origin });
    })()"""


#: What Playwright itself writes where a test lets no service worker in.
BLOCKED = "Service Worker registration blocked by Playwright"


@pytest.fixture(scope="session")
def watch() -> Callable[[Any, list[str], tuple[str, ...]], None]:
    """Write into a list whatever a page should not do: ask another host, an error in the console or of a script, a dialog."""

    def begin(page: Any, wrong: list[str], allowed: tuple[str, ...]) -> None:
        page.on("request", lambda request: request.url.startswith((*allowed, "data:")) or wrong.append(request.url))
        page.on(
            "console",
            lambda said: said.type in {"error", "warning"} and said.text != BLOCKED and wrong.append(said.text),
        )
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))

    return begin


@pytest.fixture(scope="session")
def site(app: Flask, serving: Callable[[Any], AbstractContextManager[str]]) -> Iterator[str]:
    """The address at which the demonstration city is served."""
    warm_live_state(app)
    with serving(app) as address:
        yield address


@pytest.fixture
def visit(browser: Any, watch: Callable[..., None]) -> Iterator[tuple[Callable[..., Any], list[str]]]:
    """Open pages and watch them: a request to another host, a console error, a dialog or a script error fails the test."""
    contexts: list[Any] = []
    wrong: list[str] = []

    def start(site: str, *, viewport: dict[str, int] | None = None, **options: Any) -> Any:
        phone = viewport is not None and viewport["width"] < 900
        context = browser.new_context(viewport=viewport or {"width": 1280, "height": 800}, has_touch=phone, **options)
        context.set_default_timeout(120_000)  # a busy machine is slow, not wrong
        contexts.append(context)
        page = context.new_page()
        watch(page, wrong, (site,))
        return page

    yield start, wrong
    for context in contexts:
        context.close()
    # A question about a place without a road is answered 404, one too many 429, which Chromium writes to the console.
    assert [what for what in wrong if "404 (NOT FOUND)" not in what and "429 (TOO MANY" not in what] == []


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


@pytest.fixture
def looks_right(
    request: pytest.FixtureRequest, axe_finds: Callable[[Any], list[str]], picture: Callable[..., None]
) -> Callable[..., None]:
    """Hold a state against axe, and keep a picture of it for somebody to look at, named after the file of the test."""
    screen = request.path.stem.removeprefix("test_").removesuffix("_browser")

    def look(page: Any, name: str, *, whole: bool = False) -> None:
        assert axe_finds(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1"), "nothing is cut off sideways"
        picture(page, f"{screen}-{name}", whole=whole)

    return look
