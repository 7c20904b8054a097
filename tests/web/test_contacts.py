"""Who of a hospital hears an alert, and by what."""

from datetime import UTC, datetime

import pytest

from stroke_map.live.accounts import Standing
from stroke_map.live.channels import Channel
from stroke_map.registry import TEAMS, Hospital
from stroke_map.web.contacts import ContactList, contacts


def hospital(name, *numbers, kind="hospital"):
    place = {"lat": 29.5, "lon": 106.5}
    return Hospital(id=name, name_zh=name, kind=kind, contacts=[{"team": t, "phone": p} for t, p in numbers], **place)


def channel(hospital_id, team=""):
    fields = {"id": 1, "kind": "email", "target": "a@b.example", "author": "me", "created_at": NOW}
    return Channel(hospital_id=hospital_id, team=team, **fields)


def ward(hospital_id, team=""):
    return Standing("ward", "hospital", hospital_id, team)


NOW = datetime(2026, 5, 1, tzinfo=UTC)
ALL_NUMBERS = [(team, "023-1") for team in TEAMS]


@pytest.mark.parametrize(
    ("numbers", "ways", "accounts", "called", "told"),
    [
        ([], [], [], True, ("nobody", "nobody")),
        (ALL_NUMBERS, [], [], False, ("nobody", "nobody")),
        (ALL_NUMBERS, [], [], True, ("told", "number")),
        (ALL_NUMBERS[:1], [], [], True, ("partly", "number")),
        ([], [channel("a")], [], False, ("told", "channel")),
        ([], [channel("a", "radiology")], [], False, ("partly", "nobody")),
        ([], [channel("b")], [ward("b")], False, ("nobody", "nobody")),
        ([], [], [ward("a")], False, ("screen", "screen")),
        ([], [], [ward("a", "emergency")], False, ("partly", "screen")),
        ([], [channel("a", "emergency")], [ward("a")], False, ("told", "channel")),
        ([], [], [Standing("d", "dispatcher")], False, ("nobody", "nobody")),
    ],
)
def test_a_team_hears_by_the_surest_way_there_is(numbers, ways, accounts, called, told):
    (found,) = contacts([hospital("a", *numbers)], ways, accounts, numbers=called)
    assert [team["team"] for team in found["teams"]] == list(TEAMS)
    assert (found["reach"], found["teams"][0]["heard_by"]) == told, "of the hospital, and of its emergency team"


def test_those_where_nobody_hears_it_come_first_and_units_after_hospitals():
    known = [
        hospital("told"),
        hospital("unit", kind="unit"),
        hospital("screen"),
        hospital("nobody"),
        hospital("partly"),
    ]
    ways = [channel("told"), channel("partly", "neurology")]
    told = contacts(known, ways, [ward("screen")], numbers=False)
    assert [one["id"] for one in told] == ["nobody", "unit", "partly", "screen", "told"]
    assert ContactList(edition="e", numbers_by=None, hospitals=told).hospitals[2].channels[0].target == "a@b.example"
