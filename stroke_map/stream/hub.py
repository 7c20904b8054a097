"""The open streams of this process, and what is told to each. Everything here runs in one event loop but the look at the database."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from stroke_map.errors import LiveStoreError, TooBusyError
from stroke_map.stream.events import RETRY_MS, Audience, frame, frames, id_of, versions_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from stroke_map.live.changed import Versions
    from stroke_map.live.identity import Shown
    from stroke_map.live.roles import Actor
    from stroke_map.settings import Settings
    from stroke_map.stream.feed import Feed, News
    from stroke_map.stream.metrics import Metrics

#: How often the database is looked at: on SQLite a stat and a PRAGMA, on PostgreSQL one SELECT of four numbers.
LOOK_EVERY_S: Final = 0.1
_LONGEST_WAIT_S: Final = 1.0
HEARTBEAT_S: Final = 2.0
#: After so long without a look at the database, streams are told so.
STALE_AFTER_S: Final = 2.0
#: A client that has not taken what it was sent for so long, or for which so much waits, is cut off.
SLOW_AFTER_S: Final = 15.0
MOST_WAITING_BYTES: Final = 256 * 1024
_HEARTBEAT: Final = b":\n\n"
log = logging.getLogger("stroke_map.stream")


class Stream:
    """One open stream, and what waits to be sent on it.

    Attributes
    ----------
    told
        Up to which versions everything is told, or waits here.
    over
        Nothing more will be put here; what waits may go.
    too_slow
        Its client took nothing for too long.
    stop
        Called when not even that may go: the client is gone, or too slow.
    """

    def __init__(self, shown: Shown, actor: Actor, told: Versions) -> None:
        self.shown, self.actor, self.told = shown, actor, told
        self.audience = Audience.of(actor)
        self.over = self.too_slow = False
        self._waiting: deque[bytes] = deque()
        self._bytes, self._taken_at = 0, time.monotonic()
        self._more = asyncio.Event()
        self.stop: Callable[[], object] = lambda: None

    @property
    def account(self) -> tuple[str, str]:
        """Whose it is."""
        return self.actor.role, self.actor.name

    @property
    def is_idle(self) -> bool:
        """Whether all was taken."""
        return not self._waiting

    def put(self, content: bytes) -> bool:
        """Have something sent; False where too much waits already."""
        if self._waiting and self._bytes + len(content) > MOST_WAITING_BYTES:
            return False
        if not self.over:
            if not self._waiting:
                self._taken_at = time.monotonic()
            self._waiting.append(content)
            self._bytes += len(content)
            self._more.set()
        return True

    async def take(self) -> bytes:
        """What waits, as soon as there is any; empty when the stream is over."""
        while not self._waiting and not self.over:
            self._more.clear()
            await self._more.wait()
        content = b"".join(self._waiting)
        self._waiting.clear()
        self._bytes = 0
        return content

    def has_stalled(self, now_s: float) -> bool:
        """Whether nothing was taken for too long though something waits."""
        return bool(self._waiting) and now_s - self._taken_at > SLOW_AFTER_S

    def cut(self) -> None:
        """Give up a client that is gone or too slow."""
        self.end()
        self.stop()

    def end(self) -> None:
        """Let what waits go, and then nothing more."""
        self.over = True
        self._more.set()


class Hub:
    """All streams of a process.

    Parameters
    ----------
    settings
        How many streams there may be, and the clinical key.

    Attributes
    ----------
    stale
        The database has not been read for a while.
    has_looked
        It was looked at once, with what success ever.
    """

    def __init__(self, feed: Feed, settings: Settings, metrics: Metrics) -> None:
        self._feed, self._settings, self._metrics = feed, settings, metrics
        self._streams: set[Stream] = set()
        self._by_account: Counter[tuple[str, str]] = Counter()
        self._wake = asyncio.Event()
        self._asking: list[asyncio.Future[None]] = []
        self._ended = False
        self._looked_at_s, self._as_of = time.monotonic(), datetime.now(UTC)
        self.stale = False
        self.has_looked = asyncio.Event()

    def __len__(self) -> int:
        return len(self._streams)

    async def find(self, shown: Shown) -> Actor | None:
        """Who shows this, also if that key or session began a moment ago.

        Raises
        ------
        LiveStoreError
            Accounts were never read.
        """
        found = self.who(shown, datetime.now(UTC))
        if found is None and (shown.key or shown.token):
            looked = asyncio.get_running_loop().create_future()
            self._asking.append(looked)
            self._wake.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(looked, STALE_AFTER_S)
            found = self.who(shown, datetime.now(UTC))
        return found

    def who(self, shown: Shown, now: datetime) -> Actor | None:
        """Who shows this, as far as is known.

        Raises
        ------
        LiveStoreError
            Accounts were never read.
        """
        if self._feed.current is None:
            raise LiveStoreError("accounts cannot be read")
        return shown.actor(self._settings.clinical_key, lambda: self._feed.accounts, now)

    def join(self, shown: Shown, actor: Actor, last_event_id: str) -> Stream:
        """Open a stream; one with `last_event_id` hears first what it missed.

        Raises
        ------
        TooBusyError
            There are too many, in all or of this account.
        LiveStoreError
            Nothing was ever read, or this process is about to end.
        """
        current = self._feed.current
        if current is None or self._ended:
            raise LiveStoreError("changes cannot be told now")
        stream = Stream(shown, actor, (versions_of(last_event_id) if last_event_id else None) or current)
        if len(self) >= self._settings.stream_limit:
            raise TooBusyError("More streams are open than this process holds.", retry_after_s=5)
        if self._by_account[stream.account] >= self._settings.stream_account_limit:
            raise TooBusyError("More streams of this account are open than one may have.", retry_after_s=5)
        hello = {"as_of": self._as_of, "stale": self.stale, "heartbeat_s": HEARTBEAT_S}
        self._put(stream, b"retry: %d\n" % RETRY_MS + frame("hello", hello, id_of(stream.told)))
        if last_event_id and versions_of(last_event_id) is None:
            self._put(stream, self._reset(current))
        self._streams.add(stream)
        self._by_account[stream.account] += 1
        self._wake.set()
        return stream

    def leave(self, stream: Stream) -> None:
        """Forget a stream."""
        self._streams.discard(stream)
        self._by_account[stream.account] -= 1
        self._by_account += Counter()  # drops what is zero

    def end(self) -> None:
        """End every stream and let none begin."""
        self._ended = True
        for stream in self._streams:
            stream.end()

    async def run(self) -> None:
        """Look at the database and tell what is new, for ever."""
        wait_s = LOOK_EVERY_S
        with ThreadPoolExecutor(1, "stream-reader") as reader:
            minding = asyncio.get_running_loop().create_task(self._mind())
            try:
                while not minding.done():
                    self._wake.clear()
                    asking, self._asking = self._asking, []
                    read = await self._look(reader)
                    self.has_looked.set()
                    for looked in asking:
                        if not looked.done():
                            looked.set_result(None)
                    wait_s = LOOK_EVERY_S if read else min(2 * wait_s, _LONGEST_WAIT_S)
                    await self._pause(wait_s)
                minding.result()  # raises what ended it
            finally:
                minding.cancel()

    async def _look(self, reader: ThreadPoolExecutor) -> bool:
        """Tell what is new to all who listen by now; False where the database is away."""
        streams, now = tuple(self._streams), datetime.now(UTC)
        told = {stream.told for stream in streams}
        try:
            news = await asyncio.get_running_loop().run_in_executor(reader, self._feed.look, told, now)
        except LiveStoreError:  # told in the log by the store
            return False
        self._looked_at_s, self._as_of = time.monotonic(), now
        if self.stale:
            self.stale = False
            self._everybody("fresh", {"as_of": now})
        if news is not None:
            self._tell(news, streams)
        return True

    async def _pause(self, wait_s: float) -> None:
        """Wait for the next look: at least a little, so that many who join at once are served by one look."""
        await asyncio.sleep(LOOK_EVERY_S / 4)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), wait_s - LOOK_EVERY_S / 4)

    def _everybody(self, kind: str, data: dict[str, Any]) -> None:
        content = frame(kind, data)
        for stream in self._streams:
            self._put(stream, content)

    def _tell(self, news: News, streams: Collection[Stream]) -> None:
        """Give each stream that was there before the look what it has not heard; the same bytes to all who may hear the same."""
        made: dict[tuple[Audience, Versions], bytes] = {}
        for stream in streams:
            if stream.told == news.current:
                continue
            if any(map(int.__gt__, stream.told, news.current)) or any(map(int.__lt__, stream.told, news.whole_from)):
                self._put(stream, self._reset(news.current))
            else:
                key = stream.audience, stream.told
                if key not in made:
                    made[key] = frames(news.events, stream.audience, stream.told, news.current)
                if made[key]:
                    self._put(stream, made[key])
            stream.told = news.current
        self._metrics.note(news)

    def _put(self, stream: Stream, content: bytes) -> None:
        """Have something sent; a client for which too much waits is cut off, and comes back to catch up."""
        if not stream.put(content):
            self._cut(stream)

    def _cut(self, stream: Stream) -> None:
        self._metrics.slow.inc()
        stream.too_slow = True
        stream.cut()

    @staticmethod
    def _reset(current: Versions) -> bytes:
        return frame("reset", {"next_step": "Read the lists again; what comes after this is whole."}, id_of(current))

    async def _mind(self) -> None:
        """Heartbeats, the age of what is known, and who may no longer listen: once a second."""
        beat = False
        while True:
            await asyncio.sleep(HEARTBEAT_S / 2)
            now, now_s = datetime.now(UTC), time.monotonic()
            if self.has_looked.is_set() and not self.stale and now_s - self._looked_at_s > STALE_AFTER_S:
                self.stale = True
                log.warning("the database of live state has not been read for %.0f s", now_s - self._looked_at_s)
                self._everybody("stale", {"as_of": self._as_of})
            beat = not beat
            for stream in tuple(self._streams):
                if stream.over:
                    continue
                if self.who(stream.shown, now) != stream.actor:
                    self._put(
                        stream, frame("end", {"reason": "The key or session is over, or may do something else now."})
                    )
                    stream.end()
                elif stream.has_stalled(now_s):
                    self._cut(stream)
                elif beat and stream.is_idle:
                    self._put(stream, _HEARTBEAT)
