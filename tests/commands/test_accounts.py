import orjson
import pyotp
import pytest
from click.testing import CliRunner

from stroke_map.cli import cli

PASSWORD = "correct horse battery"


@pytest.fixture
def run(demo_geodata, tmp_path, monkeypatch):
    """Run a command over the demonstration city, with a database of live state of its own."""
    monkeypatch.setenv("STROKE_MAP_GEODATA_DIR", str(demo_geodata))
    monkeypatch.setenv("STROKE_MAP_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("STROKE_MAP_AUDIT_DIR", str(tmp_path / "audit"))
    monkeypatch.setenv("STROKE_MAP_DATABASE_URL", f"sqlite:///{tmp_path / 'live.db'}")

    def invoke(*arguments, given=None):
        return CliRunner().invoke(cli, [str(argument) for argument in arguments], input=given, catch_exceptions=False)

    return invoke


def told(result):
    assert result.exit_code == 0, result.stderr
    return orjson.loads(result.stdout)


def test_somebody_is_added_listed_reset_and_revoked(run):
    added = run("user", "add", "Wang.Fang", "--role", "dispatcher", given=f"{PASSWORD}\n{PASSWORD}\n")
    assert added.exit_code == 0
    address = added.stdout.strip().splitlines()[-1]
    assert pyotp.parse_uri(address).name == "wang.fang"
    assert PASSWORD not in added.output
    (one,) = told(run("user", "list", "--json"))
    assert (one["name"], one["role"], one["state"]) == ("wang.fang", "dispatcher", "active")
    reset = told(run("user", "reset", "wang.fang", "--password-stdin", "--json", given=f"{PASSWORD}\n"))
    assert reset["totp"] != address
    assert run("user", "unlock", "Wang.Fang").stdout == "Unlocked wang.fang\n"
    assert run("user", "revoke", "wang.fang").stdout == "Revoked wang.fang\n"
    assert run("user", "unlock", "wang.fang").exit_code == 1, "who was revoked stays out"
    table = run("user", "list").stdout
    assert "revoked" in table
    assert pyotp.parse_uri(reset["totp"]).secret not in table
    again = run("user", "add", "wang.fang", "--role", "crew", "--password-stdin", given=f"{PASSWORD}\n")
    assert (again.exit_code, "taken" in again.stderr) == (13, True)


@pytest.mark.parametrize(
    ("arguments", "given", "problem"),
    [
        (("user", "add", "a b", "--role", "crew", "--password-stdin"), PASSWORD, "a name has"),
        (("user", "add", "wang", "--role", "king", "--password-stdin"), PASSWORD, "a role is one of"),
        (("user", "add", "wang", "--role", "crew", "--password-stdin"), "short", "12 to 200"),
        (("user", "add", "wang", "--role", "hospital", "--password-stdin"), PASSWORD, "bound to a hospital"),
        (("key", "add", "m", "--role", "crew", "--scope", "closures"), None, "the scopes of this role"),
        (("key", "add", "m", "--role", "crew", "--days", "0"), None, "--days"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(run, arguments, given, problem):
    refused = run(*arguments, given=given and f"{given}\n")
    assert (refused.exit_code, problem in refused.stderr) == (2, True), refused.stderr
    assert PASSWORD not in refused.output
    assert told(run("user", "list", "--json")) == told(run("key", "list", "--json")) == []


@pytest.mark.parametrize("arguments", [("user", "revoke", "x"), ("key", "revoke", "x"), ("key", "rotate", "x")])
def test_what_is_not_there_is_told(run, arguments):
    result = run(*arguments)
    assert (result.exit_code, "There is no" in result.stderr) == (1, True)


def test_a_key_is_shown_once_rotated_and_revoked(run):
    made = run("key", "add", "dispatch system", "--role", "dispatcher")
    assert (made.exit_code, "a name has" in made.stderr) == (2, True)
    made = run(
        "key", "add", "dispatch", "--role", "dispatcher", "--scope", "route", "--scope", "closures:read", "--days", 30
    )
    whole = made.stdout.strip()
    (key,) = told(run("key", "list", "--json"))
    assert whole.startswith(f"sm_{key['id']}_")
    assert key["scopes"] == ["closures:read", "route"]
    assert whole not in run("key", "list").output
    new = told(run("key", "rotate", key["id"], "--overlap-hours", 1, "--json"))
    old, listed = told(run("key", "list", "--json"))
    assert (old["replaced_by"], listed["scopes"], old["state"]) == (new["id"], key["scopes"], "active")
    assert old["expires_at"] < key["expires_at"] < new["expires_at"]
    assert run("key", "revoke", old["id"]).stdout == f"Revoked {old['id']}\n"
    assert [one["state"] for one in told(run("key", "list", "--json"))] == ["revoked", "active"]


def test_a_hospital_that_is_not_in_the_edition_is_told_but_taken(run, demo_edition):
    known = demo_edition.hospitals[0].id
    assert "no hospital" not in run("key", "add", "a", "--role", "hospital", "--hospital", known).stderr
    assert "no hospital ex-nowhere" in run("key", "add", "b", "--role", "hospital", "--hospital", "ex-nowhere").stderr
    assert {one["hospital"] for one in told(run("key", "list", "--json"))} == {known, "ex-nowhere"}


def test_what_the_command_line_writes_is_in_the_audit_log_under_the_users_name(run):
    key = told(run("key", "add", "m", "--role", "crew", "--json"))
    run("key", "revoke", key["id"])
    lines = told(run("audit", "list", "--json"))
    assert [(line["action"], line["role"]) for line in lines] == [
        ("stroke-map key revoke", "command line"),
        ("stroke-map key add", "command line"),
    ]
    assert lines[0]["actor"]
    assert [line["about"]["key"] for line in lines] == [key["id"]] * 2
    assert key["key"] not in str(lines)
    assert "key revoke" in run("audit", "list", "--actor", lines[0]["actor"], "--most", 1).stdout
    assert told(run("audit", "list", "--actor", "nobody", "--json")) == []
    assert told(run("audit", "list", "--since", "2099-01-01T00:00:00Z", "--json")) == []
    assert run("audit", "list", "--since", "yesterday").exit_code == 2


def test_an_audit_log_that_was_changed_is_found_with_an_exit_code_of_its_own(run, tmp_path):
    import sqlite3
    from contextlib import closing

    for name in ("one", "two"):
        run("key", "add", name, "--role", "crew")
    kept = tmp_path / "heads.json"
    kept.write_text(run("audit", "verify", "--json").stdout)
    assert "writes" in run("audit", "verify", "--against", kept).stdout
    with closing(sqlite3.connect(tmp_path / "live.db")) as connection, connection:
        connection.execute("DELETE FROM audit WHERE number = 2")
        connection.execute("UPDATE audit_chains SET number = 1, hash = (SELECT hash FROM audit WHERE number = 1)")
    # Whoever can write to the database hides what was cut off its end; what was kept elsewhere tells.
    assert run("audit", "verify").exit_code == 0
    broken = run("audit", "verify", "--against", kept)
    assert broken.exit_code == 12
    assert "writes: line 2 is not what it was" in broken.stderr
    with closing(sqlite3.connect(tmp_path / "live.db")) as connection, connection:
        connection.execute("UPDATE audit SET line = replace(line, 'one', 'two')")
    assert "writes: line 1 was changed" in run("audit", "verify").stderr


@pytest.mark.parametrize("content", ["", "[]", "{", '{"writes": 3}', '{"writes": {"number": "x", "hash": ""}}'])
def test_a_file_that_is_no_list_of_heads_is_refused(run, tmp_path, content):
    file = tmp_path / "heads.json"
    file.write_text(content)
    result = run("audit", "verify", "--against", file)
    assert (result.exit_code, "heads.json" in result.stderr) == (2, True)
