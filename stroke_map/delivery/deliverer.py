"""What empties the outbox: leases what is due, sends it, writes down what came of it. Any number may run."""

from __future__ import annotations

import logging
import os
import queue
import secrets
import threading
import time
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from stroke_map import logs
from stroke_map.clocks import JumpWatch
from stroke_map.errors import LiveStoreError
from stroke_map.live.deliveries import Outcome
from stroke_map.live.delivery_records import MOST_OF_A_CHANNEL
from stroke_map.live.shared_clock import SharedClock

if TYPE_CHECKING:
    from datetime import datetime

    from stroke_map.delivery.sender import Sender
    from stroke_map.live import LiveStore
    from stroke_map.live.deliveries import Outgoing

#: How often the outbox is looked at; with the wait for a processor a new message is picked up well within 250 ms.
EVERY_S: Final = 0.1
#: What is sent within so long of each other is written down together: else each message were a transaction, for which all others wait.
GATHER_S: Final = 0.03
#: So many messages are on their way at once in one process.
MOST_AT_ONCE: Final = 64
_LONGEST_PAUSE_S: Final = 2.0
log = logging.getLogger("stroke_map.delivery")


class Deliverer(threading.Thread):
    """Sends until told to end.

    Parameters
    ----------
    store
        Where the outbox is.
    sender
        What sends.
    """

    def __init__(self, store: LiveStore, sender: Sender) -> None:
        # No daemon: a process that ends waits for what is on its way, which would else be sent once more by another.
        super().__init__(name="deliverer", daemon=False)
        self._records, self._sender = store.deliveries, sender
        self._holder = f"{os.getpid()}-{secrets.token_hex(8)}"
        self._ended, self._wake = threading.Event(), threading.Event()
        self._sent: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._on_the_way: dict[int, Outgoing] = {}
        self._unrecorded: list[Outcome] = []
        self._clock = SharedClock(store)
        self._jumps: JumpWatch | None = None  # looks at a clock that may be away now
        # In seconds of `time.monotonic`, which nobody sets. The clock may have been set just before this one begins: whoever lives says
        # within a third of a lease until when, by whatever time; until that has been heard nothing is taken over.
        lease_s = self._records.trying.lease / timedelta(seconds=1)
        self._renewed_s = time.monotonic()
        self._careful_until_s = self._renewed_s + lease_s / 2

    def run(self) -> None:
        """Look, send, write down; when told to end, or with the process, wait for what is on its way."""
        pause_s = EVERY_S
        while not self._ended.is_set() or self._on_the_way:
            if not threading.main_thread().is_alive():
                self._ended.set()
            try:
                self._turn()
                pause_s = EVERY_S
            except LiveStoreError:  # told in the log by the store
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                if self._ended.is_set():
                    return
            except Exception:
                log.exception("delivery: an unexpected failure")
                pause_s = _LONGEST_PAUSE_S
            if self._wake.wait(pause_s):
                time.sleep(GATHER_S)
            self._wake.clear()

    def end(self) -> None:
        """Send nothing new, and wait until what is on its way is written down."""
        self._ended.set()
        self._wake.set()
        self.join()

    def _turn(self) -> None:
        now = self._clock.now()
        lease_s = self._records.trying.lease / timedelta(seconds=1)
        if self._has_jumped():
            # Whoever lives says first until when by the new time; meanwhile nobody takes anything over.
            self._renewed_s, self._careful_until_s = float("-inf"), time.monotonic() + lease_s
        try:
            self._write_down(now)
        finally:  # what cannot be written down yet nobody else is to send meanwhile
            if self._on_the_way and time.monotonic() - self._renewed_s >= lease_s / 3:
                self._renew(now)
        if not self._ended.is_set():
            self._begin(now)

    def _write_down(self, now: datetime) -> None:
        """Write down what came of messages; what cannot be written is kept, and its lease too: it was sent, and is not sent again."""
        while not self._sent.empty():
            self._unrecorded.append(self._sent.get())
        if self._unrecorded:
            left = self._records.record(self._unrecorded, self._holder, now=now)
            for outcome in self._unrecorded:
                if outcome.delivery_id not in left:
                    self._on_the_way.pop(outcome.delivery_id, None)
            self._unrecorded = [outcome for outcome in self._unrecorded if outcome.delivery_id in left]

    def _renew(self, now: datetime) -> None:
        """Say of all that is on its way that it is; where that could not be said of each, it is said again with the next turn."""
        begun_s = time.monotonic()
        if not self._records.renew(self._on_the_way, self._holder, now=now):
            self._renewed_s = begun_s

    def _begin(self, now: datetime) -> None:
        """Take what is due, as far as there is room, and send it."""
        room = MOST_AT_ONCE - len(self._on_the_way)
        if not room:
            return
        of_channel = Counter(message.channel.id if message.channel else 0 for message in self._on_the_way.values())
        busy = [channel for channel, count in of_channel.items() if count >= MOST_OF_A_CHANNEL]
        careful = time.monotonic() < self._careful_until_s
        for message in self._records.lease(self._holder, now=now, most=room, busy=busy, taking_over=not careful):
            if message.id in self._on_the_way:  # this process stood still until its own lease was over
                continue
            self._on_the_way[message.id] = message
            try:
                threading.Thread(target=self._send, args=(message,), name="delivery", daemon=True).start()
            except RuntimeError:  # the system gives no more threads: else it would be on its way for ever
                self._sent.put(Outcome(message.id, "failed", "this machine has no room for another attempt"))

    def _has_jumped(self) -> bool:
        if self._jumps is None:
            self._jumps = JumpWatch(lambda: self._clock.now().timestamp())
        return self._jumps.look() != 0.0

    def _send(self, message: Outgoing) -> None:
        outcome = self._sender.send(message)
        # Not why: the words of whoever takes messages can hold a number or a name. They are in the database.
        say = logs.log.info if outcome.result in {"sent", "delivered"} else logs.log.warning
        say("delivery", alert=message.alert.id, delivery=message.id, kind=message.kind, via=message.via, result=outcome.result)  # fmt: skip
        self._sent.put(outcome)
        self._wake.set()
