"""Our profile as OSRM reads one: its own car profile with our speeds, costs and sizes in their places.

What OSRM's profile decides by itself (which values of which access tag mean what) stays OSRM's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stroke_map.roads.profile import Profile

_LUA = """package.path = "{share}/?.lua;" .. package.path
local car = require('car')
local car_setup, car_way = car.setup, car.process_way
local factors, node_costs, opened_speeds = {factors}, {node_costs}, {opened_speeds}

local function least(value, values, otherwise)
  if not value or value == 'no' then return otherwise end
  return values[value] or values['*'] or otherwise
end

car.setup = function()
  local p = car_setup()
  p.properties.u_turn_penalty = {u_turn_cost_s}
  p.turn_penalty, p.turn_bias, p.oncoming_turn_penalty = {max_turn_cost_s}, 1.0, {cross_traffic_extra_s}
  p.speed_reduction, p.side_road_multiplier, p.lane_markings_penalty, p.priority_penalty = {factor}, 1.0, 1.0, nil
  p.service_penalties = {{}}
  p.vehicle_width, p.vehicle_height, p.vehicle_length, p.vehicle_weight = {width_m}, {height_m}, {length_m}, {weight_kg}
  p.speeds = Sequence {{ highway = {speeds} }}
  p.route_speeds = {route_speeds}
  p.surface_speeds, p.tracktype_speeds, p.smoothness_speeds = {surface}, {tracktype}, {smoothness}
  p.barrier_penalties = {barriers}
  return p
end

car.process_way = function(profile, way, result, relations)
  car_way(profile, way, result, relations)
  local factor = 1.0
  for key, values in pairs(factors) do
    factor = math.min(factor, least(way:get_value_by_key(key), values, 1.0))
  end
  local two_way = result.forward_mode ~= mode.inaccessible and result.backward_mode ~= mode.inaccessible
  if two_way and way:get_value_by_key('lanes') == '1' then factor = math.min(factor, {one_lane_factor}) end
  -- What OSRM leaves closed has a speed of -1; what a tag opened, its default speed.
  local opened = not way:get_value_by_key('maxspeed') and opened_speeds[way:get_value_by_key('highway') or '']
  local function driven(speed)
    if speed <= 0 then return speed end
    if opened then speed = speed < profile.default_speed and math.min(speed, opened) or opened end
    return math.max(speed * factor, {min_speed_kph})
  end
  result.forward_speed, result.backward_speed = driven(result.forward_speed), driven(result.backward_speed)
  result.forward_rate, result.backward_rate = result.forward_speed / 3.6, result.backward_speed / 3.6
end

Obstacles.process_node = function(profile, node)
  local cost = 0
  for key, values in pairs(node_costs) do
    cost = math.max(cost, least(node:get_value_by_key(key), values, 0))
  end
  if cost > 0 then
    local facing = node:get_value_by_key('traffic_signals:direction') or node:get_value_by_key('direction')
    local direction = (facing == 'forward' and obstacle_direction.forward)
      or (facing == 'backward' and obstacle_direction.backward) or obstacle_direction.both
    obstacle_map:add(node, Obstacle.new(obstacle_type.gate, direction, cost, 0))
  end
end

return car
"""


def write_lua(profile: Profile, share: Path, path: Path) -> Path:
    """Write the profile; `share` is the folder of OSRM's own profiles."""
    open_kinds = {value: kind.speed_kph for value, kind in profile.ways["highway"].items() if kind.default == "open"}
    opened_speeds = {
        value: kind.speed_kph for value, kind in profile.ways["highway"].items() if kind.default == "closed"
    }
    vehicle, turns, caps = profile.vehicle, profile.turns, profile.speed_caps_kph
    path.write_text(
        _LUA.format(
            share=share,
            opened_speeds=_table(opened_speeds),
            factors=_table(profile.speed_factors),
            node_costs=_table(profile.nodes.cost_s),
            u_turn_cost_s=turns.u_turn_cost_s,
            max_turn_cost_s=turns.max_turn_cost_s,
            cross_traffic_extra_s=turns.cross_traffic_extra_s,
            factor=profile.posted.factor,
            width_m=vehicle.width_m,
            height_m=vehicle.height_m,
            length_m=vehicle.length_m,
            weight_kg=vehicle.weight_t * 1000,
            speeds=_table(open_kinds),
            route_speeds=_table({value: kind.speed_kph for value, kind in profile.ways["route"].items()}),
            surface=_table(caps["surface"]),
            tracktype=_table(caps["tracktype"]),
            smoothness=_table(caps["smoothness"]),
            barriers=_table({name: cost for name, cost in profile.nodes.barrier_cost_s.items() if cost > 0}),
            one_lane_factor=profile.one_lane_factor,
            min_speed_kph=profile.min_speed_kph,
        ),
        encoding="utf-8",
    )
    return path


def _table(values: Mapping[str, Any]) -> str:
    """A Lua table of numbers, or of tables of numbers."""
    inside = (f"[{_text(key)}] = {_table(v) if hasattr(v, 'items') else v}" for key, v in values.items())
    return "{ " + ", ".join(inside) + " }"


def _text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
