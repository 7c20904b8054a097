"""Make ready what the first visitor would wait for, after a start and after each switch: the pages, the small maps, the poster.

One at a time, with a pause after each, so that no question waits for them; of a large region the pages alone, and the pictures when
somebody asks. At no lower priority of the system's: a thread that has the interpreter and is not let run would hold up every answer.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from itertools import product
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from stroke_map.errors import EditionError, StrokeMapError
from stroke_map.maps.addresses import hospital_path
from stroke_map.maps.place_pages import MARKED
from stroke_map.maps.poster import PAPERS
from stroke_map.maps.texts import LANGUAGES
from stroke_map.web.compressing import compress
from stroke_map.web.pages import CONDITIONS
from stroke_map.web.published import holder_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from stroke_map.editions import Edition

CHECK_INTERVAL_S: Final = 2.0
PAUSE_S: Final = 0.2
#: Of a city, in stretches of road: its pictures take a second or two. Those of a province would keep a core for a minute.
LARGEST: Final = 250_000


class PageWarmer:
    """One thread of a server process; start it in the process that serves, not in its parent.

    Parameters
    ----------
    check_interval_s, pause_s
        Seconds between two looks for a new edition, and before each page.
    """

    def __init__(self, app: Flask, *, check_interval_s: float = CHECK_INTERVAL_S, pause_s: float = PAUSE_S) -> None:
        self._app, self._holder = app, holder_of(app)
        self._check_interval_s, self._pause_s = check_interval_s, pause_s
        self._warmed = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="page-warmer", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End after the page that is being made."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with suppress(EditionError):  # nothing serves: there is nothing to make
                self._warm(self._holder.current())
            if self._stopping.wait(self._check_interval_s):
                return

    def _warm(self, edition: Edition) -> None:
        if edition.info.seal == self._warmed:
            return
        for address in addresses_of(edition):
            if self._stopping.wait(self._pause_s) or self._holder.current() is not edition:
                return
            # As somebody who asks, but counted and logged by nobody.
            asked = self._app.test_request_context(address, headers={"Accept-Encoding": "gzip"})
            with asked, suppress(StrokeMapError):
                compress(self._app.make_response(self._app.dispatch_request()))
        self._warmed = edition.info.seal


def addresses_of(edition: Edition) -> Iterator[str]:
    """What is made ready of an edition, the most asked for first."""
    each = [{"lang": lang, "condition": condition} for lang, condition in product(LANGUAGES, CONDITIONS)]
    yield from (f"/?{urlencode(one)}" for one in each)
    yield from (f"/map.js?{urlencode(one)}" for one in each)
    yield from (f"/hospitals?lang={lang}" for lang in LANGUAGES)
    if len(edition.network(edition.info.profiles[0]).stretch_length_m) > LARGEST:
        return
    yield "/service-worker.js"  # with the list and the pictures that stay on a phone
    yield from (f"/poster?{urlencode(one | {'paper': paper})}" for one, paper in product(each, PAPERS))
    for capability in MARKED:  # the first picture reads the table for all of them
        able = (one for one in edition.hospitals if one.capabilities[capability].status == "yes")
        yield from (f"{hospital_path(one.id)}/{capability}.svg?lang={LANGUAGES[0]}" for one in list(able)[:1])
