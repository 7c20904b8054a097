"""`/metrics` for Prometheus: which edition serves, and for how long it still holds; alerts that stand, and messages on their way.

Each number comes from what all workers share, so that any of them gives the same answer: of the edition when it is asked for, of alerts
as the worker's clock counted them last.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from stroke_map.editions.status import validity_at
from stroke_map.errors import EditionError
from stroke_map.web.counts import counts_of
from stroke_map.web.published import holder_of
from stroke_map.web.security import settings_of_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from stroke_map.editions import EditionHolder
    from stroke_map.web.counts import Counts

_SECONDS_PER_DAY = 86_400.0


class _EditionCollector(Collector):
    """What is known of the edition that serves."""

    def __init__(self, holder: EditionHolder) -> None:
        self._holder = holder

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The metrics; where no edition serves, that alone."""
        sound = "1: what is published serves and is undamaged as far as is known."
        try:
            info = self._holder.current().info
        except EditionError:
            yield GaugeMetricFamily("stroke_map_edition_sound", sound, value=0)
            return
        holder, now = self._holder, datetime.now(UTC)
        yield GaugeMetricFamily(
            "stroke_map_edition_sound", sound, value=int(holder.problem is None and holder.damage is None)
        )
        labels = {"edition": info.id, "region": info.region.id, "demo": str(info.demo).lower()}
        which = GaugeMetricFamily("stroke_map_edition_info", "The edition that serves.", labels=list(labels))
        which.add_metric(list(labels.values()), 1)
        yield which
        age_days = (now - info.created_at).total_seconds() / _SECONDS_PER_DAY
        yield GaugeMetricFamily("stroke_map_edition_age_days", "Since it was made.", value=age_days)
        days_left = validity_at(info, now).days_left
        yield GaugeMetricFamily(
            "stroke_map_edition_days_left", "To its last day; negative: it has run out.", value=days_left
        )


class _AlertCollector(Collector):
    """What was counted of alerts and their messages."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The metrics; where the database is away, or nobody counts, that alone."""
        now = datetime.now(UTC)
        known = self._counts.at(now)
        yield GaugeMetricFamily("stroke_map_alerts_counted", "1: what follows is known.", value=int(known is not None))
        if known is None:
            return
        number = GaugeMetricFamily("stroke_map_alerts", "Alerts that have not ended.", labels=["state"])
        oldest = GaugeMetricFamily("stroke_map_alerts_oldest_seconds", "Age of the oldest of them.", labels=["state"])
        for state, (count, since) in sorted(known.alerts.items()):
            number.add_metric([state], count)
            oldest.add_metric([state], (now - since).total_seconds())
        yield number
        yield oldest
        dead = GaugeMetricFamily("stroke_map_deliveries_dead", "Messages given up.", labels=["kind", "via"])
        for labels, count in sorted(known.dead.items()):
            dead.add_metric(labels, count)
        yield dead
        yield GaugeMetricFamily("stroke_map_deliveries_waiting", "Messages still to be sent.", value=known.waiting)
        overdue_s = 0.0 if known.due_since is None else (now - known.due_since).total_seconds()
        what = "Since the oldest message was due that nobody sends; 0: there is none."
        yield GaugeMetricFamily("stroke_map_deliveries_overdue_seconds", what, value=overdue_s)


def answer() -> Response:
    """The metrics as text."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_EditionCollector(holder_of(current_app)))
    if settings_of_app().plane != "public":
        registry.register(_AlertCollector(counts_of(current_app)))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def install(app: Flask) -> None:
    """Let `app` answer `/metrics`."""
    app.add_url_rule("/metrics", endpoint="metrics", view_func=answer, methods=["GET"])
