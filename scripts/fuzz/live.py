"""Closures as strangers send them, and the places of the three coordinate systems."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bench.inputs import write_grid
from hypothesis import strategies as st

from fuzz.running import Target
from fuzz.texts import damaged, json_values, numbers, texts, words
from stroke_map.coordinates import SYSTEMS, from_wgs84, metres_between, to_wgs84
from stroke_map.errors import ClosureError, InvalidRequestError
from stroke_map.live.entry import fields_of, parse_json, read_entry
from stroke_map.live.geometry import read_geometry
from stroke_map.live.placing import place
from stroke_map.roads import RoadNetwork

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
_ZONE = ZoneInfo("Asia/Shanghai")
_KINDS = ("LineString", "MultiLineString", "Polygon", "MultiPolygon")
#: Further apart than this no place may be after a conversion there and back.
_CLOSE_M = 0.001


def targets(folder: Path) -> Iterator[Target]:
    """The readers of this room; files are written into `folder`."""
    network = RoadNetwork.from_osm(write_grid(folder / "grid.osm"), profile="car")
    yield Target(
        "geometries",
        st.tuples(_geometries() | json_values, st.sampled_from(SYSTEMS)),
        lambda case: read_geometry(*case),
        (ValueError,),
        share=2,
    )
    yield Target("closures", _closures(), lambda fields: _placed(network, fields), (ClosureError,), share=2)
    written = _closures().map(lambda fields: json.dumps(fields).encode())
    yield Target(
        "closures as bytes",
        damaged(written),
        lambda data: _placed(network, fields_of(parse_json(data))),
        (ClosureError,),
    )
    points = st.tuples(numbers | texts | st.none() | st.booleans(), numbers | texts, st.sampled_from(SYSTEMS) | words)
    yield Target("coordinates", points, _there_and_back, (InvalidRequestError,), share=3)


def _sound() -> st.SearchStrategy[dict[str, Any]]:
    """Lines and polygons about the roads of the grid."""
    places = st.tuples(
        st.integers(0, 12).map(lambda n: 106.5 + n * 1e-3), st.integers(0, 12).map(lambda n: 29.5 + n * 1e-3)
    ).map(list)
    lines = st.lists(places, min_size=2, max_size=6, unique_by=tuple)
    boxes = st.tuples(places, st.floats(1e-5, 0.01)).map(
        lambda box: [[box[0], [box[0][0] + box[1], box[0][1]], [box[0][0], box[0][1] + box[1]], box[0]]]
    )
    kinds = {
        "LineString": lines,
        "MultiLineString": lines.map(lambda line: [line]),
        "Polygon": boxes,
        "MultiPolygon": boxes.map(lambda box: [box]),
    }
    return st.one_of(
        st.fixed_dictionaries({"type": st.just(kind), "coordinates": made}) for kind, made in kinds.items()
    )


def _geometries() -> st.SearchStrategy[dict[str, Any]]:
    """As `_sound`, or nearly, or not at all."""
    near = st.tuples(st.floats(106.49, 106.53), st.floats(29.49, 29.53)).map(list)
    positions = near | st.lists(numbers, max_size=4)
    lines = st.lists(positions, max_size=6)
    rings = lines.map(lambda line: line + line[:1])
    nested = {
        "LineString": lines,
        "MultiLineString": st.lists(lines, max_size=3),
        "Polygon": st.lists(rings, max_size=3),
    }
    nested["MultiPolygon"] = st.lists(nested["Polygon"], max_size=3)
    strange = [
        st.fixed_dictionaries({"type": st.just(kind), "coordinates": nested[kind] | json_values}) for kind in _KINDS
    ]
    return _sound() | _sound() | st.one_of(strange)


def _closures() -> st.SearchStrategy[dict[str, Any]]:
    moments = texts | st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)
    known: dict[str, st.SearchStrategy[Any]] = {
        "kind": st.sampled_from(["closed", "slow"]),
        "factor": numbers,
        "geometry": _geometries(),
        "ways": st.lists(st.integers(-1, 30) | st.integers(), max_size=5),
        "crs": st.sampled_from(SYSTEMS),
        "direction": st.sampled_from(["both", "forward", "backward"]),
        "from": moments,
        "until": moments,
        "reason": texts,
        "author": texts,
        "layer": st.integers(-12, 12),
    }
    sound = st.fixed_dictionaries({"geometry": _sound(), "reason": st.just("r"), "author": st.just("a")})
    several = {name: value | json_values for name, value in known.items()}
    some = st.lists(st.sampled_from(sorted(several)), max_size=3, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: several[name] for name in names})
    )
    more = st.just({}) | st.just({}) | st.dictionaries(texts, json_values, max_size=1)
    return st.tuples(sound, some, more).map(lambda parts: parts[0] | parts[1] | parts[2])


def _placed(network: RoadNetwork, fields: dict[str, Any]) -> None:
    place(network, read_entry(fields, now=_NOW, zone=_ZONE))


def _there_and_back(case: tuple[Any, Any, Any]) -> None:
    lat, lon, crs = case
    there = to_wgs84(lat, lon, crs)
    if not all(map(math.isfinite, there)):
        raise AssertionError(f"{there} is no place")
    if max(abs(there[0]) - 90, abs(there[1]) - 180) <= 0:
        again = from_wgs84(*there, crs)
        if abs(lat) < 89 and metres_between(there, to_wgs84(*again, crs)) > _CLOSE_M:
            raise AssertionError(f"{again} is not where it was")
