"""What an edition's hospitals, districts and places are found by; made ready once for an edition."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from stroke_map.editions.edition import REGISTRY_FILE
from stroke_map.editions.seal import damaged
from stroke_map.registry.pinyin import fold
from stroke_map.registry.places import PlaceSearch
from stroke_map.registry.search import HospitalSearch

if TYPE_CHECKING:
    from stroke_map.editions.edition import Edition
    from stroke_map.registry.search import Found


class EditionSearch:
    """Hospitals and districts, and the places of the edition's gazetteer; safe between threads."""

    def __init__(self, edition: Edition) -> None:
        # Nothing here holds on to the edition, with which all this is forgotten.
        self._id = edition.info.id
        self._hospitals = HospitalSearch(edition.hospitals)
        self._names = {fold(name) for one in edition.hospitals for name in (one.name_zh, one.name_en, one.name_short)}
        try:
            self._places = PlaceSearch(edition.folder / REGISTRY_FILE)
        except sqlite3.DatabaseError as error:
            raise damaged(self._id, {REGISTRY_FILE: f"cannot be searched: {error}"}) from error

    def find(self, text: str, limit: int = 8) -> list[Found]:
        """The best `limit` for `text`, which may be anything at all: by how well they fit, hospitals before districts before places.

        Raises
        ------
        EditionDamagedError
            The edition's registry cannot be read.
        """
        try:
            places = self._places.find(text, limit)
        except sqlite3.DatabaseError as error:
            raise damaged(self._id, {REGISTRY_FILE: f"cannot be searched: {error}"}) from error
        hospitals = self._hospitals.find(text, limit)
        # The map knows better where a district is than the mean of its hospitals, and the registry where a hospital is.
        on_map = {one.name for one in places if one.kind in {"district", "settlement"}}
        found = [one for one in hospitals if one.kind == "hospital" or one.name not in on_map]
        found += [one for one in places if one.kind != "clinic" or fold(one.name) not in self._names]
        return sorted(found, key=lambda one: one.fit)[: max(0, limit)]


_SEARCHES: WeakKeyDictionary[Edition, EditionSearch] = WeakKeyDictionary()


def search_of(edition: Edition) -> EditionSearch:
    """The edition's search; made once (0.5 s for 115 hospitals, 2 s for 2,000) and forgotten with it."""
    search = _SEARCHES.get(edition)
    if search is None:
        search = _SEARCHES[edition] = EditionSearch(edition)
    return search
