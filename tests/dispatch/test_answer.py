"""Whole answers: the order of hospitals, what is said of each, and the roads to them."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stroke_map.coordinates import from_wgs84
from stroke_map.errors import InvalidRequestError
from stroke_map.web.models import Answer

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY_NOON = datetime(2026, 6, 1, 12, 0, tzinfo=SHANGHAI)
STREET = {"highway": "residential"}


def listed(found) -> list[tuple[str, int]]:
    return [(hospital["id"], hospital["class"]) for hospital in found["hospitals"]]


def codes(found) -> list[str]:
    return [warning["code"] for warning in found["warnings"]]


def test_class_one_first_then_two_and_neither_three_nor_four(street, ask, place_of) -> None:
    """The point is beside `no`; the nearest of the better classes comes first all the same."""
    found = ask(street, place_of(1000, 0), limit=20)
    assert listed(found) == [("valid", 1), ("office", 1), ("lapsed", 2)]
    assert codes(found) == []


def test_one_that_cannot_never_appears(street, ask, place_of) -> None:
    named = set()
    for at in (MONDAY_NOON + timedelta(days=30 * n) for n in range(24)):
        found = ask(street, place_of(1000, 0), at=at, limit=20, profile="ambulance")
        named |= {*listed(found), *((h["id"], h["class"]) for part in found["besides"].values() for h in part)}
    names = {name for name, _ in named}
    assert {"valid", "unknown"} <= names
    assert "no" not in names


def test_fewer_than_there_are_are_listed_when_asked(street, ask, place_of) -> None:
    for limit in (1, 2, 3):
        found = ask(street, place_of(9500, 0), limit=limit)
        assert listed(found) == [("office", 1), ("valid", 1), ("lapsed", 2)][:limit]


def test_after_hours_the_office_is_left_out(street, ask, place_of) -> None:
    evening = MONDAY_NOON.replace(hour=20)
    assert listed(ask(street, place_of(9500, 0), at=evening, limit=20)) == [("valid", 1), ("lapsed", 2)]


def test_opening_hours_count_at_arrival_to_the_second(street, ask, place_of) -> None:
    """`office` closes at 18:00: who leaves so that he arrives a second before is let in."""
    here = place_of(1000, 0)
    (office,) = [h for h in ask(street, here)["hospitals"] if h["id"] == "office"]
    drive = timedelta(seconds=office["travel_time_s"])
    assert drive > timedelta(minutes=5)
    closing = MONDAY_NOON.replace(hour=18)
    second = timedelta(seconds=1)
    assert ("office", 1) in listed(ask(street, here, at=closing - drive - second, limit=20))
    assert "office" not in dict(listed(ask(street, here, at=closing - drive + second, limit=20)))


def test_times_of_any_offset_are_the_same_moment(street, ask, place_of) -> None:
    evening = MONDAY_NOON.replace(hour=20)
    for zone in ("UTC", "America/New_York", "Asia/Kathmandu"):
        found = ask(street, place_of(9500, 0), at=evening.astimezone(ZoneInfo(zone)), limit=20)
        assert listed(found) == [("valid", 1), ("lapsed", 2)]


def test_an_edition_past_its_end_still_answers_and_says_so(street, ask, place_of) -> None:
    last_second = datetime(2026, 12, 31, 23, 59, 59, tzinfo=SHANGHAI)
    assert "edition-out-of-date" not in codes(ask(street, place_of(9500, 0), at=last_second))
    found = ask(street, place_of(9500, 0), at=last_second + timedelta(seconds=1))
    assert [class_ for _, class_ in listed(found)] == [2] * len(listed(found))
    assert codes(found) == ["edition-out-of-date"]
    assert "2026-12-31" in found["warnings"][0]["text"]["en"]
    assert found["warnings"][0]["severity"] == "caution"


def test_years_later_it_still_answers(street, ask, place_of) -> None:
    noon = datetime(2031, 7, 7, 12, tzinfo=SHANGHAI)
    assert listed(ask(street, place_of(1000, 0), at=noon)) == [("not-yet", 2), ("office", 2)]
    # A Saturday: `office` is closed, and `closed` is open.
    assert listed(ask(street, place_of(1000, 0), at=noon.replace(day=12))) == [("not-yet", 2), ("closed", 2)]


@pytest.fixture(scope="module")
def weekend_town(make_town, write_osm, place_of):
    """Every hospital that can is closed on a Monday; ct is unknown everywhere, cardiac surgery nowhere."""
    closed = {"thrombolysis": "yes", "thrombolysis_hours": "Sa,Su", "cardiac_surgery": "no", "phone": "023-1"}
    rows = [
        {"id": "near", **closed},
        {"id": "unknown", **closed, "thrombolysis": "unknown"},
        {"id": "far", **closed},
    ]
    for number, row in enumerate(rows, start=1):
        row["lat"], row["lon"] = place_of(1000 * number, 5)
    return make_town(write_osm({"a": (0, 0), "b": (5000, 0)}, [("ab", STREET)]), rows)


def test_when_every_capable_one_is_closed_they_come_as_telephone_first(weekend_town, ask, place_of) -> None:
    found = ask(weekend_town, place_of(1900, 0), limit=20)
    assert listed(found) == [("near", 3), ("far", 3)]
    assert codes(found) == ["telephone-first"]
    assert found["warnings"][0]["severity"] == "stop"
    assert found["hospitals"][0]["geometry"] is not None


def test_on_saturday_they_are_open(weekend_town, ask, place_of) -> None:
    found = ask(weekend_town, place_of(1900, 0), at=MONDAY_NOON + timedelta(days=5))
    assert listed(found) == [("near", 1), ("far", 1)]
    assert codes(found) == []


def test_when_nobody_knows_the_unknown_come_last_of_all(weekend_town, ask, place_of) -> None:
    found = ask(weekend_town, place_of(1900, 0), need="ct", limit=2)
    assert listed(found) == [("unknown", 4), ("near", 4)]
    assert codes(found) == ["capability-unknown"]


def test_when_only_lapsed_ones_are_near_it_is_said(make_town, write_osm, ask, place_of) -> None:
    lat, lon = place_of(500, 5)
    row = {"id": "h", "lat": lat, "lon": lon, "thrombolysis": "yes", "thrombolysis_valid_until": "2026-05-31"}
    town = make_town(write_osm({"a": (0, 0), "b": (1000, 0)}, [("ab", STREET)]), [row], demo=True)
    found = ask(town, place_of(100, 0))
    assert listed(found) == [("h", 2)]
    assert codes(found) == ["demo-data", "accreditation-lapsed"]
    assert found["demo"] is True
    assert found["warnings"][0]["text"]["en"] == "demonstration data, not for emergencies"


def test_an_ambulance_hears_of_the_closed_and_the_unknown_besides(street, ask, place_of) -> None:
    found = ask(street, place_of(1000, 0), profile="ambulance")
    besides = {name: [(h["id"], h["class"]) for h in part] for name, part in found["besides"].items()}
    assert besides == {
        "telephone_first": [("closed", 3), ("lapsed-closed", 3)],
        "unknown": [("unknown", 4), ("lapsed-long", 4), ("not-yet", 4)],
    }
    assert "besides" not in ask(street, place_of(1000, 0), profile="car")
    assert found["profile"] == "ambulance"


def test_besides_never_repeats_what_is_listed(weekend_town, ask, place_of) -> None:
    found = ask(weekend_town, place_of(1900, 0), limit=1, profile="ambulance")
    assert listed(found) == [("near", 3)]
    assert [h["id"] for h in found["besides"]["telephone_first"]] == ["far"]
    assert [h["id"] for h in found["besides"]["unknown"]] == ["unknown"]


def test_a_reason_is_given_for_every_later_choice(street, ask, place_of) -> None:
    found = ask(street, place_of(1000, 0), limit=20)
    first, second, third = found["hospitals"]
    assert first["why_not_first"] is None
    longer = (second["travel_time_s"] - first["travel_time_s"]) / 60
    assert second["why_not_first"]["en"] == f"{longer:.1f} min longer"
    # Nearer, so that no minutes speak against it.
    assert third["travel_time_s"] < first["travel_time_s"]
    assert third["why_not_first"] == {"zh": "认证近期已过期", "en": "accreditation lapsed recently"}


def test_roads_for_the_first_alone_unless_all_are_asked_for(street, ask, place_of) -> None:
    drawn = [h["geometry"] is not None for h in ask(street, place_of(1000, 0))["hospitals"]]
    assert drawn == [True, False, False]
    found = ask(street, place_of(1000, 0), all_roads=True)
    for hospital in found["hospitals"]:
        assert hospital["geometry"]["type"] == "LineString"
        assert hospital["steps"][0]["name"] == "长街"
        assert hospital["steps"][-1]["maneuver"] == "arrive"


def test_the_place_is_echoed_as_it_was_given(street, ask, place_of) -> None:
    here = place_of(1000, 0)
    for crs in ("GCJ-02", "BD-09"):
        given_as = (*from_wgs84(*here, crs), crs)
        found = ask(street, here, given=given_as)
        assert tuple(found["origin"][key] for key in ("lat", "lon", "crs")) == given_as
        assert found["origin"]["snapped"] == ask(street, here)["origin"]["snapped"]
    assert ask(street, here)["origin"]["crs"] == "WGS-84"


def test_an_answer_has_the_shape_that_is_documented(street, ask, place_of) -> None:
    found = ask(street, place_of(1000, 0), all_roads=True)
    content = orjson.dumps(found, option=orjson.OPT_SERIALIZE_NUMPY)
    read = Answer.model_validate_json(content)
    assert [hospital.id for hospital in read.hospitals] == ["valid", "office", "lapsed"]
    assert b"-0.0" not in content


def test_at_the_gate_one_has_arrived(street, ask, place_of) -> None:
    """Within a few millimetres of the gate, on either side of it: no drive, and never a drive of less than nothing."""
    for x in (8000, 8000.004, 7999.996):
        found = ask(street, place_of(x, 10))["hospitals"][0]
        assert found["id"] == "valid"
        assert found["travel_time_s"] == 0
        assert found["distance_m"] == 0
        assert orjson.dumps(found["distance_m"]) == b"0.0"
        assert [step["maneuver"] for step in found["steps"]] == ["arrive"]
        assert len(found["geometry"]["coordinates"]) >= 2


@pytest.mark.parametrize(
    ("asked", "field"),
    [({"condition": "x"}, "condition"), ({"need": "primary_pci"}, "need"), ({"profile": "bus"}, "profile")],
)
def test_what_cannot_be_asked_is_named(street, ask, place_of, asked, field) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        ask(street, place_of(1000, 0), **asked)
    assert [mistake["field"] for mistake in raised.value.facts["errors"]] == [field]


@pytest.fixture(scope="module")
def gated_town(make_town, write_osm, place_of):
    """The near hospital lies behind a street for residents only; the far one is in the other direction."""
    nodes = {"a": (0, 0), "b": (1000, 0), "c": (1200, 0), "d": (2000, 0), "w": (-9000, 0)}
    ways = [("ab", STREET), ("bc", STREET | {"motor_vehicle": "destination"}), ("cd", STREET), ("wa", STREET)]
    rows = [
        {"id": "behind", "thrombolysis": "yes", "thrombolysis_hours": "Mo-Fr 08:00-18:00", "x": 1900},
        {"id": "free", "thrombolysis": "yes", "x": -8000},
    ]
    for row in rows:
        row["lat"], row["lon"] = place_of(row.pop("x"), 5)
    return make_town(write_osm(nodes, ways), rows)


def test_a_deterrent_orders_hospitals_but_is_no_time(gated_town, ask, place_of) -> None:
    found = ask(gated_town, place_of(500, 0), all_roads=True)
    assert listed(found) == [("free", 1), ("behind", 1)]
    free, behind = found["hospitals"]
    assert behind["travel_time_s"] < free["travel_time_s"] < 3000
    assert behind["why_not_first"]["en"] == "the road leads through streets closed to through traffic"
    for hospital in found["hospitals"]:
        assert hospital["travel_time_s"] == pytest.approx(sum(s["travel_time_s"] for s in hospital["steps"]), abs=0.3)


def test_a_deterrent_does_not_put_off_the_arrival(gated_town, ask, place_of) -> None:
    """Ten minutes before closing time, four minutes' drive: open."""
    found = ask(gated_town, place_of(500, 0), at=MONDAY_NOON.replace(hour=17, minute=50))
    assert ("behind", 1) in listed(found)


def test_an_accreditation_that_ends_on_a_drive_of_half_a_day_has_lapsed(make_town, write_osm, ask, place_of) -> None:
    """Longer than a table stores: nine hours are all that it tells of."""
    lat, lon = place_of(58_000, 5)
    row = {"id": "h", "lat": lat, "lon": lon, "thrombolysis": "yes", "thrombolysis_valid_until": "2026-06-01"}
    osm = write_osm({"w": (0, 0), "e": (60_000, 0)}, [("we", STREET | {"maxspeed": "5"})])
    town = make_town(osm, [row], profiles=("car",))
    drive = timedelta(seconds=ask(town, place_of(0, 0))["hospitals"][0]["travel_time_s"])
    assert drive > timedelta(hours=10)
    midnight, second = MONDAY_NOON.replace(day=2, hour=0), timedelta(seconds=1)
    for at, class_ in ((midnight - drive - second, 1), (midnight - drive + second, 2)):
        assert listed(ask(town, place_of(0, 0), at=at)) == [("h", class_)]


def town_rows(place_of) -> list[dict]:
    """Two at one gate, two mirrored about the middle, one closed, one unknown."""
    at = {"c": 1000, "a": 1000, "left": 400, "right": 1600, "shut": 800, "who": 1200}
    rows = [{"id": name, "x": x, "thrombolysis": "yes", "thrombolysis_hours": "24/7"} for name, x in at.items()]
    rows[4]["thrombolysis_hours"], rows[5]["thrombolysis"] = "Su", "unknown"
    for row in rows:
        row["lat"], row["lon"] = place_of(row.pop("x"), 20)
    return rows


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(6)))
def test_the_order_of_the_rows_does_not_matter(make_town, write_osm, ask, place_of, order) -> None:
    osm = write_osm({"a": (0, 0), "b": (2000, 0)}, [("ab", STREET)])
    rows = town_rows(place_of)
    town = make_town(osm, [rows[n] for n in order])
    for limit, nearest in ((1, ["a"]), (2, ["a", "c"]), (4, ["a", "c", "left", "right"])):
        found = ask(town, place_of(1000, -20), limit=limit, profile="ambulance", all_roads=True)
        assert [name for name, _ in listed(found)] == nearest
        assert [h["id"] for h in found["besides"]["telephone_first"]] == ["shut"]
    times = [hospital["travel_time_s"] for hospital in found["hospitals"]]
    assert times[0] == times[1]
    assert times[2] == times[3]


@pytest.mark.parametrize("where", ["malta_edition", "demo_edition"])
def test_lines_begin_at_the_snapped_point_and_end_at_the_gate(request, ask, where) -> None:
    edition = request.getfixturevalue(where)
    rng = np.random.default_rng(11)
    network = edition.network("car")
    arrivals = edition.arrivals("car")
    column = {hospital.id: n for n, hospital in enumerate(edition.hospitals)}
    for point in rng.choice(np.flatnonzero(arrivals.reaches[network.point_stretch]), 30).tolist():
        here = float(network.point_y[point]) * 1e-7 + rng.normal(0, 2e-4), float(network.point_x[point]) * 1e-7
        found = ask(edition, here, all_roads=True)
        for place, hospital in enumerate(found["hospitals"]):
            line = hospital["geometry"]["coordinates"]
            gate = arrivals.gate_lon[column[hospital["id"]]], arrivals.gate_lat[column[hospital["id"]]]
            # 2e-7 degrees are 2 cm; at a junction several gates within 1 m are one.
            np.testing.assert_allclose(line[-1], gate, atol=1e-5)
            if place == 0:
                snapped = found["origin"]["snapped"]
                np.testing.assert_allclose(line[0], (snapped["lon"], snapped["lat"]), atol=2e-7)
            steps = hospital["steps"]
            assert hospital["distance_m"] == pytest.approx(
                sum(step["distance_m"] for step in steps), abs=0.06 * len(steps)
            )
            # What is not driven is the walk across to a farther street, 27 s at most.
            walk_s = hospital["travel_time_s"] - sum(step["travel_time_s"] for step in steps)
            assert -0.06 * len(steps) <= walk_s <= 27.1 + 0.06 * len(steps)
            assert hospital["distance_m"] == pytest.approx(length_m(line), rel=0.002, abs=1)


def length_m(line) -> float:
    lon, lat = np.radians(np.asarray(line).T)
    return float(np.hypot(np.diff(lon) * np.cos(lat[:-1]), np.diff(lat)).sum() * 6_371_008.8)
