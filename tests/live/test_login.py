from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pyotp
import pytest

from stroke_map.errors import LockedOutError, NotFoundError, UnauthorizedError
from stroke_map.live import LiveView
from stroke_map.live.accounts import Standing
from stroke_map.live.credentials import hash_password, new_totp_secret

PASSWORD, SECRET = "correct horse battery", new_totp_secret()
HASH = hash_password(PASSWORD)
SECOND, STEP, DAY = timedelta(seconds=1), timedelta(seconds=30), timedelta(days=1)


def code(moment):
    return pyotp.TOTP(SECRET).at(moment)


@pytest.fixture
def log_ins(store, now):
    store.accounts.add_user(Standing("wang", "dispatcher"), HASH, SECRET, by="me", now=now - DAY)
    return store.log_ins


@pytest.fixture
def log_in(log_ins, now):
    """Log in as somebody who makes no mistake but what is said."""

    def attempt(moment=now, name="wang", password=PASSWORD, given=None, address="10.0.0.1"):
        checked = log_ins.check(name, password, given or code(moment), address=address, now=moment)
        return log_ins.begin(checked, now=moment)

    return attempt


def fail(log_in, moment, times=1, **how):
    for _ in range(times):
        with pytest.raises(UnauthorizedError):
            log_in(moment, **{"password": "wrong"} | how)


def test_somebody_logs_in_and_out(store, log_in, now):
    view = LiveView(store, patience_s=60)
    session, token = log_in()
    assert (session.expires_at, session.ended_at) == (now + timedelta(hours=12), None)
    assert view.state(now).accounts.by_token(token, now) == Standing("wang", "dispatcher").actor()
    store.log_ins.log_out(token, now=now)
    assert view.state(now).accounts.by_token(token, now) is None
    store.log_ins.log_out(token, now=now)
    store.log_ins.log_out("no token", now=now)


@pytest.mark.parametrize(
    "wrong",
    [{"password": "wrong"}, {"given": "000000"}, {"name": "nobody"}, {"name": ""}, {"password": ""}, {"given": "x"}],
)
def test_whatever_is_wrong_is_refused_in_the_same_words(log_in, now, wrong):
    with pytest.raises(UnauthorizedError) as caught:
        log_in(**wrong)
    assert caught.value.detail == "The name, the password or the code is wrong, or the code was used already."
    assert caught.value.facts == {}


def test_a_name_may_be_typed_in_capitals(log_in):
    assert log_in(name="WANG")


def test_a_code_is_taken_once(log_in, now):
    log_in()
    with pytest.raises(UnauthorizedError):
        log_in()
    with pytest.raises(UnauthorizedError):  # that of the step before is behind the one that was taken
        log_in(given=code(now - STEP))
    assert log_in(now + STEP)


def test_of_two_with_one_code_at_once_one_is_let_in(log_ins, now):
    checked = [log_ins.check("wang", PASSWORD, code(now), address="10.0.0.1", now=now) for _ in range(2)]
    log_ins.begin(checked[0], now=now)
    with pytest.raises(UnauthorizedError):
        log_ins.begin(checked[1], now=now)


def test_who_is_revoked_between_is_not_let_in(store, log_ins, now):
    checked = log_ins.check("wang", PASSWORD, code(now), address="10.0.0.1", now=now)
    store.accounts.revoke_user("wang", by="me", now=now)
    with pytest.raises(UnauthorizedError):
        log_ins.begin(checked, now=now)
    with pytest.raises(UnauthorizedError):
        log_ins.check("wang", PASSWORD, code(now + STEP), address="10.0.0.1", now=now + STEP)


def test_revoking_or_resetting_somebody_ends_their_sessions(store, log_in, now):
    view = LiveView(store, patience_s=60)
    _, token = log_in()
    store.accounts.reset_user("wang", HASH, SECRET, now=now)
    assert view.state(now).accounts.by_token(token, now) is None
    _, token = log_in()
    assert view.state(now).accounts.by_token(token, now)
    store.accounts.revoke_user("wang", by="me", now=now)
    assert view.state(now).accounts.by_token(token, now) is None


def test_after_five_failures_nothing_is_tried_for_30_s_then_60(log_in, now):
    fail(log_in, now, 5)
    with pytest.raises(LockedOutError) as caught:
        log_in()
    assert caught.value.facts == {"retry_after_s": 31}
    with pytest.raises(LockedOutError):
        log_in(now + 29 * SECOND)
    fail(log_in, now + STEP)
    with pytest.raises(LockedOutError):
        log_in(now + 89 * SECOND)
    assert log_in(now + 90 * SECOND)


def test_a_log_in_clears_the_count(log_in, now):
    fail(log_in, now, 4)
    log_in()
    fail(log_in, now, 4)
    assert log_in(now + STEP)


def test_a_name_that_is_nobody_is_locked_like_any_other(log_in, now):
    fail(log_in, now, 5, name="nobody")
    with pytest.raises(LockedOutError):
        log_in(name="nobody")


def test_one_address_locks_nobody_out_elsewhere_but_fifty_failures_do(log_in, now):
    for number in range(9):
        fail(log_in, now, 5, address=f"10.0.1.{number}")
    with pytest.raises(LockedOutError):
        log_in(address="10.0.1.0")
    fail(log_in, now, 5, address="10.0.1.9")
    with pytest.raises(LockedOutError):
        log_in(address="10.0.0.1")
    assert log_in(now + STEP)


def test_a_reset_lets_a_locked_name_in_again_from_another_address(store, log_in, now):
    for number in range(10):
        fail(log_in, now, 5, address=f"10.0.1.{number}")
    store.accounts.reset_user("wang", HASH, SECRET, now=now)
    assert log_in()


def test_who_is_locked_out_is_known_and_let_in_again_from_where_they_are(store, log_in, now):
    fail(log_in, now, 5)
    fail(log_in, now, 5, name="nobody")
    store.accounts.add_user(Standing("li", "crew"), HASH, SECRET, by="me", now=now)
    (name,) = store.accounts.locked_until(now)
    assert (name, store.accounts.locked_until(now + DAY)) == ("wang", {})
    store.accounts.unlock_user("WANG")
    assert store.accounts.locked_until(now) == {}
    assert log_in()
    with pytest.raises(LockedOutError):
        log_in(name="nobody")
    with pytest.raises(NotFoundError):
        store.accounts.unlock_user("nobody")


def test_attempts_at_once_are_not_free(log_in, now):
    def attempt(_):
        try:
            log_in(password="wrong")
        except (LockedOutError, UnauthorizedError) as error:
            return type(error)

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(attempt, range(12)))
    assert outcomes.count(UnauthorizedError) == 5
    assert outcomes.count(LockedOutError) == 7


def test_failures_are_forgotten_after_a_day_and_leave_no_name(store, log_in, now):
    fail(log_in, now, 5, name="my password typed here")
    with store.reading() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM attempts").fetchall()
    assert len(rows) == 2
    assert "password" not in str(rows)
    fail(log_in, now + DAY, name="somebody")
    with store.reading() as connection:
        assert len(connection.exec_driver_sql("SELECT * FROM attempts").fetchall()) == 2


def test_sessions_long_over_are_deleted(store, log_in, now):
    log_in()
    log_in(now + 8 * DAY)
    with store.reading() as connection:
        assert len(connection.exec_driver_sql("SELECT * FROM sessions").fetchall()) == 1
