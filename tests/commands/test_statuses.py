import orjson
import pytest
from click.testing import CliRunner

from stroke_map.cli import cli
from stroke_map.commands.closures import this_user
from stroke_map.commands.statuses import KINDS
from stroke_map.live.statuses import TROUBLES


@pytest.fixture
def run(in_the_city):
    """Run a command."""

    def invoke(*arguments):
        return CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)

    return invoke


@pytest.fixture(scope="session")
def hospital(demo_edition):
    return demo_edition.hospitals[0]


def test_a_hospital_is_full_listed_and_open_again(run, hospital):
    told = run("status", "set", hospital.id, "full", "--reason", "床位已满", "--author", "ward 3")
    assert told.exit_code == 0
    for table in (told.stdout, run("status", "list").stdout):
        assert all(word in table for word in (hospital.id, hospital.name_zh, "full", "active", "床位已满", "ward 3"))
    cleared = orjson.loads(run("status", "clear", hospital.id, "--json").stdout)
    (ended,) = cleared["ended"]
    assert (cleared["statuses"], ended["end_reason"], ended["ended_by"]) == ([], "over", this_user())
    assert orjson.loads(run("status", "list", "--json").stdout) == []
    (kept,) = orjson.loads(run("status", "list", "--all", "--json").stdout)
    assert (kept["state"], kept["reason"], kept["author"]) == ("ended", "床位已满", f"ward 3 ({this_user()})")


def test_only_the_kind_that_is_named_is_cleared_and_one_hospital_listed(run, hospital, demo_edition):
    other = demo_edition.hospitals[1].id
    for name, kind in ((hospital.id, "full"), (hospital.id, "ct_down"), (other, "diversion")):
        assert run("status", "set", name, kind, "--reason", "r").exit_code == 0
    left = orjson.loads(run("status", "clear", hospital.id, "--kind", "ct_down", "--json").stdout)["statuses"]
    assert [(status["kind"], status["author"]) for status in left] == [("full", this_user())]
    listed = orjson.loads(run("status", "list", "--hospital", other, "--json").stdout)
    assert [(status["hospital_id"], status["kind"]) for status in listed] == [(other, "diversion")]


def test_the_next_question_knows_it(run, hospital):
    question = ("nearest", "--lat", hospital.entrance_lat, "--lon", hospital.entrance_lon, "--json")
    first = orjson.loads(run(*question).stdout)["hospitals"][0]["id"]
    run("status", "set", first, "ct_down", "--reason", "tube")
    found = orjson.loads(run(*question).stdout)
    assert first not in {each["id"] for each in found["hospitals"]}
    assert [seen["hospital"] for seen in found["statuses_seen"]] == [first]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (("nowhere", "full", "--reason", "r"), 1, "no hospital with that id"),
        (("{id}", "on fire", "--reason", "r"), 2, "diversion"),
        (("{id}", "open", "--reason", "r"), 2, "diversion"),
        (("{id}", "full"), 2, "--reason"),
        (("{id}", "full", "--reason", ""), 2, "reason: must not be empty"),
        (("{id}", "full", "--reason", "a\x1b[2Jb"), 2, "reason: "),
        (("{id}", "full", "--reason", "r", "--until", "2020-01-01T00:00:00Z"), 2, "until: has passed already"),
        (("{id}", "full", "--reason", "r", "--until", "2099-01-01T00:00:00Z"), 2, "until: is too far off"),
        (("{id}", "full", "--reason", "r", "--until", "soon"), 2, "until: must be an RFC 3339 time"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(run, hospital, arguments, exit_code, words):
    told = run("status", "set", *(part.replace("{id}", hospital.id) for part in arguments))
    assert (told.exit_code, told.stdout) == (exit_code, "")
    assert words in told.stderr
    assert orjson.loads(run("status", "list", "--all", "--json").stdout) == []


def test_the_commands_know_every_kind():
    assert KINDS == TROUBLES
