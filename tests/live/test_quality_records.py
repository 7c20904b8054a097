"""What is measured of cases in the database, held against a plain computation over all of them, before and after they are deleted."""

import shutil
import statistics
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import hypothesis
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st

from stroke_map.live import quality_records
from stroke_map.live import store as store_module
from stroke_map.live.alert_rules import Callees
from stroke_map.live.alerts import NewAlert
from stroke_map.live.case_tables import case_figures, case_tallies, cases
from stroke_map.live.cases import INTERVALS, NewCase
from stroke_map.live.quality_records import QualityRecords

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
BEGUN = datetime(2026, 3, 28, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
TEAMS = ("emergency", "neurology")
MOMENTS = ("onset", "on_scene", "door", "needle", "puncture", "wire")
#: One case: after how many hours it begins, where to, what is told of it, and of its alert: when each team answers, who diverts.
CASE = st.fixed_dictionaries(
    {
        "hours": st.integers(0, 24 * 9),
        "condition": st.sampled_from(["stroke", "chest_pain"]),
        "hospital_id": st.sampled_from(["a", "b"]),
        "override_reason": st.sampled_from(["", "relatives insist"]),
        "capable": st.sampled_from([True, False, None]),
        "moments": st.dictionaries(st.sampled_from(MOMENTS), st.integers(0, 9000)),
        "answers": st.none() | st.dictionaries(st.sampled_from(TEAMS), st.integers(0, 300)),
        "diverted": st.booleans(),
        "read": st.booleans(),
    }
)


def told_of(case):
    begun = BEGUN + timedelta(hours=case["hours"])
    return begun, {name: begun + seconds * SECOND for name, seconds in case["moments"].items()}


def play(store, case):
    """Record a case as the service does."""
    begun, timeline = told_of(case)
    fields = {name: case[name] for name in ("condition", "hospital_id", "override_reason", "capable")}
    new = NewCase(question={}, answer={"hospitals": []}, edition="1", first_choice="a", author="x", timeline=timeline, **fields)  # fmt: skip
    recorded = store.cases.add(new, now=begun, zone=ZONE)
    if case["answers"] is None:
        return
    calls = tuple(Callees(team) for team in TEAMS)
    alert = NewAlert(case_id=recorded.id, hospital_id=case["hospital_id"], telephone="1", teams=calls, author="x",
                     override_reason=case["override_reason"] or "other", capable=case["capable"])  # fmt: skip
    store.alerts.create(alert, key=str(recorded.id), digest="d", now=begun)
    (made,) = store.alerts.list(now=begun, case_id=recorded.id)
    for team, seconds in sorted(case["answers"].items(), key=lambda answer: answer[1]):
        store.alerts.act(made.id, "acknowledged", "x", now=begun + seconds * SECOND, team=team)
    if case["diverted"]:
        store.alerts.act(made.id, "diverted", "x", now=begun + 400 * SECOND, reason="CT")


def plainly(played):
    """Number of cases, and medians, by month, condition, hospital and measure, over all cases there ever were."""
    values = defaultdict(list)
    for case in played:
        month = f"{told_of(case)[0].astimezone(ZONE):%Y-%m}"
        for measure, value in [*counted(case), *timed(case), *alerted(case)]:
            values[month, case["condition"], case["hospital_id"], measure].append(value)
    return {key: (len(found), statistics.median(found)) for key, found in values.items()}


def counted(case):
    arrived = "door" in case["moments"]
    # Whoever alerts another hospital than the first says why, and of the first there is nothing to say.
    overridden = bool(case["override_reason"]) if case["answers"] is None else case["hospital_id"] != "a"
    told = {
        "cases": True,
        "overridden": overridden,
        "diverted": case["answers"] is not None and case["diverted"],
        "delivered": arrived,
        "delivered_capable": arrived and case["capable"] is True,
        "delivered_unsaid": arrived and case["capable"] is None,
    } | {name: name in case["moments"] for name in ("needle", "puncture", "wire")}
    return [(measure, 0) for measure, so in told.items() if so]


def timed(case):
    moments = case["moments"]
    pairs = {name: pair for name, pair in INTERVALS.items() if set(pair) <= moments.keys()}
    seconds = {name: moments[last] - moments[first] for name, (first, last) in pairs.items()}
    return [(name, -(-each // 60)) for name, each in seconds.items() if each >= 0]


def alerted(case):
    if case["answers"] is None:
        return []
    waits = list(case["answers"].values())
    found = [("alerts", 0), *([("diversions", 0)] if case["diverted"] else [])]
    found += [("first_acknowledged", min(waits))] if waits else []
    return found + ([("all_acknowledged", max(waits))] if len(waits) == len(TEAMS) else [])


def recorded(quality, first="2026-01", last="2026-12"):
    """The same out of the database."""
    of = quality.tallies(first, last).by(lambda month, hospital: f"{month} {hospital}")
    return {
        (month, condition, hospital, measure): (values.cases, values.median)
        for (key, condition), tallied in of.items()
        for month, hospital in [key.split()]
        for measure, values in tallied.items()
    }


@hypothesis.settings(
    max_examples=6, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(played=st.lists(CASE, min_size=1, max_size=7), cut=st.integers(0, 10))
def test_figures_are_those_of_all_cases_before_and_after_any_of_them_are_deleted(store, played, cut):
    with store.writing() as connection:
        for table in (cases, case_tallies, case_figures):
            connection.execute(sa.delete(table))
    # This one keeps what it has read, another each time reads everything.
    keeping, done = QualityRecords(store), []
    # None is old enough to be deleted when the last of them begins.
    for case in sorted(played, key=lambda case: case["hours"]):
        play(store, case)
        done.append(case)
        if case["read"]:
            assert recorded(keeping) == plainly(done)
    assert recorded(QualityRecords(store)) == plainly(played)

    # The next case that begins deletes those of before the cut.
    late = {
        "hours": 24 * (180 + cut),
        "condition": "stroke",
        "hospital_id": "a",
        "override_reason": "",
        "capable": None,
    }
    late |= {"moments": {}, "answers": None, "diverted": False}
    play(store, late)
    assert len(store.cases.list()) == 1 + len([case for case in played if case["hours"] > 24 * cut])
    assert recorded(keeping) == recorded(QualityRecords(store)) == plainly([*played, late])


def test_a_reading_sees_each_change_since_the_last(store, new_case, new_alert, now):
    def told():
        found = {key: of for (_, _, hospital, key), of in recorded(store.quality).items() if hospital == "a"}
        assert recorded(store.quality) == recorded(QualityRecords(store))
        return found

    assert told() == {}
    store.cases.add(new_case(timeline={"door": now}), now=now)
    assert told().keys() == {"cases", "delivered", "delivered_unsaid"}
    for minutes in (40, 50):  # corrected
        store.cases.record(1, "needle", now + minutes * 60 * SECOND, "x", now=now)
        assert told()["door_to_needle"] == (1, minutes)
    store.cases.add(new_case(), now=now)
    store.alerts.create(new_alert(case_id=2), key="k", digest="d", now=now)
    assert told()["alerts"] == (1, 0)
    store.alerts.act(1, "acknowledged", "x", now=now + 40 * SECOND, team="emergency")
    assert told()["first_acknowledged"] == (1, 40)
    store.cases.add(new_case(), now=now + 300 * DAY)
    assert [case.id for case in store.cases.list()] == [3], "the others are deleted"
    assert told()["cases"] == (2, 0)
    assert recorded(store.quality, "2027-01", "2027-12")["2027-02", "stroke", "a", "cases"] == (1, 0)
    assert recorded(store.quality, "2026-06") == {}


def test_a_backup_that_is_put_in_place_is_read_anew(sqlite_store, new_case, now, tmp_path):
    store = sqlite_store
    store.cases.add(new_case(), now=now)
    shutil.copy(store.file, tmp_path / "backup")
    store.cases.add(new_case(), now=now)
    assert recorded(store.quality)["2026-05", "stroke", "a", "cases"] == (2, 0)
    (tmp_path / "backup").replace(store.file)
    assert recorded(store.quality)["2026-05", "stroke", "a", "cases"] == (1, 0)


def test_months_and_conditions_are_picked_and_the_month_is_the_editions(store, new_case, now):
    def picked(*months, **more):
        found = store.quality.tallies(*months, **more).by(lambda month, _: month)
        return list(found)

    begun = datetime(2026, 4, 30, 20, tzinfo=UTC)
    store.cases.add(new_case(), now=begun, zone=ZONE)
    store.cases.add(new_case(condition="chest_pain"), now=begun)
    assert picked("2026-04", "2026-05") == [("2026-04", "chest_pain"), ("2026-05", "stroke")]
    assert picked("2026-05", "2026-05") == [("2026-05", "stroke")]
    assert picked("2026-01", "2026-12", condition="stroke") == [("2026-05", "stroke")]
    store.cases.add(new_case(), now=now + 300 * DAY, zone=ZONE)
    assert picked("2026-04", "2026-05") == [("2026-04", "chest_pain"), ("2026-05", "stroke")], "both deleted"


def test_why_cases_went_elsewhere_is_told_of_those_that_are_kept_the_newest_first(store, new_case, now):
    for number, reason in enumerate(["", "relatives", "road closed"]):
        store.cases.add(new_case(hospital_id="b", override_reason=reason, vehicle=str(number)), now=now)

    def told(*months, most=9, **more):
        return store.quality.overrides(store.quality.tallies(*months, **more), most=most)

    assert [
        (one["id"], one["first_choice"], one["hospital_id"], one["override_reason"])
        for one in told("2026-05", "2026-05")
    ] == [
        (3, "a", "b", "road closed"),
        (2, "a", "b", "relatives"),
    ]
    assert [one["id"] for one in told("2026-05", "2026-05", most=1)] == [3]
    assert told("2026-05", "2026-05", hospital="a") == []
    assert told("2026-05", "2026-05", condition="chest_pain") == []
    assert told("2026-06", "2026-12") == []


def test_a_case_that_is_deleted_while_one_reads_counts_once(store, settings, open_store, new_case, monkeypatch):
    now, load = datetime(2026, 5, 1, 12, tzinfo=UTC), quality_records.load_facts
    other = open_store(settings)
    store.cases.add(new_case(), now=now)

    def meanwhile(connection, ids):
        monkeypatch.undo()
        other.cases.add(new_case(), now=now + 300 * DAY)
        return load(connection, ids)

    monkeypatch.setattr(quality_records, "load_facts", meanwhile)
    for _ in range(2):
        assert recorded(store.quality, "2026-05", "2026-05") == {("2026-05", "stroke", "a", "cases"): (1, 0)}
    assert [case.id for case in store.cases.list()] == [2], "it is deleted"


def test_what_was_there_before_medians_were_kept_has_its_month_and_its_numbers(store, new_case, now):
    store.cases.add(new_case(override_reason="x", timeline={"call": now, "door": now + DAY}), now=now - 200 * DAY)
    store.cases.add(new_case(), now=now)
    config = Config()
    config.set_main_option("script_location", str(store_module._MIGRATIONS))
    for step, revision in ((command.downgrade, "0008"), (command.upgrade, "head")):
        with store.writing() as connection:
            config.attributes["connection"] = connection
            step(config, revision)
    assert recorded(store.quality, "2025-01") == {
        ("2025-10", "stroke", "a", "cases"): (1, 0),
        ("2025-10", "stroke", "a", "overridden"): (1, 0),
        ("2026-05", "stroke", "a", "cases"): (1, 0),
    }


@pytest.mark.parametrize("kind", ["acknowledged", "activated"])
def test_a_team_that_is_activated_has_acknowledged_and_the_first_word_counts(store, new_case, new_alert, now, kind):
    store.cases.add(new_case(), now=now)
    store.alerts.create(new_alert(), key="k", digest="d", now=now)
    store.alerts.act(1, kind, "x", now=now + 40 * SECOND, team="emergency")
    store.alerts.act(1, "activated", "x", now=now + 90 * SECOND, team="emergency")
    assert recorded(store.quality)["2026-05", "stroke", "a", "first_acknowledged"] == (1, 40)
