from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.live.alert_rules import (
    ENDINGS,
    LEAST_S,
    Alert,
    Call,
    Callees,
    Due,
    Happening,
    Timers,
    due,
    refusal,
    standing_of,
)
from stroke_map.settings import read_settings

T0 = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
TIMERS = Timers()
TEAMS = (Callees("emergency", ("1", "2", "3")), Callees("neurology", ("7",)), Callees("radiology"))
ALERT = Alert(T0, TEAMS)


def after(seconds):
    return T0 + timedelta(seconds=seconds)


def happened(kind, seconds, team="", contact=0, **who):
    return Happening(kind, after(seconds), team, contact, **who)


def all_teams(kind, seconds):
    return [happened(kind, seconds, callees.team) for callees in TEAMS]


def play(alert, until_s, happenings=(), timers=TIMERS, step_s=1.0):
    """What a deliverer does that looks every `step_s`: the calls it makes, as (seconds, team, contact)."""
    made, calls, second = list(happenings), [], 0.0
    while second <= until_s:
        told = [happening for happening in made if happening.at <= after(second)]
        for call in due(alert, told, after(second), timers).calls:
            made.append(happened("called", second, call.team, call.contact))
            calls.append((second, call.team, call.contact))
        second += step_s
    return calls


def test_every_team_is_called_at_once():
    assert due(ALERT, [], T0, TIMERS).calls == (
        Call("emergency", 0, "1"),
        Call("neurology", 0, "7"),
        Call("radiology", 0, ""),
    )


def test_calls_roll_over_after_60_s_and_repeat_every_120_s_for_20_minutes():
    calls = play(ALERT, 2000)
    first = [second for second, team, contact in calls if (team, contact) == ("emergency", 0)]
    second = [second for second, team, contact in calls if (team, contact) == ("emergency", 1)]
    third = [second for second, team, contact in calls if (team, contact) == ("emergency", 2)]
    assert first == [120 * k for k in range(11)]
    assert second == [60 + 120 * k for k in range(10)]
    assert third == [120 + 120 * k for k in range(10)]


def test_a_short_drive_hastens_repeats_until_its_end_and_not_beyond():
    minute_away = replace(ALERT, teams=(Callees("neurology", ("7",)),), eta=after(60))  # 1/16 of every timer
    assert [second for second, _, _ in play(minute_away, 2000, step_s=0.5)] == [
        *(7.5 * k for k in range(9)),
        *(60 + 120 * k for k in range(1, 10)),
    ]
    at_the_door = replace(minute_away, eta=T0)
    assert [second for second, _, _ in play(at_the_door, 2000)] == [120 * k for k in range(11)]


def test_a_team_that_acknowledged_is_not_called_again_and_the_others_are():
    calls = play(ALERT, 300, [happened("acknowledged", 90, "emergency", by="Li")])
    assert [call for call in calls if call[1] == "emergency"] == [(0, "emergency", 0), (60, "emergency", 1)]
    assert (120, "neurology", 0) in calls


def test_after_a_pause_each_contact_is_called_once_not_as_often_as_was_missed():
    calls = due(ALERT, [happened("called", 0, "emergency")], after(900), TIMERS).calls
    assert [(call.team, call.contact) for call in calls] == [
        ("emergency", 0),
        ("emergency", 1),
        ("emergency", 2),
        ("neurology", 0),
        ("radiology", 0),
    ]


@pytest.mark.parametrize("back_s", [600, 86_400 * 400])
def test_a_clock_that_was_set_back_calls_once_more_and_begins_anew(back_s):
    """Else nobody would be called again until the clock is as late as it was."""
    before = [(second, team, contact) for second, team, contact in play(ALERT, 90)]
    made = [happened("called", *call) for call in before]
    calls = []
    for second in range(-back_s, -back_s + 150):
        for call in due(ALERT, made, after(second), TIMERS).calls:
            made.append(happened("called", second, call.team, call.contact))
            calls.append((second + back_s, call.team, call.contact))
    assert [call for call in calls if call[1] == "emergency"] == [
        (0, "emergency", 0),
        (60, "emergency", 1),
        (120, "emergency", 0),
        (120, "emergency", 2),
    ]
    assert calls.count((0, "neurology", 0)) == 1
    assert not due(ALERT, made, after(-back_s + 359), TIMERS).telephone
    assert due(ALERT, made, after(-back_s + 360), TIMERS).telephone


@pytest.mark.parametrize("behind_s", [0, 1, 29])
def test_a_machine_whose_clock_is_somewhat_behind_calls_nobody_twice(behind_s):
    called = [happened("called", 0, callees.team) for callees in TEAMS]
    assert due(ALERT, called, after(-behind_s), TIMERS).calls == ()


def test_a_first_call_is_made_even_after_the_time_of_repeats():
    assert len(due(ALERT, [], after(1300), TIMERS).calls) == 5


@pytest.mark.parametrize(
    ("seconds", "not_activated", "telephone"),
    [(299, False, False), (300, True, False), (359, True, False), (360, True, True), (80_000, True, True)],
)
def test_the_dispatcher_is_told_after_5_minutes_and_to_telephone_after_6(seconds, not_activated, telephone):
    found = due(ALERT, [], after(seconds), TIMERS)
    assert (found.not_activated, found.telephone) == (not_activated, telephone)


def test_who_acknowledged_but_activated_nobody_is_still_to_be_telephoned():
    found = due(ALERT, all_teams("acknowledged", 10), after(360), TIMERS)
    assert (found.calls, found.not_activated, found.telephone) == ((), True, True)


def test_a_team_that_is_silent_is_telephoned_though_another_is_activated():
    activated = [happened("activated", 10, "emergency")]
    assert due(ALERT, activated, after(360), TIMERS).telephone
    assert not due(ALERT, activated, after(360), TIMERS).not_activated
    everybody = activated + all_teams("acknowledged", 20)
    assert due(ALERT, everybody, after(360), TIMERS) == Due(next_at=after(86_400))


def test_on_a_drive_of_8_minutes_the_telephone_comes_after_3():
    alert = replace(ALERT, eta=after(480))
    assert not due(alert, [], after(179), TIMERS).telephone
    assert due(alert, [], after(180), TIMERS).telephone
    assert due(alert, [], after(150), TIMERS).not_activated
    assert [call[0] for call in play(alert, 100) if call[1:] == ("emergency", 1)] == [30, 90]


def test_a_timer_is_its_setting_on_a_long_drive_and_never_under_the_least():
    assert TIMERS.for_drive(960) == TIMERS.for_drive(1e6) == TIMERS.for_drive(None) == TIMERS
    for drive_s in (0, -60, 1):
        short = TIMERS.for_drive(drive_s)
        assert (short.rollover_s, short.repeat_s, short.not_activated_s, short.telephone_s) == (LEAST_S,) * 4
        assert replace(TIMERS, rollover_s=2).for_drive(drive_s).rollover_s == 2
        assert (short.repeat_for_s, short.close_after_s) == (TIMERS.repeat_for_s, TIMERS.close_after_s)


@given(st.floats(0, 1e5), st.floats(0, 1e5))
def test_a_shorter_drive_makes_no_timer_longer_and_none_is_longer_than_its_setting(one_s, other_s):
    short, long = (TIMERS.for_drive(drive_s) for drive_s in sorted((one_s, other_s)))
    for name in ("rollover_s", "repeat_s", "not_activated_s", "telephone_s"):
        assert LEAST_S <= getattr(short, name) <= getattr(long, name) <= getattr(TIMERS, name)
    assert short.telephone_s <= max(LEAST_S, 0.375 * min(one_s, other_s)) * (1 + 1e-12)


def test_the_settings_are_the_timers():
    assert Timers.of(read_settings({})) == TIMERS
    changed = {"alert_rollover_s": 1, "alert_repeat_s": 2, "alert_repeat_for_s": 3, "alert_not_activated_s": 4,
               "alert_telephone_s": 5, "alert_eta_share": 0.5, "alert_close_after_h": 2}  # fmt: skip
    assert Timers.of(read_settings({}, **changed)) == Timers(1, 2, 3, 4, 5, 0.5, 7200)


@pytest.mark.parametrize(
    ("happenings", "state"),
    [
        ([], "created"),
        ([happened("called", 0, "emergency")], "created"),
        ([happened("sent", 1, "emergency")], "sent"),
        ([happened("delivered", 2, "emergency")], "delivered"),
        ([happened("delivered", 2), happened("acknowledged", 3, "emergency")], "delivered"),
        (all_teams("acknowledged", 3), "acknowledged"),
        ([happened("activated", 3, "emergency")], "activated"),
        ([happened("activated", 3, "emergency"), happened("arrived", 4)], "arrived"),
        ([happened("arrived", 4), happened("closed", 5)], "closed"),
        ([happened("cancelled", 5)], "cancelled"),
        ([happened("diverted", 5, reason="CT")], "diverted"),
        ([happened("acknowledged", 3, "nobody we called")], "created"),
    ],
)
def test_where_it_stands(happenings, state):
    assert standing_of(ALERT, happenings).state == state


def test_the_first_word_counts_and_activating_acknowledges():
    told = [happened("activated", 9, "emergency", by="Wang"), happened("acknowledged", 12, "emergency", by="Li")]
    standing = standing_of(ALERT, told)
    assert (standing.acknowledged["emergency"].by, standing.activated["emergency"].by) == ("Wang", "Wang")
    both = standing_of(ALERT, [happened("cancelled", 5), happened("diverted", 5)])
    assert both.state == "diverted"
    assert standing_of(ALERT, [happened("cancelled", 5), happened("diverted", 6)]).state == "cancelled"


@pytest.mark.parametrize("kind", ENDINGS)
def test_nothing_is_due_when_it_has_ended(kind):
    assert due(ALERT, [happened(kind, 1)], after(5000), TIMERS) == Due()


def test_who_has_arrived_is_announced_no_more_and_the_alert_closes_by_itself():
    arrived = [happened("arrived", 600)]
    assert due(ALERT, arrived, after(700), TIMERS) == Due(next_at=after(600 + 86_400))
    assert due(ALERT, arrived, after(600 + 86_400), TIMERS).close
    assert not due(ALERT, [], after(86_399), TIMERS).close
    assert due(ALERT, [], after(86_400), TIMERS).close


@pytest.mark.parametrize(
    ("happenings", "kind", "told"),
    [
        ([], "cancelled", ""),
        ([happened("cancelled", 1)], "acknowledged", "the alert was cancelled"),
        ([happened("cancelled", 1)], "cancelled", ""),
        ([happened("diverted", 1)], "cancelled", "the alert was diverted"),
        ([happened("closed", 1)], "diverted", "the alert was closed"),
        ([happened("arrived", 1)], "diverted", "the patient has arrived"),
        ([happened("arrived", 1)], "cancelled", "the patient has arrived"),
        ([happened("arrived", 1)], "activated", ""),
        ([happened("arrived", 1)], "closed", ""),
    ],
)
def test_what_can_no_longer_happen(happenings, kind, told):
    assert refusal(standing_of(ALERT, happenings), kind) == told


happenings_of_any_kind = st.lists(
    st.builds(
        Happening,
        st.sampled_from(["called", "sent", "delivered", "acknowledged", "activated", "arrived", *ENDINGS]),
        st.integers(-10, 2000).map(after),
        st.sampled_from([callees.team for callees in TEAMS]),
        st.integers(0, 2),
        st.sampled_from(["", "Li", "Wang"]),
    ),
    max_size=12,
)
moments = st.integers(-10, 100_000).map(after)
etas = st.none() | st.integers(-100, 10_000).map(after)


@given(happenings_of_any_kind, moments, etas, st.randoms(use_true_random=False))
def test_the_order_in_which_things_are_told_changes_nothing(happenings, now, eta, random):
    alert, shuffled = replace(ALERT, eta=eta), list(happenings)
    random.shuffle(shuffled)
    assert standing_of(alert, shuffled) == standing_of(alert, happenings)
    assert due(alert, shuffled, now, TIMERS) == due(alert, happenings, now, TIMERS)


@given(happenings_of_any_kind, moments, etas)
def test_an_alert_is_never_lost(happenings, now, eta):
    """It has ended, or something is due at a moment that is known; and whoever is silent is called again, or is being telephoned."""
    alert = replace(ALERT, eta=eta)
    found, standing = due(alert, happenings, now, TIMERS), standing_of(alert, happenings)
    assert (found.next_at is None) == (standing.ending is not None)
    if standing.ending is None and standing.arrived is None and len(standing.acknowledged) < len(TEAMS):
        assert found.telephone or found.next_at <= after(TIMERS.telephone_s)


@given(happenings_of_any_kind, moments, etas)
def test_what_is_due_waits_for_the_next_moment_and_not_longer(happenings, now, eta):
    alert, happenings = replace(ALERT, eta=eta), [happening for happening in happenings if happening.at <= now]
    found = due(alert, happenings, now, TIMERS)
    if found.next_at is None:
        return
    assert bool(found.calls or found.close) == (found.next_at <= now)
    if found.next_at > now:
        just_before = due(alert, happenings, found.next_at - timedelta(microseconds=1), TIMERS)
        assert just_before == found
        assert due(alert, happenings, found.next_at, TIMERS) != found


@given(happenings_of_any_kind, moments, etas, etas)
def test_another_eta_takes_back_no_acknowledgement_and_calls_nobody_who_has(happenings, now, eta, other):
    one, two = replace(ALERT, eta=eta), replace(ALERT, eta=other)
    standing = standing_of(one, happenings)
    assert standing_of(two, happenings) == standing
    assert not {call.team for call in due(two, happenings, now, TIMERS).calls} & standing.acknowledged.keys()


@given(happenings_of_any_kind, st.sampled_from(ENDINGS), st.integers(0, 3000).map(after))
def test_an_ending_is_never_taken_back(happenings, kind, at):
    before = standing_of(ALERT, [h for h in happenings if h.at <= at])
    ended = standing_of(ALERT, [*(h for h in happenings if h.at <= at), Happening(kind, at)])
    assert ended.ending is not None
    if before.ending is not None and before.ending.at < at:
        assert ended.ending == before.ending
