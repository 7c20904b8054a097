"""Deliverers of their own processes whose clock is set while messages are on their way."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections import Counter
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from faults.clocks import Clock, has_compiler
from sqlalchemy import select

from stroke_map.live.case_tables import deliveries

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stroke_map.live import LiveStore

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not has_compiler(), reason="no C compiler makes a clock that can be set"),
]
HOUR_S = 3600
OK = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"
BAD = b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path)


@pytest.fixture
def store(sqlite_store: LiveStore) -> LiveStore:
    return sqlite_store


@contextmanager
def delivering(store: LiveStore, clock: Clock, count: int) -> Iterator[None]:
    """So many deliverers by that clock."""
    told = {"STROKE_MAP_GEODATA_DIR": str(store.file.parent), "STROKE_MAP_ALLOW_PRIVATE_TARGETS": "127.0.0.0/8"}
    told["STROKE_MAP_DELIVERY_TIMEOUT_S"] = "60"
    processes = []
    with ExitStack() as stack:
        for _ in range(count):
            command = [sys.executable, "-m", "stroke_map.cli", "deliver"]
            process = stack.enter_context(
                subprocess.Popen(command, env=os.environ | clock.environment | told, stderr=subprocess.PIPE)
            )
            stack.callback(process.terminate)
            processes.append(process)
        for process in processes:  # whoever begins after the clock was set knows nothing of the time before
            assert process.stderr.readline()
        yield


def rows(store: LiveStore) -> list:
    with store.reading() as connection:
        return connection.execute(select(deliveries).order_by(deliveries.c.id)).all()


def ids(read: list[bytes]) -> Counter[bytes]:
    """How often each message came."""
    return Counter(re.search(rb"(?i)webhook-id: (\S+)", request)[1] for request in read)


def test_what_is_on_its_way_when_the_clock_is_set_forwards_is_sent_by_nobody_else(
    store: LiveStore,
    clock: Clock,
    *,
    answer_with: Callable,
    add_channel: Callable,
    alert_of: Callable,
    wait_until: Callable,
) -> None:
    leave = threading.Event()

    def behave(connection: socket.socket) -> None:
        leave.wait(60)
        connection.sendall(OK)

    port, read = answer_with(behave)
    add_channel(store, f"http://127.0.0.1:{port}/")
    for _ in range(4):
        alert_of(store)
    with delivering(store, clock, 3):
        wait_until(lambda: len(read) == 4)
        clock.set(HOUR_S)
        soon = datetime.now(UTC) + timedelta(seconds=HOUR_S / 2)
        wait_until(lambda: all(row.leased_until > soon for row in rows(store)))
        alert_of(store)  # they go on sending what is new
        wait_until(lambda: len(read) >= 5)
        leave.set()
        wait_until(lambda: all(row.delivered_at for row in rows(store)))
    assert set(ids(read).values()) == {1}


def test_what_waits_for_another_attempt_when_the_clock_is_set_back_is_not_an_hour_late(
    store: LiveStore,
    clock: Clock,
    *,
    answer_with: Callable,
    add_channel: Callable,
    alert_of: Callable,
    wait_until: Callable,
) -> None:
    answers = [BAD]
    port, read = answer_with(lambda connection: connection.sendall(answers.pop() if answers else OK))
    add_channel(store, f"http://127.0.0.1:{port}/")
    alert_of(store)
    with delivering(store, clock, 1):
        wait_until(lambda: rows(store)[0].problem)
        clock.set(-HOUR_S)
        wait_until(lambda: rows(store)[0].delivered_at)
    assert list(ids(read).values()) == [2]
