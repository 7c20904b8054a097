"""What every page says about the edition it shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from stroke_map.maps.pages import PageFacts

if TYPE_CHECKING:
    from stroke_map.editions import Edition
    from stroke_map.settings import Settings


def is_expired(edition: Edition) -> bool:
    """Whether the edition's last day is over."""
    return datetime.now(UTC).astimezone(edition.zone).date() > edition.info.valid_until


def facts_of(edition: Edition, settings: Settings) -> PageFacts:
    """The facts of an edition and of whoever publishes it."""
    info, contact = edition.info, settings.report_errors_to
    return PageFacts(
        edition_id=info.id,
        region=info.region.name.model_dump(),
        publisher=info.publisher.model_dump(),
        valid_from=info.valid_from.isoformat(),
        valid_until=info.valid_until.isoformat(),
        demo=info.demo,
        attribution=info.attribution,
        licence=info.licence,
        map_review_number=settings.map_review_number,
        expired=is_expired(edition),
        made_on=info.created_at.astimezone(edition.zone).date().isoformat(),
        sources=tuple(source.model_dump() for source in info.built_from),
        # Nothing else may stand in a link, whoever wrote the setting.
        report_errors_to=contact if contact.startswith(("mailto:", "https://")) else "",
        tile_attribution=settings.tile_attribution if settings.tile_url else "",
    )
