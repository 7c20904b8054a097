"""Whatever is sent to whichever address, by whomever: no log of any process of the service holds a word of it.

Every operation of the OpenAPI document, every page and the stream are asked with marked values, sound and unsound; then a case is played with
them from the call to the alert, its message and the crew's link. What every process has written is searched for all of it.
"""

from __future__ import annotations

import http.server
import json
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from duty.bed import on_duty
from duty.http import HOST

from stroke_map.live.accounts import Standing

pytestmark = pytest.mark.slow
LONG_S = 60
MARK, PHONE, PASSWORD = "Zq7mark", "13877731177", "Zq7 password of somebody"
#: Digits behind the point that no other number has; the place is in the city all the same.
LAT_DIGITS, LON_DIGITS = "4570877", "5053277"

_SAID = {
    "lat": float(f"40.{LAT_DIGITS}"),
    "lon": float(f"102.{LON_DIGITS}"),
    "phone": PHONE,
    "target": PHONE,
    "password": PASSWORD,
}


def filled(schema, document, name=""):
    """A value for a schema in which every text is marked, and every place, number and telephone is one of ours."""
    if "$ref" in schema:
        return filled(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document, name)
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return filled(schema[several][0], document, name)
    if name in _SAID:
        return _SAID[name]
    kind = schema.get("type")
    if kind == "object":
        return {key: filled(part, document, key) for key, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [filled(schema.get("items", {}), document, name)]
    return 977713 if kind in {"integer", "number"} else f"{MARK} {name}"


class Asking:
    """Asks the service over HTTP; keeps the ids of the requests that it let in."""

    def __init__(self, service):
        self._service, self.ids = service, set()

    def ask(self, method, path, body=None, *, port=None, **headers):
        connection = HTTPConnection(HOST, port or self._service.port, timeout=LONG_S)
        try:
            content = None if body is None else json.dumps(body)
            headers = {"Content-Type": "application/json", "X-Patient": MARK, "Cookie": f"a={MARK}", **headers}
            connection.request(method.upper(), path, content, headers)
            answer = connection.getresponse()
            read = answer.read() if answer.getheader("Content-Type") != "text/event-stream; charset=utf-8" else b""
            if answer.status != 401:  # of those refused at the door the first of a second alone are told
                self.ids.add(answer.getheader("X-Request-Id"))
            return answer.status, json.loads(read) if "json" in (answer.getheader("Content-Type") or "") else read
        finally:
            connection.close()

    def made(self, path, body, **headers):
        status, answer = self.ask("POST", path, body, **headers)
        assert status == 201, answer
        return answer


@pytest.fixture(scope="module")
def service(copy_demo, tmp_path_factory):
    """A server of two workers, its stream process and a deliverer, which write down all they may."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("STROKE_MAP_LOG_LEVEL", "debug")
        environment.setenv("STROKE_MAP_LOG_PUBLIC_SHARE", "1")
        environment.setenv("STROKE_MAP_GATEWAY_URL", f"http://{HOST}:1/{MARK}")
        with on_duty(copy_demo(tmp_path_factory.mktemp("marked") / "geodata"), "sqlite", deliverers=1) as started:
            yield started


@pytest.fixture(scope="module")
def keys(service):
    """The header of somebody with each role."""
    store, now, made = (
        service.open_store(),
        datetime.now(UTC),
        {"nobody": {}, "stranger": {"Authorization": f"Bearer sm_{MARK}_{MARK}"}},
    )
    for role in ("dispatcher", "administrator", "editor", "auditor"):
        _, key = store.accounts.add_key(
            Standing(f"{role} {MARK}", role, "", ""), lasts=timedelta(days=1), by="me", now=now
        )
        made[role] = {"Authorization": f"Bearer {key}"}
    store.close()
    return made


@contextmanager
def broken_receiver(port):
    """Somebody at the hospitals' end who takes nothing, and says so in marked words."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_error(500, MARK, MARK)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer((HOST, port), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ask_every_operation(asking, keys):
    """With marked values in every part, by nobody and by whoever may; returns how many operations there are."""
    _, document = asking.ask("GET", "/api/v1/openapi.json")
    operations = [(method, path, one) for path, item in document["paths"].items() for method, one in item.items()]
    for method, path, operation in operations:
        query, address = {}, path
        for parameter in operation.get("parameters", []):
            value = filled(parameter.get("schema", {}), document, parameter["name"])
            if parameter["in"] == "path":
                address = address.replace(f"{{{parameter['name']}}}", quote(str(value), safe=""))
            else:
                query[parameter["name"]] = value
        contents = operation.get("requestBody", {}).get("content", {})
        body = filled(next(iter(contents.values()))["schema"], document) if contents else None
        for role, given in (
            ("nobody", {}),
            ("stranger", query),
            ("dispatcher", {}),
            ("administrator", query),
            ("editor", {MARK: PHONE}),
        ):
            asking.ask(method, f"{address}?{urlencode(given)}", body, **keys[role], **{"Idempotency-Key": MARK * 2})
    return len(operations)


def ask_every_page(asking):
    place = urlencode({"lat": f"40.{LAT_DIGITS}", "lon": f"102.{LON_DIGITS}"})
    for path in (
        f"/?{MARK}", f"/map?{place}", f"/map?lat={MARK}", f"/search?q={MARK}", f"/hospitals/{MARK}", f"/districts/{MARK}", f"/qr.svg?hospital={MARK}",
        f"/tiles/{MARK}/7/1/1.png", f"/case/{MARK}", f"/case/smc_{MARK:x<43}", f"/{MARK}/{PHONE}", f"/login?{MARK}", f"/dispatch?{place}#{MARK}",
        f"/hospital?{MARK}", f"/static/{MARK}", f"/poster?paper={MARK}", f"/hospitals/{MARK}/ct.svg", "/metrics", "/readyz",
    ):  # fmt: skip
        asking.ask("GET", path, Accept="text/html")
    asking.ask(
        "POST", f"/map?{place}", f"{place}&{MARK}={PHONE}", **{"Content-Type": "application/x-www-form-urlencoded"}
    )
    asking.ask("BREW", f"/{MARK}")


def play_a_case(asking, service, keys):
    """From the call to the message that nobody takes; returns every secret that was given on the way."""
    place = {"lat": float(f"40.{LAT_DIGITS}"), "lon": float(f"102.{LON_DIGITS}"), "crs": "WGS-84"}
    hospital, may = service.hospitals[0].id, keys["dispatcher"]
    question = place | {"condition": "stroke", "age": 77}
    asking.ask("POST", "/api/v1/route", question, **may)
    asking.ask("GET", f"/api/v1/route?{urlencode(place)}")
    case = asking.made(
        "/api/v1/cases", {"question": question, "hospital": hospital, "override_reason": MARK, "vehicle": MARK}, **may
    )["id"]
    alert = asking.made("/api/v1/alerts", {"case": case}, **may, **{"Idempotency-Key": MARK * 2})["id"]
    url = asking.made(f"/api/v1/cases/{case}/link", {}, **may)["url"]
    token = url.rpartition("/")[2]
    crew = {"Authorization": f"Bearer {token}"}
    asking.ask("GET", f"/case/{token}", Accept="text/html")
    assert asking.ask("GET", f"/api/v1/cases/{case}/crew", **crew)[0] == 200
    assert asking.ask("POST", f"/api/v1/cases/{case}/position", place, **crew)[0] == 200
    asking.ask("POST", f"/api/v1/alerts/{alert}/acknowledge", {"team": "emergency", "by": MARK}, **may)
    asking.ask(
        "PUT", f"/api/v1/hospitals/{hospital}/status", {"kind": "ct_down", "reason": MARK, "author": MARK}, **may
    )
    user = asking.made(
        "/api/v1/users", {"name": MARK, "role": "dispatcher", "password": PASSWORD}, **keys["administrator"]
    )
    asking.ask("POST", "/api/v1/session", {"name": MARK, "password": PASSWORD, "code": "977713"})
    target = {"hospital": hospital, "kind": "sms", "target": f"+86{PHONE}"}
    asking.made("/api/v1/channels", target, **keys["administrator"])
    deadline = time.monotonic() + LONG_S
    while not any(one["attempts"] for one in asking.ask("GET", "/api/v1/deliveries", **may)[1]["deliveries"]):
        assert time.monotonic() < deadline, "no message was tried"
        time.sleep(0.05)
    return [token, user["totp"], *(header["Authorization"].split()[1] for header in keys.values() if header)]


def ask_the_stream(asking, service, keys):
    for path in (f"/api/v1/events?{MARK}", f"/api/v1/events?last_event_id={MARK}", f"/{MARK}"):
        asking.ask("GET", path, port=service.stream_port, **keys["dispatcher"])
    asking.ask("GET", "/api/v1/events", port=service.stream_port, **keys["stranger"])
    asking.ask(
        "GET", "/api/v1/events", port=service.stream_port, Origin=f"https://{MARK}.example", **keys["dispatcher"]
    )
    asking.ask("GET", "/api/v1/events", port=service.stream_port, **{"Last-Event-ID": MARK, **keys["dispatcher"]})


def test_no_log_of_any_process_holds_a_word_of_what_was_sent(service, keys):
    asking = Asking(service)
    with broken_receiver(service.receiver_port):
        secrets = play_a_case(asking, service, keys)
        assert ask_every_operation(asking, keys) > 60
        ask_every_page(asking)
        ask_the_stream(asking, service, keys)
    service.end()
    written = {path.name: path.read_text(encoding="utf-8") for path in service.folder.glob("*.log")}
    assert set(written) == {"server.log", "deliverer 0.log"}
    for name, text in written.items():
        for secret in (MARK, PHONE, PASSWORD, f"40.{LAT_DIGITS[:4]}", f"102.{LON_DIGITS[:4]}", *secrets):
            assert secret.lower() not in text.lower(), (
                name,
                secret,
                [line for line in text.splitlines() if secret.lower() in line.lower()][:3],
            )

    # They are not silent, though: a line for each request with its id, of every process, and one of every attempt to send a message.
    lines = [json.loads(line) for text in written.values() for line in text.splitlines() if line.startswith("{")]
    assert {line["process"] for line in lines} >= {"worker", "stream", "deliver"}
    requests = [line for line in lines if line["event"] == "request"]
    assert len(asking.ids & {line["request_id"] for line in requests}) > 0.9 * len(asking.ids) > 200
    assert len({line["request_id"] for line in requests}) == len(requests)
    assert {line["result"] for line in lines if line["event"] == "delivery"} >= {"failed"}
    assert not [line for line in lines if line["level"] == "error" and line["event"] != "request"]
