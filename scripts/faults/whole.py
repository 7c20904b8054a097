"""What must hold of a geodata folder at every moment, whatever died in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from faults import Violation
from stroke_map.editions import list_editions, open_published, read_publication, verify_edition
from stroke_map.errors import StrokeMapError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def check_whole(geodata: Path) -> set[str]:
    """Look whether everything that has a name is whole, every byte of it, and what is published opens.

    Returns
    -------
    The ids of the editions.

    Raises
    ------
    Violation
        Something half-made is listed or published.
    """
    listed = {state.id: state for state in list_editions(geodata)}
    named = {path.name for path in (geodata / "editions").iterdir() if not path.name.startswith(".")}
    if named != listed.keys():
        raise Violation(f"{sorted(named ^ listed.keys())} among the editions, and not in the list")
    try:
        for edition_id in listed:
            verify_edition(geodata, edition_id, full=True)
        published = open_published(geodata).info.id
    except StrokeMapError as error:
        raise Violation(error.detail) from error
    if listed[published].state != "published":
        raise Violation(f"{published} is published, and listed as {listed[published].state}")
    return set(listed)


def published(geodata: Path) -> str:
    """The id of the edition that serves."""
    return read_publication(geodata).edition


def left_over(geodata: Path) -> list[str]:
    """What is in the folder of editions and is none."""
    return sorted(path.name for path in (geodata / "editions").iterdir() if path.name.startswith("."))


def check_same(one: Path, other: Path, *, but: Sequence[str] = ()) -> None:
    """Compare two editions byte for byte, but for when they were made and the seals over that.

    Parameters
    ----------
    but
        Files that do not count.

    Raises
    ------
    Violation
        They differ.
    """
    ours, theirs = _content(one), _content(other)
    names = (ours.keys() | theirs.keys()) - set(but)
    differing = sorted(name for name in names if ours.get(name) != theirs.get(name))
    if differing:
        raise Violation(f"{one} is not what {other} is: {', '.join(differing[:5])}")


def _content(folder: Path) -> dict[str, bytes]:
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    info = orjson.loads(files["edition.json"])
    del info["created_at"], info["seal"]
    return files | {"edition.json": orjson.dumps(info)}
