"""What a dispatch system may take over (scripts/client) against a real server, over a line that loses answers."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

CLIENT = Path(__file__).resolve().parents[2] / "scripts" / "client"
sys.path.insert(0, str(CLIENT))

import stroke_map_client  # noqa: E402
from stroke_map_client import Client, Problem, Unreachable  # noqa: E402

KEY = "correct horse battery staple"
QUESTION = {"lat": 40.45708, "lon": 102.50532, "crs": "WGS-84", "condition": "stroke"}
#: One database is enough: this is about the line.
pytestmark = pytest.mark.parametrize("live_app", ["sqlite"], indirect=True)


class Line:
    """An application over a line that can lose answers or bring none for good, or find a proxy that knows nobody behind it."""

    def __init__(self, app):
        self._app, self.lost, self.busy, self.asked = app, 0, 0, []
        self.is_silent = False

    def __call__(self, environ, start_response):
        self.asked.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        if self.busy:
            self.busy -= 1
            start_response("502 Bad Gateway", [("Content-Type", "text/html")])
            return [b"<html>"]
        answer = self._app(environ, start_response)
        if self.lost or self.is_silent:
            answer.close()
            if not self.is_silent:
                self.lost -= 1
                environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError  # what was done is done, and nobody hears of it
        return answer


@pytest.fixture
def line(live_app):
    return Line(live_app)


@pytest.fixture
def address(serving, line, monkeypatch):
    monkeypatch.setattr(stroke_map_client, "FIRST_WAIT_S", 0.01)
    with serving(line) as address:
        yield address


@pytest.fixture
def client(address):
    with closing(Client(address, KEY)) as client:
        yield client


def test_what_was_asked_once_is_done_once_though_both_answers_are_lost(client, line):
    line.lost = 1
    case = client.begin_case(QUESTION, key="press-1-case", vehicle="120-07")
    line.lost = 1
    alert = client.alert(case["id"], key="press-1-alert")
    assert line.asked == [("POST", "/api/v1/cases")] * 2 + [("POST", "/api/v1/alerts")] * 2
    assert alert["case"]["id"] == case["id"]
    assert [one["id"] for one in client.changed_alerts()] == [alert["id"]]


def test_an_answer_of_a_proxy_that_finds_nobody_is_asked_for_again(client, line):
    line.busy = 2
    answer = client.nearest(QUESTION)
    assert answer["profile"] == "ambulance"
    assert len(line.asked) == 3


def test_what_the_service_refuses_is_not_sent_again(client, line):
    with pytest.raises(Problem) as refused:
        client.nearest({"lat": 40.45708, "lon": 102.50532})
    assert (refused.value.status, refused.value.code) == (422, "invalid-request")
    assert len(line.asked) == 1


def test_hospitals_by_straight_line_come_with_a_place_that_has_no_road(client):
    with pytest.raises(Problem) as refused:
        client.nearest(QUESTION | {"lat": 10.0})
    assert refused.value.code == "outside-area"
    assert refused.value.body["fallback"][0]["phone"]


def test_somebody_is_told_to_telephone_when_no_answer_comes(address, line):
    line.is_silent = True
    with closing(Client(address, KEY, patience_s=0.2)) as client, pytest.raises(Unreachable, match="telephone"):
        client.nearest(QUESTION)


def test_a_list_is_given_again_only_when_it_has_changed(client):
    assert client.changed_alerts() == []
    assert client.changed_alerts() is None
    case = client.begin_case(QUESTION, key="press-2-case")
    made = client.alert(case["id"], key="press-2-alert")
    (seen,) = client.changed_alerts()
    assert seen["id"] == made["id"]
    assert client.changed_alerts() is None


def test_a_moment_is_when_it_was_and_an_arrival_is_told_anew(client):
    case = client.begin_case(QUESTION, key="press-3-case")
    left = datetime.now(UTC) - timedelta(minutes=2)
    told = client.moment(case["id"], "left_scene", left)
    assert datetime.fromisoformat(told["timeline"]["left_scene"]) == left
    assert client.position(case["id"], 40.45708, 102.50532, "WGS-84")["hospital"] == case["hospital"]


def run(program, *arguments, address, key=KEY):
    environment = os.environ | {"STROKE_MAP_URL": address, "STROKE_MAP_KEY": key}
    return subprocess.run(
        [*program, *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_program_finds_hospitals_alerts_one_and_says_what_is_refused(address):
    program, place = [sys.executable, CLIENT / "stroke_map_client.py"], ["40.45708", "102.50532"]
    asked = run(program, "nearest", *place, address=address)
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.startswith("class 1 ")
    alerted = run(program, "alert", *place, "--vehicle", "120-07", address=address)
    case, alert = alerted.stdout.splitlines()
    assert case.startswith("case ")
    assert "knows: nobody" in alert
    moment = run(program, "moment", case.split()[1], "left_scene", address=address)
    assert "left_scene" in json.loads(moment.stdout)
    refused = run(program, "watch", address=address, key="wrong")
    assert (refused.returncode, "unauthorized" in refused.stderr) == (1, True)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_does_the_same(address, line, tmp_path):
    program = ["sh", CLIENT / "dispatch.sh"]
    for name, body in {"question": QUESTION | {"profile": "ambulance"}, "case": {"question": QUESTION}}.items():
        (tmp_path / name).write_text(json.dumps(body), encoding="utf-8")
    line.busy = 1
    assert json.loads(run(program, "nearest", tmp_path / "question", address=address).stdout)["profile"] == "ambulance"
    made = [json.loads(run(program, "case", tmp_path / "case", "press-4", address=address).stdout) for _ in range(2)]
    assert made[0] == made[1]
    (tmp_path / "alert").write_text(json.dumps({"case": made[0]["id"]}), encoding="utf-8")
    alert = json.loads(run(program, "alert", tmp_path / "alert", "press-5", address=address).stdout)
    listed = [run(program, "alerts", tmp_path / "etag", address=address) for _ in range(2)]
    assert [one["id"] for one in json.loads(listed[0].stdout)["alerts"]] == [alert["id"]]
    assert (listed[1].returncode, listed[1].stdout) == (0, "")
    refused = run(program, "nearest", tmp_path / "case", address=address)
    assert (refused.returncode, json.loads(refused.stdout)["code"]) == (1, "invalid-request")
