"""`RoadNetwork`: a road network one can route on, knowing nothing of hospitals."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stroke_map.errors import InvalidRequestError, NoRouteError, OffNetworkError, RoadDataError
from stroke_map.roads.compile import CompiledRoads, compile_roads
from stroke_map.roads.conditional import closed_turns
from stroke_map.roads.grid import Snapped, snap
from stroke_map.roads.profile import Profile, load_profile
from stroke_map.roads.search import search
from stroke_map.roads.steps import Step, make_steps
from stroke_map.roads.streets import Streets
from stroke_map.roads.trace import shares_of, trace_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import networkx as nx
    from shapely import LineString

#: Nearest positions this much farther than the nearest are as good: a point on a junction is on all its roads.
TIE_M = 1.0
_META_FILE = "network.json"


@dataclass(frozen=True)
class Route:
    """A road between two points.

    Attributes
    ----------
    travel_time_s, distance_m
        Driving, from the snapped origin to the snapped destination.
    line
        float64[n, 2] (lon, lat) in degrees, WGS-84.
    steps
        What to tell the driver; the last one arrives.
    warnings
        What the asker should know, as (code, text).
    segments, turns
        int32[n], int64[n - 1]: the road in the network's own terms.
    """

    travel_time_s: float
    distance_m: float
    line: np.ndarray
    steps: list[Step]
    warnings: list[tuple[str, str]]
    segments: np.ndarray
    turns: np.ndarray

    @cached_property
    def geometry(self) -> LineString:
        """The line as a shapely LineString (lon, lat)."""
        from shapely import LineString

        return LineString(self.line)


class RoadNetwork:
    """Directed segments and the turns between them.

    A *stretch* is the road between two junctions, a *segment* one direction of it. Segments that a rule tells apart by how
    one came onto them exist as several copies (see `stroke_map.roads.states`); `segment_base` names the one that stands
    for the road itself. All arrays are read-only and may be memory-mapped.

    Attributes
    ----------
    point_x, point_y
        int32[P] longitude and latitude in 1e-7 degree, WGS-84; the points of stretch n are
        `stretch_first_point[n] : stretch_first_point[n + 1]`.
    stretch_name, stretch_name_en, stretch_ref, stretch_destination
        int32[N] indices into `texts[...]`.
    stretch_class, stretch_flags, stretch_layer, stretch_length_m, stretch_way_id, stretch_start_allowed
        uint8 (`ROAD_CLASSES`), uint16 (`Flag`), int8, float32, int64 (OSM way), bool, each [N].
    stretch_segment
        int32[N, 2]: the segment along the stretch and the one against it, -1 where there is none.
    segment_stretch, segment_forward, segment_time_ms, segment_base, segment_entered
        int32, bool, int32, int32, bool, each [S]; `segment_entered`: a restricted street, come upon from a free one.
    turn_first, turn_to, turn_cost_ms, turn_passes
        int64[S + 1], int32[T], int32[T], bool[T]; `turn_passes`: the turn goes on from a restricted street that was entered
        from a free one, and its cost is a deterrent, not time.
    conditional_turn, conditional_rule
        int64[c] turns that `texts["rules"][rule]` forbids at some hours.
    """

    def __init__(
        self, profile: Profile, arrays: dict[str, np.ndarray], texts: dict[str, list[str]], report: dict[str, Any]
    ):
        self.profile, self.texts, self.report = profile, texts, report
        self._arrays = {name: _read_only(array) for name, array in arrays.items()}
        self._shares: RoadNetwork | None = None
        vars(self).update(self._arrays)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> np.ndarray: ...

    @classmethod
    def from_osm(
        cls,
        path: str | Path,
        profile: str | Path | Profile = "ambulance",
        *,
        progress: Callable[[str], None] | None = None,
    ) -> RoadNetwork:
        """Read an OpenStreetMap file (`.osm.pbf`, `.osm`, `.osm.gz`, `.osm.bz2`) each time it is called.

        Raises
        ------
        RoadDataError
            It cannot be read, or nothing in it can be driven with this profile.
        """
        chosen = profile if isinstance(profile, Profile) else load_profile(profile)
        say = progress or (lambda _: None)
        say("read")
        # Here, because a server reads no OpenStreetMap files and starts sooner without pyosmium.
        from stroke_map.roads.read import read_osm

        raw = read_osm(Path(path), chosen)
        say("compile")
        return cls._of(chosen, compile_roads(raw, chosen))

    @classmethod
    def from_networkx(cls, graph: nx.MultiDiGraph, profile: str | Path | Profile = "ambulance") -> RoadNetwork:
        """Compile an OSMnx graph; `report["notes"]` says what such a graph lacks (turn restrictions).

        Raises
        ------
        RoadDataError
            It is no OSMnx graph, or nothing in it can be driven with this profile.
        """
        from stroke_map.roads.exchange import roads_of_graph

        chosen = profile if isinstance(profile, Profile) else load_profile(profile)
        return cls._of(chosen, compile_roads(roads_of_graph(graph, chosen), chosen))

    @classmethod
    def from_place(cls, name: str, profile: str | Path | Profile = "ambulance") -> RoadNetwork:
        """Download the roads of a place by its name with OSMnx and compile them; see `from_networkx`.

        Raises
        ------
        RoadDataError
            No such place, no road there, or OpenStreetMap's servers cannot be reached.
        """
        from stroke_map.roads.place import download_place

        chosen = profile if isinstance(profile, Profile) else load_profile(profile)
        return cls.from_networkx(download_place(name, chosen), chosen)

    @classmethod
    def _of(cls, profile: Profile, compiled: CompiledRoads) -> RoadNetwork:
        return cls(profile, compiled.arrays, compiled.texts, compiled.report)

    def save(self, folder: str | Path) -> None:
        """Write one `.npy` file per array, so that `load` can map them."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name, array in sorted(self._arrays.items()):
            np.save(folder / f"{name}.npy", array)
        meta = {"arrays": sorted(self._arrays), "texts": self.texts, "report": self.report}
        (folder / "profile.json").write_text(self.profile.to_json(), encoding="utf-8")
        (folder / _META_FILE).write_text(json.dumps(meta, ensure_ascii=False, sort_keys=True), encoding="utf-8")

    @classmethod
    def load(cls, folder: str | Path) -> RoadNetwork:
        """Map a saved network; workers that load the same folder share its memory.

        Raises
        ------
        RoadDataError
            The folder holds no complete network.
        """
        folder = Path(folder)
        try:
            meta = json.loads((folder / _META_FILE).read_text(encoding="utf-8"))
            profile = Profile.from_json((folder / "profile.json").read_text(encoding="utf-8"))
            arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in meta["arrays"]}
            return cls(profile, arrays, meta["texts"], meta["report"])
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            raise RoadDataError(
                f"{folder.name} is not a complete road network: {error}",
                next_step="Build it again from its OpenStreetMap file.",
            ) from error

    def with_times(self, segment_time_ms: np.ndarray) -> RoadNetwork:
        """The same roads with other times, int32[S] of at least 1; everything else is shared, not copied.

        Raises
        ------
        RoadDataError
            These are not the times of these roads.
        """
        sound = segment_time_ms.shape == self.segment_time_ms.shape and segment_time_ms.dtype == np.int32
        if not sound or (len(segment_time_ms) and segment_time_ms.min() < 1):
            raise RoadDataError("these times are not of these roads", next_step="Build the edition again.")
        view = RoadNetwork(self.profile, self._arrays | {"segment_time_ms": segment_time_ms}, self.texts, self.report)
        view._shares = self.same_roads
        return view

    @property
    def same_roads(self) -> RoadNetwork:
        """The network that this one shares its roads with; itself where it is no view."""
        return self._shares or self

    @property
    def segment_count(self) -> int:
        """S, copies included."""
        return len(self.segment_stretch)

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """(west, south, east, north) in degrees, WGS-84."""
        x, y = self.point_x, self.point_y
        return float(x.min()) * 1e-7, float(y.min()) * 1e-7, float(x.max()) * 1e-7, float(y.max()) * 1e-7

    @cached_property
    def streets(self) -> Streets:
        """The arrays by which compiled code tells streets apart."""
        return Streets(*(self._arrays[name] for name in Streets._fields))

    def names_of(self, stretch: int) -> tuple[str, str, str]:
        """(name, name in English, ref) of a stretch; empty where it has none."""
        texts = self.texts
        return (
            texts["name"][self.stretch_name[stretch]],
            texts["name_en"][self.stretch_name_en[stretch]],
            texts["ref"][self.stretch_ref[stretch]],
        )

    def turn_time_ms(self, turns: np.ndarray) -> np.ndarray:
        """float64[n]: how long turns take; -1 is turning back on the same road.

        The deterrent for driving through restricted streets is no time.
        """
        time_ms = self.turn_cost_ms[turns] - self.turn_passes[turns] * float(self.pass_cost_ms)
        return np.where(turns < 0, self.profile.turns.u_turn_cost_s * 1000, time_ms)

    @cached_property
    def pass_cost_ms(self) -> int:
        """The deterrent for driving through a restricted street once."""
        return round(self.profile.restricted_pass_cost_s * 1000)

    def snap(self, lat: float, lon: float, *, max_snap_m: float, spread_m: float, usable: np.ndarray) -> Snapped:
        """Positions on `usable` stretches (bool[N]) within `max_snap_m` and within `spread_m` of the nearest.

        Raises
        ------
        OffNetworkError
            None is that near; `facts["nearest_m"]` says how far the nearest is.
        """
        arrays = (
            self.point_x, self.point_y, self.point_stretch, self.stretch_first_point,
            self.grid_origin, self.grid_first, self.grid_piece,
        )  # fmt: skip
        found = Snapped(*snap(lon * 1e7, lat * 1e7, max_snap_m, spread_m, usable, *arrays))
        if len(found.stretch):
            return found
        farther = Snapped(*snap(lon * 1e7, lat * 1e7, np.inf, 0.0, usable, *arrays))
        nearest_m = round(float(farther.distance_m[0]), 1) if len(farther.stretch) else None
        raise OffNetworkError(
            f"there is no usable road within {max_snap_m:g} m; the nearest is {nearest_m} m away", nearest_m=nearest_m
        )

    def route(
        self,
        origin: tuple[float, float],
        destination: tuple[float, float],
        *,
        departure: datetime | None = None,
        max_snap_m: float = 1000.0,
    ) -> Route:
        """The quickest road between two arbitrary points.

        Parameters
        ----------
        origin, destination
            (lat, lon) in degrees, WGS-84.
        departure
            Conditional rules are held at this (local) time; None: they are not in force, and `warnings` says so.
        max_snap_m
            How far a point may be from the road, in metres.

        Raises
        ------
        InvalidRequestError
            A coordinate that is none.
        OffNetworkError
            A point has no road within `max_snap_m`.
        NoRouteError
            Roads exist, but none leads there.
        """
        start = self._positions(origin, max_snap_m)
        goal = self._positions(destination, max_snap_m)
        closed, warnings = closed_turns(self, departure)
        cost_ms, segments, turns, from_, to = search(
            *start,
            *goal,
            closed,
            self.pass_cost_ms,
            self.segment_time_ms,
            self.segment_base,
            self.segment_entered,
            self.turn_first,
            self.turn_to,
            self.turn_cost_ms,
        )
        if cost_ms < 0:
            raise NoRouteError("no road leads from the one point to the other")
        return self.follow(segments, turns, float(start[1][from_]), float(goal[1][to]), warnings)

    def follow(
        self,
        segments: np.ndarray,
        turns: np.ndarray,
        first_share: float,
        last_share: float,
        warnings: list[tuple[str, str]],
    ) -> Route:
        """The road along given segments, from a share of the first to a share of the last."""
        driven = shares_of(segments, first_share, last_share)
        time_ms = float((self.segment_time_ms[segments] * driven).sum() + self.turn_time_ms(turns).sum())
        distance_m = float((self.stretch_length_m[self.segment_stretch[segments]] * driven).sum())
        line = trace_line(
            segments, first_share, last_share,
            self.segment_stretch, self.segment_forward, self.stretch_first_point, self.point_x, self.point_y,
        )  # fmt: skip
        return Route(
            time_ms / 1000, distance_m, line, make_steps(self, segments, turns, driven), warnings, segments, turns
        )

    def _positions(self, point: tuple[float, float], max_snap_m: float) -> tuple[np.ndarray, np.ndarray]:
        lat, lon = (float(value) for value in point)
        if not (abs(lat) <= 90 and abs(lon) <= 180):
            raise InvalidRequestError("a point is (latitude, longitude) in degrees: at most 90 and 180")
        usable = self.stretch_start_allowed
        if not usable.any():
            # A network of ferries alone: then a trip begins on one.
            usable = np.ones_like(usable)
            usable.flags.writeable = False
        found = self.snap(lat, lon, max_snap_m=max_snap_m, spread_m=TIE_M, usable=usable)
        return self.both_directions(found)

    def both_directions(self, found: Snapped) -> tuple[np.ndarray, np.ndarray]:
        """(segment int32[k], share already behind float64[k]) for every direction of snapped positions."""
        segment = self.stretch_segment[found.stretch]
        share = np.stack([found.fraction, 1.0 - found.fraction], axis=1)
        there = segment >= 0
        return segment[there], share[there]

    def to_networkx(self) -> nx.DiGraph:
        """The turn graph for NetworkX; see `stroke_map.roads.exchange.turn_graph`."""
        from stroke_map.roads.exchange import turn_graph

        return turn_graph(self)


def _read_only(array: np.ndarray) -> np.ndarray:
    """A plain read-only view: compiled code then sees one type, whether an array was just built or is mapped."""
    view = np.ascontiguousarray(array).view(np.ndarray)
    view.flags.writeable = False
    return view
