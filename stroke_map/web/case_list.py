"""The list of cases for those who ask again and again: made anew only when a case or an alert has changed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from stroke_map.live.holding import CASE_TOPIC

if TYPE_CHECKING:
    from stroke_map.live import LiveStore

#: How many different lists are remembered: that of the dispatchers, and one for each hospital.
_MOST: Final = 512


class CasePage(NamedTuple):
    """A list as JSON and its ETag, good for that version."""

    body: bytes
    etag: str
    version: int


class CaseLists:
    """The lists of one worker.

    Parameters
    ----------
    store
        Where the cases are.
    """

    def __init__(self, store: LiveStore) -> None:
        self._store, self._pages = store, dict[tuple[Any, ...], CasePage]()

    def page(self, *, most: int, include_closed: bool = False, **asked: Any) -> CasePage:
        """At most `most` of the cases that `CaseRecords.list` gives for what is `asked`; only lists of open ones are remembered."""
        key = (most, *sorted(asked.items()))
        # Before the cases: what is written between the two is then noticed the next time.
        version, page = self._store.version(CASE_TOPIC), None if include_closed else self._pages.get(key)
        if page is None or page.version != version:
            found = self._store.cases.list(include_closed=include_closed, most=most + 1, **asked)
            body = orjson.dumps({"cases": [case.as_json() for case in found[:most]], "more": len(found) > most})
            page = CasePage(body, hashlib.sha256(body).hexdigest()[:32], version)
            if not include_closed:
                if len(self._pages) >= _MOST:
                    self._pages.clear()
                self._pages[key] = page
        return page
