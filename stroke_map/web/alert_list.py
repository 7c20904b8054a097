"""The list of alerts for those who ask again and again: made anew only when something in it has changed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from stroke_map.live.alert_records import SHOWN_AFTER
from stroke_map.live.alert_rules import due
from stroke_map.live.holding import CASE_TOPIC

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from stroke_map.live import LiveStore
    from stroke_map.live.alerts import RecordedAlert

#: How many different lists are remembered; a screen asks for one, and a city has a few hundred.
_MOST: Final = 512


class AlertPage(NamedTuple):
    """A list as JSON and its ETag, with what it was made of: good for that version, until a moment (None: for ever)."""

    body: bytes
    etag: str
    version: int
    since: datetime
    until: datetime | None


class AlertLists:
    """The lists of one worker.

    Parameters
    ----------
    store
        Where the alerts are.
    """

    def __init__(self, store: LiveStore) -> None:
        self._store, self._pages = store, dict[tuple[Any, ...], AlertPage]()

    def page(self, now: datetime, *, most: int, include_ended: bool = False, **asked: Any) -> AlertPage:
        """At most `most` of the alerts that `AlertRecords.list` gives for what is `asked`, as they stand at `now`."""
        key = (most, include_ended, *sorted(asked.items()))
        # Before the alerts: what is written between the two is then noticed the next time.
        version, page = self._store.version(CASE_TOPIC), self._pages.get(key)
        if (
            page is None
            or page.version != version
            or now < page.since
            or (page.until is not None and now >= page.until)
        ):
            found = self._store.alerts.list(now=now, include_ended=include_ended, most=most + 1, **asked)
            shown = [alert.as_json(now, self._store.alerts.timers) for alert in found[:most]]
            body = orjson.dumps({"alerts": shown, "more": len(found) > most})
            etag = hashlib.sha256(body).hexdigest()[:32]
            page = AlertPage(body, etag, version, now, self._changes_at(found, now, include_ended=include_ended))
            # Only what screens ask for again and again: a history may be long, and is read once.
            if not include_ended and not asked.get("after"):
                if len(self._pages) >= _MOST:
                    self._pages.clear()
                self._pages[key] = page
        return page

    def _changes_at(self, alerts: Sequence[RecordedAlert], now: datetime, *, include_ended: bool) -> datetime | None:
        """The next moment at which any of them looks different, though nobody has written anything."""
        moments = []
        for alert in alerts:
            next_at = due(alert.alert, alert.happenings, now, self._store.alerts.timers).next_at
            if next_at is not None:
                moments.append(next_at)
            elif not include_ended:
                moments += [h.at + SHOWN_AFTER for h in alert.happenings if h.at + SHOWN_AFTER > now]
        return min(moments, default=None)
