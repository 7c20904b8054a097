from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.live.lockout import FIRST_WAIT, FORGOTTEN_AFTER, Attempts, Rule

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
RULE = Rule(5, timedelta(minutes=15))
NONE = Attempts(0, NOW, None)


@pytest.mark.parametrize(
    ("failures", "wait_s"), [(1, 0), (4, 0), (5, 30), (6, 60), (7, 120), (8, 240), (9, 480), (10, 900), (1000, 900)]
)
def test_the_wait_begins_at_the_fifth_failure_and_doubles_up_to_the_longest(failures, wait_s):
    assert RULE.wait_after(failures) == timedelta(seconds=wait_s)


def test_failures_add_up_lock_and_are_forgotten():
    known = NONE
    for number in range(1, 5):
        known = known.and_another(NOW, RULE)
        assert (known.failures, known.is_locked(NOW)) == (number, False)
    known = known.and_another(NOW, RULE)
    assert known.locked_until == NOW + FIRST_WAIT
    assert known.is_locked(NOW + timedelta(seconds=29))
    assert not known.is_locked(NOW + FIRST_WAIT)
    assert known.and_another(NOW + FORGOTTEN_AFTER, RULE) == Attempts(1, NOW + FORGOTTEN_AFTER, None)
    almost = NOW + FORGOTTEN_AFTER - timedelta(seconds=1)
    assert known.and_another(almost, RULE).failures == 6


@given(st.integers(0, 10_000), st.integers(1, 50))
def test_one_more_failure_never_shortens_the_wait(failures, free):
    rule = Rule(free, timedelta(minutes=15))
    assert rule.wait_after(failures) <= rule.wait_after(failures + 1) <= rule.longest
