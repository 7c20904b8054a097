"""`/metrics` for Prometheus: what the workers have counted together, and how things stand at this moment.

Each number comes from what all workers share, so that any of them gives the same answer: of the edition, the disks and the workers when it is
asked for, of alerts as the worker's clock counted them last, of closures as answers know them.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

import stroke_map
from stroke_map.editions.status import validity_at
from stroke_map.errors import EditionError
from stroke_map.live.statuses import TROUBLES
from stroke_map.web.counts import counts_of
from stroke_map.web.live_state import live_view_of
from stroke_map.web.machine import machine_of
from stroke_map.web.measures import measures_of
from stroke_map.web.published import holder_of
from stroke_map.web.readiness import checks, free_bytes
from stroke_map.web.security import settings_of_app
from stroke_map.web.watchdog import ended_stuck

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from flask import Flask
    from prometheus_client.core import Metric

_SECONDS_PER_DAY = 86_400.0


class _Collected:
    """What a function tells, as the library wants it."""

    def __init__(self, collect: Callable[[], Iterable[Metric]]) -> None:
        self.collect = collect


def _gauge(name: str, what: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"stroke_map_{name}", what, value=value)


def _gauges(name: str, what: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"stroke_map_{name}", what, labels=labels)
    for told, value in sorted(values.items()):
        family.add_metric((told,) if isinstance(told, str) else told, value)
    return family


def _process(app: Flask) -> Iterator[Metric]:
    settings = app.extensions["stroke_map.settings"]
    labels = ("version", "plane")
    yield _gauges("info", "What runs.", labels, {(stroke_map.__version__, settings.plane): 1})
    yield _gauge("clock_seconds", "The clock of this machine, since 1970.", time.time())
    jumped_s = machine_of(app).jumped_s()
    yield _gauge("clock_jumped_seconds", "By how much it was set within ten minutes; negative: back.", jumped_s)
    ahead = "By how much the database's clock is ahead of it."
    yield _gauge("database_clock_ahead_seconds", ahead, counts_of(app).clock_ahead_s)
    failing = {check.name: int(check.state == "failing") for check in checks(app)}
    yield _gauges("check_failing", "1: what /readyz looks at under this name fails.", ("check",), failing)
    free = {folder: left for folder, left, _ in free_bytes(settings)}
    yield _gauges("disk_free_bytes", "Free where this setting points to.", ("folder",), free)


def _edition(app: Flask) -> Iterator[Metric]:
    """What is known of the edition that serves; where none does, that alone."""
    holder, now = holder_of(app), datetime.now(UTC)
    sound = "1: what is published serves and is undamaged as far as is known."
    try:
        info = holder.current().info
    except EditionError:
        yield _gauge("edition_sound", sound, 0)
        return
    yield _gauge("edition_sound", sound, int(holder.problem is None and holder.damage is None))
    labels = {"edition": info.id, "region": info.region.id, "demo": str(info.demo).lower()}
    yield _gauges("edition_info", "The edition that serves.", tuple(labels), {tuple(labels.values()): 1})
    yield _gauge("edition_age_days", "Since it was made.", (now - info.created_at).total_seconds() / _SECONDS_PER_DAY)
    days_left = validity_at(info, now).days_left
    yield _gauge("edition_days_left", "To its last day; negative: it has run out.", days_left)


def _live_state(app: Flask) -> Iterator[Metric]:
    """The live state, as answers know it."""
    now = datetime.now(UTC)
    live = live_view_of(app).state(now)
    yield _gauge("live_state_stale", "1: the database cannot be read just now.", live.stale)
    if live.as_of is not None:
        age_s = max(0.0, (now - live.as_of).total_seconds())
        yield _gauge("live_state_age_seconds", "Since all changes were known.", age_s)
    closures = Counter({"closed": 0, "slow": 0})
    closures.update(closure.kind for closure in live.closures if closure.is_active(now))
    yield _gauges("closures", "Closures and slow-downs that hold now.", ("kind",), closures)
    statuses = Counter(dict.fromkeys(TROUBLES, 0))
    statuses.update(status.kind for status in live.statuses if status.state(now) == "active")
    yield _gauges("hospital_statuses", "What hospitals say of themselves now.", ("kind",), statuses)


def _alerts(app: Flask) -> Iterator[Metric]:
    """What was counted of alerts and their messages; where the database is away, or nobody counts, that alone."""
    now = datetime.now(UTC)
    known = counts_of(app).at(now)
    yield _gauge("alerts_counted", "1: what follows is known.", int(known is not None))
    if known is None:
        return
    standing = {state: count for state, (count, _) in known.alerts.items()}
    yield _gauges("alerts", "Alerts that have not ended.", ("state",), standing)
    ages = {state: (now - since).total_seconds() for state, (_, since) in known.alerts.items()}
    yield _gauges("alerts_oldest_seconds", "Age of the oldest of them.", ("state",), ages)
    yield _gauges("deliveries_dead", "Messages given up.", ("kind", "via"), known.dead)
    yield _gauge("deliveries_waiting", "Messages still to be sent.", known.waiting)
    overdue_s = 0.0 if known.due_since is None else (now - known.due_since).total_seconds()
    what = "Since the oldest message was due that nobody sends; 0: there is none."
    yield _gauge("deliveries_overdue_seconds", what, overdue_s)


def _workers(app: Flask) -> Iterator[Metric]:
    """The workers that live; those that have died leave nothing but what they have counted."""
    workers = measures_of(app).workers
    if workers is None:
        return
    alive = workers.alive()
    yield _gauge("workers", "Workers that live.", len(alive))
    yield _gauge("workers_wanted", "Workers that there should be.", workers.wanted)
    pulses = {str(one.number): one.pulse_age_s for one in alive}
    yield _gauges("worker_pulse_age_seconds", "Since a worker said that it lives.", ("worker",), pulses)
    oldest = {str(one.number): one.oldest_s for one in alive}
    yield _gauges("worker_oldest_request_seconds", "How long it is at its oldest request.", ("worker",), oldest)
    memory = {str(one.number): one.memory_bytes for one in alive}
    yield _gauges("worker_memory_bytes", "Its own memory, without mapped files.", ("worker",), memory)
    yield _gauge("workers_ended_stuck", "Workers that were ended because they were stuck.", ended_stuck(workers.folder))


def answer() -> Response:
    """The metrics as text."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001  there is no other way
    registry = CollectorRegistry(auto_describe=False)
    registry.register(measures_of(app).collector())
    shown = [_process, _edition, _live_state, _workers]
    if settings_of_app().plane != "public":
        shown.append(_alerts)
    for tell in shown:
        registry.register(_Collected(partial(tell, app)))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def install(app: Flask) -> None:
    """Let `app` answer `/metrics`."""
    app.add_url_rule("/metrics", endpoint="metrics", view_func=answer, methods=["GET"])
