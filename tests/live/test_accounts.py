from datetime import UTC, datetime, timedelta

import pytest

from stroke_map.live.accounts import NOBODY, Key, Session, Standing, User, read_standing
from stroke_map.live.credentials import digest, new_key
from stroke_map.live.roles import ROLES, SCOPES, allowed_scopes, is_about

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_roles_hold_scopes_that_exist_and_only_an_administrator_or_auditor_sees_the_audit_log():
    for role, scopes in ROLES.items():
        assert {is_about(scope) for scope in scopes} <= set(SCOPES)
        assert ("audit:read" in scopes) == (role in {"auditor", "administrator"})


@pytest.mark.parametrize(
    ("role", "scope", "may"),
    [
        ("dispatcher", "closures", True),
        ("dispatcher", "closures:read", True),
        ("dispatcher", "audit:read", False),
        ("crew", "closures:read", True),
        ("crew", "closures", False),
        ("crew", "route", True),
        ("auditor", "audit:read", True),
        ("auditor", "route", False),
        ("administrator", "route", False),
        ("editor", "cases:read", False),
        ("dispatcher", "", False),
        ("dispatcher", ":read", False),
        ("dispatcher", "nonsense", False),
    ],
)
def test_what_a_role_may(role, scope, may):
    assert Standing("n", role).actor().may(scope) is may


def test_a_key_held_to_less_may_no_more():
    actor = Standing("n", "dispatcher", scopes=("closures:read",)).actor()
    assert actor.may("closures:read")
    assert not actor.may("closures")
    assert not actor.may("route")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"name": ""}, "a name has"),
        ({"name": "a b"}, "a name has"),
        ({"name": "-a"}, "a name has"),
        ({"name": "a" * 65}, "a name has"),
        ({"name": "a\u202eb"}, "a name has"),
        ({"role": "king"}, "a role is one of"),
        ({"role": "hospital"}, "bound to a hospital"),
        ({"hospital": "ex-1"}, "bound to a hospital"),
        ({"team": "neurology"}, "bound to a hospital"),
        ({"role": "hospital", "hospital": "../x"}, "named by its id"),
        ({"role": "hospital", "hospital": "ex-1", "team": "cleaning"}, "a team is one of"),
        ({"role": "crew", "scopes": ["closures"]}, "the scopes of this role"),
        ({"scopes": ["everything"]}, "the scopes of this role"),
    ],
)
def test_what_no_account_can_be(fields, problem):
    with pytest.raises(ValueError, match=problem):
        read_standing(**{"name": "n", "role": "dispatcher"} | fields)


def test_names_are_one_however_they_are_typed():
    assert read_standing("Ｗang.Fang", "crew").name == "wang.fang"
    assert read_standing("王芳", "hospital", "ex-1", "neurology") == Standing("王芳", "hospital", "ex-1", "neurology")
    assert set(read_standing("n", "crew", scopes=allowed_scopes("crew")).scopes) == allowed_scopes("crew")


def key_of(**changes):
    public, whole = new_key()
    fields = {"id": public, "standing": Standing("m", "crew"), "secret_hash": digest(whole), "created_at": NOW}
    fields |= {"created_by": "me", "expires_at": NOW + HOUR, "replaced_by": None, "revoked_at": None, "revoked_by": ""}
    return Key(**fields | changes), whole


def known(users=(), keys=(), sessions=()):
    return NOBODY.with_changes(1, users, keys, sessions, NOW)


def test_a_key_lets_in_until_it_ends_and_nobody_with_another():
    key, whole = key_of()
    accounts = known(keys=[key])
    assert accounts.by_key(whole, NOW).name == "m"
    assert accounts.by_key(whole, NOW + HOUR) is None
    assert accounts.by_key(whole[:-1] + ("a" if whole[-1] != "a" else "b"), NOW) is None
    assert accounts.by_key(new_key()[1], NOW) is None
    assert accounts.by_key(key.id, NOW) is None
    assert accounts.by_key("", NOW) is None
    assert whole not in repr(key)
    assert key.secret_hash not in repr(key)


def test_a_revoked_key_lets_nobody_in():
    key, whole = key_of(revoked_at=NOW - HOUR)
    assert known(keys=[key]).by_key(whole, NOW) is None
    assert key.as_json(NOW)["state"] == "revoked"


def test_a_session_lets_in_until_it_ends_or_its_user_is_revoked():
    user = User(1, Standing("wang", "dispatcher"), NOW, "me", None, "")
    session = Session(digest("token"), 1, NOW, NOW + HOUR, None)
    accounts = known([user], sessions=[session])
    assert accounts.by_token("token", NOW).name == "wang"
    assert accounts.by_token(session.id, NOW) is None
    assert accounts.by_token("token", NOW + HOUR) is None
    ended = Session(session.id, 1, NOW, NOW + HOUR, NOW)
    assert accounts.with_changes(2, [], [], [ended], NOW).by_token("token", NOW) is None
    revoked = User(1, user.standing, NOW, "me", NOW, "boss")
    assert accounts.with_changes(2, [revoked], [], [], NOW).by_token("token", NOW) is None
    assert known([], sessions=[session]).by_token("token", NOW) is None
    assert accounts.with_changes(2, [], [], [], NOW + HOUR).sessions == {}
