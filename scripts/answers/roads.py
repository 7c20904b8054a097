"""The roads stated again, naively: where a place lies on them, what is closed, and how long every drive takes, by SciPy.

Read from the network are its arrays alone; nothing of what searches them is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import networkx as nx
import numpy as np
import shapely
from opening_hours import OpeningHours
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order, connected_components, dijkstra

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from stroke_map.live.closures import Closure
    from stroke_map.registry import Hospital
    from stroke_map.roads import RoadNetwork

METRES_PER_UNIT: Final = 111_195.080 * 1e-7
TUNNEL, BRIDGE, FERRY, TRAIN, MOTORWAY = 1, 2, 8, 16, 64
#: A hospital farther than this from every road is reached by none; positions so much farther than the nearest are as good.
GATE_LIMIT_M, GATE_TIE_M = 1000.0, 1.0
#: Costs are counted in so many parts of a millisecond, so that of equal ones those with fewer deterrents come first.
PARTS: Final = 1024.0
CLOSED: Final = -1.0


class Position(NamedTuple):
    """A place on a stretch: share of its length from its first point, distance in metres, its bearings (where pieces tie), and where."""

    stretch: int
    fraction: float
    distance_m: float
    bearings_deg: tuple[float, ...]
    lat: float
    lon: float


class Gate(NamedTuple):
    """Where a hospital is entered: (segment, milliseconds from its beginning), and where that is; no segment: from nowhere."""

    parts: tuple[tuple[int, int], ...]
    lat: float
    lon: float


@dataclass(frozen=True)
class Now:
    """What is different at a moment.

    Attributes
    ----------
    extra_ms
        float64[S] added to a segment's time; `CLOSED`: it may not be entered.
    turn_closed
        bool[T].
    """

    extra_ms: np.ndarray
    turn_closed: np.ndarray


class Roads:
    """One network in one period."""

    def __init__(self, network: RoadNetwork, hospitals: Iterable[Hospital]) -> None:
        self.network = network
        self.time_ms = network.segment_time_ms.astype(float)
        self.source = np.repeat(np.arange(network.segment_count), np.diff(network.turn_first))
        self.pass_ms = round(network.profile.restricted_pass_cost_s * 1000)
        self.u_turn_ms = round(network.profile.turns.u_turn_cost_s * 1000)
        inner = network.point_stretch[:-1] == network.point_stretch[1:]
        self.piece = np.flatnonzero(inner)
        self.piece_stretch = network.point_stretch[:-1][inner]
        x, y = network.point_x.astype(float), network.point_y.astype(float)
        self.x, self.y = x, y
        self._middle_x, self._middle_y = (
            (x[self.piece] + x[self.piece + 1]) / 2,
            (y[self.piece] + y[self.piece + 1]) / 2,
        )
        self._half_x = np.abs(x[self.piece] - x[self.piece + 1]) / 2
        self._half_y = np.abs(y[self.piece] - y[self.piece + 1]) / 2
        self._lines: shapely.STRtree | None = None
        enterable = self._enterable()
        self.gates = [self._gate(hospital, enterable) for hospital in hospitals]
        #: By segment the hospitals, and when they are reached on it.
        self.gates_on: dict[int, list[tuple[int, int]]] = {}
        for column, gate in enumerate(self.gates):
            for segment, part_ms in gate.parts:
                self.gates_on.setdefault(segment, []).append((column, part_ms))
        self.usual = Now(np.zeros(network.segment_count), np.zeros(len(network.turn_to), dtype=bool))

    # ---- where a place lies

    def near(self, lat: float, lon: float, usable: np.ndarray, limit_m: float, spread_m: float) -> list[Position]:
        """The positions on `usable` stretches (bool[N]) within `limit_m`, and `spread_m` of the nearest: every piece of road is asked."""
        for box_m in (150.0, limit_m):
            found = self._near(lat, lon, usable, min(box_m, limit_m), spread_m)
            if found and found[0].distance_m + spread_m <= box_m:
                return found
        return found

    def _near(self, lat: float, lon: float, usable: np.ndarray, limit_m: float, spread_m: float) -> list[Position]:
        x, y = lon * 1e7, lat * 1e7
        scale, reach = np.cos(np.radians(y * 1e-7)), limit_m / METRES_PER_UNIT + 2
        box = np.flatnonzero(np.abs(self._middle_y - y) <= self._half_y + reach)
        box = box[np.abs(self._middle_x[box] - x) * scale <= self._half_x[box] * scale + reach]
        box = box[usable[self.piece_stretch[box]]]
        p, stretch = self.piece[box], self.piece_stretch[box]
        ax, ay = (self.x[p] - x) * scale, self.y[p] - y
        dx, dy = (self.x[p + 1] - x) * scale - ax, self.y[p + 1] - y - ay
        square = dx * dx + dy * dy
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(square == 0, 0.0, np.clip(-(ax * dx + ay * dy) / square, 0.0, 1.0))
        distance_m = np.hypot(ax + share * dx, ay + share * dy) * METRES_PER_UNIT
        kept = np.flatnonzero(distance_m <= min(limit_m, distance_m.min(initial=np.inf) + spread_m))
        kept = kept[np.argsort(distance_m[kept], kind="stable")]
        found = {}
        for k in kept.tolist():
            if stretch[k] not in found:
                ties = kept[(stretch[kept] == stretch[k]) & (distance_m[kept] <= distance_m[k] + 1e-6)]
                bearings = tuple(self._bearing_deg(int(p[tie])) for tie in ties)
                at = (self.y[p[k]] + share[k] * (self.y[p[k] + 1] - self.y[p[k]])) * 1e-7
                along = (self.x[p[k]] + share[k] * (self.x[p[k] + 1] - self.x[p[k]])) * 1e-7
                fraction = self._fraction(int(stretch[k]), int(p[k]), float(share[k]))
                found[stretch[k]] = Position(int(stretch[k]), fraction, float(distance_m[k]), bearings, at, along)
        return list(found.values())

    def _bearing_deg(self, p: int) -> float:
        east = (self.x[p + 1] - self.x[p]) * np.cos(np.radians(self.y[p] * 1e-7))
        return float(np.degrees(np.arctan2(east, self.y[p + 1] - self.y[p])) % 360.0)

    def _fraction(self, stretch: int, piece: int, share: float) -> float:
        first, last = self.network.stretch_first_point[stretch : stretch + 2].tolist()
        scale = np.cos(np.radians(self.y[piece] * 1e-7))
        lengths = np.hypot(np.diff(self.x[first:last]) * scale, np.diff(self.y[first:last])).tolist()
        before = sum(lengths[: piece - first]) + share * lengths[piece - first]
        return before / sum(lengths) if sum(lengths) > 0 else 0.0

    # ---- where hospitals are entered

    def _enterable(self) -> np.ndarray:
        """bool[N]: stretches that the largest part of the roads leads to, and that a hospital may be entered from."""
        network, size = self.network, self.network.segment_count
        forward = csr_matrix((np.ones(len(network.turn_to)), network.turn_to, network.turn_first), shape=(size, size))
        _, label = connected_components(forward, connection="strong")
        begin = int(np.flatnonzero(label == np.bincount(label).argmax())[0])
        reached = breadth_first_order(forward, begin, return_predecessors=False)
        enterable = np.zeros(len(network.stretch_class), dtype=bool)
        enterable[network.segment_stretch[reached]] = True
        return enterable & ((network.stretch_flags & (MOTORWAY | TUNNEL | BRIDGE | FERRY | TRAIN)) == 0)

    def _gate(self, hospital: Hospital, enterable: np.ndarray) -> Gate:
        lat, lon = hospital.entrance_lat, hospital.entrance_lon
        found = self.near(lat, lon, enterable, GATE_LIMIT_M, GATE_TIE_M)
        parts = tuple(
            (segment, round(share * self.time_ms[segment]))
            for position in found
            for segment, share in self.directions(position)
        )
        return Gate(parts, found[0].lat, found[0].lon) if found else Gate((), lat, lon)

    def directions(self, position: Position) -> list[tuple[int, float]]:
        """(segment, share of it that is behind) in each direction in which the stretch may be driven, along it first."""
        along, against = self.network.stretch_segment[position.stretch].tolist()
        both = ((along, position.fraction), (against, 1.0 - position.fraction))
        return [(segment, share) for segment, share in both if segment >= 0]

    # ---- what is different now

    def rules_at(self, local: datetime) -> tuple[bool, ...]:
        """Which of the rules of the hour hold at a local time."""
        minute = local.replace(second=0, microsecond=0, tzinfo=None)
        return tuple(_holds(rule, minute) for rule in self.network.texts["rules"])

    def now(self, closures: Iterable[Closure], rules: tuple[bool, ...]) -> Now:
        """With closures, and the turns that these rules forbid."""
        network = self.network
        factor, closed = np.ones(network.segment_count), np.zeros(network.segment_count, dtype=bool)
        for closure in closures:
            segments = self.touched(closure)
            if closure.kind == "closed":
                closed[segments] = True
            else:
                factor[segments] = np.maximum(factor[segments], closure.factor or 1.0)
        extra_ms = np.rint((factor - 1.0) * self.time_ms)
        extra_ms[closed] = CLOSED
        turn_closed = np.zeros(len(network.turn_to), dtype=bool)
        turn_closed[network.conditional_turn[np.array(rules, dtype=bool)[network.conditional_rule]]] = True
        return Now(extra_ms, turn_closed)

    def touched(self, closure: Closure) -> np.ndarray:
        """The segments that a closure of ways or a polygon touches; where a line lies is a judgement, and taken from the house."""
        from stroke_map.live.placing import place

        network = self.network
        if closure.ways:
            there = np.isin(network.stretch_way_id, closure.ways)
        elif closure.geometry.geom_type.endswith("Polygon"):
            there = np.zeros(len(network.stretch_class), dtype=bool)
            there[self._tree().query(closure.geometry, predicate="intersects")] = True
        else:
            return place(network, closure).segments
        if closure.layer is not None:
            there &= network.stretch_layer == closure.layer
        segment = there[network.segment_stretch]
        if closure.direction != "both":
            segment &= network.segment_forward == (closure.direction == "forward")
        return np.flatnonzero(segment)

    def _tree(self) -> shapely.STRtree:
        if self._lines is None:
            points = np.column_stack([self.network.point_x, self.network.point_y]) * 1e-7
            self._lines = shapely.STRtree(shapely.linestrings(points, indices=self.network.point_stretch))
        return self._lines

    def is_open(self, now: Now) -> np.ndarray:
        """bool[N]: stretches that may be entered in at least one direction."""
        segment = self.network.stretch_segment
        return ((segment >= 0) & (now.extra_ms[segment] != CLOSED)).any(axis=1)

    # ---- how long every drive takes

    def graph(self, now: Now, sign: int) -> csr_matrix:
        """Entry (to, from) is turning and driving onto `to`; rows behind the segments are the gates of the hospitals.

        `sign` 1: a deterrent counts as a part more, so that of equal roads the one with fewest is found; -1: with most.
        """
        network, size = self.network, self.network.segment_count
        open_turn = ~now.turn_closed & (now.extra_ms[network.turn_to] != CLOSED)
        before, after = self.source[open_turn], network.turn_to[open_turn]
        cost = network.turn_cost_ms[open_turn] * PARTS + sign * network.turn_passes[open_turn]
        stuck, back = self._ways_back(now, open_turn)
        before, after = np.concatenate([before, stuck]), np.concatenate([after, back])
        cost = np.concatenate([cost, np.full(len(stuck), self.u_turn_ms * PARTS)])
        onto = [(before, after, cost + (self.time_ms[after] + now.extra_ms[after]) * PARTS)]
        for number, gate in enumerate(self.gates):
            for segment, part_ms in gate.parts:
                there = np.flatnonzero(network.segment_base[after] == segment)
                slower_ms = np.rint(part_ms / self.time_ms[after[there]] * now.extra_ms[after[there]])
                to_gate = cost[there] + (part_ms + slower_ms) * PARTS
                onto.append((before[there], np.full(len(there), size + number), to_gate))
        columns, rows, weights = (np.concatenate(parts) for parts in zip(*onto, strict=True))
        order = np.lexsort((weights, columns, rows))
        rows, columns, weights = rows[order], columns[order], weights[order]
        first = np.ones(len(rows), dtype=bool)
        first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
        size += len(self.gates)
        return csr_matrix((weights[first], (rows[first], columns[first])), shape=(size, size))

    def _ways_back(self, now: Now, open_turn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Segments that all ways on from are closed now, and the segments back along the same road."""
        network = self.network
        ways_on = np.bincount(self.source, minlength=network.segment_count)
        open_now = np.bincount(self.source[open_turn], minlength=network.segment_count)
        stuck = np.flatnonzero((ways_on > 0) & (open_now == 0) & (now.extra_ms != CLOSED))
        against = np.where(network.segment_forward[stuck], 1, 0)
        back = network.stretch_segment[network.segment_stretch[stuck], against]
        possible = (back >= 0) & (now.extra_ms[back] != CLOSED)
        return stuck[possible], back[possible]

    def trees(self, now: Now, sign: int = 1) -> np.ndarray:
        """float64[H, S]: from the end of every segment to every hospital, in parts of a millisecond; infinite: no road."""
        size = self.network.segment_count
        goals = np.arange(size, size + len(self.gates))
        return dijkstra(self.graph(now, sign), indices=goals)[:, :size]

    def tree_by_networkx(self, now: Now, hospital: int) -> np.ndarray:
        """float64[S]: one row of `trees`, by NetworkX."""
        graph = nx.from_scipy_sparse_array(self.graph(now, 1), create_using=nx.DiGraph)
        found = nx.single_source_dijkstra_path_length(graph, self.network.segment_count + hospital)
        return np.array([found.get(segment, np.inf) for segment in range(self.network.segment_count)])

    def reaching(self, usual: np.ndarray) -> np.ndarray:
        """bool[N]: stretches from which, when nothing is closed (`usual`: the trees), some hospital can be reached."""
        segment = np.isfinite(usual).any(axis=0)
        segment[[part[0] for gate in self.gates for part in gate.parts]] = True
        network = self.network
        own = network.segment_base == np.arange(network.segment_count)
        reaching = np.zeros(len(network.stretch_class), dtype=bool)
        reaching[network.segment_stretch[segment & own]] = True
        return reaching & network.stretch_start_allowed


def _holds(rule: str, minute: datetime) -> bool:
    try:
        return bool(OpeningHours(rule).is_open(minute))
    except Exception:  # noqa: BLE001  what cannot be understood is held
        return True
