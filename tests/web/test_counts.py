from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from stroke_map.live.alert_rules import Callees
from stroke_map.live.alerts import NewAlert
from stroke_map.live.cases import NewCase
from stroke_map.live.channels import NewChannel
from stroke_map.live.deliveries import Outcome
from stroke_map.web.counts import counts_of
from stroke_map.web.readiness import OVERDUE_AFTER

HOUR = timedelta(hours=1)


@pytest.fixture
def app(make_live_app):
    app = make_live_app()
    app.extensions["stroke_map.live_store"].migrate()
    return app


@pytest.fixture
def alert(app):
    """Alert hospital `a` so long ago, by a webhook; gives the id of its message."""
    store = app.extensions["stroke_map.live_store"]

    def send(ago):
        at = datetime.now(UTC) - ago
        target = {"hospital_id": "a", "kind": "webhook", "target": "https://h.example/", "secret": "whsec_eA=="}
        store.channels.add(NewChannel(**target, author="x"), now=at)
        told = {"condition": "stroke", "question": {}, "answer": {"hospitals": []}, "edition": "2026.1", "author": "x"}
        case = store.cases.add(NewCase(**told, first_choice="a", hospital_id="a"), now=at)
        teams = (Callees("emergency"),)
        new = NewAlert(case_id=case.id, hospital_id="a", telephone="1", teams=teams, author="x")
        store.alerts.create(new, key="1", digest="d", now=at)
        return store.deliveries.list()[0].id

    return send


def metrics(app):
    text = app.test_client().get("/metrics").get_data(as_text=True)
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(sample.name.removeprefix("stroke_map_"), *sample.labels.values()): sample.value for sample in samples}


def readiness(app):
    body = app.test_client().get("/readyz").get_json()
    return body["status"], [reason["code"] for reason in body["reasons"]]


def test_metrics_tell_of_alerts_and_messages_as_they_were_counted(app, alert):
    assert metrics(app)["alerts_counted",] == 0
    assert ("deliveries_waiting",) not in metrics(app)
    counts_of(app).refresh(datetime.now(UTC))
    found = metrics(app)
    assert (found["alerts_counted",], found["deliveries_waiting",], found["deliveries_overdue_seconds",]) == (1, 0, 0)
    alert(HOUR)
    counts_of(app).refresh(datetime.now(UTC) + HOUR)
    found = metrics(app)
    assert (found["alerts", "created"], found["deliveries_waiting",]) == (1, 1)
    assert found["alerts_oldest_seconds", "created"] == pytest.approx(3600, abs=60)
    assert found["deliveries_overdue_seconds",] == pytest.approx(3600, abs=60)


def test_readiness_says_that_messages_are_overdue_or_were_given_up_and_no_more_when_they_are_not(app, alert):
    store, counts, now = app.extensions["stroke_map.live_store"], counts_of(app), datetime.now(UTC)
    message = alert(OVERDUE_AFTER)
    assert readiness(app) == ("ready", [])
    counts.refresh(now)
    assert readiness(app) == ("degraded", ["deliveries-overdue"])
    store.deliveries.lease("me", now=now, most=1)
    store.deliveries.record([Outcome(message, "refused", "no")], "me", now=now)
    counts.refresh(now + timedelta(seconds=1))
    assert readiness(app) == ("degraded", ["deliveries-overdue"]), "nothing is counted again so soon"
    counts.refresh(now + timedelta(seconds=5))
    assert readiness(app) == ("degraded", ["deliveries-dead"])
    assert metrics(app)["deliveries_dead", "call", "webhook"] == 1
    counts.refresh(now + timedelta(days=2))
    assert readiness(app) == ("ready", [])


def test_what_was_counted_long_ago_is_told_no_more(app, alert):
    alert(HOUR)
    counts_of(app).refresh(datetime.now(UTC) - HOUR)
    assert metrics(app)["alerts_counted",] == 0
    assert readiness(app) == ("ready", [])


def test_the_public_plane_tells_of_no_alert(make_live_app, client):
    public = make_live_app(plane="public")
    assert not any("alerts" in name or "deliveries" in name for name, *_ in metrics(public))
    assert ("alerts_counted",) in metrics(client.application)
