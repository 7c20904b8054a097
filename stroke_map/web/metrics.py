"""`/metrics` for Prometheus: which edition serves, how old it is, and for how long it still holds.

Each number is read when it is asked for, from what all workers share, so that any of them gives the same answer.
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
from stroke_map.web.published import holder_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from stroke_map.editions import EditionHolder

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


def answer() -> Response:
    """The metrics as text."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_EditionCollector(holder_of(current_app)))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def install(app: Flask) -> None:
    """Let `app` answer `/metrics`."""
    app.add_url_rule("/metrics", endpoint="metrics", view_func=answer, methods=["GET"])
