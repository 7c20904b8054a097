"""`/api/v1/quality`: cases played through the API, and what is told of them to whom."""

import csv
import io
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest

from stroke_map.live.cases import NewCase
from stroke_map.web.models import Problem
from stroke_map.web.quality_files import HEADER
from stroke_map.web.quality_models import Quality

ADDRESS = "/api/v1/quality"
MINUTE = timedelta(minutes=1)
HOSTILE = '=HYPERLINK("http://x","<b>") relatives insist'


@pytest.fixture
def app(live_app):
    return live_app


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def play(client, clinical, place):
    """Play a case: begun now, timed in minutes after the call, alerted and acknowledged; gives it."""

    def make(hospital=None, condition="stroke", *, answered=(), **minutes):
        entry = {
            "question": place | {"crs": "WGS-84", "condition": condition},
            "hospital": hospital,
            "override_reason": HOSTILE,
        }
        case = client.post("/api/v1/cases", json=entry, headers=clinical).get_json()
        call = datetime.now(UTC) - timedelta(hours=6)
        for name, minute in minutes.items():
            told = {"name": name, "at": (call + minute * MINUTE).isoformat()}
            assert client.post(f"/api/v1/cases/{case['id']}/events", json=told, headers=clinical).status_code == 200
        if answered:
            header = clinical | {"Idempotency-Key": str(case["id"])}
            alert = client.post("/api/v1/alerts", json={"case": case["id"]}, headers=header).get_json()
            for team in answered:
                address = f"/api/v1/alerts/{alert['id']}/acknowledge"
                assert client.post(address, json={"team": team}, headers=clinical).status_code == 200
        return case

    return make


@pytest.fixture
def read(client, key_of):
    """What somebody with a role is told."""

    def ask(role="auditor", **asked):
        response = client.get(ADDRESS, query_string=asked, headers=key_of(role))
        assert response.status_code == 200, response.text
        Quality.model_validate(response.get_json())
        return response.get_json()

    return ask


def fields_of(response):
    Problem.model_validate(response.get_json())
    assert response.status_code == 422
    return [error["field"] for error in response.get_json()["errors"]]


def test_medians_shares_and_acknowledgements_are_those_of_the_cases_that_were_played(play, read):
    for needle in (55, 60, 61):
        first = play(answered=("emergency", "radiology"), onset=-30, door=20, needle=20 + needle)["hospital"]
    play(answered=("emergency", "radiology", "neurology"), onset=-30, door=21, puncture=110)
    play(condition="chest_pain", on_scene=10, door=40, wire=131)
    told = read()
    (line,) = [line for line in told["lines"] if line["condition"] == "stroke"]
    assert (line["key"], line["cases"], line["needle"], line["puncture"], line["overridden"]) == (first, 4, 3, 1, 0)
    assert line["times"]["onset_to_door"]["median_min"] == 50
    to_needle = line["times"]["door_to_needle"]
    assert (to_needle["cases"], to_needle["median_min"], to_needle["few"]) == (3, 60, True)
    assert to_needle["within"] == [
        {"minutes": 60, "cases": 2, "share": 0.6667},
        {"minutes": 45, "cases": 0, "share": 0.0},
    ]
    assert line["times"]["door_to_puncture"]["median_min"] == 89
    assert line["delivered"] == {"cases": 4, "capable": 4, "unsaid": 0, "few": True, "share": 1}
    alerts = line["alerts"]
    assert (alerts["sent"], alerts["first_acknowledged"]["alerts"], alerts["all_acknowledged"]["alerts"]) == (4, 4, 1)
    assert 0 <= alerts["first_acknowledged"]["median_s"] <= alerts["all_acknowledged"]["median_s"]
    (pain,) = read(condition="chest_pain")["lines"]
    assert {name: time["median_min"] for name, time in pain["times"].items()} == {
        "onset_to_door": None, "door_to_needle": None, "door_to_wire": 91, "first_contact_to_wire": 121,
    }  # fmt: skip
    assert [within["cases"] for within in pain["times"]["first_contact_to_wire"]["within"]] == [0, 0]
    assert told["targets"]["stroke"]["door_to_needle"][0]["status"] == "verified"


def test_lines_are_by_hospital_month_or_district_and_totals_are_of_all(play, read, demo_edition):
    one, other, stranger = demo_edition.hospitals[0], demo_edition.hospitals[7], demo_edition.hospitals[3]
    play(one.id, door=0, needle=30)
    for needle in (40, 50):
        play(other.id, door=0, needle=needle)
    play(stranger.id)
    lines = {line["key"]: line for line in read(by="hospital")["lines"]}
    assert {key: line["cases"] for key, line in lines.items()} == {one.id: 1, other.id: 2, stranger.id: 1}
    assert lines[other.id]["name"] == {"zh": other.name_zh, "en": other.name_en or other.name_zh}
    assert lines[other.id]["region"] == other.district
    (month,) = read(by="month")["lines"]
    assert (month["key"], month["cases"]) == (f"{datetime.now(demo_edition.zone):%Y-%m}", 4)
    regions = {line["key"]: line["cases"] for line in read(by="region")["lines"]}
    assert sum(regions.values()) == 4
    assert regions[other.district] >= 2
    told = read(by="region")
    assert [total["times"]["door_to_needle"]["median_min"] for total in told["totals"]] == [40]
    (only,) = read(by="month", hospital=other.id)["lines"]
    assert (only["cases"], only["times"]["door_to_needle"]["median_min"]) == (2, 45)


def test_a_hospital_and_its_figures_stay_when_the_case_is_deleted_or_the_list_forgets_it(app, play, read):
    old = NewCase(condition="stroke", question={}, answer={"hospitals": []}, edition="2024.1", first_choice="gone",
                  hospital_id="gone", author="x", timeline={"door": datetime(2025, 3, 1, tzinfo=UTC),
                                                            "needle": datetime(2025, 3, 1, 0, 42, tzinfo=UTC)})  # fmt: skip
    app.extensions["stroke_map.live_store"].cases.add(old, now=datetime(2025, 3, 1, tzinfo=UTC))
    asked = {"from": "2025-01", "until": "2025-12"}
    before = read(**asked)
    play()
    assert read(**asked)["lines"] == before["lines"]
    (line,) = before["lines"]
    assert (line["key"], line["name"]["zh"], line["region"]) == ("gone", "gone", "")
    assert line["times"]["door_to_needle"]["median_min"] == 42
    assert [line["key"] for line in read(**asked, by="region")["lines"]] == [""]


def test_why_a_case_went_elsewhere_is_for_those_who_may_read_cases(play, read, demo_edition):
    case = play(demo_edition.hospitals[7].id)
    told = read("auditor")
    (line,) = told["lines"]
    assert line["overridden"] == 1
    (reason,) = told["overrides"]
    assert (reason["case"], reason["first_choice"], reason["reason"]) == (case["id"], case["first_choice"], HOSTILE)
    for role in ("editor", "administrator"):
        assert read(role)["overrides"] is None
        assert read(role)["lines"] == told["lines"]


def test_what_cannot_be_asked_is_named(client, key_of):
    known = key_of("auditor")
    for asked, fields in (
        ({"from": "2026-13"}, ["from"]),
        ({"until": "may"}, ["until"]),
        ({"from": "2026-05", "until": "2026-04"}, ["from"]),
        ({"by": "vehicle", "condition": "cold"}, ["by", "condition"]),
        ({"hospital": "x" * 65}, ["hospital"]),
        ({"patient": "1"}, ["patient"]),
    ):
        assert fields_of(client.get(ADDRESS, query_string=asked, headers=known)) == fields
    told = client.get(ADDRESS, query_string={"until": "2026-01"}, headers=known).get_json()
    assert (told["from"], told["until"], told["lines"], told["totals"]) == ("2025-02", "2026-01", [], [])
    assert client.get(ADDRESS, query_string={"until": "2025-12"}, headers=known).get_json()["from"] == "2025-01"


def test_both_files_hold_the_lines_and_no_formula(app, client, key_of, play, read):
    play(door=0, needle=44)
    hostile = NewCase(condition="stroke", question={}, answer={"hospitals": []}, edition="1", first_choice="a",
                      hospital_id="=cmd|' /C calc'!A0", author="x")  # fmt: skip
    app.extensions["stroke_map.live_store"].cases.add(hostile, now=datetime.now(UTC))
    response = client.get(f"{ADDRESS}.csv", headers=key_of("editor"))
    assert response.headers["Content-Disposition"].endswith('-hospital.csv"')
    assert response.headers["Cache-Control"] == "no-store"
    rows = list(csv.DictReader(io.StringIO(response.data.decode("utf-8-sig"), newline="")))
    assert tuple(rows[0]) == HEADER
    assert {row["key"] for row in rows} == {line["key"].replace("=", "'=") for line in read()["lines"]}
    (known,) = [row for row in rows if row["needle"] == "1"]
    told = [
        known[name]
        for name in ("condition", "cases", "door_to_needle", "door_to_needle_min", "door_to_needle_target_min")
    ]
    assert told == ["stroke", "1", "1", "44.0", "60.0"]
    assert (known["door_to_wire"], known["door_to_puncture_min"], known["door_to_needle_share"]) == ("", "", "1.0")

    response = client.get(f"{ADDRESS}.xlsx", headers=key_of("editor"))
    book = openpyxl.load_workbook(io.BytesIO(response.data))
    lines, targets = book.worksheets
    assert [cell.value.split()[-1] for cell in lines[1]] == list(HEADER)
    assert (lines.max_row, lines.max_column) == (3, len(HEADER))
    cells = [cell for sheet in book for row in sheet for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert 44 in [cell.value for cell in cells]
    assert ("stroke", "door_to_needle", 60) in [tuple(cell.value for cell in row[:3]) for row in targets]
    assert HOSTILE not in str([cell.value for cell in cells])
