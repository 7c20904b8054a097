#!/usr/bin/env python3
"""An example of how a dispatch system asks stroke_map and alerts hospitals: one file, Python 3.11 or later alone, nothing to install.

    export STROKE_MAP_URL=https://clinical.example.org STROKE_MAP_KEY=sm_...   # stroke-map key add dispatch-system --role dispatcher
    python3 stroke_map_client.py nearest 40.45708 102.50532 --condition stroke
    python3 stroke_map_client.py alert 40.45708 102.50532 --condition stroke --vehicle 120-07
    python3 stroke_map_client.py moment 17 left_scene
    python3 stroke_map_client.py watch

What to take over from it, in whatever language:

1. A time limit for every request. Where no answer comes in the end, the dispatcher is told to telephone; nobody waits for a program.
2. What failed on the way (no connection, 429, 502, 503, 504) is sent again, after as long as `Retry-After` says or twice as long as before.
   What the service refuses (any other 4xx) is not: it would be refused again.
3. What begins something carries an `Idempotency-Key`: made once for one press of a button, kept with it, and sent with the same bytes each
   time. So a case or an alert whose answer was lost on the way is found again, and never made twice.
4. A moment is told with the time at which it was, not the one at which it arrives.
5. Lists are asked again with the `ETag` of the last answer: 304 means that nothing has changed.
6. The key goes to this one address: no redirect is followed, no proxy of the environment is used.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import sys
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Json = dict[str, Any]
#: Answers that another attempt may change: too many asked at once; the service or its database is away for a moment.
PASSING: Final = frozenset({429, 502, 503, 504})
FIRST_WAIT_S: Final = 0.2
LONGEST_WAIT_S: Final = 2.0


class Problem(Exception):  # noqa: N818  as RFC 9457 calls it
    """What the service answers instead (RFC 9457): look at `code`, which is stable, not at the words.

    Where no road leads to a hospital (404), `body["fallback"]` lists the capable ones by straight line, with their telephones.
    """

    def __init__(self, status: int, body: Json, retry_after_s: float) -> None:
        super().__init__(
            f"{status} {body.get('code', '')}: {body.get('detail', '')} {body.get('next_step', '')}".strip()
        )
        self.status, self.body, self.retry_after_s = status, body, retry_after_s
        self.code = str(body.get("code", ""))


class Unreachable(Exception):  # noqa: N818  a sentence for the dispatcher
    """No whole answer came in time, whatever became of the request: telephone, and send it again with the same key."""


@dataclass(frozen=True)
class Reply:
    """A whole answer."""

    status: int
    etag: str
    body: Any


class Client:
    """One dispatch system's way to the service. It keeps one connection: give every thread a client of its own.

    Parameters
    ----------
    address
        `https://host`, or `http://` on the same machine.
    key
        As `stroke-map key add --role dispatcher` shows it once.
    timeout_s
        The longest wait for anything to come on the connection.
    patience_s
        After this nothing is sent again.
    """

    def __init__(self, address: str, key: str, *, timeout_s: float = 3.0, patience_s: float = 12.0) -> None:
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("the address is something like https://clinical.example.org")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=timeout_s)
        self._prefix, self._key, self._patience_s = parts.path.rstrip("/"), key, patience_s
        self._etag = ""

    def nearest(self, question: Json) -> Json:
        """The hospitals that can treat this, best first; nothing is recorded."""
        return self._post("route", {"profile": "ambulance", **question})

    def begin_case(self, question: Json, *, key: str, **chosen: str) -> Json:
        """Begin a case with the answer to `question`; `key` is this call's own.

        `chosen`: `hospital` and `override_reason` where it is not the first, `vehicle`.
        """
        return self._post("cases", {"question": question, **chosen}, {"Idempotency-Key": key})

    def alert(self, case: int, *, key: str, **chosen: str) -> Json:
        """Alert the case's hospital, or another `hospital` in its place; `key` is this press of the button's own."""
        return self._post("alerts", {"case": case, **chosen}, {"Idempotency-Key": key})

    def moment(self, case: int, name: str, at: datetime) -> Json:
        """Say when something happened, such as `left_scene`; said again, the last word counts."""
        return self._post(f"cases/{case}/events", {"name": name, "at": at.isoformat()})

    def position(self, case: int, lat: float, lon: float, crs: str) -> Json:
        """Say where the ambulance is; gives the arrival anew, and tells it to the hospital."""
        return self._post(f"cases/{case}/position", {"lat": lat, "lon": lon, "crs": crs})

    def changed_alerts(self) -> list[Json] | None:
        """The alerts that stand or ended a short time ago; None while they are as this client saw them last."""
        reply = self._ask("GET", "alerts", headers={"If-None-Match": self._etag} if self._etag else {})
        if reply.status == 304:
            return None
        self._etag = reply.etag
        alerts: list[Json] = reply.body["alerts"]
        return alerts

    def watch(self, every_s: float = 2.0) -> Iterator[list[Json]]:
        """The alerts whenever they have changed, for ever."""
        while True:
            if (alerts := self.changed_alerts()) is not None:
                yield alerts
            time.sleep(every_s)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _post(self, path: str, body: Json, headers: Mapping[str, str] | None = None) -> Json:
        told: Json = self._ask("POST", path, json.dumps(body).encode(), headers or {}).body
        return told

    def _ask(self, method: str, path: str, content: bytes | None = None, headers: Mapping[str, str] = {}) -> Reply:
        """Send a request, again where that may help.

        Raises
        ------
        Problem
            The service refuses it, or still cannot answer it.
        Unreachable
            There was no whole answer.
        """
        gives_up, wait_s = time.monotonic() + self._patience_s, FIRST_WAIT_S
        while True:
            try:
                return self._once(method, path, content, headers)
            except Problem as problem:
                if problem.status not in PASSING:
                    raise
                failure: Exception = problem
                wait_s = max(wait_s, problem.retry_after_s)
            except (OSError, http.client.HTTPException) as error:
                failure = Unreachable(f"no whole answer in time ({type(error).__name__}): telephone")
            pause_s = wait_s * random.uniform(1.0, 1.5)  # so that a hundred desks do not come back at once
            if time.monotonic() + pause_s > gives_up:
                raise failure
            time.sleep(pause_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    def _once(self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]) -> Reply:
        told = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json", **headers}
        try:
            self._connection.request(method, f"{self._prefix}/api/v1/{path}", content, told)
            response = self._connection.getresponse()
            text = response.read()
        except BaseException:
            self._connection.close()  # it is opened again by the next request
            raise
        if response.status != 304 and not 200 <= response.status < 300:
            raise Problem(response.status, _json_object(text), _seconds(response.headers["Retry-After"]))
        return Reply(response.status, response.headers["ETag"] or "", json.loads(text) if text else None)


def _json_object(text: bytes) -> Json:
    """The body of an error; {} where it is a proxy's page and none of the service."""
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _seconds(text: str | None) -> float:
    return float(text) if text and text.isascii() and text.isdecimal() else 0.0


def _print_hospitals(answer: Json) -> None:
    for hospital in answer["hospitals"]:
        minutes, km = hospital["travel_time_s"] / 60, hospital["distance_m"] / 1000
        print(
            f"class {hospital['class']}  {minutes:5.1f} min  {km:5.1f} km  {hospital['name']['zh']}  {hospital['phone']}"
        )
    for warning in answer["warnings"]:
        if warning["severity"] != "note":
            print(f"{warning['severity']}: {warning['text']['zh']}")


def _print_alert(alert: Json) -> None:
    known = ", ".join(team["team"] for team in alert["teams"] if team["acknowledged_at"]) or "nobody"
    call = f"  TELEPHONE {alert['telephone']}" if alert["telephone_now"] else ""
    print(
        f"alert {alert['id']}  {alert['hospital']}  {alert['state']}  eta {alert['eta']}  knows: {known}{call}",
        flush=True,
    )


def _run(client: Client, asked: argparse.Namespace) -> None:
    if asked.command == "watch":
        for alerts in client.watch():
            for alert in alerts:
                _print_alert(alert)
    elif asked.command == "moment":
        print(json.dumps(client.moment(asked.case, asked.name, datetime.now(UTC))["timeline"], indent=2))
    else:
        question = {"lat": asked.lat, "lon": asked.lon, "crs": asked.crs, "condition": asked.condition}
        if asked.command == "nearest":
            _print_hospitals(client.nearest(question))
            return
        # In a real system: made when the button is pressed, and kept with the call until the answer is there.
        press = str(uuid.uuid4())
        case = client.begin_case(question, key=f"{press}-case", vehicle=asked.vehicle)
        print(f"case {case['id']}  to {case['hospital']}")
        _print_alert(client.alert(case["id"], key=f"{press}-alert"))


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("nearest", "alert"):
        place = commands.add_parser(name)
        place.add_argument("lat", type=float)
        place.add_argument("lon", type=float)
        place.add_argument("--crs", choices=("WGS-84", "GCJ-02", "BD-09"), default="WGS-84")
        place.add_argument("--condition", choices=("stroke", "chest_pain"), default="stroke")
        place.add_argument("--vehicle", default="")
    moment = commands.add_parser("moment")
    moment.add_argument("case", type=int)
    moment.add_argument("name")
    commands.add_parser("watch")
    return parser


def main() -> int:
    """Do one of the four things; 1 where the service refuses, 2 where it does not answer: then telephone."""
    asked = _arguments().parse_args()
    client = Client(os.environ.get("STROKE_MAP_URL", "http://127.0.0.1:8120"), os.environ["STROKE_MAP_KEY"])
    try:
        _run(client, asked)
    except Problem as problem:
        print(problem, file=sys.stderr)
        for hospital in problem.body.get("fallback") or ():
            print(
                f"{hospital['straight_line_m'] / 1000:5.1f} km straight  {hospital['name']['zh']}  {hospital['phone']}"
            )
        return 1
    except Unreachable as lost:
        print(lost, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    finally:
        client.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
