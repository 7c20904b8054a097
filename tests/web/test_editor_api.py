"""Sheets and editions over HTTP: what a sheet's check finds, who may publish, that a step is done once, and that no folder is named.

A whole build is played in the browser: tests/web/test_editor_browser.py.
"""

from __future__ import annotations

import os
import shutil
import time
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from stroke_map.editions import read_publication
from stroke_map.editions.files import lock_now
from stroke_map.editions.info import EDITION_FILE, SealedProtocol, read_info
from stroke_map.editions.jobs import Begun, Teller
from stroke_map.editions.seal import seal
from stroke_map.editions.sheets import Sheets
from stroke_map.errors import EditionError, GateError
from stroke_map.live.accounts import read_standing
from stroke_map.settings import read_settings
from stroke_map.web import create_app
from stroke_map.web.editor_models import EditionList, SheetList, Switched, ToldSheet, WholeSheet
from stroke_map.web.editor_told import without_paths
from stroke_map.web.editor_work import MOST_CHECKS, SAME_ROADS, _roads_of, road_files
from stroke_map.web.models import Problem

SHEETS, EDITIONS = "/api/v1/sheets", "/api/v1/editions"
REPORT = "<!DOCTYPE html><title>report</title><style>p{color:red}</style><script>alert(1)</script><p>before and after"


@pytest.fixture
def geodata(demo_geodata, tmp_path):
    """The demonstration city, and an edition 2027.1 that waits: like it, and prepared by Wang."""
    folder = tmp_path / "geodata"
    shutil.copytree(demo_geodata / "editions" / "demo", folder / "editions" / "demo")
    shutil.copy(demo_geodata / "current", folder / "current")
    waiting = folder / "editions" / "2027.1"
    shutil.copytree(folder / "editions" / "demo", waiting)
    info = read_info((waiting / EDITION_FILE).read_bytes())
    (waiting / EDITION_FILE).unlink()
    (waiting / "report.html").write_text(REPORT, encoding="utf-8")
    own = {"id": "2027.1", "prepared_by": "wang", "based_on": "demo", "created_at": datetime.now(UTC)}
    seal(waiting, info.model_copy(update=own), info.files)
    return folder


@pytest.fixture
def app(geodata, empty_sqlite, tmp_path):
    shutil.copy(empty_sqlite, tmp_path / "live.db")
    own = {"geodata_dir": geodata, "cache_dir": tmp_path, "audit_dir": tmp_path / "audit"}
    app = create_app(read_settings({}, database_url=f"sqlite:///{tmp_path / 'live.db'}", **own))
    yield app
    app.extensions["stroke_map.read_log"].close()
    app.extensions["stroke_map.live_store"].close()


@pytest.fixture
def editor(app, geodata):
    """Somebody who asks as an editor called so; no answer names a folder of this machine."""

    def make(name, role="editor", maker=None):
        accounts, standing = app.extensions["stroke_map.live_store"].accounts, read_standing(name, role)
        _, key = accounts.add_key(standing, lasts=timedelta(days=1), by=maker or name, now=datetime.now(UTC))
        headers, client = {"Authorization": f"Bearer {key}"}, app.test_client()

        def ask(method, address, **sent):
            response = client.open(address, method=method, headers=headers, buffered=True, **sent)
            assert str(geodata.parent).encode() not in response.data
            return response

        return ask

    return make


@pytest.fixture
def kept(geodata):
    """A sheet that was sent and not checked."""
    sheets = Sheets(geodata / "sheets", timedelta(days=30))
    return sheets.add(b"id\n", name="list.csv", year=2027, by="wang", now=datetime.now(UTC))


def begin(folder, by="wang", **about):
    folder.mkdir(exist_ok=True)
    told = Begun(
        by=by, at=datetime.now(UTC), about={"roads": "same", "year": "2027", "totals": "", "places": ""} | about
    )
    (folder / "job.json").write_bytes(told.model_dump_json().encode())
    (folder / "running").touch()
    return Teller(folder)


def problem_of(response, status, code):
    body = response.get_json()
    Problem.model_validate(body)
    assert (response.status_code, body["code"]) == (status, code), body
    return body


@pytest.mark.slow
def test_a_sheet_is_checked_by_itself_and_its_wrong_cells_are_told(editor, demo_files, geodata):
    ask = editor("wang")
    lines = demo_files.sheet.read_text(encoding="utf-8").splitlines()
    column = lines[0].split(",").index("thrombolysis")
    cells = lines[1].split(",")
    cells[column] = "perhaps"
    content = "\n".join([lines[0], ",".join(cells), *lines[2:]]).encode()
    query = {"year": 2027, "name": r"C:\\fake\\名单 2027.csv"}
    sent = ask("POST", SHEETS, query_string=query, data=content)
    told = ToldSheet.model_validate(sent.get_json())
    assert (sent.status_code, told.name, told.by, told.workbook) == (202, "名单 2027.csv", "wang", False)
    again = ask("POST", SHEETS, query_string=query, data=content)
    assert again.get_json()["check"]["since"] == sent.get_json()["check"]["since"], "pressed twice it is checked once"
    until = time.monotonic() + 120
    while (now := WholeSheet.model_validate(ask("GET", f"{SHEETS}/{told.id}").get_json())).check.state == "running":
        assert time.monotonic() < until
        time.sleep(0.1)
    assert now.check.state == "mistakes", now
    errors = [problem for problem in now.problems if problem.severity == "error"]
    assert [(one.sheet, one.row, one.column, one.value) for one in errors] == [
        ("名单 2027.csv", 2, "thrombolysis", "perhaps")
    ]
    assert errors[0].right.en.startswith("yes | no | unknown")
    assert (errors[0].message.zh, errors[0].message.en) == ("看不懂这个内容", "is unknown")
    assert (now.check.errors, now.check.marked, now.build) == (1, False, None)
    problem_of(ask("GET", f"{SHEETS}/{told.id}/marked.xlsx"), 404, "not-found")
    (listed,) = SheetList.model_validate(ask("GET", SHEETS).get_json()).sheets
    assert listed.check.errors == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"year": "2027"}, "name"),
        ({"name": "a.csv"}, "year"),
        ({"year": "1999", "name": "a.csv"}, "year"),
        ({"year": "2027", "name": "x" * 121}, "name"),
        ({"year": "2027", "name": "folder/"}, "name"),
        ({"year": "2027", "name": "a\x00b"}, "name"),
        ({"year": "2027", "name": "a.csv", "by": "li"}, "by"),
    ],
)
def test_a_sheet_comes_with_its_year_and_name(editor, geodata, query, field):
    body = problem_of(editor("wang")("POST", SHEETS, query_string=query, data=b"id\n"), 422, "invalid-request")
    assert [one["field"] for one in body["errors"]] == [field]
    assert not (geodata / "sheets").exists()


def test_nothing_and_too_much_is_no_sheet(editor):
    ask, query = editor("wang"), {"year": 2027, "name": "a.csv"}
    problem_of(ask("POST", SHEETS, query_string=query), 422, "invalid-request")
    problem_of(ask("POST", SHEETS, query_string=query, data=bytes(20_000_001)), 413, "too-large")


def test_a_build_is_told_as_it_stands(editor, kept, geodata):
    ask = editor("li")

    def build():
        return WholeSheet.model_validate(ask("GET", f"{SHEETS}/{kept.info.id}").get_json()).build

    assert build() is None
    teller = begin(kept.build_folder)
    lock = lock_now(kept.build_folder / "running")
    teller.progress("check", 1.0)
    teller.progress("roads car", 0.5)
    assert (build().state, build().by) == ("running", "wang")
    assert [(step.name, step.share) for step in build().steps] == [("check", 1.0), ("roads car", 0.5)]
    assert build().steps[1].left_s is not None
    listed = EditionList.model_validate(ask("GET", EDITIONS).get_json())
    assert (listed.building["sheet"], listed.building["by"]) == (kept.info.id, "wang")
    refused = problem_of(ask("POST", f"{SHEETS}/{kept.info.id}/build", json={}), 409, "conflict")
    assert (refused["reason"], refused["by"], refused["since"][:4]) == ("building", "wang", str(datetime.now(UTC).year))
    assert editor("wang")("POST", f"{SHEETS}/{kept.info.id}/build", json={}).status_code == 202, "asked twice"
    os.close(lock)
    assert (build().state, build().steps[1].left_s) == ("interrupted", None)
    teller.ended(6, EditionError(f"the disk under {geodata}/editions has no room", next_step=f"Free {geodata}."))
    assert (build().state, build().failure.detail) == ("failed", "the disk under editions has no room")
    (kept.build_folder / "answer.json").write_bytes(orjson.dumps({"edition": "2027.1"}))
    teller.ended(0)
    assert (build().state, build().edition) == ("built", "2027.1")


def test_who_must_accept_totals_can_read_the_report_first(editor, kept, geodata):
    ask, teller = editor("wang"), begin(kept.build_folder)
    report = geodata / "editions" / ".work-0123" / "edition" / "report.html"
    report.parent.mkdir(parents=True)
    report.write_text(REPORT, encoding="utf-8")
    refusal = {"zh": "医院：9 → 1", "en": "hospitals: 9 -> 1"}

    def told(path):
        teller.ended(
            10, GateError("1 total", refusals=["x"], told=[refusal], report=str(path), next_step=f"Look at {path}")
        )
        return WholeSheet.model_validate(ask("GET", f"{SHEETS}/{kept.info.id}").get_json()).build

    assert (told(report).state, told(report).report) == ("refused", True)
    assert [one.model_dump() for one in told(report).refusals] == [refusal]
    shown = ask("GET", f"{SHEETS}/{kept.info.id}/report")
    assert shown.text == REPORT
    assert shown.headers["Content-Security-Policy"].startswith(
        "sandbox; default-src 'none'; style-src 'unsafe-inline';"
    )
    for other in (geodata / "current", "/etc/passwd", ""):
        assert not told(other).report
        problem_of(ask("GET", f"{SHEETS}/{kept.info.id}/report"), 404, "not-found")


def test_a_build_takes_roads_that_there_are_and_waits_for_the_command_line(editor, kept, geodata):
    ask, address = editor("wang"), f"{SHEETS}/{kept.info.id}/build"
    for roads in ("../demo.osm", "other.osm.pbf", str(geodata / "current")):
        body = problem_of(ask("POST", address, json={"roads": roads}), 422, "invalid-request")
        assert [one["field"] for one in body["errors"]] == ["roads"]
    problem_of(ask("POST", address, json={"accept_totals": "a\u0000b"}), 422, "invalid-request")
    problem_of(ask("POST", f"{SHEETS}/0123456789abcdef/build", json={}), 404, "not-found")
    lock = lock_now(geodata / ".build.lock")
    assert problem_of(ask("POST", address, json={}), 409, "conflict")["reason"] == "building"
    os.close(lock)
    (geodata / "current").unlink()
    problem_of(ask("POST", address, json={}), 503, "no-edition")
    assert kept.build is None


def test_a_file_of_roads_is_built_for_the_region_that_serves(demo_files, geodata, tmp_path):
    (tmp_path / "roads").mkdir()
    file = shutil.copy(demo_files.osm, tmp_path / "roads" / "demo.osm.pbf")
    (tmp_path / "roads" / "notes.txt").touch()
    settings = read_settings({}, geodata_dir=geodata, roads_dir=str(tmp_path / "roads"))
    assert [found.name for found in road_files(settings)] == ["demo.osm.pbf"]
    assert _roads_of("demo.osm.pbf", settings) == [f"--osm={file}", "--region=demo"]
    assert _roads_of(SAME_ROADS, settings) == ["--same-roads"]
    (geodata / "current").unlink()
    assert _roads_of("demo.osm.pbf", settings) == [f"--osm={file}"]
    assert road_files(read_settings({}, geodata_dir=geodata)) == []


@pytest.fixture
def serve(geodata):
    """Let the demonstration city serve with something else in its `edition.json`."""

    def change(region="demo", **of_protocols):
        folder = geodata / "editions" / "demo"
        info = read_info((folder / EDITION_FILE).read_bytes())
        (folder / EDITION_FILE).unlink()
        protocols = tuple(SealedProtocol(**one.model_dump() | of_protocols) for one in info.protocols)
        own = {"region": info.region.model_copy(update={"id": region}), "protocols": protocols}
        seal(folder, info.model_copy(update=own), info.files)

    return change


@pytest.fixture
def roads(app, geodata, demo_files, tmp_path):
    """The settings of a server that has a file of roads."""
    (tmp_path / "roads").mkdir()
    shutil.copy(demo_files.osm, tmp_path / "roads" / "demo.osm.pbf")
    settings = read_settings({}, geodata_dir=geodata, roads_dir=str(tmp_path / "roads"))
    app.extensions["stroke_map.settings"] = settings
    return settings


def test_other_roads_do_not_lose_the_region_that_serves(editor, serve, roads, kept):
    ask, regions = editor("wang"), roads.geodata_dir / "regions"

    def refused(status=422, code="invalid-request"):
        body = problem_of(ask("POST", f"{SHEETS}/{kept.info.id}/build", json={"roads": "demo.osm.pbf"}), status, code)
        assert kept.build is None
        return "".join(one["problem"] for one in body.get("errors", []))

    serve("malta")
    assert "no file describes the region malta" in refused()
    regions.mkdir()
    (regions / "malta.toml").write_text("id = 7", encoding="utf-8")
    assert "malta.toml id: Input should be a valid string" in refused()
    own = 'id = "malta"\nname = { zh = "马耳他", en = "Malta" }\n'
    (regions / "malta.toml").write_text(own, encoding="utf-8")
    assert _roads_of("demo.osm.pbf", roads)[1:] == ["--region=malta"]
    serve("unnamed")
    assert _roads_of("demo.osm.pbf", roads)[1:] == []
    serve("demo", local_version="1")
    assert "the region's own clinical values" in refused()
    (roads.geodata_dir / "editions" / "demo" / EDITION_FILE).write_bytes(b"x")
    refused(503, "edition-damaged")


def test_no_more_than_a_few_sheets_are_checked_at_once(editor, geodata):
    sheets = Sheets(geodata / "sheets", timedelta(days=30))
    locks = []
    for number in range(MOST_CHECKS):
        sheet = sheets.add(bytes([number]), name="a.csv", year=2027, by="wang", now=datetime.now(UTC))
        begin(sheet.check_folder)
        locks.append(lock_now(sheet.check_folder / "running"))
    body = problem_of(
        editor("li")("POST", SHEETS, query_string={"year": 2027, "name": "a.csv"}, data=b"id\n"), 429, "too-busy"
    )
    assert "moment" in body["next_step"]
    for lock in locks:
        os.close(lock)


def test_editions_are_told_with_who_may_publish_them(editor):
    wang, li = (EditionList.model_validate(editor(name)("GET", EDITIONS).get_json()) for name in ("wang", "li"))
    assert (wang.serving, wang.roll_back_to) == ("demo", None)
    assert [(one.id, one.state, one.report) for one in wang.editions] == [
        ("2027.1", "waiting", True),
        ("demo", "published", False),
    ]
    assert [one.may_publish for one in wang.editions] == [False, True]
    assert li.editions[0].may_publish
    assert (li.editions[0].prepared_by, li.editions[0].based_on) == ("wang", "demo")
    assert li.editions[1].validity.days_left > 0


def test_a_second_person_publishes_once_and_rolls_back_once(editor, geodata, app):
    wang, li = editor("wang"), editor("li")
    publish = f"{EDITIONS}/2027.1/publish"
    body = problem_of(wang("POST", publish, json={"instead_of": "demo"}), 403, "forbidden")
    assert (body["reason"], read_publication(geodata).edition) == ("prepared", "demo")
    problem_of(li("POST", publish, json={"instead_of": "2026.1"}), 409, "conflict")
    problem_of(li("POST", publish, json={"instead_of": None}), 409, "conflict")
    first = Switched.model_validate(li("POST", publish, json={"instead_of": "demo"}).get_json())
    again = Switched.model_validate(li("POST", publish, json={"instead_of": "demo"}).get_json())
    assert first == again
    assert read_publication(geodata).approvals["2027.1"].by == "li"
    listed = EditionList.model_validate(wang("GET", EDITIONS).get_json())
    assert (listed.serving, listed.roll_back_to, listed.editions[0].approved_by) == ("2027.1", "demo", "li")
    back = {"from": "2027.1", "to": "demo"}
    problem_of(wang("POST", f"{EDITIONS}/rollback", json={"from": "2027.1", "to": "2026.1"}), 409, "conflict")
    problem_of(wang("POST", f"{EDITIONS}/rollback", json={"from": "2026.1", "to": "demo"}), 409, "conflict")
    for _ in range(2):
        assert wang("POST", f"{EDITIONS}/rollback", json=back).get_json()["serving"] == "demo"
    assert read_publication(geodata).history == ()
    # What was approved once waits for nobody.
    assert [one["state"] for one in wang("GET", EDITIONS).get_json()["editions"]] == ["earlier", "published"]
    audit = app.extensions["stroke_map.live_store"].audit.list()
    writes = [
        (one["action"], one["actor"], one["about"])
        for one in audit
        if one["chain"] == "writes" and "editions" in one["action"]
    ]
    assert writes == [
        ("editions.roll_back", "wang", {"from_edition": "2027.1", "to": "demo"}),
        ("editions.publish_edition", "li", {"edition": "2027.1", "instead_of": "demo"}),
    ]


def test_keys_of_one_person_are_one_person(editor, kept, geodata):
    first, second, another = (editor(name, maker=maker) for name, maker in (("a", "Wang."), ("b", "wang"), ("c", "li")))
    publish = f"{EDITIONS}/2027.1/publish"
    for key in (first, second):  # prepared by Wang, with or without a key
        body = problem_of(key("POST", publish, json={"instead_of": "demo"}), 403, "forbidden")
        assert body["reason"] == "prepared"
        assert "made the key" in body["detail"]
        assert not key("GET", EDITIONS).get_json()["editions"][0]["may_publish"]
    assert read_publication(geodata).edition == "demo"
    assert another("POST", publish, json={"instead_of": "demo"}).get_json()["serving"] == "2027.1"
    assert read_publication(geodata).approvals["2027.1"].by == "li"


def test_what_a_key_prepares_the_person_prepares_who_made_it(editor, kept, geodata):
    start = kept.build_folder
    begin(start, by="wang")
    lock = lock_now(start / "running")
    told = editor("robot", maker="wang")("POST", f"{SHEETS}/{kept.info.id}/build", json={})
    assert (told.status_code, told.get_json()["build"]["by"]) == (202, "wang"), "asked twice by one person"
    problem_of(editor("wang", maker="chen")("POST", f"{SHEETS}/{kept.info.id}/build", json={}), 409, "conflict")
    os.close(lock)


def test_a_switch_is_on_record_though_the_database_is_away(editor, app, geodata):
    li = editor("li")
    assert li("GET", EDITIONS).status_code == 200
    store = app.extensions["stroke_map.live_store"]
    store.file.unlink()
    store.close()
    store.file.mkdir()
    assert li("POST", f"{EDITIONS}/2027.1/publish", json={"instead_of": "demo"}).status_code == 200
    app.extensions["stroke_map.read_log"].close()
    lines = b"".join(file.read_bytes() for file in (app.extensions["stroke_map.settings"].audit_dir).glob("*.jsonl"))
    assert b"editions.publish_edition" in lines


def test_a_report_shows_itself_and_runs_nothing(editor, geodata):
    ask = editor("li")
    shown = ask("GET", f"{EDITIONS}/2027.1/report")
    assert (shown.text, shown.mimetype) == (REPORT, "text/html")
    policy = shown.headers["Content-Security-Policy"].split("; ")
    assert {
        "sandbox",
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "frame-ancestors 'none'",
    } <= set(policy)
    assert not [part for part in policy if part.startswith(("script-src", "sandbox "))]
    assert shown.headers["Cache-Control"] == "no-store"
    for edition in ("demo", "2026.1", "..", ".work-0123", "%2e%2e%2fcurrent"):
        problem_of(ask("GET", f"{EDITIONS}/{edition}/report"), 404, "not-found")
    file = geodata / "editions" / "2027.1" / "report.html"
    file.write_text(REPORT.replace("red", "RED"), encoding="utf-8")
    problem_of(ask("GET", f"{EDITIONS}/2027.1/report"), 503, "edition-damaged")
    problem_of(ask("POST", f"{EDITIONS}/2027.1/publish", json={"instead_of": "demo"}), 503, "edition-damaged")


def test_an_unknown_edition_is_not_published(editor):
    problem_of(editor("li")("POST", f"{EDITIONS}/2030.1/publish", json={"instead_of": "demo"}), 404, "not-found")
    problem_of(editor("li")("POST", f"{EDITIONS}/rollback", json={"from": "demo", "to": "2026.1"}), 409, "conflict")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("look at /var/lib/geodata/editions/.work-1/report.html; then", "look at report.html; then"),
        ("POST /api/v1/x and 3/4 of a/b", "POST x and 3/4 of a/b"),
        ("no folder at all", "no folder at all"),
    ],
)
def test_texts_for_the_machines_own_people_lose_their_folders(settings, text, told):
    assert without_paths(text, settings) == told
