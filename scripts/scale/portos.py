"""A region larger than any extract at hand: the same one several times, side by side, joined by roads. For speed and memory alone."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import osmium

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Between two copies lies a tenth of their width, so that no road of one touches one of the other.
_APART = 1.1
#: The made-up roads between them begin where the extract has one of these.
_JOINED_AT = frozenset({"trunk", "primary", "secondary"})
_JOINED_BY = "highway=trunk"
#: What has a meaning of its own in an OPL file.
_SPECIAL = re.compile(r"[%,=@\s]")


class Extract(NamedTuple):
    """The roads of a file, as the lines of an OPL file without their ids (https://osmcode.org/opl-file-format/).

    Attributes
    ----------
    nodes
        Longitude, latitude in degrees, and tags, by id.
    ways, relations
        Tags, and the ids of nodes, or (kind, id, role) of members, by id.
    middle
        The node of a large road next to the middle.
    """

    nodes: dict[int, tuple[float, float, str]]
    ways: dict[int, tuple[str, list[int]]]
    relations: dict[int, tuple[str, list[tuple[str, int, str]]]]
    middle: int

    @classmethod
    def of(cls, osm: Path) -> Extract:
        """Read a file."""
        ways, relations, joints = {}, {}, set()
        for thing in osmium.FileProcessor(str(osm), osmium.osm.WAY | osmium.osm.RELATION):
            if thing.is_way() and ("highway" in thing.tags or thing.tags.get("route") == "ferry"):
                ways[thing.id] = _tags(thing), [node.ref for node in thing.nodes]
                if thing.tags.get("highway") in _JOINED_AT and thing.tags.get("oneway", "no") == "no":
                    joints.update(ways[thing.id][1])
            elif thing.is_relation() and thing.tags.get("type") == "restriction":
                relations[thing.id] = _tags(thing), [(one.type, one.ref, _escape(one.role)) for one in thing.members]
        used = {node for _, nodes in ways.values() for node in nodes}
        nodes = {
            node.id: (node.lon, node.lat, _tags(node))
            for node in osmium.FileProcessor(str(osm), osmium.osm.NODE)
            if node.id in used
        }
        lon, lat, _ = zip(*nodes.values(), strict=True)
        middle = (min(lon) + max(lon)) / 2, (min(lat) + max(lat)) / 2
        there = sorted(joints & nodes.keys()) or sorted(nodes)
        return cls(nodes, ways, relations, min(there, key=lambda node: math.dist(nodes[node][:2], middle)))


def _tags(thing: Any) -> str:
    return ",".join(f"{_escape(tag.k)}={_escape(tag.v)}" for tag in thing.tags)


def _escape(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"%{ord(found[0]):x}%", text)


def write_copies(osm: Path, side: int, path: Path) -> Path:
    """Write `side` x `side` copies of the roads of a file as one, each joined to the next by a road of both directions.

    Parameters
    ----------
    path
        What to write, `.osm.pbf`; a file that is there stays.
    """
    if path.exists():
        return path
    part, text = path.with_name(f".{path.name}"), path.with_name(f".{path.name}.opl")
    with text.open("w", encoding="utf-8") as stream:
        stream.writelines(_lines(Extract.of(osm), side))
    # Whole objects go from one file to the other without being taken apart.
    with osmium.SimpleWriter(str(part), overwrite=True) as writer:
        for thing in osmium.FileProcessor(str(text)):
            writer.add(thing)
    text.unlink()
    part.rename(path)
    return path


def _lines(extract: Extract, side: int) -> Iterator[str]:
    """All nodes first, then all ways: as readers expect them."""
    lon, lat, _ = zip(*extract.nodes.values(), strict=True)
    east, north = (_APART * (max(part) - min(part)) for part in (lon, lat))
    most = max(*extract.nodes, *extract.ways, *extract.relations, 0)
    firsts = [number * most for number in range(side * side)]
    for number, first in enumerate(firsts):
        right, up = number % side * east, number // side * north
        for node, (x, y, tags) in extract.nodes.items():
            yield f"n{first + node} v1 T{tags} x{x + right:.7f} y{y + up:.7f}\n"
    for first in firsts:
        for way, (tags, nodes) in extract.ways.items():
            yield f"w{first + way} v1 T{tags} N{','.join(f'n{first + node}' for node in nodes)}\n"
    for number, ends in enumerate(_neighbours(side), start=1):
        nodes = [extract.middle + firsts[copy] for copy in ends]
        yield f"w{side * side * most + number} v1 T{_JOINED_BY} Nn{nodes[0]},n{nodes[1]}\n"
    for first in firsts:
        for relation, (tags, members) in extract.relations.items():
            told = ",".join(f"{kind}{first + one}@{role}" for kind, one, role in members)
            yield f"r{first + relation} v1 T{tags} M{told}\n"


def _neighbours(side: int) -> Iterator[tuple[int, int]]:
    """Each copy with the one to its right and the one above it."""
    for row in range(side):
        for column in range(side):
            if column + 1 < side:
                yield row * side + column, row * side + column + 1
            if row + 1 < side:
                yield row * side + column, (row + 1) * side + column
