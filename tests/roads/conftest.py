"""Tiny road networks, drawn: letters on a grid are nodes, digits are places beside or on the road."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

import pytest

from stroke_map.errors import NoRouteError, OffNetworkError, RoadDataError
from stroke_map.roads import RoadNetwork

if TYPE_CHECKING:
    from pathlib import Path

    from stroke_map.roads import Route

METRES_PER_DEGREE = 111_195.08


def rows_of(table):
    """Cells of a table with `|` between them and a header row -> one dict per row; empty cells are left out."""
    lines = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    header, *rows = lines
    return [{key: cell for key, cell in zip(header, row, strict=True) if cell} for row in rows]


def pairs_of(text):
    return dict(word.split("=", 1) for word in text.split())


@dataclass
class Drawing:
    """A network that answers questions about the letters of its drawing."""

    network: RoadNetwork
    places: dict[str, tuple[float, float]]

    def route(self, start: str, end: str, **options) -> Route:
        return self.network.route(self.places[start], self.places[end], **options)

    def names(self, start: str, end: str, **options) -> str:
        """Street names of the steps without the closing `arrive`, or the error that was raised."""
        try:
            route = self.route(start, end, **options)
        except NoRouteError:
            return "no route"
        except OffNetworkError:
            return "off network"
        *steps, arrival = route.steps
        assert arrival.maneuver == "arrive"
        assert not steps or steps[-1].name == arrival.name
        return " ".join(step.name or "''" for step in steps) or "nothing"

    def check(self, table, **options) -> None:
        """Rows `from to: names`, compared all at once so that a failure shows the whole picture."""
        asked = [line.strip().partition(": ")[::2] for line in table.strip().splitlines()]
        wanted = {pair: " ".join(names.split()) for pair, names in asked}
        assert {pair: self.names(*pair.split(), **options) for pair in wanted} == wanted


class Draughtsman:
    """Writes drawings as real `.osm` files and compiles them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0
        self.north_west = (29.55, 106.55)

    def write(self, picture, ways, relations="", nodes=None, *, grid_m=100, leave_out="", first_id=1) -> Path:
        """The `.osm` file of a drawing; see `__call__`."""
        places = self.places(picture, grid_m)
        letters = [letter for letter in places if not letter.isdigit()]
        step = 1 if first_id > 0 else -1
        node_ids = {letter: first_id + step * at for at, letter in enumerate(letters)}
        xml = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6" generator="tests">']
        for letter in letters:
            if letter not in leave_out:
                lat, lon = places[letter]
                tags = "".join(_tag(*tag) for tag in (nodes or {}).get(letter, {}).items())
                xml.append(f'<node id="{node_ids[letter]}" version="1" lat="{lat:.7f}" lon="{lon:.7f}">{tags}</node>')
        way_ids: dict[str, int] = {}
        for row in rows_of(ways) if isinstance(ways, str) else ways:
            tags = {"highway": "primary", "name": row["nodes"]} | row
            way_ids[tags.pop("id", row["nodes"])] = way_id = 1000 * step + step * len(way_ids)
            refs = "".join(f'<nd ref="{node_ids[letter]}"/>' for letter in tags.pop("nodes"))
            written = "".join(_tag(key, value) for key, value in tags.items() if value != "-")
            xml.append(f'<way id="{way_id}" version="1">{refs}{written}</way>')
        for at, line in enumerate(line.strip() for line in relations.strip().splitlines()):
            kind, *words = line.split(" ; ")[0].split()
            tags = {"type": "restriction"} | ({"restriction": kind} if kind != "-" else {})
            tags |= dict(extra.split("=", 1) for extra in line.split(" ; ")[1:])
            members = "".join(_member(*word.split("=", 1), node_ids, way_ids) for word in words)
            written = "".join(_tag(*tag) for tag in tags.items())
            xml.append(f'<relation id="{5000 * step + step * at}" version="1">{members}{written}</relation>')
        self.count += 1
        path = self.folder / f"drawing-{self.count}.osm"
        path.write_text("\n".join([*xml, "</osm>"]), encoding="utf-8")
        return path

    def places(self, picture, grid_m) -> dict[str, tuple[float, float]]:
        lat, lon = self.north_west
        degree = METRES_PER_DEGREE * math.cos(math.radians(lat))
        lines = textwrap.dedent(picture).strip("\n").splitlines()
        return {
            letter: (lat - row * grid_m / METRES_PER_DEGREE, lon + column * grid_m / degree)
            for row, line in enumerate(lines)
            for column, letter in enumerate(line)
            if letter != " "
        }

    def __call__(self, picture, ways, relations="", nodes=None, *, grid_m=100, profile="car", **how) -> Drawing:
        """Compile a drawing.

        Parameters
        ----------
        picture
            Letters and digits; one character is `grid_m` metres wide and one line as high.
        ways
            A table with `|`: the column `nodes` is required, every other one is a tag. `name` is the nodes unless given, `highway`
            primary; `-` leaves a tag out. A column `id` names the way for relations where several have the same nodes.
        relations
            Lines `no_left_turn from=ab via=b to=bc ; except=bicycle`; `-` for a relation without the plain tag. Members
            of one letter are nodes, others ways; `?` is a way that the file lacks.
        nodes
            Tags by letter.
        """
        path = self.write(picture, ways, relations, nodes, grid_m=grid_m, **how)
        return Drawing(RoadNetwork.from_osm(path, profile=profile), self.places(picture, grid_m))

    def alone(self, tags: dict[str, str], *, profile="car") -> str:
        """How a way that is alone in its file can be driven: `both`, `forward`, `backward` or `closed`."""
        ways = [{"nodes": "abcd", **tags}]
        try:
            drawing = self("a b c d", ways, profile=profile)
        except RoadDataError:
            return "closed"
        ahead, back = (drawing.names(*pair) == "abcd" for pair in ("bc", "cb"))
        return {(1, 1): "both", (1, 0): "forward", (0, 1): "backward", (0, 0): "closed"}[ahead, back]


def _tag(key, value):
    return f"<tag k={quoteattr(key)} v={quoteattr(value)}/>"


def _member(role, name, node_ids, way_ids):
    if len(name) == 1 and name != "?":
        return f'<member type="node" ref="{node_ids[name]}" role="{role}"/>'
    return f'<member type="way" ref="{way_ids.get(name, 99_999)}" role="{role}"/>'


@pytest.fixture
def draw(tmp_path) -> Draughtsman:
    """Draws road networks; see `Draughtsman.__call__`."""
    return Draughtsman(tmp_path)
