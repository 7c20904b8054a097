"""The gazetteer of an edition: places one may be at, found by name, alias, pinyin and initials in SQLite's full-text index.

The row number of a place is its rank, shorter names first, and FTS5 gives matches by row number: so the first few of
however many are the best ones, and a question stops there.
"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from contextlib import closing
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stroke_map.registry.pinyin import Spelling, fold, spellings
from stroke_map.registry.search import CONTAINS, EXACT, LONGEST_QUESTION, PREFIX, WORD, Found

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from sqlite_utils import Database

#: The kind of what the publisher adds to what the map has.
PUBLISHED: Final = "landmark"
#: What a place can be, the more telling first: of names equally long that fit equally well they come in this order.
KINDS: Final[tuple[str, ...]] = (
    "district", "settlement", PUBLISHED, "estate", "road", "station", "junction", "bridge", "clinic", "school", "mall",
    "building", "site", "park",
)  # fmt: skip
_TABLE = {
    "id": int,
    "name": str,
    "name_en": str,
    "alias": str,
    "kind": str,
    "district": str,
    "lat": float,
    "lon": float,
}
_TEXT, _SHORT = "places_text", "places_short"
# Each spelling stands between these, which no folded text holds: so the trigram index, which knows nothing shorter than three
# characters, also finds a beginning of one ("^^w") and a whole name ("^^wz$").
_BEFORE, _AFTER = "^^", "$"
_TRIGRAM: Final = 3
# An unusual reading of a place name is rarely meant, and each takes room for a hundred thousand places.
_MOST_READINGS: Final = 4
# Each character of a phrase costs a look into the index (400: 100 ms), and no two names need so many to be told apart.
_MOST_TYPED: Final = 64
# Of several words in any order the longest is looked up; so many of its matches are looked through for the others.
_MOST_LOOKED_THROUGH: Final = 300


@dataclass(frozen=True, slots=True)
class Place:
    """A place one may be at: one of `KINDS`, in WGS-84 degrees. No alias holds a semicolon."""

    name: str
    alias: tuple[str, ...]
    kind: str
    lat: float
    lon: float
    district: str = ""
    name_en: str = ""


def save_places(places: Iterable[Place], db_path: str | os.PathLike[str]) -> None:
    """Write places, and everything they are found by, into a SQLite file, in place of those that it has.

    The same places, in any order, give the same bytes in the same file with the same SQLite.

    Raises
    ------
    OSError, sqlite3.OperationalError
        A file that cannot be written, or a full disk; the places in it are as before.
    """
    from sqlite_utils import Database  # imports pandas where that is installed: 0.2 s that no reader needs to wait

    ranked = sorted(places, key=_rank)
    with closing(Database(Path(db_path))) as database, database.atomic():
        _create(database)
        database.table("places").insert_all(_row(number, place) for number, place in enumerate(ranked, start=1))
        for table, text in ((_TEXT, _spelled), (_SHORT, _grams)):
            rows = ((number, text(place)) for number, place in enumerate(ranked, start=1))
            database.conn.executemany(f"insert into {table} (rowid, content) values (?, ?)", rows)  # noqa: S608  our own names
            database.execute(f"insert into {table} ({table}) values ('optimize')")  # noqa: S608


def copy_places(source: str | os.PathLike[str], db_path: str | os.PathLike[str]) -> None:
    """Take the places of another SQLite file over as they are, which is many times faster than to save them again.

    Nothing is forced onto the disk: `db_path` is a file that a power cut may spoil, as those of an edition that is not sealed yet.
    """
    from sqlite_utils import Database

    connection = sqlite3.connect(Path(db_path).absolute().as_uri(), uri=True)
    with closing(Database(connection)) as database:
        database.execute("pragma main.journal_mode = memory")
        database.execute("pragma main.synchronous = off")
        database.execute("attach ? as other", [_address(source)])
        with database.atomic():
            found = database.execute(
                "select name from other.sqlite_master where name glob 'places*' and type = 'table'"
            )
            tables = {name for (name,) in found} - {_TEXT, _SHORT}
            if not tables:
                return
            _create(database)
            for table in sorted(tables):
                database.execute(f"delete from main.{table}")  # noqa: S608  our own names
                database.execute(f"insert into main.{table} select * from other.{table}")  # noqa: S608


def load_places(db_path: str | os.PathLike[str]) -> list[Place]:
    """Read the places back, by rank; none from a file without."""
    with closing(_open(db_path)) as connection:
        rows = connection.execute("select * from places order by id") if _has_places(connection) else ()
        return [Place(**{k: row[k] for k in _TABLE if k not in {"id", "alias"}}, alias=_aliases(row)) for row in rows]


def _create(database: Database) -> None:
    for table in (_SHORT, _TEXT, "places"):
        database.execute(f"drop table if exists main.{table}")
    database.table("places").create(_TABLE, pk="id")
    # Without a copy of the text: what is found is read from `places`.
    database.execute(
        f"create virtual table {_TEXT} using fts5(content, content='', tokenize='trigram case_sensitive 1')"
    )
    # One and two characters, which the trigrams lack; of them only the row counts. To "ascii" every other character is a letter.
    database.execute(f"create virtual table {_SHORT} using fts5(content, content='', detail=none, tokenize='ascii')")


def _rank(place: Place) -> tuple[object, ...]:
    kind = KINDS.index(place.kind) if place.kind in KINDS else len(KINDS)
    return len(_compact(place.name)), kind, astuple(place)


def _row(number: int, place: Place) -> dict[str, object]:
    row = {column: getattr(place, column) for column in _TABLE if column != "id"}
    return {"id": number, **row, "alias": ";".join(place.alias)}


def _names(place: Place) -> tuple[str, ...]:
    return tuple(filter(None, (place.name, place.name_en, *place.alias)))


def _spelled(place: Place) -> str:
    """Every spelling, without spaces and, for the beginnings of words, with them."""
    texts: dict[str, None] = {}
    for spelling in (spelling for name in _names(place) for spelling in spellings(name, _MOST_READINGS)):
        texts[spelling.compact] = None
        if spelling.kind != "initials":
            texts[" ".join(spelling.words)] = None
    return "".join(f"{_BEFORE}{text}{_AFTER}" for text in texts)


def _grams(place: Place) -> str:
    compact = [_compact(name) for name in _names(place)]
    return " ".join(
        dict.fromkeys(text[at : at + size] for text in compact for size in (1, 2) for at in range(len(text)))
    )


def _compact(text: str) -> str:
    return Spelling(tuple(fold(text).split())).compact


def _open(db_path: str | os.PathLike[str]) -> sqlite3.Connection:
    connection = sqlite3.connect(_address(db_path), uri=True, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    return connection


def _address(db_path: str | os.PathLike[str]) -> str:
    # Read-only and immutable: a sealed edition gets no journal, lock or changed byte from being looked at.
    return f"{Path(db_path).absolute().as_uri()}?mode=ro&immutable=1"


def _has_places(connection: sqlite3.Connection) -> bool:
    return connection.execute("select 1 from sqlite_master where name = 'places'").fetchone() is not None


def _aliases(row: sqlite3.Row) -> tuple[str, ...]:
    return tuple(filter(None, row["alias"].split(";")))


class PlaceSearch:
    """The places of a SQLite file that `save_places` wrote, open for questions; safe between threads.

    The file is opened read-only and must not change. One without places is searched in vain.
    """

    def __init__(self, db_path: str | os.PathLike[str]) -> None:
        self._connection = _open(db_path)
        # One question takes a millisecond: waiting for another thread's is cheaper than a connection for each.
        self._lock = threading.Lock()
        weakref.finalize(self, self._connection.close)
        self._has_places = _has_places(self._connection)

    def find(self, text: str, limit: int = 8) -> list[Found]:
        """The best `limit` places for `text`, which may be anything at all.

        Ranked as hospitals are: exact, beginning so, a word beginning so, anywhere; then the shorter name. Several words also
        find what has all of them in name, alias or district, in any order.
        """
        words = fold(text).split() if len(text) <= LONGEST_QUESTION else []
        if not words or limit < 1 or not self._has_places:
            return []
        fits: dict[int, int] = {}
        with self._lock:
            for fit, number in self._matches(words, limit):
                fits.setdefault(number, fit)
                if len(fits) == limit:
                    break
            rows = self._rows(list(fits))
        return [_found(rows[number], fit, "".join(words)) for number, fit in fits.items()]

    def _matches(self, words: list[str], limit: int) -> Iterator[tuple[int, int]]:
        """(fit, row number), the best first; one row may come several times. The caller holds the lock."""
        typed, spaced = "".join(words)[:_MOST_TYPED], " ".join(words)[:_MOST_TYPED]
        tries = [
            (EXACT, _TEXT, f"{_BEFORE}{typed}{_AFTER}"),
            (PREFIX, _TEXT, f"{_BEFORE}{typed}"),
            (WORD, _TEXT, f" {spaced}"),
            (CONTAINS, _TEXT if len(typed) >= _TRIGRAM else _SHORT, typed),
        ]
        for fit, table, phrase in tries:
            for number in self._look_up(table, phrase, limit):
                yield fit, number
        if len(words) > 1:
            longest = max(words, key=len)[:_MOST_TYPED]
            numbers = self._look_up(_TEXT if len(longest) >= _TRIGRAM else _SHORT, longest, _MOST_LOOKED_THROUGH)
            for number, row in self._rows(numbers).items():
                everything = _compact(f"{row['name']} {row['name_en']} {row['alias']} {row['district']}")
                if all(word in everything for word in words):
                    yield CONTAINS, number

    def _look_up(self, table: str, phrase: str, limit: int) -> list[int]:
        if len(phrase) < _TRIGRAM and table == _TEXT:  # " w" for a word of one letter
            return []
        # Quoted, a phrase is text and no query; a folded one holds no quotation mark.
        statement = f"select rowid from {table} where {table} match ? order by rowid limit ?"  # noqa: S608  our own names
        return [number for (number,) in self._connection.execute(statement, (f'"{phrase}"', limit))]

    def _rows(self, numbers: list[int]) -> dict[int, sqlite3.Row]:
        marks = ",".join("?" * len(numbers))
        statement = f"select * from places where id in ({marks}) order by id"  # noqa: S608  question marks alone
        return {row["id"]: row for row in self._connection.execute(statement, numbers)}


def _found(row: sqlite3.Row, fit: int, typed: str) -> Found:
    names = (row["name"], row["name_en"], *_aliases(row))
    matched = min((name for name in names if typed in _compact(name)), key=len, default=row["name"])
    return Found(
        row["kind"], "", row["name"], row["name_en"], row["district"], row["lat"], row["lon"], matched, fit
    )  # fmt: skip
