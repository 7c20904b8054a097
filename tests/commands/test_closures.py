import json
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from click.testing import CliRunner

from stroke_map import errors
from stroke_map.cli import cli


@pytest.fixture
def run(in_the_city):
    """Run a command."""

    def invoke(*arguments):
        return CliRunner().invoke(cli, ["closure", *(str(argument) for argument in arguments)], catch_exceptions=False)

    return invoke


@pytest.fixture(scope="session")
def way(demo_edition):
    return int(demo_edition.network("car").stretch_way_id[0])


@pytest.fixture
def file(tmp_path):
    def write(document):
        path = tmp_path / "closures.geojson"
        path.write_text(json.dumps(document))
        return path

    return write


def listed(run, *options):
    return orjson.loads(run("list", "--json", *options).stdout)


def test_a_way_is_closed_listed_and_opened_again(run, way):
    added = run("add", "--way", way, "--reason", "山体滑坡", "--author", "editor")
    assert (added.exit_code, added.stdout) == (0, "Recorded 1: 1\n")
    assert "someone must end it" in added.stderr
    table = run("list").stdout
    assert "active" in table
    assert "山体滑坡" in table
    assert listed(run)[0]["ways"] == [way]
    assert run("end", 1, "--by", "editor").stdout == "Ended closure 1\n"
    assert listed(run) == []
    (ended,) = listed(run, "--all")
    assert (ended["ended_by"], ended["active"]) == ("editor", False)
    assert "over" in run("list", "--all").stdout
    assert orjson.loads(run("end", 1, "--json").stdout)["ended_by"] == "editor"


def test_a_street_is_slow_for_a_while_from_later_on(run, demo_street, file):
    begins = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    times = ("--from", begins.isoformat(), "--until", (begins + timedelta(hours=1)).isoformat())
    options = ("--geometry", file(demo_street), "--slow", 2.5, "--direction", "forward", *times, "--reason", "market")
    added = orjson.loads(run("add", *options, "--json").stdout)["added"]
    assert added[0]["stretches"]["car"] >= 1
    (closure,) = listed(run)
    assert (closure["kind"], closure["factor"], closure["active"], bool(closure["author"])) == (
        "slow",
        2.5,
        False,
        True,
    )
    assert "later" in run("list").stdout
    assert listed(run, "--at", (begins - timedelta(seconds=1)).isoformat()) == []
    assert len(listed(run, "--at", begins.isoformat())) == 1


def test_a_feature_as_geometry_is_taken(run, demo_street, file):
    feature = {"type": "Feature", "properties": {}, "geometry": demo_street}
    assert run("add", "--geometry", file(feature), "--reason", "r").exit_code == 0


def test_a_file_is_recorded_as_a_whole(run, way, demo_street, file):
    collection = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": demo_street, "properties": {"reason": "r", "author": "a"}},
            {"type": "Feature", "geometry": None, "properties": {"ways": [way], "reason": "r", "author": "a"}},
        ],
    }
    assert run("add", "--file", file(collection)).stdout == "Recorded 2: 1, 2\n"
    assert [closure["geometry"] is None for closure in listed(run)] == [False, True]


@pytest.fixture
def mixed(way, file):
    good = {"ways": [way], "reason": "r", "author": "a"}
    swapped = {"type": "LineString", "coordinates": [[40.5, 102.5], [40.5, 102.6]]}
    bad = [good | {"ways": [1]}, {"geometry": swapped, "reason": "r", "author": "a"}, 7]
    return file([good, *bad, good])


def test_a_file_with_mistakes_is_refused_as_a_whole_and_each_is_listed(run, mixed):
    result = run("add", "--file", mixed)
    assert (result.exit_code, result.stdout) == (errors.ClosureError.exit_code, "")
    assert "3 of 5 refused; nothing was recorded" in result.stderr
    lines = [line.strip() for line in result.stderr.splitlines() if line.startswith("  entry")]
    assert [line.split(":")[0] for line in lines] == ["entry 2", "entry 3", "entry 4"]
    assert "swapped" in lines[1]
    assert listed(run) == []


def test_with_skip_bad_the_sound_entries_are_recorded_and_the_others_listed(run, mixed):
    result = run("add", "--file", mixed, "--skip-bad", "--json")
    told = orjson.loads(result.stdout)
    assert (result.exit_code, len(told["added"]), {problem["entry"] for problem in told["refused"]}) == (
        0,
        2,
        {2, 3, 4},
    )
    assert result.stderr.count("refused") == 3
    assert len(listed(run)) == 2


def test_with_skip_bad_a_file_without_a_sound_entry_is_an_error(run, file):
    assert run("add", "--file", file([1, 2]), "--skip-bad").exit_code == errors.ClosureError.exit_code


def test_ten_thousand_entries_are_recorded(run, demo_edition, file):
    ways = demo_edition.network("car").stretch_way_id
    entries = [{"ways": [int(ways[n % len(ways)])], "reason": "r", "author": "a"} for n in range(10_000)]
    result = run("add", "--file", file(entries), "--json")
    assert result.exit_code == 0
    assert len(orjson.loads(result.stdout)["added"]) == 10_000
    assert len(listed(run)) == 10_000


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--reason", "r"], "only one of them"),
        (["--way", "1", "--reason", "r"], "no roads of this map"),
        (["--way", "1"], "reason is missing"),
        (["--way", "1", "--reason", "r", "--until", "2020-01-01T00:00:00Z"], "before it begins"),
        (["--way", "1", "--reason", "r", "--slow", "0.5"], "more than 1"),
    ],
)
def test_a_mistake_in_the_options_is_told(run, options, told):
    result = run("add", *options)
    assert (result.exit_code, told in result.stderr) == (errors.ClosureError.exit_code, True)


def test_a_file_and_options_do_not_go_together(run, file):
    result = run("add", "--file", file([]), "--way", 1)
    assert (result.exit_code, "--file" in result.stderr) == (errors.InvalidRequestError.exit_code, True)


def test_bad_moments_and_ids(run):
    assert "--at must be an RFC 3339 time" in run("list", "--at", "noon").stderr
    assert run("end", 5).exit_code == errors.NotFoundError.exit_code


def test_a_database_that_cannot_be_used_has_an_exit_code_of_its_own(run, tmp_path):
    (tmp_path / "live.db").unlink()
    (tmp_path / "live.db").mkdir()
    assert run("list").exit_code == errors.LiveStoreError.exit_code
