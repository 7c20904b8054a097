"""Start the stream process: granian inside our own event loop, so that it is one process that nothing outlives."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from typing import TYPE_CHECKING, Final

from stroke_map import logs
from stroke_map.errors import InvalidRequestError, ServerStartError
from stroke_map.listening import address_of, check_port

if TYPE_CHECKING:
    from stroke_map.settings import Settings

#: Headers and address of a request together; more is answered with 431.
_MOST_HEADER_BYTES: Final = 16 * 1024
_HEADER_TIMEOUT_MS: Final = 10_000
_BACKLOG: Final = 1024
_STOP_TIMEOUT_S: Final = 5.0
_FIRST_LOOK_S: Final = 15.0
_LOOK_AT_PARENT_EVERY_S: Final = 0.5
#: Files besides the sockets of streams, and room for requests that are refused.
_SPARE: Final = 256


def run(settings: Settings, *, with_parent: bool = False) -> None:
    """Tell changes until interrupted.

    Parameters
    ----------
    with_parent
        End when the process that started this one is gone.

    Raises
    ------
    InvalidRequestError
        The settings want no stream.
    ServerStartError
        The address cannot be used.
    """
    if settings.plane == "public" or not settings.stream_port:
        raise InvalidRequestError(
            "There is no stream on the public plane, or where STROKE_MAP_STREAM_PORT is 0",
            next_step="Set the plane to clinical or both, and a port for the stream.",
        )
    logs.begin("stream", settings.log_level)
    check_port(settings.host, settings.stream_port)
    _let_open_files(settings.stream_limit + _SPARE)
    asyncio.run(_serve(settings, os.getppid() if with_parent else None))


def _let_open_files(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


async def _serve(settings: Settings, parent: int | None) -> None:
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server.embed import Server

    from stroke_map.live import LiveStore
    from stroke_map.live.audit_reads import ReadLog
    from stroke_map.stream.application import PATH, Application
    from stroke_map.stream.feed import Feed
    from stroke_map.stream.hub import Hub
    from stroke_map.stream.metrics import Metrics

    store, metrics = LiveStore(settings), Metrics()
    reads, hub = ReadLog(settings.audit_dir, store), Hub(Feed(store), settings, metrics)
    server = Server(
        Application(hub, settings, reads, metrics),
        address=settings.host,
        port=settings.stream_port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_TIMEOUT_MS, max_buffer_size=_MOST_HEADER_BYTES),
        websockets=False,
        backlog=_BACKLOG,
        backpressure=settings.stream_limit + _SPARE,  # a stream is one request that is being answered
        log_level=LogLevels.error,
        log_access=False,
    )
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(ending, ended.set)
    telling, looked = loop.create_task(hub.run()), loop.create_task(hub.has_looked.wait())
    # Who comes first finds out who they are, unless the database is away.
    await asyncio.wait({telling, looked}, timeout=_FIRST_LOOK_S, return_when=asyncio.FIRST_COMPLETED)
    serving = loop.create_task(server.serve())
    waiting = [telling, serving, loop.create_task(ended.wait())]
    if parent is not None:
        waiting.append(loop.create_task(_until_orphaned(parent)))
    address = address_of(settings.host, settings.stream_port)
    print(f"stroke_map tells changes at {address}{PATH}", flush=True)  # noqa: T201
    try:
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        hub.end()
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait({serving}, timeout=_STOP_TIMEOUT_S)
        for task in done & {telling, serving}:
            task.result()  # raises what ended it
    except OSError as error:
        raise ServerStartError(f"{address} cannot be served: {error.strerror}.") from error
    finally:
        telling.cancel()
        reads.close()
        store.close()


async def _until_orphaned(parent: int) -> None:
    """Wait until the process that started this one is gone, however it went."""
    while os.getppid() == parent:
        await asyncio.sleep(_LOOK_AT_PARENT_EVERY_S)
