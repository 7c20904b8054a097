"""Questions, and what is known beforehand of their answers: reckoned in this process, when nobody else asks."""

from __future__ import annotations

import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle
from multiprocessing import get_context
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import orjson
from bench.inputs import make_questions

from crowd import KEY
from crowd.asking import part_of
from stroke_map.dispatch.roads_now import PreparedProfile
from stroke_map.editions import open_published, publish
from stroke_map.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from werkzeug.test import Client, TestResponse

#: One hour for all questions, so that their own changes nothing: a moment that is past is answered as if it were now.
AT = f"{datetime.now(UTC).date() - timedelta(days=1)}T12:00:00"
#: A patient of whom the protocol knows enough to decide.
PATIENT = {"onset": AT.replace("T12", "T11"), "age": 67, "scale": "LAMS", "score": 5, "anticoagulant": "no"}


def _nothing_known() -> dict[str, list[str]]:
    return defaultdict(list)


@dataclass
class Question:
    """One request, and what its answer must be.

    Attributes
    ----------
    kind
        Under which its times are counted.
    editions
        By edition: what may be answered, each whole: for a route origin, hospitals and decision, else the body. Empty: any of status 200.
    may_refuse
        Whether 429 with Retry-After is an answer too.
    """

    kind: str
    path: str
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    editions: dict[str, list[str]] = field(default_factory=_nothing_known)
    may_refuse: bool = False

    @property
    def method(self) -> str:
        """POST where it has a body."""
        return "GET" if self.body is None else "POST"

    def knows(self, body: bytes) -> bool:
        """Whether an answer is one that is known, and of the edition that it names."""
        named = orjson.loads(body)["edition"]
        return part_of(body).decode() in self.editions[named]

    def __bytes__(self) -> bytes:
        """Return the request as it is sent."""
        content = b"" if self.body is None else orjson.dumps(self.body)
        told = {"Host": "localhost"} | self.headers
        if self.body is not None:
            told |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        return f"{self.method} {self.path} HTTP/1.1\r\n{head}\r\n".encode() + content

    def ask(self, client: Client) -> TestResponse:
        """Ask an application in this process."""
        return client.open(self.path, method="GET" if self.body is None else "POST", json=self.body, headers=self.headers)  # fmt: skip


def dispatchers_questions(geodata: Path, count: int, *, patients: bool = True) -> list[Question]:
    """What dispatchers ask: from so many places in turn where to go with a stroke, with chest pain, and with a patient of whom more is known."""
    header = {"Authorization": f"Bearer {KEY}"}
    kinds = ("stroke", "chest_pain", "patient") if patients else ("stroke", "chest_pain")
    asked = []
    for (lat, lon), kind in zip(_places(geodata, "ambulance", count), cycle(kinds), strict=False):  # fmt: skip
        if kind == "patient":
            body = {"lat": lat, "lon": lon, "crs": "WGS-84", "condition": "stroke", "at": AT} | PATIENT
            asked.append(Question("dispatch", "/api/v1/route", body, header))
        else:
            path = f"/api/v1/route?lat={lat}&lon={lon}&condition={kind}&at={AT}&profile=ambulance"
            asked.append(Question("dispatch", path, None, header))
    return asked


def public_questions(geodata: Path, count: int, *, by_browser: bool = True) -> list[Question]:
    """What people ask who have no account: the way from where they are, each from an address of its own; a browser takes it compressed."""
    return [
        Question(
            "public route",
            f"/api/v1/route?lat={lat}&lon={lon}&condition=stroke&at={AT}",
            None,
            {
                "X-Forwarded-For": f"198.51.{number // 250 % 100}.{number % 250 + 1}",
                "Accept-Encoding": "gzip" if by_browser else "identity",
            },
            may_refuse=True,
        )
        for number, (lat, lon) in enumerate(_places(geodata, "car", count))
    ]


def slow_roads(geodata: Path) -> dict[str, Any]:
    """A closure to record: the middle of the town takes thrice as long."""
    west, south, east, north = open_published(geodata).region.bounds
    lon, lat, far = (west + east) / 2, (south + north) / 2, (north - south) / 6
    ring = [[lon - far, lat - far], [lon + far, lat - far], [lon + far, lat + far], [lon - far, lat + far]]
    geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    return {"kind": "slow", "factor": 3.0, "geometry": geometry, "reason": "flood", "author": "soak"}


def learn(
    geodata: Path, questions: Sequence[Question], closure: dict[str, Any] | None = None, editions: Sequence[str] = ()
) -> None:
    """Learn what is answered to each question, in a process that ends with it.

    Parameters
    ----------
    closure
        Both without it and with it.
    editions
        By each of these in turn, of which the last stays published; none: by the one that is published.
    """
    with TemporaryDirectory(prefix="stroke-map-known-") as folder, ProcessPoolExecutor(1, get_context("spawn")) as pool:
        for question, known in zip(
            questions, pool.submit(_learn, geodata, folder, questions, closure, editions).result(), strict=True
        ):
            question.editions = known


def _learn(
    geodata: Path, folder: str, questions: Sequence[Question], closure: dict[str, Any] | None, editions: Sequence[str]
) -> list[dict[str, list[str]]]:
    from stroke_map.web import create_app

    told = {"geodata_dir": geodata, "cache_dir": folder, "audit_dir": folder, "clinical_key": KEY}
    client = create_app(read_settings({}, database_url=f"sqlite:///{folder}/live.db", **told)).test_client()
    header = {"Authorization": f"Bearer {KEY}"}
    for edition in editions or (open_published(geodata).info.id,):
        if editions:
            publish(geodata, edition)
        _learn_from(client, edition, questions)
        if closure is not None:
            made = client.post("/api/v1/closures", json=closure, headers=header)
            _learn_from(client, edition, questions)
            client.delete(f"/api/v1/closures/{made.get_json()['closure']['id']}", headers=header)
    return [question.editions for question in questions]


def _learn_from(client: Client, edition: str, questions: Sequence[Question]) -> None:
    """Add to each question what an application in this process answers now; it changes over a moment after a switch."""
    while edition not in client.get("/readyz").get_data(as_text=True):
        time.sleep(0.01)
    for question in questions:
        answer = question.ask(client)
        if answer.status_code != 200:
            raise RuntimeError(f"{question.path} is answered with {answer.status}: {answer.get_data()[:500]!r}")
        part = part_of(answer.get_data()).decode()
        if part not in question.editions[edition]:
            question.editions[edition].append(part)


def _places(geodata: Path, profile: str, count: int) -> list[tuple[float, float]]:
    edition = open_published(geodata)
    network = edition.network(profile)
    reached = PreparedProfile(network, edition.arrivals(profile)).always.usable(None, None)
    return [(round(lat, 6), round(lon, 6)) for lat, lon in make_questions(network, reached, count)]
