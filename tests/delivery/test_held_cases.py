"""A deliverer beside somebody who holds a case, or what all writers hold at their end, and stands still; SQLite lets one write at a time."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from faults.delivering import delivering
from sqlalchemy import select

from stroke_map.live import database
from stroke_map.live.case_tables import deliveries
from stroke_map.live.holding import CASE_TOPIC, hold_cases

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from stroke_map.live import LiveStore

pytestmark = pytest.mark.parametrize("live_database", ["postgres"], indirect=True)
OK = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"


def states(store: LiveStore) -> list[str]:
    return [one.state for one in store.deliveries.list()]


@pytest.fixture
def on_the_way(
    answer_with: Callable, add_channel: Callable, alert_of: Callable
) -> Iterator[Callable[[LiveStore, int], tuple[list[bytes], threading.Event]]]:
    """Alert for so many cases: gives what the receiver has read, and what lets it answer."""
    answered = threading.Event()

    def answer(connection: socket.socket) -> None:
        answered.wait()
        connection.sendall(OK)

    def alert(store: LiveStore, cases: int) -> tuple[list[bytes], threading.Event]:
        port, read = answer_with(answer)
        add_channel(store, f"http://127.0.0.1:{port}/")
        for _ in range(cases):
            alert_of(store)
        return read, answered

    yield alert
    answered.set()


def test_what_came_of_a_message_is_written_down_when_its_case_is_free(
    open_store: Callable, make_settings: Callable, on_the_way: Callable, wait_until: Callable
) -> None:
    store = open_store()
    read, answered = on_the_way(store, 2)
    with delivering(store, make_settings()):
        wait_until(lambda: len(read) == 2)
        with store.writing(audited=False) as connection:
            hold_cases(connection, [1])
            answered.set()
            wait_until(lambda: states(store) == ["waiting", "delivered"])
        wait_until(lambda: states(store) == ["delivered", "delivered"])
    assert len(read) == 2


def test_a_lease_is_renewed_also_while_nothing_can_be_written_down(
    open_store: Callable, make_settings: Callable, on_the_way: Callable, wait_until: Callable, monkeypatch: Any
) -> None:
    monkeypatch.setattr(database, "WRITE_WAIT_S", 0.1)
    store = open_store(delivery_lease_s=1.0)
    read, answered = on_the_way(store, 1)
    leased_until = select(deliveries.c.leased_until)
    with delivering(store, make_settings()):
        wait_until(lambda: read)
        with store.writing(audited=False) as connection:
            store.hold(connection, CASE_TOPIC)
            answered.set()
            before = connection.execute(leased_until).scalar_one()
            # Further than by what was renewed in the turn that may have been under way.
            wait_until(lambda: connection.execute(leased_until).scalar_one() > before + store.deliveries.trying.lease)
        wait_until(lambda: states(store) == ["delivered"])
    assert len(read) == 1
