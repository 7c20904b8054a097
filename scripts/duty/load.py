"""The load of a shift: dispatchers that ask, screens that listen, alerts, and who answers for them; and what came of it."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crowd.questions import Question

    from duty.bed import Service
    from duty.http import Answer, Connection

#: What a client meets when a process behind it is killed.
LOST = (OSError, EOFError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
_AGAIN_S = 0.2
_ASKS_EVERY_S = 5.0
#: Degrees of latitude from a hospital at the most: a kilometre.
_AWAY = 0.01
_LISTENING_WITHIN_S = 60.0
_CLIENTS_OF_ALERTS = 24
#: Of so many alerts one is acknowledged by its first team alone, so that others are called again.
_SILENT_ONE_IN = 10


@dataclass
class Shift:
    """What was done, and when; times in seconds of `time.perf_counter`.

    Attributes
    ----------
    routes_ms
        How long each answer to a dispatcher took.
    alerts
        By id: (when its request was sent, when it was answered, hospital, idempotency key).
    acknowledged
        (alert, team) that were answered with 200.
    seen
        By (stream, alert): when the stream first told of it.
    lost
        How often a client lost its connection, or was told 503, and tried again.
    unexpected
        Answers that nobody can explain.
    """

    routes_ms: list[float] = field(default_factory=list)
    alerts: dict[int, tuple[float, float, str, str]] = field(default_factory=dict)
    acknowledged: set[tuple[int, str]] = field(default_factory=set)
    seen: dict[tuple[int, int], float] = field(default_factory=dict)
    streams_of: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    lost: Counter[str] = field(default_factory=Counter)
    unexpected: Counter[str] = field(default_factory=Counter)
    ids_of_key: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))


@dataclass(frozen=True)
class Plan:
    """How much is done at once, and for how long."""

    seconds: float = 300.0
    dispatchers: int = 120
    alerts_per_s: float = 20.0
    seed: int = 1


class Load:
    """Everybody who uses the service during a shift.

    Parameters
    ----------
    screens
        (hospital, header) for each stream to open.
    questions
        What dispatchers ask, with what is known of the answers; nothing: from beside the hospitals, whatever is answered.
    """

    def __init__(
        self,
        service: Service,
        plan: Plan,
        screens: list[tuple[str, dict[str, str]]],
        questions: Sequence[Question] = (),
    ) -> None:
        self._service, self._plan, self._screens, self._questions = service, plan, screens, questions
        self.shift = Shift()
        self._rng = random.Random(plan.seed)
        self._waiting: asyncio.Queue[int] = asyncio.Queue()
        self._to_acknowledge: asyncio.Queue[tuple[int, list[str]]] = asyncio.Queue()
        self._key_of = dict(screens)
        self._run = f"{time.time_ns():x}"
        self._connections: list[Connection] = []
        self._silent = set(range(len(screens)))
        self._all_listen = asyncio.Event()

    async def run(self) -> None:
        """Play the shift to its end; then wait until every stream has told of every alert, or surely never will."""
        for number, (hospital, _) in enumerate(self._screens):
            self.shift.streams_of[hospital].append(number)
        try:
            await self._play()
        finally:
            for connection in self._connections:
                connection.close()

    async def _play(self) -> None:
        async with asyncio.TaskGroup() as group:
            listening = [group.create_task(self._listen(number)) for number in range(len(self._screens))]
            if self._screens:
                async with asyncio.timeout(_LISTENING_WITHIN_S):
                    await self._all_listen.wait()
            working = [group.create_task(self._dispatch(number)) for number in range(self._plan.dispatchers)]
            for _ in range(_CLIENTS_OF_ALERTS):
                working += [group.create_task(self._call()), group.create_task(self._acknowledge())]
            await self._let_alerts_come()
            await self._waiting.join()
            await self._to_acknowledge.join()
            for task in working:
                task.cancel()
            await self._until_all_is_seen()
            for task in listening:
                task.cancel()

    async def _let_alerts_come(self) -> None:
        if not self._plan.alerts_per_s:
            await asyncio.sleep(self._plan.seconds)
            return
        begins = time.perf_counter()
        for number in count():
            due_s = number / self._plan.alerts_per_s
            if due_s >= self._plan.seconds:
                break
            await asyncio.sleep(max(0.0, begins + due_s - time.perf_counter()))
            self._waiting.put_nowait(number)

    def missing(self) -> list[tuple[int, int]]:
        """(stream, alert) that should have been told and was not."""
        of = self.shift.streams_of
        return [
            (stream, alert)
            for alert, (_, _, hospital, _) in self.shift.alerts.items()
            for stream in of.get(hospital, ())
            if (stream, alert) not in self.shift.seen
        ]

    async def _until_all_is_seen(self, within_s: float = 60.0) -> None:
        end = time.perf_counter() + within_s
        while self.missing() and time.perf_counter() < end:
            await asyncio.sleep(0.1)

    def _connect(self, header: dict[str, str]) -> Connection:
        self._connections.append(self._service.connect(header))
        return self._connections[-1]

    async def _dispatch(self, number: int) -> None:
        """One dispatcher: a question every few seconds."""
        connection = self._connect(self._service.dispatcher)
        await asyncio.sleep(number / max(1, self._plan.dispatchers) * _ASKS_EVERY_S)
        while True:
            began = time.perf_counter()
            with suppress(_Lost):
                await self._ask(connection, began)
            await asyncio.sleep(max(0.0, began + _ASKS_EVERY_S - time.perf_counter()))

    async def _ask(self, connection: Connection, began: float) -> None:
        if not self._questions:
            answer = await self._once(connection, "GET", f"/api/v1/route?{self._place()}")
            known = True
        else:
            question = self._rng.choice(self._questions)
            answer = await self._once(connection, question.method, question.path, question.body)
            known = answer.status != 200 or question.knows(answer.body)
        if not known:
            self.shift.unexpected["a wrong answer"] += 1
        if self._expected(answer, "route", 200):
            self.shift.routes_ms.append((time.perf_counter() - began) * 1000)

    async def _call(self) -> None:
        """Make cases and alerts, as fast as they come due; whatever happens, until each has been answered."""
        connection = self._connect(self._service.dispatcher)
        while True:
            number = await self._waiting.get()
            # From beside one hospital to another: a drive of minutes, on which nobody is called every few seconds.
            beside, hospital = self._rng.sample(self._service.hospitals, 2)
            lat = beside.lat + self._rng.uniform(-_AWAY, _AWAY)
            question = {"lat": lat, "lon": beside.lon, "crs": "WGS-84", "condition": "stroke"}
            entry = {"question": question, "hospital": hospital.id, "override_reason": "load"}
            case = await self._until(connection, "case", "/api/v1/cases", entry, 201)
            key = f"{self._run}-{number}"
            body = {"case": case["id"], "override_reason": "load"}
            sent = time.perf_counter()
            alert = await self._until(connection, "alert", "/api/v1/alerts", body, 201, Idempotency_Key=key)
            self.shift.alerts[alert["id"]] = (sent, time.perf_counter(), alert["hospital"], key)
            self.shift.ids_of_key[key].add(alert["id"])
            teams = [team["team"] for team in alert["teams"]]
            self._to_acknowledge.put_nowait((alert["id"], teams[:1] if number % _SILENT_ONE_IN == 0 else teams))
            self._waiting.task_done()

    async def _acknowledge(self) -> None:
        """Let the teams of each alert acknowledge it."""
        connections: dict[str, Connection] = {}
        while True:
            alert, teams = await self._to_acknowledge.get()
            hospital = self.shift.alerts[alert][2]
            header = self._key_of.get(hospital, self._service.dispatcher)
            if hospital not in connections:
                connections[hospital] = self._connect(header)
            connection = connections[hospital]
            path = f"/api/v1/alerts/{alert}/acknowledge"
            for team in teams:
                await self._until(connection, "acknowledge", path, {"team": team}, 200)
                self.shift.acknowledged.add((alert, team))
            self._to_acknowledge.task_done()

    async def _listen(self, number: int) -> None:
        """One screen: its stream, opened again whenever it was lost, from where it was."""
        _, header = self._screens[number]
        last = ""
        while True:
            connection = self._service.listen(header)
            try:
                async for event in connection.events("/api/v1/events", last):
                    last = event.id or last
                    if last and self._silent:  # from here on nothing may be missed, whatever happens to the connection
                        self._silent.discard(number)
                        if not self._silent:
                            self._all_listen.set()
                    if event.name == "alert":
                        told = orjson.loads(event.data)["id"]
                        self.shift.seen.setdefault((number, told), time.perf_counter())
                self.shift.lost["stream ended"] += 1
            except LOST:
                self.shift.lost["stream"] += 1
            await asyncio.sleep(_AGAIN_S)

    async def _until(self, connection: Connection, what: str, path: str, body: Any, status: int, **headers: str) -> Any:
        """Send a request until it is answered as it should be."""
        while True:
            with suppress(_Lost):
                answer = await self._once(connection, "POST", path, body, **headers)
                if self._expected(answer, what, status):
                    return answer.json()
            await asyncio.sleep(_AGAIN_S)

    async def _once(self, connection: Connection, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        try:
            return await connection.ask(method, path, body, **headers)
        except LOST as error:
            self.shift.lost[f"{method} {re.sub(r'[0-9]+', 'N', path.partition('?')[0])}"] += 1
            raise _Lost from error

    def _expected(self, answer: Answer, what: str, status: int) -> bool:
        if answer.status == status:
            return True
        if answer.status == 503:
            self.shift.lost[f"{what} 503"] += 1
        else:
            self.shift.unexpected[f"{what} {answer.status} {answer.body[:160]!r}"] += 1
        return False

    def _place(self) -> str:
        hospital = self._rng.choice(self._service.hospitals)
        return f"lat={hospital.lat + self._rng.uniform(-_AWAY, _AWAY):.5f}&lon={hospital.lon:.5f}&condition=stroke"


class _Lost(Exception):  # noqa: N818  no error of ours: a process was killed
    """The connection was lost before the answer had come."""
