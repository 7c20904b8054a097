"""The time of day: each period's answers are exact, and the hour of departure, on the region's clock, chooses among them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial

import numpy as np
import orjson
import pytest
from scipy import sparse
from scipy.sparse.csgraph import dijkstra

from stroke_map.dispatch import Question, answer
from stroke_map.dispatch.prepared import prepare
from stroke_map.dispatch.starts import find_starts
from stroke_map.editions import Edition, Region, build_edition
from stroke_map.editions.arrivals import _ARRAYS, UNREACHABLE, find_gates
from stroke_map.editions.edition import PERIODS_FILE
from stroke_map.editions.tables import scaled_times
from stroke_map.errors import EditionDamagedError, EditionError
from stroke_map.live import Closure, LiveState
from stroke_map.live.closures import NewClosure
from stroke_map.live.placing import place
from stroke_map.registry import write_sheet

TWO = """
[[period]]
name = "quiet"
when = ["Mo-Fr 00:00-07:00", "Mo-Fr 19:00-24:00", "Sa-Su 00:00-24:00"]

[[period]]
name = "busy"
when = ["Mo-Fr 07:00-19:00"]
[period.factors]
primary = { factor = 4.0, status = "unverified" }
[period.factors_of.ambulance]
primary = { factor = 1.05, status = "unverified" }
"""
ONE = '[[period]]\nname = "all"\nwhen = ["Mo-Su 00:00-24:00"]\n'
BUSY = '[period.factors]\nprimary = { factor = 4.0, status = "unverified" }\n'
NIGHT, NOON = (datetime(2026, 6, 1, hour, tzinfo=UTC) for hour in (20, 4))  # 04:00 and 12:00 in Shanghai


@pytest.fixture(scope="module")
def file_of(tmp_path_factory):
    def write(text):
        file = tmp_path_factory.mktemp("periods") / "periods.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


@pytest.fixture(scope="module")
def town(write_osm, make_town, place_of):
    """From the crossing 2 km by the main road to one hospital, 1.2 km by a side street to another."""
    nodes = {"w": (0, 0), "c": (2000, 0), "e": (3200, 0), "x": (2000, 300)}
    ways = [("wc", {"highway": "primary"}), ("ce", {"highway": "residential"}), ("cx", {"highway": "residential"})]
    rows = [
        {"id": name, "lat": place_of(x, 0)[0], "lon": place_of(x, 0)[1], "ct": "yes"}
        for name, x in (("main", 100), ("side", 3150))
    ]

    def build(**more):
        return make_town(write_osm(nodes, ways), rows, **more)

    return build


def test_the_hour_of_departure_chooses_the_hospital(town, file_of, ask, place_of):
    edition = town(periods=file_of(TWO))
    here = place_of(2000, 150)
    assert edition.info.periods == ("quiet", "busy")
    for profile, at_noon in (("car", "side"), ("ambulance", "main")):
        night, noon = (ask(edition, here, need="ct", profile=profile, at=at) for at in (NIGHT, NOON))
        assert [told["period"] for told in (night, noon)] == ["quiet", "busy"]
        assert list(night)[1:3] == ["profile", "period"]
        assert night["hospitals"][0]["id"] == "main", profile
        assert noon["hospitals"][0]["id"] == at_noon, profile
        for told in (night, noon):
            first = told["hospitals"][0]
            assert sum(step["travel_time_s"] for step in first["steps"]) == pytest.approx(
                first["travel_time_s"], abs=0.3
            )
    times = {
        at: {h["id"]: h["travel_time_s"] for h in ask(edition, here, need="ct", at=at)["hospitals"]}
        for at in (NIGHT, NOON)
    }
    assert times[NOON]["side"] == times[NIGHT]["side"]
    assert times[NOON]["main"] > 3 * times[NIGHT]["main"]


def test_the_edition_says_what_each_period_costs(town, file_of):
    edition = town(periods=file_of(TWO))
    assert {source.role: source.name for source in edition.info.built_from}["periods"] == "periods.toml"
    for profile in ("car", "ambulance"):
        costs = edition.info.counts["periods"][profile]
        assert list(costs) == ["quiet", "busy"]
        sizes = {
            period: sum(f.size for name, f in edition.info.files.items() if name.split("/")[1:3] == [profile, period])
            for period in costs
        }
        sizes["busy"] += edition.info.files[f"times/{profile}/busy.npy"].size
        assert {period: cost["bytes"] for period, cost in costs.items()} == sizes


def test_one_period_answers_byte_for_byte_as_none(town, file_of, ask, place_of):
    plain, one = town(), town(periods=file_of(ONE))
    assert PERIODS_FILE not in plain.info.files
    data = [name for name in plain.info.files if name.endswith((".npy", ".geojson"))]
    assert {name: plain.info.files[name] for name in data} == {
        name: seal for name, seal in one.info.files.items() if name.endswith((".npy", ".geojson"))
    }
    for x in range(100, 3200, 130):
        answers = [ask(edition, place_of(x, 3), need="ct", all_roads=True) for edition in (plain, one)]
        assert answers[0]["period"] == "all"
        first, second = (orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY) for answer in answers)
        assert first == second


def test_periods_share_the_roads(town, file_of):
    edition = town(periods=file_of(TWO))
    quiet, busy = (edition.network("car", period) for period in edition.info.periods)
    assert busy.same_roads is quiet
    assert quiet.same_roads is quiet
    assert np.shares_memory(busy.turn_to, quiet.turn_to)
    assert not np.shares_memory(busy.segment_time_ms, quiet.segment_time_ms)
    np.testing.assert_array_equal(busy.segment_time_ms, scaled_times(quiet, edition.periods.factors("car")[1]))
    prepared = prepare(edition).profiles
    assert prepared["car", "busy"]._turns_into is prepared["car", "quiet"]._turns_into


@pytest.mark.parametrize(
    ("at", "period"),
    [
        ("2026-06-01T07:00:00+08:00", "busy"),
        ("2026-06-01T06:59:59.999+08:00", "quiet"),
        ("2026-06-01T18:59:59+08:00", "busy"),
        ("2026-06-01T19:00:00+08:00", "quiet"),
        ("2026-05-31T23:00:00Z", "busy"),  # Sunday there, Monday 07:00 here
        ("2026-06-05T23:00:00Z", "quiet"),  # Friday there, Saturday here
        ("2026-06-01T12:00:00-10:00", "quiet"),  # Tuesday 06:00 here
    ],
)
def test_the_clock_is_that_of_the_region(town, file_of, at, period):
    assert town(periods=file_of(TWO)).period_at(datetime.fromisoformat(at)) == period


def test_the_hour_that_summer_time_skips_or_repeats(town, file_of):
    edition = town(
        periods=file_of(
            '[[period]]\nname = "a"\nwhen = ["Mo-Sa 00:00-24:00", "Su 00:00-02:30", "Su 03:00-24:00"]\n'
            '[[period]]\nname = "b"\nwhen = ["Su 02:30-03:00"]\n'
        ),
        region=Region(id="malta", timezone="Europe/Malta"),
    )
    autumn = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    found = [edition.period_at(autumn + timedelta(minutes=10 * i)) for i in range(12)]
    assert found == ["a"] * 3 + ["b"] * 3 + ["a"] * 3 + ["b"] * 3
    spring = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
    assert {edition.period_at(spring + timedelta(minutes=10 * i)) for i in range(12)} == {"a"}


def trees(network, gates):
    """float64[H, S]: the least milliseconds from the end of every segment to each gate, by SciPy; inf: no way."""
    size = network.segment_count
    owner = np.repeat(np.arange(size), np.diff(network.turn_first))
    cost = network.turn_cost_ms + network.segment_time_ms[network.turn_to].astype(np.int64)
    goal_of = []
    rows, columns, costs = [network.turn_to], [owner], [cost]
    for number, gate in enumerate(gates):
        into = np.isin(network.segment_base[network.turn_to], gate.segment)
        part = dict(zip(gate.segment.tolist(), gate.part_ms.tolist(), strict=True))
        last = [part[s] for s in network.segment_base[network.turn_to[into]].tolist()]
        rows.append(np.full(into.sum(), size + number))
        columns.append(owner[into])
        costs.append(network.turn_cost_ms[into] + np.array(last, dtype=np.int64))
        goal_of.append(size + number)
    rows, columns, costs = (np.concatenate(part) for part in (rows, columns, costs))
    # Of parallel edges the least, which a sparse matrix would add up; and a zero would be no edge.
    order = np.lexsort((costs, columns, rows))
    rows, columns, costs = rows[order], columns[order], costs[order]
    least = np.concatenate([[True], (np.diff(rows) != 0) | (np.diff(columns) != 0)])
    graph = sparse.csr_matrix(
        (np.maximum(costs[least], 1e-9), (rows[least], columns[least])), shape=(size + len(gates),) * 2
    )
    return dijkstra(graph, indices=goal_of)[:, :size]


def check_exact(edition, profile, period):
    network, arrivals = edition.network(profile, period), edition.arrivals(profile, period)
    left = trees(network, find_gates(network, edition.hospitals))
    stored = arrivals.time.T.astype(np.int64)
    np.testing.assert_array_equal(stored == UNREACHABLE, np.isinf(left))
    known = stored != UNREACHABLE
    short = np.rint(left[known]) - stored[known] * arrivals.quantum_ms
    assert short.min() >= 0
    assert short.max() < arrivals.quantum_ms
    return left


@pytest.fixture(scope="module")
def malta_by_day(malta_edition, shared_osm, tmp_path_factory, file_of):
    folder = tmp_path_factory.mktemp("malta-by-day")
    with (folder / "sheet.csv").open("w", encoding="utf-8", newline="") as stream:
        write_sheet(malta_edition.hospitals, stream)
    return Edition(
        build_edition(
            osm=shared_osm / "malta.osm.pbf",
            sheet=folder / "sheet.csv",
            geodata_dir=folder,
            edition_id="2026.1",
            region=Region(id="malta", timezone="Europe/Malta"),
            profiles=("ambulance",),
            periods=file_of(TWO),
            valid_from=date(2026, 1, 1),
            valid_until=date(2026, 12, 31),
        )
    )


@pytest.mark.parametrize("profile", ["car", "ambulance"])
def test_every_period_of_a_small_town_is_exact(town, file_of, profile):
    edition = town(periods=file_of(TWO))
    quiet, busy = (check_exact(edition, profile, period) for period in edition.info.periods)
    assert (busy >= quiet).all()
    assert (busy > quiet).any()


def test_every_period_of_malta_is_exact(malta_by_day, malta_edition):
    quiet, busy = (check_exact(malta_by_day, "ambulance", period) for period in ("quiet", "busy"))
    assert (busy >= quiet).all()
    assert (busy > quiet).mean() > 0.5
    for name in _ARRAYS:
        plain, first = (getattr(e.arrivals("ambulance"), name) for e in (malta_edition, malta_by_day))
        np.testing.assert_array_equal(plain, first)


def test_the_roads_of_malta_are_those_of_networkx_at_that_hour(malta_by_day, plain_settings, least_ms):
    """The exact cost of the road to two hospitals from many places, by NetworkX on the graph with that hour's times."""
    ids = [hospital.id for hospital in malta_by_day.hospitals]
    for period in malta_by_day.info.periods:
        roads = prepare(malta_by_day).profiles["ambulance", period]
        network, ranking = roads.network, roads.ranking
        ends = least_ms(malta_by_day, network, roads.arrivals, {"osm-w24063943", "osm-n3919240489"})
        rng = np.random.default_rng(7)
        usable = np.flatnonzero(roads.always.usable(None, None)[network.point_stretch])
        compared = 0
        for point in rng.choice(usable, 50).tolist():
            lat, lon = float(network.point_y[point]) * 1e-7, float(network.point_x[point]) * 1e-7
            starts = find_starts(roads.always, lat, lon, plain_settings).starts
            if np.isin(roads.arrivals.gate_segment, starts.segment).any():
                continue
            for hospital, ends_ms in ends.items():
                least = min(
                    extra_ms + round((1 - share) * network.segment_time_ms[s]) + ends_ms[s]
                    for s, share, extra_ms in zip(*(part.tolist() for part in starts), strict=True)
                    if s in ends_ms
                )
                assert ranking.road(starts, ids.index(hospital))[0] == least
                compared += 1
        assert compared >= 50


def test_a_closure_lies_on_the_same_roads_at_every_hour(malta_by_day):
    quiet, busy = (malta_by_day.network("ambulance", p) for p in malta_by_day.info.periods)
    way = int(quiet.stretch_way_id[len(quiet.stretch_way_id) // 2])
    closure = NewClosure(ways=(way,), begins=NOON, reason="works", author="tests")
    np.testing.assert_array_equal(place(quiet, closure).segments, place(busy, closure).segments)


@pytest.fixture(scope="module")
def closing(write_osm, make_town, place_of):
    """A main road past side streets to one hospital; what is quickest hangs on the hour."""
    nodes = {"a": (0, 0), "b": (1000, 0), "c": (2000, 0), "d": (1000, 600), "e": (2000, 600), "f": (0, 600)}
    ways = [(way, {"highway": kind, "name": way}) for way, kind in zip(
        ("ab", "bc", "bde", "ec", "afd"), ("primary", "primary", "secondary", "residential", "tertiary"), strict=True
    )]  # fmt: skip
    osm, (lat, lon) = write_osm(nodes, ways), place_of(2003, 200)
    rows = [{"id": "h", "lat": lat, "lon": lon, "ct": "yes"}]
    return partial(make_town, osm, rows)


@pytest.mark.parametrize("closed", [(), (2,), (1, 2)])
def test_closures_count_at_every_hour(closing, file_of, place_of, plain_settings, closed):
    """Each period, with its closures, answers as an edition does that has this period's factors at all hours."""
    alone = {
        "quiet": closing(profiles=("car",)),
        "busy": closing(profiles=("car",), periods=file_of(ONE + BUSY)),
    }
    both = closing(profiles=("car",), periods=file_of(TWO.split("[period.factors_of", maxsplit=1)[0]))
    closures = tuple(
        Closure(id=way, ways=(way,), begins=NIGHT - timedelta(days=9), reason="works", author="t", created_at=NIGHT)
        for way in closed
    )
    seen = set()
    for at, period in ((NIGHT, "quiet"), (NOON, "busy")):
        for x in range(-100, 1000, 90):
            lat, lon = place_of(x, 300)
            question = Question(lat=lat, lon=lon, at=at, asked_at=at, need="ct")
            live = LiveState(at, False, len(closures), closures)
            told, expected = (answer(e, question, plain_settings, live) for e in (both, alone[period]))
            assert (told.pop("period"), expected.pop("period")) == (period, "all")
            first, second = (orjson.dumps(each, option=orjson.OPT_SERIALIZE_NUMPY) for each in (told, expected))
            assert first == second
            seen.add((period, tuple(step["name"] for step in told["hospitals"][0]["steps"])))
    roads = {period: {names for p, names in seen if p == period} for period in alone}
    assert closed or roads["quiet"] != roads["busy"]


def test_periods_of_a_profile_the_edition_lacks_are_refused(town, file_of):
    calibration = '[calibration]\nprofile = "ambulance"\nlow = 0.9\nhigh = 1.2\nruns = 80\nheld_out = 20\n'
    for text in (TWO, ONE + calibration):
        with pytest.raises(EditionError, match="speak of the profile 'ambulance'"):
            town(periods=file_of(text), profiles=("car",))


def test_other_periods_than_it_was_built_for_are_damage(town, file_of):
    edition = town(periods=file_of(TWO))
    (edition.folder / "times/car/busy.npy").write_bytes(b"")
    with pytest.raises(EditionDamagedError):
        Edition(edition.folder)
