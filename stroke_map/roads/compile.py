"""Raw ways -> the arrays of a road network, in the order in which questions read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from stroke_map.errors import RoadDataError
from stroke_map.roads.grid import build_grid, morton_order
from stroke_map.roads.restrictions import place_restrictions
from stroke_map.roads.segments import direct_stretches, stretch_flags
from stroke_map.roads.states import States, make_states
from stroke_map.roads.stretches import Stretches, cut_into_stretches
from stroke_map.roads.turns import connect

if TYPE_CHECKING:
    from stroke_map.roads.profile import Profile
    from stroke_map.roads.read import RawRoads
    from stroke_map.roads.segments import Segments


@dataclass(slots=True)
class CompiledRoads:
    """The arrays of a network by name (see `RoadNetwork`), its texts, and what was met on the way."""

    arrays: dict[str, np.ndarray]
    texts: dict[str, list[str]]
    report: dict[str, Any] = field(default_factory=dict)


def compile_roads(raw: RawRoads, profile: Profile) -> CompiledRoads:
    """Cut, direct, connect, apply restrictions, order.

    Raises
    ------
    RoadDataError
        Nothing of it can be driven.
    """
    stretches = cut_into_stretches(raw)
    segments = direct_stretches(raw, stretches)
    if not len(segments):
        raise RoadDataError("no road of this file can be driven in either direction")
    bans = place_restrictions(raw, stretches, segments, profile, raw.issues)
    keys = sorted(chain[0] * len(segments) + chain[1] for chain in bans.always if len(chain) == 2)
    turns = connect(raw, stretches, segments, np.array(keys, dtype=np.int64), profile)
    states = make_states(segments, turns, bans, round(profile.restricted_pass_cost_s * 1000))

    arrays, texts = _stretch_arrays(raw, stretches, segments)
    arrays |= _segment_arrays(segments, states, stretches)
    arrays |= build_grid(arrays)
    texts["rules"] = states.rules
    report = {
        "source": raw.source,
        "notes": raw.notes,
        "profile": profile.name,
        "ways": len(raw.ways),
        "stretches": len(stretches.length_m),
        "segments": len(segments),
        "segment_copies": len(states.base) - len(segments),
        "turns": len(states.to),
        "length_km": round(float(stretches.length_m.sum()) / 1000, 1),
        "missing_nodes": stretches.missing_nodes,
        "restrictions": len(raw.restrictions),
        "banned_manoeuvres": len(bans.always),
        "conditional_manoeuvres": len(bans.conditional),
        "restrictions_not_placed": bans.not_understood,
        "ignored_tag_values": [
            {"key": key, "value": value[:80], "count": count} for (key, value), count in raw.issues.most_common(200)
        ],
    }
    return CompiledRoads(arrays, texts, report)


def _stretch_arrays(
    raw: RawRoads, stretches: Stretches, segments: Segments
) -> tuple[dict[str, np.ndarray], dict[str, list[str]]]:
    way = stretches.way
    texts: dict[str, list[str]] = {}
    arrays: dict[str, np.ndarray] = {
        "point_x": stretches.point_x,
        "point_y": stretches.point_y,
        "stretch_first_point": stretches.first_point,
        "stretch_length_m": stretches.length_m.astype(np.float32),
        "stretch_class": np.array([w.use.road_class for w in raw.ways], dtype=np.uint8)[way],
        "stretch_layer": np.array([max(-100, min(100, w.use.layer)) for w in raw.ways], dtype=np.int8)[way],
        "stretch_flags": stretch_flags(raw, stretches, segments).astype(np.uint16),
        "stretch_start_allowed": np.array([w.use.start_allowed for w in raw.ways], dtype=bool)[way],
        "stretch_way_id": np.array([w.id for w in raw.ways], dtype=np.int64)[way],
        "stretch_tail_id": raw.node_id[stretches.tail],
        "stretch_head_id": raw.node_id[stretches.head],
    }
    for field_name in ("name", "name_en", "ref", "destination"):
        index: dict[str, int] = {"": 0}
        of_way = [index.setdefault(getattr(w, field_name), len(index)) for w in raw.ways]
        arrays[f"stretch_{field_name}"] = np.array(of_way, dtype=np.int32)[way]
        texts[field_name] = list(index)
    return arrays, texts


def _segment_arrays(segments: Segments, states: States, stretches: Stretches) -> dict[str, np.ndarray]:
    """Copies ordered along a space-filling curve by where they begin, so that a question reads few memory pages."""
    first_point, last_point = stretches.first_point[:-1], stretches.first_point[1:] - 1
    begins = np.where(segments.forward, first_point[segments.stretch], last_point[segments.stretch])[states.base]
    order = morton_order(stretches.point_x[begins], stretches.point_y[begins])
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)

    counts = np.diff(states.first)[order]
    first = np.zeros(len(order) + 1, dtype=np.int64)
    np.cumsum(counts, out=first[1:])
    take = np.arange(first[-1]) - np.repeat(first[:-1], counts) + np.repeat(states.first[:-1][order], counts)
    moved = np.empty(len(take), dtype=np.int64)
    moved[take] = np.arange(len(take))
    base = states.base[order]
    start = np.full((len(stretches.length_m), 2), -1, dtype=np.int32)
    plain = np.arange(len(segments))
    start[segments.stretch, np.where(segments.forward, 0, 1)] = rank[plain]
    return {
        "segment_stretch": segments.stretch[base],
        "segment_forward": segments.forward[base],
        "segment_time_ms": segments.time_ms[base],
        "segment_leaving_deg": np.rint(segments.leaving_deg[base]).astype(np.int16),
        "segment_arriving_deg": np.rint(segments.arriving_deg[base]).astype(np.int16),
        "segment_base": rank[states.base[order]],
        "segment_entered": states.entered[order],
        "stretch_segment": start,
        "turn_first": first,
        "turn_to": rank[states.to[take]].astype(np.int32),
        "turn_cost_ms": states.cost_ms[take],
        "turn_passes": states.passes[take],
        "conditional_turn": moved[states.conditional_turn],
        "conditional_rule": states.conditional_rule,
    }
