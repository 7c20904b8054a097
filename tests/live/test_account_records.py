from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from stroke_map.errors import ConflictError, NotFoundError
from stroke_map.live import LiveView
from stroke_map.live.accounts import Standing
from stroke_map.live.credentials import digest

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CREW = Standing("m1", "crew", scopes=("cases", "route"))


@pytest.fixture
def accounts(store):
    return store.accounts


def add_user(accounts, now, name="wang", role="dispatcher"):
    return accounts.add_user(Standing(name, role), "hash", "secret", by="me", now=now)


def test_what_is_added_is_listed(accounts, now):
    users = [add_user(accounts, now), accounts.add_user(Standing("li", "hospital", "ex-1", "neurology"), "h", "s", by="b", now=now)]  # fmt: skip
    assert accounts.list_users() == users[::-1]
    key, whole = accounts.add_key(CREW, lasts=DAY, by="me", now=now)
    assert accounts.list_keys() == [key]
    assert (key.standing, key.expires_at, key.created_by) == (CREW, now + DAY, "me")
    assert whole.startswith(f"sm_{key.id}_")


def test_nothing_of_a_key_but_its_hash_is_kept(sqlite_store, now):
    key, whole = sqlite_store.accounts.add_key(CREW, lasts=DAY, by="me", now=now)
    secret = whole.removeprefix(f"sm_{key.id}_")
    assert len(secret) == 43
    content = b"".join(path.read_bytes() for path in sqlite_store.file.parent.glob("live.db*"))
    assert digest(whole).encode() in content
    assert secret.encode() not in content


def test_a_name_is_given_once_also_after_it_was_revoked(accounts, now):
    add_user(accounts, now)
    accounts.revoke_user("WANG", by="boss", now=now)
    with pytest.raises(ConflictError, match="taken"):
        add_user(accounts, now)
    assert len(accounts.list_users()) == 1


def test_who_revoked_first_stays_written(accounts, now):
    add_user(accounts, now)
    key, _ = accounts.add_key(CREW, lasts=DAY, by="me", now=now)
    first = accounts.revoke_user("wang", by="boss", now=now), accounts.revoke_key(key.id, by="boss", now=now)
    again = accounts.revoke_user("wang", by="x", now=now + HOUR), accounts.revoke_key(key.id, by="x", now=now + HOUR)
    assert first == again
    assert {(one.revoked_at, one.revoked_by) for one in first} == {(now, "boss")}


@pytest.mark.parametrize("name", ["nobody", "", "x" * 1000, "'; DROP TABLE users; --", "a\x1b[2J"])
def test_what_is_not_there_cannot_be_changed(accounts, now, name):
    add_user(accounts, now)
    for change in (
        lambda: accounts.revoke_user(name, by="me", now=now),
        lambda: accounts.reset_user(name, "h", "s", now=now),
        lambda: accounts.revoke_key(name, by="me", now=now),
        lambda: accounts.rotate_key(name, lasts=DAY, overlap=HOUR, by="me", now=now),
    ):
        with pytest.raises(NotFoundError) as caught:
            change()
        assert "\x1b" not in caught.value.detail
        assert len(caught.value.detail) < 120
    assert len(accounts.list_users()) == 1


def test_a_key_is_rotated_without_a_gap(store, now):
    view = LiveView(store, patience_s=60)
    old, old_text = store.accounts.add_key(CREW, lasts=DAY, by="me", now=now)
    new, new_text = store.accounts.rotate_key(old.id, lasts=30 * DAY, overlap=HOUR, by="me", now=now)

    def lets_in(text, moment):
        return view.state(moment).accounts.by_key(text, moment) is not None

    assert (new.standing, new.expires_at) == (CREW, now + 30 * DAY)
    moments = (now, now + HOUR - timedelta(seconds=1), now + HOUR)
    assert [lets_in(old_text, moment) for moment in moments] == [True, True, False]
    assert [lets_in(new_text, moment) for moment in moments] == [True, True, True]
    assert {key.id: key.replaced_by for key in store.accounts.list_keys()} == {old.id: new.id, new.id: None}
    with pytest.raises(NotFoundError):
        store.accounts.rotate_key(old.id, lasts=DAY, overlap=HOUR, by="me", now=now + HOUR)


def test_a_key_is_replaced_once(accounts, now):
    old, _ = accounts.add_key(CREW, lasts=DAY, by="me", now=now)
    new, _ = accounts.rotate_key(old.id, lasts=DAY, overlap=HOUR, by="me", now=now)
    with pytest.raises(ConflictError, match=new.id):
        accounts.rotate_key(old.id, lasts=DAY, overlap=HOUR, by="me", now=now)
    assert [key.id for key in accounts.list_keys()] in ([old.id, new.id], [new.id, old.id])


def test_a_key_that_is_to_be_alone_takes_no_name_that_somebody_has(accounts, now):
    add_user(accounts, now)
    key, _ = accounts.add_key(CREW, lasts=DAY, by="me", now=now, alone=True)
    for name, moment in (("wang", now), ("m1", now)):
        with pytest.raises(ConflictError, match=name):
            accounts.add_key(Standing(name, "crew"), lasts=DAY, by="me", now=moment, alone=True)
    accounts.revoke_key(key.id, by="me", now=now)
    accounts.add_key(CREW, lasts=DAY, by="me", now=now, alone=True)
    accounts.add_key(CREW, lasts=DAY, by="me", now=now + DAY, alone=True)
    assert len(accounts.list_keys()) == 3


def test_the_last_administrator_stays(accounts, now):
    add_user(accounts, now)
    for name in ("chief", "deputy"):
        add_user(accounts, now, name, "administrator")
    accounts.revoke_user("chief", by="deputy", now=now)
    with pytest.raises(ConflictError, match="last administrator"):
        accounts.revoke_user("DEPUTY", by="deputy", now=now)
    accounts.revoke_user("chief", by="deputy", now=now)
    accounts.revoke_user("wang", by="deputy", now=now)
    assert {user.standing.name for user in accounts.list_users() if user.revoked_at is None} == {"deputy"}


def test_two_administrators_cannot_revoke_each_other_at_once(accounts, now):
    for name in ("chief", "deputy"):
        add_user(accounts, now, name, "administrator")

    def revoke(name):
        try:
            return accounts.revoke_user(name, by="me", now=now)
        except ConflictError:
            return None

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(revoke, ("chief", "deputy")))
    assert outcomes.count(None) == 1


def test_an_overlap_never_lengthens_the_life_of_the_old_key(store, now):
    old, _ = store.accounts.add_key(CREW, lasts=HOUR, by="me", now=now)
    store.accounts.rotate_key(old.id, lasts=DAY, overlap=30 * DAY, by="me", now=now)
    assert {key.expires_at for key in store.accounts.list_keys()} == {now + HOUR, now + DAY}


def test_every_view_knows_of_a_change_at_its_next_question(settings, open_store, now):
    writer, *readers = (open_store(settings) for _ in range(3))
    views = [LiveView(reader, patience_s=60) for reader in readers]

    def known(text):
        return [view.state(now).accounts.by_key(text, now) for view in views]

    key, text = writer.accounts.add_key(CREW, lasts=DAY, by="me", now=now)
    _, other_text = writer.accounts.add_key(Standing("m2", "editor"), lasts=DAY, by="me", now=now)
    assert known(text) == [replace(CREW.actor(), maker="me")] * 2
    writer.accounts.revoke_key(key.id, by="me", now=now)
    assert known(text) == [None] * 2
    assert [actor.role for actor in known(other_text)] == ["editor"] * 2


def test_accounts_stay_the_same_object_until_one_changes(store, new_closure, now):
    view = LiveView(store, patience_s=60)
    store.accounts.add_key(CREW, lasts=DAY, by="me", now=now)
    before = view.state(now).accounts
    store.closures.add(new_closure(), now=now)
    state = view.state(now)
    assert len(state.closures) == 1
    assert state.accounts is before


def test_while_the_database_is_away_the_accounts_last_known_are_good(sqlite_store, now):
    view = LiveView(sqlite_store, patience_s=60)
    _, text = sqlite_store.accounts.add_key(CREW, lasts=DAY, by="me", now=now)
    assert view.state(now).accounts.by_key(text, now)
    for file in sqlite_store.file.parent.glob("live.db*"):
        file.unlink()
    state = view.state(now)
    assert state.stale
    assert state.accounts.by_key(text, now)
    assert not state.accounts.by_key(text, now + DAY)


def test_many_at_once_lose_nothing(store, now):
    def work(number):
        store.accounts.add_key(CREW, lasts=DAY, by="me", now=now)
        add_user(store.accounts, now, f"user{number}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(8)))
    assert (len(store.accounts.list_keys()), len(store.accounts.list_users())) == (8, 8)
