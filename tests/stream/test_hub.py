import asyncio
import time

from stroke_map.live.accounts import Standing
from stroke_map.live.changed import Versions
from stroke_map.live.identity import Shown
from stroke_map.stream.hub import MOST_WAITING_BYTES, SLOW_AFTER_S, Stream


def stream():
    return Stream(Shown("k", ""), Standing("x", "dispatcher").actor(), Versions(1, 1, 1))


def test_what_waits_is_taken_at_once_and_in_order():
    async def run():
        one = stream()
        assert all(one.put(part) for part in (b"a", b"b", b"c"))
        assert (await one.take(), one.is_idle) == (b"abc", True)
        one.put(b"d")
        one.end()
        assert (await one.take(), await one.take()) == (b"d", b"")

    asyncio.run(run())


def test_memory_has_a_bound_but_one_large_piece_always_goes():
    async def run():
        one = stream()
        assert one.put(2 * MOST_WAITING_BYTES * b"x")
        assert not one.put(b"y")
        assert len(await one.take()) == 2 * MOST_WAITING_BYTES
        assert one.put(MOST_WAITING_BYTES * b"x")

    asyncio.run(run())


def test_a_client_that_takes_nothing_has_stalled_and_one_with_nothing_to_take_has_not():
    async def run():
        one, later = stream(), time.monotonic() + SLOW_AFTER_S + 1
        assert not one.has_stalled(later)
        one.put(b"x")
        assert not one.has_stalled(time.monotonic())
        assert one.has_stalled(later)
        await one.take()
        assert not one.has_stalled(later)

    asyncio.run(run())
