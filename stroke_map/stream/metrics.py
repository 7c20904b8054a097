"""What the stream process counts, for Prometheus."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from stroke_map.live.changed import Versions
    from stroke_map.stream.feed import News

_LAG_BUCKETS_S = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0)


class Metrics:
    """The counters of one process.

    Attributes
    ----------
    streams, stale, slow, refused
        Open streams; whether the database is away; clients that were cut off; requests that were refused, by code.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._before: Versions | None = None
        self.streams = Gauge("stroke_map_streams", "Open streams.", registry=self._registry)
        self.stale = Gauge("stroke_map_stream_stale", "1: the database is away.", registry=self._registry)
        self.slow = Counter("stroke_map_stream_slow", "Clients cut off for being too slow.", registry=self._registry)
        self.refused = Counter("stroke_map_stream_refused", "Refused requests.", ["code"], registry=self._registry)
        self._events = Counter("stroke_map_stream_events", "Changes told.", ["kind"], registry=self._registry)
        self._lag = Histogram(
            "stroke_map_stream_lag_seconds",
            "From a change to its being handed to all streams.",
            buckets=_LAG_BUCKETS_S,
            registry=self._registry,
        )

    def note(self, news: News) -> None:
        """Count the changes that nobody had been told before."""
        before, self._before = self._before, news.current
        now_s = time.time()
        for event in news.events:
            if before is not None and event.version > before[event.topic]:
                self._events.labels(event.kind).inc()
                # A version is the moment of the change, in microseconds.
                self._lag.observe(max(0.0, now_s - event.version / 1e6))

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)
