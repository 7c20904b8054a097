"""What a worker counts while it answers: requests, errors, how far places lie from a road, answers that knew less than they should.

In a server of several workers each number lies in a file that all of them read (prometheus-client's multiprocess mode, by the numbers of
`Workers`), so that any of them tells the sum.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import CollectorRegistry, Counter, Histogram, values
from prometheus_client.multiprocess import MultiProcessCollector

from stroke_map.errors import NoCapableHospitalError, NoRouteError, OffNetworkError, OutsideAreaError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Flask
    from prometheus_client.registry import Collector

    from stroke_map.web.workers import Workers

_SECONDS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0)
_METRES: Final = (5.0, 10.0, 20.0, 50.0, 100.0, 150.0, 300.0, 1000.0)
#: Warnings of an answer that say that it knew less than it should, or found less than one should find.
DEGRADED: Final = (
    "live-state-stale", "edition-out-of-date", "accreditation-lapsed", "telephone-first", "capability-unknown", "status-unconfirmed",
)  # fmt: skip
#: Errors in whose place there is a list by straight line.
WITHOUT_ROAD: Final = tuple(
    kind.code for kind in (OutsideAreaError, OffNetworkError, NoRouteError, NoCapableHospitalError)
)
DAMAGED: Final = "edition-damaged"
_ENVIRONMENT: Final = "PROMETHEUS_MULTIPROC_DIR"
_MEASURES: Final = "stroke_map.measures"


class Measures:
    """The counters of one application; safe to share between threads.

    Parameters
    ----------
    workers
        Those of the server; None: this process answers alone, or prometheus-client was told of a folder by its own variable.

    Attributes
    ----------
    workers
        As above.
    lines_lost
        Lines of the log that nobody took.
    """

    def __init__(self, workers: Workers | None) -> None:
        self.workers = workers
        if workers is not None:
            # The folder of a server before the counters are made, and a number that the next worker takes over: files of dead ones never pile up.
            os.environ[_ENVIRONMENT] = str(workers.folder)
            values.ValueClass = values.MultiProcessValue(lambda: workers.number)  # type: ignore[no-untyped-call]
        self._folder = os.environ.get(_ENVIRONMENT, "")
        self.registry = CollectorRegistry(auto_describe=False)
        labels = ("plane", "method", "endpoint", "status")
        self._requests = self._histogram("request_seconds", "From a request to its answer.", labels, _SECONDS)
        snaps = self._histogram("snap_metres", "From the place asked about to its road.", ("plane",), _METRES)
        self._snaps = {plane: snaps.labels(plane) for plane in ("public", "clinical")}
        self._problems = self._counter("problems", "Errors that were answered.", ("plane", "code"))
        self._degraded = self._counter("degraded_answers", "Answers that knew less than they should.", ("reason",))
        self.lines_lost = self._counter("log_lines_lost", "Lines of the log that nobody took.", ())
        self._counter("worker_starts", "Workers that began, those anew too.", ()).inc(workers is not None)
        self._of_requests: dict[tuple[str, ...], Histogram] = {}
        for reason in (
            *DEGRADED,
            *WITHOUT_ROAD,
            DAMAGED,
        ):  # there from the start, so that the first one is seen as a rise
            self._degraded.labels(reason)

    def _histogram(self, name: str, what: str, labels: Iterable[str], buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"stroke_map_{name}", what, labels, buckets=buckets, registry=self.registry)

    def _counter(self, name: str, what: str, labels: Iterable[str]) -> Counter:
        return Counter(f"stroke_map_{name}", what, labels, registry=self.registry)

    def request(self, plane: str, method: str, endpoint: str, status: str, seconds: float) -> None:
        """Count one request."""
        labels = plane, method, endpoint, status
        found = self._of_requests.get(labels)
        if found is None:
            found = self._of_requests[labels] = self._requests.labels(*labels)
        found.observe(seconds)

    def problem(self, plane: str, code: str) -> None:
        """Count one error; a list by straight line in an answer's place is a degraded answer."""
        self._problems.labels(plane, code).inc()
        if code in WITHOUT_ROAD:
            self._degraded.labels(code).inc()

    def answer(self, plane: str, answer: dict[str, Any], *, damaged: bool) -> None:
        """Count what one answer knew; `damaged`: from an edition of which a file is not what was sealed."""
        self._snaps[plane].observe(answer["origin"]["snapped"]["distance_m"])
        for warning in answer["warnings"]:
            if warning["code"] in DEGRADED:
                self._degraded.labels(warning["code"]).inc()
        if damaged:
            self._degraded.labels(DAMAGED).inc()

    def collector(self) -> Collector:
        """What tells all of it, of every worker."""
        if not self._folder:
            return self.registry
        return MultiProcessCollector(None, self._folder)  # type: ignore[no-untyped-call]


def measures_of(app: Flask) -> Measures:
    """The counters of `app`."""
    measures: Measures = app.extensions[_MEASURES]
    return measures


def install(app: Flask, workers: Workers | None) -> None:
    """Give `app` its counters."""
    app.extensions[_MEASURES] = Measures(workers)
