"""From a file of runs to the next edition: known factors come back, and what makes no sense is listed and left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import orjson
import pytest
from click.testing import CliRunner
from PIL import Image

from stroke_map.calibration import calibrate
from stroke_map.calibration.drives import GROUPS
from stroke_map.cli import cli
from stroke_map.dispatch import Question, answer
from stroke_map.dispatch.drive import find_drive
from stroke_map.dispatch.prepared import prepare
from stroke_map.dispatch.starts import find_starts
from stroke_map.editions import publish
from stroke_map.editions.tables import scaled_times
from stroke_map.errors import InvalidRequestError
from stroke_map.roads.classes import ROAD_CLASSES
from stroke_map.roads.periods import Periods, load_periods
from stroke_map.settings import read_settings
from stroke_map.web.models import RankedHospital

SIZE, SIDE_M = 12, 450
PERIODS = """
[[period]]
name = "rest"
when = ["Mo-Su 00:00-16:00", "Mo-Su 19:00-24:00"]
[[period]]
name = "evening"
when = ["Mo-Su 16:00-19:00"]
[period.factors]
"*" = { factor = 1.2, status = "unverified" }
"""
#: By group (fast, main, minor, local), on top of the edition's own.
TRUE = np.array([[1.0, 1.25, 1.1, 0.9], [1.4, 1.7, 1.3, 1.1]])
NOISE = 0.08
MONDAY = datetime(2026, 6, 1, tzinfo=UTC)  # 08:00 in Shanghai


@pytest.fixture(scope="module")
def grid(write_osm, make_town, place_of, tmp_path_factory):
    """A town of 12 by 12 streets of several classes, three hospitals, two periods."""
    nodes = {chr(0x4E00 + x * SIZE + y): (x * SIDE_M, y * SIDE_M) for x in range(SIZE) for y in range(SIZE)}
    letters = np.array(list(nodes)).reshape(SIZE, SIZE)
    kinds = ("residential", "secondary", "tertiary", "trunk", "residential", "primary")
    ways = [("".join(letters[i]), {"highway": kinds[i % 6]}) for i in range(SIZE)]
    ways += [("".join(letters[:, i]), {"highway": kinds[(i + 2) % 6]}) for i in range(SIZE)]
    osm = write_osm(nodes, ways)
    rows = []
    for name, x, y in (("a", 30, 20), ("b", 4880, 900), ("c", 2300, 4900)):
        lat, lon = place_of(x, y)
        rows.append({"id": name, "lat": lat, "lon": lon, "thrombolysis": "yes"})
    file = tmp_path_factory.mktemp("periods") / "periods.toml"
    file.write_text(PERIODS, encoding="utf-8")

    def build(periods=file):
        return make_town(osm, rows, periods=periods)

    return build


@pytest.fixture(scope="module")
def edition(grid):
    return grid()


@pytest.fixture(scope="module")
def simulate(edition, place_of, tmp_path_factory):
    """A CSV of runs that were driven at `TRUE` times, with noise and outliers; times come from walking the road anew."""
    rng = np.random.default_rng(11)
    of_class = np.ones((2, len(ROAD_CLASSES)))
    for g, names in enumerate(GROUPS.values()):
        for name in names:
            of_class[:, ROAD_CLASSES.index(name)] = TRUE[:, g]
    true_roads = []
    for p, period in enumerate(edition.info.periods):
        network = edition.network("ambulance", period)
        true_roads.append(network.with_times(scaled_times(network, of_class[p])))

    def simulate_(count, outliers=0.08, noise=NOISE, rows=()):
        settings = read_settings({})
        lines = ["lat,lon,crs,hospital,departure,minutes"]
        while len(lines) <= count:
            lat, lon = place_of(*rng.uniform(0, (SIZE - 1) * SIDE_M, 2))
            hour = rng.uniform(0, 24) if rng.random() < 0.5 else rng.uniform(8, 11)  # half of them in the evening there
            departure = MONDAY + timedelta(days=int(rng.integers(0, 14)), minutes=int(hour * 60))
            p = edition.info.periods.index(edition.period_at(departure))
            roads = prepare(edition).profiles["ambulance", edition.info.periods[p]].always
            starts = find_starts(roads, lat, lon, settings).starts
            column = int(rng.integers(0, 3))
            drive = find_drive(roads, starts, column)
            if drive.length_m < 1000:
                continue
            network = true_roads[p]
            route = network.follow(drive.segments, drive.turns, drive.first_share, drive.last_share, [])
            minutes = route.travel_time_s / 60 * np.exp(rng.normal(0, noise))
            minutes *= rng.uniform(1.5, 3) if rng.random() < outliers else 1
            name = edition.hospitals[column].id
            lines.append(f"{lat},{lon},WGS-84,{name},{departure.isoformat()},{minutes:.3f}")
        file = tmp_path_factory.mktemp("runs") / "runs.csv"
        file.write_text("\n".join([*lines, *rows]), encoding="utf-8")
        return file

    return simulate_


@pytest.fixture(scope="module")
def calibrated(edition, simulate):
    return calibrate(edition, simulate(1500), read_settings({}))


def test_known_factors_come_back(calibrated):
    np.testing.assert_allclose(calibrated.factors, TRUE, atol=0.1)
    assert not calibrated.left_out
    assert (calibrated.fitted, len(calibrated.held_out)) == (1200, 300)


def test_runs_held_out_are_predicted_better(calibrated):
    before, after = calibrated.before, calibrated.after
    assert abs(after.bias_min) < abs(before.bias_min) / 2
    assert after.mean_error_min < before.mean_error_min
    assert after.within_2_min > before.within_2_min
    known = calibrated.periods.calibration
    # Nine of ten runs have noise alone: their 10th percentile is about exp(-1.28 * 0.08).
    assert 0.85 < known.low < 0.96
    assert 1.05 < known.high < 1.6


def test_the_next_edition_has_the_factors_and_says_a_range(grid, calibrated, edition, tmp_path, place_of):
    file = tmp_path / "periods.toml"
    file.write_text(calibrated.periods.to_toml(), encoding="utf-8")
    assert load_periods(file) == calibrated.periods
    assert calibrated.periods.period[1].factors == edition.periods.period[1].factors
    primary = ROAD_CLASSES.index("primary")
    np.testing.assert_allclose(calibrated.periods.factors("ambulance")[:, primary], [1.25, 1.2 * 1.7], atol=0.12)
    np.testing.assert_array_equal(calibrated.periods.factors("car"), edition.periods.factors("car"))
    better = grid(periods=file)
    at = MONDAY + timedelta(hours=9)
    lat, lon = place_of(2000, 2000)
    for profile, ranged in (("ambulance", True), ("car", False)):
        question = Question(lat=lat, lon=lon, at=at, asked_at=at, profile=profile)
        told = answer(better, question, read_settings({}))
        assert told["period"] == "evening"
        for hospital in told["hospitals"]:
            time_s, low, high = (
                hospital["travel_time_s"],
                calibrated.periods.calibration.low,
                calibrated.periods.calibration.high,
            )
            expected = [pytest.approx(time_s * low, abs=0.2), pytest.approx(time_s * high, abs=0.2)] if ranged else None
            assert hospital["travel_time_range_s"] == expected
        assert "travel_time_range_s" in RankedHospital.model_fields
    question = Question(lat=lat, lon=lon, at=at, asked_at=at, profile="ambulance")
    assert {h["travel_time_range_s"] for h in answer(edition, question, read_settings({}))["hospitals"]} == {None}


def test_the_next_edition_predicts_new_runs_better(grid, edition, calibrated, simulate, tmp_path):
    file = tmp_path / "periods.toml"
    file.write_text(calibrated.periods.to_toml(), encoding="utf-8")
    runs = simulate(600, outliers=0.0)
    old, new = (calibrate(made, runs, read_settings({})).before for made in (edition, grid(periods=file)))
    # The drivers took the roads the old edition gave them, so that some error is left.
    assert abs(new.bias_min) < abs(old.bias_min) / 2
    assert new.mean_error_min < old.mean_error_min / 1.5


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("29.56,106.56,WGS-84,a", "malformed: not as many cells"),
        ("north,106.56,WGS-84,a,2026-06-01T10:00:00+08:00,8", "malformed: lat is no number"),
        ("nan,106.56,WGS-84,a,2026-06-01T10:00:00+08:00,8", "malformed: lat is no number"),
        ("106.56,29.56,WGS-84,a,2026-06-01T10:00:00+08:00,8", "malformed: lat and lon are degrees"),
        ("29.56,106.56,GPS,a,2026-06-01T10:00:00+08:00,8", "malformed: crs is one of"),
        ("29.56,106.56,WGS-84,z,2026-06-01T10:00:00+08:00,8", "unknown hospital"),
        ("29.56,106.56,WGS-84,a,2026-06-01T10:00:00,8", "malformed: departure"),
        ("29.56,106.56,WGS-84,a,yesterday,8", "malformed: departure"),
        ("29.56,106.56,WGS-84,a,,8", "malformed: departure"),
        ("29.56,106.56,WGS-84,a,2026-06-01T10:00:00+08:00,0", "malformed: minutes"),
        ("29.56,106.56,WGS-84,a,2026-06-01T10:00:00+08:00,-3", "malformed: minutes"),
        ("29.56,106.56,WGS-84,a,2026-06-01T10:00:00+08:00,601", "malformed: minutes"),
        ("29.56,106.56,WGS-84,a,2026-06-01T10:00:00+08:00,inf", "malformed: minutes is no number"),
        ("29.56,106.56,WGS-84,a,2026-06-01T10:00:00+08:00,0.2", "impossible speed"),
        ("29.56,106.56,WGS-84,a,2026-06-01T10:00:00+08:00,590", "impossible speed"),
        ("29.5501,106.5501,WGS-84,a,2026-06-01T10:00:00+08:00,1", "shorter than 300 m"),
        ("29.536,106.56,WGS-84,a,2026-06-01T10:00:00+08:00,8", "origin off the network"),
        ("35.0,106.56,WGS-84,a,2026-06-01T10:00:00+08:00,8", "origin outside the region"),
    ],
)
def test_a_run_that_says_nothing_is_left_out(edition, simulate, row, reason):
    found = calibrate(edition, simulate(25, rows=[row, ""]), read_settings({}))
    assert [one.row for one in found.left_out] == [27]
    assert reason in found.left_out[0].reason
    assert "29.5" not in found.left_out[0].reason
    assert found.fitted + len(found.held_out) == 25


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "has no column"),
        (b"lat,lon,hospital,minutes\n", "has no column departure"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"lat,lon,hospital,departure,minutes\n" + b"x,1,a,2026-06-01T10:00:00Z,5\n" * 3, "0 runs can be used.*row 2"),
    ],
)
def test_a_file_without_enough_runs_is_refused(edition, tmp_path, content, said):
    (tmp_path / "runs.csv").write_bytes(content)
    with pytest.raises(InvalidRequestError, match=said):
        calibrate(edition, tmp_path / "runs.csv", read_settings({}))


def test_coordinates_may_be_chinese_ones(edition, simulate, tmp_path):
    from stroke_map.coordinates import from_wgs84

    plain = simulate(30)
    lines = plain.read_text(encoding="utf-8").splitlines()
    shifted = [lines[0]]
    for line in lines[1:]:
        lat, lon, _, *rest = line.split(",")
        lat, lon = from_wgs84(float(lat), float(lon), "GCJ-02")
        shifted.append(",".join([f"{lat:.9f}", f"{lon:.9f}", "GCJ-02", *rest]))
    (tmp_path / "runs.csv").write_text("\ufeff" + "\r\n".join(shifted), encoding="utf-8")
    here, there = (calibrate(edition, file, read_settings({})) for file in (plain, tmp_path / "runs.csv"))
    np.testing.assert_allclose(there.factors, here.factors, atol=1e-3)


def test_the_command_prints_writes_and_draws(edition, simulate, tmp_path, monkeypatch):
    geodata = edition.folder.parent.parent
    publish(geodata, edition.info.id)
    monkeypatch.setenv("STROKE_MAP_GEODATA_DIR", str(geodata))
    runs = simulate(200, rows=["29.56,106.56,WGS-84,z,2026-06-01T10:00:00+08:00,8"])
    out, plot = tmp_path / "periods.toml", tmp_path / "runs.png"
    result = CliRunner().invoke(cli, ["calibrate", str(runs), "--out", str(out), "--plot", str(plot)])
    assert result.exit_code == 0, result.output
    assert [line.split()[0] for line in result.stdout.splitlines()[:3]] == ["HELD", "before", "after"]
    assert "160 runs fitted, 40 held out, 1 left out\n  row 202: unknown hospital" in result.stderr
    assert load_periods(out).calibration.held_out == 40
    with Image.open(plot) as image:
        assert image.format == "PNG"
        colours = {colour for _, colour in image.getcolors(1_000_000)}
        assert {(0xB3, 0x54, 0x1E), (0x1F, 0x6F, 0x8B)} <= colours
    result = CliRunner().invoke(cli, ["calibrate", str(runs), "--json"])
    told = orjson.loads(result.stdout)
    assert told["runs"] == {"fitted": 160, "held_out": 40, "left_out": 1}
    assert told["left_out"] == [{"row": 202, "reason": "unknown hospital"}]
    assert {(f["period"], f["roads"]) for f in told["factors"]} == {
        (p, g) for p in edition.info.periods for g in GROUPS
    }
    assert set(told["held_out"]["after"]) == {"bias_min", "mean_error_min", "within_2_min", "within_5_min"}
    assert "106.5" not in result.stdout


def test_an_edition_without_periods_can_be_calibrated(grid, simulate):
    found = calibrate(grid(periods=None), simulate(40), read_settings({}))
    assert found.periods.names == Periods().names == ("all",)
    assert found.periods.calibration.profile == "ambulance"
