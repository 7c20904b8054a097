"""Two services with one database: two machines, but for the metal; and those who ask whichever of them answers, as a proxy in front would."""

from __future__ import annotations

import asyncio
import shutil
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from duty import Violation
from duty.bed import Service, free_ports, let_in
from duty.http import Answer, Connection
from duty.load import LOST
from duty.postgres import find_programs, postgres_server
from stroke_map.commands.building import publish_demo
from stroke_map.editions import open_published, publish, read_publication
from stroke_map.editions.remote import fetch, push
from stroke_map.live.channels import new_secret

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stroke_map.live import LiveStore
    from stroke_map.registry import Hospital

_NOTED_WITHIN_S = 60.0


class Either(Connection):
    """A connection to one machine; to the other one as soon as that hangs up, or cannot answer, as a proxy would (`proxy_next_upstream`)."""

    def __init__(self, ports: tuple[int, ...], headers: dict[str, str] | None = None) -> None:
        super().__init__(ports[0], headers)
        self._ports = ports

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Ask one machine, then the other; whoever asks to write must name his request, as it may be asked twice."""
        with suppress(*LOST):
            answer = await super().ask(method, path, body, **headers)
            if answer.status != 503 or method != "GET":
                return answer
            self.close()
        self.port = next(port for port in self._ports if port != self.port)
        return await super().ask(method, path, body, **headers)


@dataclass
class Machines:
    """Two services; to those who load and judge, they are one."""

    services: tuple[Service, Service]
    _asked: Iterator[int] = field(default_factory=count)

    @property
    def hospitals(self) -> tuple[Hospital, ...]:
        """Those of the edition that both serve."""
        return self.services[0].hospitals

    @property
    def dispatcher(self) -> dict[str, str]:
        """The header of somebody who may alert."""
        return self.services[0].dispatcher

    @property
    def database_url(self) -> str:
        """Where live state is."""
        return self.services[0].database_url

    def open_store(self) -> LiveStore:
        """The database, for this process."""
        return self.services[0].open_store()

    def connect(self, headers: dict[str, str] | None = None) -> Connection:
        """To the machines in turn."""
        return Either(self._in_turn("port"), headers)

    def listen(self, headers: dict[str, str]) -> Connection:
        """To where streams are, of the machines in turn: whoever is cut off comes back to the other."""
        return Connection(self._in_turn("stream_port")[0], headers)

    def _in_turn(self, name: str) -> tuple[int, ...]:
        first = next(self._asked) % len(self.services)
        return tuple(getattr(service, name) for service in (*self.services[first:], *self.services[:first]))


@contextmanager
def two_machines(folder: Path, store: Path, **more: str) -> Iterator[Machines]:
    """Two clinical services for as long as the block runs: each with a server, and what belongs to it as `more` says; the second has fetched its edition.

    Parameters
    ----------
    store
        A folder by way of which the edition travels.
    more
        Settings of both, by their names in capitals.
    """
    programs = find_programs()
    if programs is None:
        raise SystemExit("PostgreSQL is not installed: install Debian's package postgresql")
    with ExitStack() as stack:
        url = stack.enter_context(postgres_server(programs))
        here, there = folder / "first", folder / "second"
        if not (here / "current").exists():
            publish_demo(here)
        _bring(here, there, f"file://{store}")
        ports, secret = free_ports(5), new_secret()
        first = Service(here, ports[0], ports[1], url, ports[4], secret, more=more, plane="clinical")
        first.hospitals = tuple(open_published(here).hospitals)
        let_in(first)
        second = replace(first, folder=there, port=ports[2], stream_port=ports[3], processes={})
        for service in (first, second):
            stack.callback(service.end)
            service.start("server")
            if more.get("DELIVER_IN_SERVER") != "true":
                service.start("deliverer")
        for service in (first, second):
            service.wait_until_ready()
        yield Machines((first, second))


def _bring(here: Path, there: Path, url: str) -> None:
    """Let the other machine serve what this one serves."""
    edition_id = read_publication(here).edition
    sent = push(here, edition_id, url)
    fetch(there, edition_id, url, seal=sent.info.seal)
    publish(there, edition_id)
    shutil.rmtree(url.removeprefix("file://"))


@dataclass
class Asked:
    """What somebody was answered who asks all the time, with the key of a dispatcher.

    Attributes
    ----------
    answers
        (when it was asked, when it was answered, whether closures and statuses may be out of date), seconds of `time.perf_counter`.
    """

    answers: list[tuple[float, float, bool]] = field(default_factory=list)

    @property
    def longest_s(self) -> float:
        """The longest wait for an answer."""
        return max(answered - asked for asked, answered, _ in self.answers)

    async def until(self, *, stale: bool) -> float:
        """Wait for answers that are marked so, as many as there are machines and more; seconds that took."""
        begun = time.perf_counter()
        while time.perf_counter() - begun < _NOTED_WITHIN_S:
            since = [marked for asked, _, marked in self.answers[-8:] if asked > begun]
            if len(since) == 8 and all(marked is stale for marked in since):
                return time.perf_counter() - begun
            await asyncio.sleep(0.02)
        raise Violation(f"answers are not marked stale={stale} within {_NOTED_WITHIN_S:.0f} s")


async def keep_asking(machines: Machines, asked: Asked, *, pause_s: float = 0.02) -> None:
    """Ask for the nearest hospital, by ambulance, until cancelled; Violation where no machine answers, or with anything but the road."""
    hospital = machines.hospitals[0]
    path = f"/api/v1/route?lat={hospital.lat + 0.01:.5f}&lon={hospital.lon:.5f}&condition=stroke&profile=ambulance"
    first: list[str] = []
    while True:
        connection, begun = machines.connect(machines.dispatcher), time.perf_counter()
        try:
            answer = await connection.ask("GET", path)
        except LOST as error:
            raise Violation(f"no machine has answered: {type(error).__name__}") from error
        finally:
            connection.close()
        if answer.status != 200:
            raise Violation(f"a dispatcher was answered {answer.status}: {answer.body[:300]!r}")
        told = answer.json()
        found = [one["id"] for one in told["hospitals"]]
        first = first or found
        stale = told["live_state"]["stale"]
        warned = any(warning["code"] == "live-state-stale" for warning in told["warnings"])
        if found != first or warned is not stale:
            raise Violation(f"another answer than before: {found}, stale {stale}, warned {warned}")
        asked.answers.append((begun, time.perf_counter(), stale))
        await asyncio.sleep(pause_s)
