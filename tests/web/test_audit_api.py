import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from stroke_map.live.accounts import read_standing
from stroke_map.web.audit_api import AuditPage
from stroke_map.web.live_state import warm_live_state

ADDRESS = "/api/v1/audit"


@pytest.fixture
def app(make_live_app):
    app = make_live_app()
    warm_live_state(app)
    return app


@pytest.fixture
def headers(app):
    """Of an auditor and of two others."""
    accounts, now = app.extensions["stroke_map.live_store"].accounts, datetime.now(UTC)

    def of(name, role):
        _, key = accounts.add_key(read_standing(name, role), lasts=timedelta(days=1), by="me", now=now)
        return {"Authorization": f"Bearer {key}"}

    return {"auditor": of("auditor", "auditor"), "wang": of("wang", "dispatcher"), "li": of("li", "dispatcher")}


def test_an_auditor_finds_who_did_what_and_when_page_by_page(app, headers, demo_edition):
    way = int(demo_edition.network("car").stretch_way_id[0])
    client = app.test_client()
    for name in ("wang", "li", "wang"):
        entry = {"ways": [way], "reason": '"actor":"li"', "author": "li"}
        assert client.post("/api/v1/closures", json=entry, headers=headers[name]).status_code == 201
    client.delete("/api/v1/closures/1", headers=headers["wang"])

    def asked(**query):
        response = client.get(ADDRESS, query_string=query, headers=headers["auditor"])
        assert response.headers["Cache-Control"] == "no-store"
        page = AuditPage.model_validate(response.get_json())
        return [(line.number, line.actor, line.action) for line in page.lines if line.chain == "writes"], page.more

    added, ended = "closures.add_closure", "closures.end_closure"
    by_wang = [(4, "wang", ended), (3, "wang", added), (1, "wang", added)]
    assert asked(actor="wang") == (by_wang, False)
    assert asked(actor="wang", action=added) == (by_wang[1:], False)
    assert (asked(actor="wan%"), asked(actor="_ang"), asked(action="closures.")) == (([], False),) * 3
    assert asked(actor="wang", most=2) == (by_wang[:2], True)
    assert asked(actor="wang", most=2, skip=2) == (by_wang[2:], False)
    lines = client.get(ADDRESS, query_string={"actor": "wang"}, headers=headers["auditor"]).get_json()["lines"]
    second = lines[1]["at"]
    assert asked(actor="wang", since=second) == (by_wang[:2], False)
    assert asked(actor="wang", until=second) == (by_wang[2:], False)
    assert asked(since="2099-01-01T00:00:00") == ([], False)


def test_changes_alone_are_found_among_all_that_is_read(app, headers):
    client, store = app.test_client(), app.extensions["stroke_map.live_store"]
    client.get("/api/v1/closures", headers=headers["wang"])
    with store.audit.doing(actor="wang", role="command line", action="stroke-map test"):
        li = next(key for key in store.accounts.list_keys() if key.standing.name == "li")
        store.accounts.revoke_key(li.id, by="wang", now=datetime.now(UTC))
    app.extensions["stroke_map.read_log"].close()

    def asked(**query):
        lines = client.get(ADDRESS, query_string={"actor": "wang"} | query, headers=headers["auditor"]).get_json()[
            "lines"
        ]
        return {line["action"] for line in lines}

    assert asked() == {"closures.list_closures", "stroke-map test"}
    assert asked(writes="true") == {"stroke-map test"}


def test_the_log_is_a_table_in_which_no_cell_is_a_formula(app, headers):
    client, store = app.test_client(), app.extensions["stroke_map.live_store"]
    for number, actor in enumerate(("=1+1", "王芳", "+cmd|' /C calc'!A0", "@x", '"a",\r\nb')):
        with store.audit.doing(actor=actor, role="r", action="-2+3", about={"n": number, "text": "=HYPERLINK(1)"}):
            store.accounts.add_key(
                read_standing(f"k{number}", "crew"), lasts=timedelta(days=1), by="me", now=datetime.now(UTC)
            )
    response = client.get(f"{ADDRESS}.csv", query_string={"writes": "true", "most": "4"}, headers=headers["auditor"])
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
    assert response.headers["Content-Disposition"] == "attachment; filename=audit.csv"
    assert response.data.startswith("\ufeffat,actor,role,".encode())
    rows = list(csv.DictReader(io.StringIO(response.text.removeprefix("\ufeff"), newline="")))
    assert [row["actor"] for row in rows] == ['"a",\r\nb', "'@x", "'+cmd|' /C calc'!A0", "王芳"]
    assert {row["action"] for row in rows} == {"'-2+3"}
    assert [key for row in rows for key in row if (row[key] or "").startswith(("=", "@"))] == []
    for wrong, status in (({}, 401), (headers["wang"], 403)):
        assert client.get(f"{ADDRESS}.csv", headers=wrong).status_code == status
    assert client.get(f"{ADDRESS}.csv?most=x", headers=headers["auditor"]).status_code == 422


def test_who_reads_the_log_is_in_the_log(app, headers):
    client, store = app.test_client(), app.extensions["stroke_map.live_store"]
    assert client.get(ADDRESS, headers=headers["auditor"]).status_code == 200
    assert client.get(ADDRESS, headers=headers["wang"]).status_code == 403
    app.extensions["stroke_map.read_log"].close()
    seen = [(line["actor"], line["status"]) for line in store.audit.list(action="audit.list_audit")]
    assert seen == [("wang", 403), ("auditor", 200)]


@pytest.mark.parametrize(
    "query", ["most=0", "most=1001", "skip=-1", "since=today", "who=wang", "actor=a&actor=b", f"action={'x' * 101}"]
)
def test_a_question_that_cannot_be_is_refused(app, headers, query):
    response = app.test_client().get(f"{ADDRESS}?{query}", headers=headers["auditor"])
    assert (response.status_code, response.get_json()["code"]) == (422, "invalid-request")
