"""Channels, deliveries, and that a screen shows an alert: by API and command line."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from stroke_map.cli import cli
from stroke_map.commands.delivering import FORMATS, KINDS, TEAMS
from stroke_map.live import channels
from stroke_map.live.alerts import TEAMS_OF
from stroke_map.live.deliveries import Outcome
from stroke_map.settings import read_settings
from stroke_map.web import create_app
from stroke_map.web.channel_models import (
    ChannelList,
    DeliveryList,
    MadeChannel,
    RecordedChannel,
    RecordedDelivery,
    ResentDeliveries,
)
from stroke_map.web.contacts import ContactList

HOOK = "https://hospital.example/alerts?key=hush"


@pytest.fixture
def database(tmp_path):
    return f"sqlite:///{tmp_path / 'live.db'}"


@pytest.fixture
def app(settings, demo_geodata, tmp_path, database):
    own = {
        "geodata_dir": demo_geodata,
        "cache_dir": tmp_path,
        "audit_dir": tmp_path / "audit",
        "database_url": database,
    }
    made = create_app(read_settings({}, clinical_key=settings.clinical_key, **own))
    made.extensions["stroke_map.live_store"].migrate()
    return made


@pytest.fixture
def store(app):
    return app.extensions["stroke_map.live_store"]


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def first(demo_edition):
    return demo_edition.hospitals[0].id


@pytest.fixture
def alert(client, clinical, place):
    """An alert of the first choice for a stroke; gives what was answered."""

    def send():
        question = place | {"crs": "WGS-84", "condition": "stroke"}
        case = client.post(
            "/api/v1/cases", json={"question": question}, headers=clinical | {"Idempotency-Key": "c"}
        ).get_json()
        headers = clinical | {"Idempotency-Key": "a"}
        return client.post("/api/v1/alerts", json={"case": case["id"]}, headers=headers).get_json()

    return send


def entry(hospital, **fields):
    return {"hospital": hospital, "kind": "webhook", "target": HOOK} | fields


def test_a_webhook_is_made_and_its_secret_shown_this_once(client, key_of, first, store):
    admin = key_of("administrator")
    response = client.post("/api/v1/channels", json=entry(first, team="neurology", format="fhir"), headers=admin)
    made = MadeChannel.model_validate(response.get_json())
    assert (response.status_code, made.hospital, made.team, made.format) == (201, first, "neurology", "fhir")
    assert made.secret.startswith("whsec_")
    assert made.target == "https://hospital.example/alerts?..."
    listed = client.get("/api/v1/channels", headers=admin)
    assert [one.id for one in ChannelList.model_validate(listed.get_json()).channels] == [made.id]
    removed = client.delete(f"/api/v1/channels/{made.id}", headers=admin)
    assert RecordedChannel.model_validate(removed.get_json()).ended_by == "administrator"
    assert client.get("/api/v1/channels", headers=admin).get_json() == {"channels": []}
    shown = client.get("/api/v1/channels?include_ended=true", headers=admin)
    assert len(shown.get_json()["channels"]) == 1
    log = json.dumps(store.audit.list(), default=str)
    assert "channels.add_channel" in log
    for words in (listed.text, removed.text, shown.text, log):
        assert made.secret not in words
        assert "hush" not in words


def test_the_same_channel_is_added_once(client, key_of, first):
    admin = key_of("administrator")
    made = client.post("/api/v1/channels", json=entry(first), headers=admin).get_json()
    again = client.post("/api/v1/channels", json=entry(first), headers=admin)
    assert (again.status_code, again.get_json()["reason"]) == (409, "already-there")
    assert again.get_json()["channel"] == made["id"]
    assert [one["id"] for one in client.get("/api/v1/channels", headers=admin).get_json()["channels"]] == [made["id"]]


def test_what_is_no_webhook_has_no_secret(client, key_of, first):
    sms = client.post(
        "/api/v1/channels", json=entry(first, kind="sms", target="138 0000 0000"), headers=key_of("administrator")
    )
    assert (sms.status_code, sms.get_json()["secret"]) == (201, None)


MISTAKES = [
    ({"hospital": "nowhere"}, ["hospital"]),
    ({"kind": "pigeon"}, ["kind"]),
    ({"target": "ftp://x/"}, ["target"]),
    ({"target": 5}, ["target"]),
    ({"team": "everybody"}, ["team"]),
    ({"secret": "mine"}, ["secret"]),
    ({"kind": "email", "target": "a@b", "format": "fhir"}, ["format"]),
    ({"hospital": "nowhere", "kind": "email"}, ["hospital", "target"]),
]


def test_a_mistake_is_named(client, key_of, first):
    admin = key_of("administrator")
    for fields, named in MISTAKES:
        response = client.post("/api/v1/channels", json=entry(first) | fields, headers=admin)
        assert response.status_code == 422
        assert sorted(error["field"] for error in response.get_json()["errors"]) == named


def test_only_an_administrator_touches_channels(client, key_of, first):
    for role in ("dispatcher", "crew", "hospital", "editor", "auditor", None):
        headers = key_of(role, first if role == "hospital" else "") if role else {}
        answers = [
            client.post("/api/v1/channels", json=entry(first), headers=headers),
            client.get("/api/v1/channels", headers=headers),
            client.delete("/api/v1/channels/1", headers=headers),
        ]
        assert {one.status_code for one in answers} == {403 if role else 401}, role


def test_a_key_held_to_less_does_less(client, key_of, first):
    held = key_of("administrator", scopes=("channels:read",))
    assert client.get("/api/v1/channels", headers=held).status_code == 200
    assert client.post("/api/v1/channels", json=entry(first), headers=held).status_code == 403


def test_what_is_not_there_is_not_found(client, key_of):
    admin = key_of("administrator")
    for number in ("0", "99", "x", "1.5", "99999999999", "%31"):
        assert client.delete(f"/api/v1/channels/{number}", headers=admin).status_code == 404, number
        assert client.post(f"/api/v1/deliveries/{number}/resend", headers=admin).status_code == 404, number


def test_deliveries_are_listed_and_dead_ones_sent_again(client, clinical, key_of, alert, store):
    told = alert()
    now = datetime.now(UTC)
    client.post("/api/v1/channels", json=entry(told["hospital"]), headers=key_of("administrator"))
    listed = DeliveryList.model_validate(client.get("/api/v1/deliveries", headers=clinical).get_json())
    assert {(one.state, one.via, one.alert) for one in listed.deliveries} == {("screen", None, told["id"])}
    store.alerts.work_off(now + timedelta(minutes=10))
    sent = store.deliveries.lease("me", now=now + timedelta(minutes=10), most=9)
    store.deliveries.record([Outcome(one.id, "refused", "x") for one in sent], "me", now=now)
    dead = DeliveryList.model_validate(
        client.get("/api/v1/deliveries?dead=true", headers=clinical).get_json()
    ).deliveries
    assert [one.id for one in dead] == [one.id for one in sent]
    assert {(one.state, one.problem, one.target) for one in dead} == {
        ("dead", "x", "https://hospital.example/alerts?...")
    }
    page = client.get(f"/api/v1/deliveries?alert={told['id']}&after={dead[0].id}&most=1", headers=clinical).get_json()
    assert ([one["id"] for one in page["deliveries"]], page["more"]) == ([dead[1].id], True)
    again = client.post(f"/api/v1/deliveries/{dead[0].id}/resend", headers=clinical)
    assert RecordedDelivery.model_validate(again.get_json()).state == "waiting"
    assert client.post(f"/api/v1/deliveries/{dead[0].id}/resend", headers=clinical).status_code == 409
    newest = client.get("/api/v1/deliveries?newest=true&most=2", headers=clinical).get_json()
    assert ([one["id"] for one in newest["deliveries"]], newest["more"]) == ([dead[-1].id, dead[-2].id], True)
    older = client.get(f"/api/v1/deliveries?newest=true&before={dead[0].id}", headers=clinical).get_json()
    assert ([one["id"] for one in older["deliveries"]], older["more"]) == ([3, 2, 1], False)
    whole = client.post("/api/v1/deliveries/resend", json={"alert": told["id"]}, headers=clinical)
    resent = ResentDeliveries.model_validate(whole.get_json()).deliveries
    assert [(one.id, one.state) for one in resent] == [(one.id, "waiting") for one in dead[1:]]
    assert client.post("/api/v1/deliveries/resend", json={"alert": told["id"]}, headers=clinical).status_code == 409
    for wrong in ({}, {"alert": 0}, {"alert": "1"}, {"alert": told["id"], "all": True}):
        assert client.post("/api/v1/deliveries/resend", json=wrong, headers=clinical).status_code == 422, wrong


def test_who_hears_an_alert_is_listed_with_numbers_and_channels_and_no_secret(client, key_of, first, demo_edition):
    admin = key_of("administrator")
    client.post("/api/v1/channels", json=entry(first), headers=admin)
    key_of("hospital", demo_edition.hospitals[1].id)
    response = client.get("/api/v1/contacts", headers=admin)
    told = ContactList.model_validate(response.get_json())
    assert (told.edition, told.numbers_by, len(told.hospitals)) == (
        demo_edition.info.id,
        None,
        len(demo_edition.hospitals),
    )
    by_id = {one.id: one for one in told.hospitals}
    assert by_id[first].reach == "told"
    assert [team.phones for team in by_id[first].teams] == [
        [c.phone for c in demo_edition.hospitals[0].contacts if c.team == team] for team in TEAMS
    ]
    assert (by_id[demo_edition.hospitals[1].id].reach, by_id[demo_edition.hospitals[1].id].accounts) == ("screen", 1)
    assert {one.reach for one in told.hospitals[:-2]} == {"nobody"}
    assert "whsec" not in response.text
    assert "hush" not in response.text
    assert client.get("/api/v1/contacts", headers=key_of("dispatcher")).status_code == 403


def test_a_hospital_sees_its_own_deliveries_and_sends_none_again(client, key_of, alert):
    told = alert()
    own, other = key_of("hospital", told["hospital"]), key_of("hospital", "another")
    assert len(client.get("/api/v1/deliveries", headers=own).get_json()["deliveries"]) == 3
    assert client.get("/api/v1/deliveries", headers=other).get_json()["deliveries"] == []
    asked = client.get(f"/api/v1/deliveries?hospital={told['hospital']}", headers=other)
    assert asked.get_json()["deliveries"] == []
    assert client.post("/api/v1/deliveries/1/resend", headers=own).status_code == 403
    assert client.get("/api/v1/deliveries").status_code == 401


def test_a_list_that_cannot_be_meant_is_refused(client, clinical):
    wrong = (
        "dead=yes",
        "newest=1",
        "before=0",
        "most=0",
        "most=1001",
        "after=-1",
        "alert=x",
        "hospital=",
        "unknown=1",
        "dead=true&dead=true",
    )
    for query in wrong:
        assert client.get(f"/api/v1/deliveries?{query}", headers=clinical).status_code == 422, query


def test_a_screen_says_that_it_shows_an_alert(client, clinical, key_of, alert):
    told = alert()
    address = f"/api/v1/alerts/{told['id']}"
    own = key_of("hospital", told["hospital"], "neurology")
    assert client.post(f"{address}/received", json={}, headers=key_of("hospital", "another")).status_code == 404
    assert client.post(f"{address}/received", json={}, headers=clinical).status_code == 403
    assert client.post(f"{address}/received", json={"team": "emergency"}, headers=own).status_code == 422
    whole = key_of("hospital", told["hospital"])
    assert client.post(f"{address}/received", json={"team": "cath_lab"}, headers=whole).status_code == 422
    assert client.get(address, headers=clinical).get_json()["state"] == "created"
    for headers in (own, own, whole):
        shown = client.post(f"{address}/received", json={}, headers=headers)
        assert (shown.status_code, shown.get_json()["state"]) == (200, "delivered")
        assert {team["acknowledged_at"] for team in shown.get_json()["teams"]} == {None}
    client.post(f"{address}/cancel", json={"reason": "x"}, headers=clinical)
    assert client.post(f"{address}/received", json={}, headers=own).status_code == 409


@pytest.fixture
def run(demo_geodata, tmp_path, database, store):
    environment = {
        "STROKE_MAP_GEODATA_DIR": str(demo_geodata),
        "STROKE_MAP_CACHE_DIR": str(tmp_path),
        "STROKE_MAP_DATABASE_URL": database,
    }
    return lambda *arguments: CliRunner().invoke(cli, [str(one) for one in arguments], env=environment)


def test_channels_on_the_command_line(run, first, store):
    done = run("channel", "add", first, "webhook", HOOK, "--team", "neurology")
    assert done.exit_code == 0
    assert done.stdout.startswith("whsec_")
    assert "secret" not in run("channel", "add", first, "voice", "023-1").stderr
    listed = run("channel", "list")
    assert listed.stdout.splitlines()[1].split()[:5] == [
        "1",
        first,
        "neurology",
        "webhook",
        "https://hospital.example/alerts?...",
    ]
    assert done.stdout.strip() not in listed.stdout
    assert [one["id"] for one in json.loads(run("channel", "list", "--json").stdout)] == [1, 2]
    assert json.loads(run("channel", "remove", "1", "--json").stdout)["ended_by"]
    assert run("channel", "remove", "2").stdout == "Removed 2\n"
    assert json.loads(run("channel", "list", "--json").stdout) == []
    wrong = run("channel", "add", "nowhere", "email", "nobody")
    assert (wrong.exit_code, "hospital:" in wrong.stderr, "target:" in wrong.stderr) == (2, True, True)
    log = store.audit.list()
    assert [one["action"] for one in log][-1] == "stroke-map channel add"


def test_deliveries_on_the_command_line(run, alert):
    alert()
    assert run("delivery", "list").stdout.count("no channel is known") == 3
    assert [one["state"] for one in json.loads(run("delivery", "list", "--alert", "1", "--json").stdout)] == [
        "screen"
    ] * 3
    assert json.loads(run("delivery", "list", "--dead", "--json").stdout) == []
    assert run("delivery", "resend", "1").exit_code == 13


def test_the_command_line_knows_the_kinds_of_channels():
    assert KINDS == channels.CHANNEL_KINDS
    assert FORMATS == channels.FORMATS
    assert set(TEAMS) == {team for teams in TEAMS_OF.values() for team in teams}
