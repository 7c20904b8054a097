"""A file of closures: a GeoJSON FeatureCollection, or a JSON list of entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stroke_map.errors import ClosureError
from stroke_map.live.entry import parse_json

if TYPE_CHECKING:
    from pathlib import Path

MOST_ENTRIES: Final = 10_000
_LARGEST_FILE_BYTES: Final = 256 * 1024 * 1024


def read_entries(path: Path) -> list[Any]:
    """The entries of a file, each as it stands there; `checking.check_all` reads them.

    Raises
    ------
    ClosureError
        It cannot be read, is neither of the two kinds, or holds too many entries.
    """
    try:
        if path.stat().st_size > _LARGEST_FILE_BYTES:
            raise ClosureError(f"{path.name} is larger than {_LARGEST_FILE_BYTES / 1e6:.0f} MB")
        document = parse_json(path.read_bytes())
    except OSError as error:
        raise ClosureError(f"{path.name} cannot be read: {error.strerror}") from error
    is_collection = isinstance(document, dict) and document.get("type") == "FeatureCollection"
    entries = document.get("features") if is_collection else document
    if not isinstance(entries, list):
        raise ClosureError(f"{path.name} is neither a GeoJSON FeatureCollection nor a JSON list of closures")
    if not 0 < len(entries) <= MOST_ENTRIES:
        raise ClosureError(f"{path.name} holds {len(entries):,} entries; it must be 1 to {MOST_ENTRIES:,}")
    return entries
