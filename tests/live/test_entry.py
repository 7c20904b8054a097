import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from stroke_map.errors import ClosureError
from stroke_map.live.entry import fields_of, parse_json, read_entry
from stroke_map.live.files import read_entries

ZONE = ZoneInfo("Asia/Shanghai")
GOOD = {"ways": [7], "reason": "flood", "author": "me"}
POLYGON = {"type": "Polygon", "coordinates": [[[106, 29], [107, 29], [107, 30], [106, 29]]]}


@pytest.fixture
def read(now):
    return lambda fields: read_entry(fields, now=now, zone=ZONE)


def test_the_least_that_must_be_said(read, now):
    closure = read(GOOD)
    assert (closure.kind, closure.direction, closure.begins, closure.until) == ("closed", "both", now, None)


def test_everything_that_can_be_said(read):
    told = {
        "kind": "slow",
        "factor": 2,
        "direction": "backward",
        "layer": -1,
        "from": "2026-05-01T20:30",
        "until": "2026-05-01 14:00:00.5Z",
    }
    closure = read(GOOD | told)
    assert (closure.kind, closure.factor, closure.direction, closure.layer) == ("slow", 2.0, "backward", -1)
    assert closure.begins == datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
    assert closure.until == datetime(2026, 5, 1, 14, 0, 0, 500_000, tzinfo=UTC)


def test_repeated_ways_count_once_and_text_is_tidied(read):
    closure = read(GOOD | {"ways": [9, 7, 9], "reason": "  land\u202eslide \n on  the slope "})
    assert (closure.ways, closure.reason) == ((9, 7), "landslide on the slope")


@pytest.mark.parametrize(
    ("change", "field", "problem"),
    [
        ({"kind": "shut"}, "kind", "must be one of 'closed' or 'slow'"),
        ({"kind": "slow"}, "factor", "is missing"),
        ({"factor": 2}, "factor", "for slow alone"),
        ({"kind": "slow", "factor": 1}, "factor", "more than 1"),
        ({"kind": "slow", "factor": 0.5}, "factor", "more than 1"),
        ({"kind": "slow", "factor": 101}, "factor", "at most 100"),
        ({"kind": "slow", "factor": float("nan")}, "factor", "must be"),
        ({"kind": "slow", "factor": "2"}, "factor", "must be a number"),
        ({"kind": "slow", "factor": True}, "factor", "must be a number"),
        ({"ways": []}, "ways", "must not be empty"),
        ({"ways": [0]}, "ways", "way ids"),
        ({"ways": [-5]}, "ways", "way ids"),
        ({"ways": [2**63]}, "ways", "way ids"),
        ({"ways": ["7"]}, "ways", "whole number"),
        ({"ways": [7.5]}, "ways", "whole number"),
        ({"ways": 7}, "ways", "list"),
        ({"ways": list(range(1, 10_002))}, "ways", "more than 10,000"),
        ({"ways": None}, "geometry", "only one of them"),
        ({"geometry": POLYGON}, "geometry", "only one of them"),
        ({"geometry": "POINT (1 2)"}, "geometry", "GeoJSON object"),
        ({"ways": None, "geometry": POLYGON, "direction": "forward"}, "direction", "polygon has no direction"),
        ({"direction": "north"}, "direction", "must be one of"),
        ({"crs": "EPSG:4326"}, "crs", "must be one of"),
        ({"layer": 11}, "layer", "at most 10"),
        ({"layer": 1.5}, "layer", "whole number"),
        ({"from": 1777777777}, "from", "RFC 3339"),
        ({"from": "2026-05-01"}, "from", "RFC 3339"),
        ({"from": "2026-02-30T10:00:00Z"}, "from", "does not exist|time that exists"),
        ({"from": "0001-01-01T00:00:00+14:00"}, "from", "between 2000 and 2100"),
        ({"until": "2026-05-01T12:00:00Z"}, "until", "ends before it begins"),
        ({"from": "2026-05-01T14:00:00Z", "until": "2026-05-01T13:00:00Z"}, "until", "ends before it begins"),
        ({"from": "2026-05-01T10:00:00Z", "until": "2026-05-01T12:00:00Z"}, "until", "has ended already"),
        ({"reason": " \u200e "}, "reason", "must not be empty"),
        ({"reason": "x" * 501}, "reason", "at most 500"),
        ({"reason": "a\x1b[31m"}, "reason", "control"),
        ({"reason": None}, "reason", "must be text"),
        ({"author": ""}, "author", "must not be empty"),
        ({"id": 5}, "id", "not a field of a closure"),
        ({"from_": "2026-05-01T10:00:00Z"}, "from_", "not a field of a closure"),
        ({"x" * 60: 1}, "(a name that is not plain a-z)", "not a field"),
    ],
)  # fmt: skip
def test_each_mistake_is_named_with_its_reason(read, change, field, problem):
    with pytest.raises(ClosureError, match=problem) as caught:
        read(GOOD | change)
    assert [told["field"] for told in caught.value.facts["problems"]] == [field]


def test_what_is_missing_is_told_all_at_once(read):
    with pytest.raises(ClosureError) as caught:
        read({"nonsense": 1})
    assert {p["field"] for p in caught.value.facts["problems"]} == {"reason", "author", "nonsense"}


def test_a_value_is_never_repeated(read):
    with pytest.raises(ClosureError) as caught:
        read(GOOD | {"kind": "Zq7secret", "from": "Zq7secret", "layer": "Zq7secret"})
    assert "Zq7secret" not in str(caught.value) + str(caught.value.facts)


def test_a_feature_gives_its_properties_and_its_geometry():
    assert fields_of({"type": "Feature", "id": 3, "geometry": POLYGON, "properties": {"reason": "r"}}) == {"reason": "r", "geometry": POLYGON}  # fmt: skip
    assert fields_of({"type": "Feature", "geometry": None, "properties": GOOD}) == GOOD
    for bad in (
        None,
        [],
        1,
        "x",
        {"type": "Feature", "properties": [1]},
        {"type": "Feature", "properties": {"geometry": 1}},
    ):
        with pytest.raises(ClosureError, match="Feature"):
            fields_of(bad)


def test_json_that_is_none():
    assert parse_json(b"{") is None
    assert parse_json(b"[" * 100_000) is None
    assert parse_json(b'{"a": NaN}').keys() == {"a"}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "neither"),
        ("{}", "neither"),
        ('{"type": "FeatureCollection"}', "neither"),
        ('"x"', "neither"),
        ("[]", "holds 0 entries"),
        (json.dumps([1] * 10_001), "holds 10,001 entries"),
    ],
)
def test_a_file_that_is_no_list_of_closures(tmp_path, content, problem):
    file = tmp_path / "closures.json"
    file.write_text(content)
    with pytest.raises(ClosureError, match=problem):
        read_entries(file)
    with pytest.raises(ClosureError, match="cannot be read"):
        read_entries(tmp_path / "nothing.json")


def test_files_of_both_kinds(tmp_path):
    file = tmp_path / "closures.json"
    file.write_text(json.dumps([GOOD]))
    assert read_entries(file) == [GOOD]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [{"type": "Feature"}]}))
    assert read_entries(file) == [{"type": "Feature"}]


def test_a_closure_holds_from_its_beginning_up_to_its_end(new_closure, now):
    from stroke_map.live import Closure

    hour = timedelta(hours=1)
    closure = Closure(**vars(new_closure(until=now + hour)), id=1, created_at=now)
    assert [closure.is_active(now + k * hour) for k in (-1, 0, 1)] == [False, True, False]
    assert [closure.is_over(now + k * hour) for k in (-1, 0, 1)] == [False, False, True]
    told = closure.as_json(now)
    assert (told["active"], told["ways"], told["geometry"]) == (True, [1], None)
