"""Start granian with our application in each worker."""

from __future__ import annotations

import gc
import signal
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from stroke_map.delivery import Deliverer, Sender
from stroke_map.errors import EditionError, ServerStartError
from stroke_map.listening import address_of, check_port
from stroke_map.stream.process import StreamProcess
from stroke_map.web.turns import THREADS, Turns

if TYPE_CHECKING:
    from flask import Flask

    from stroke_map.settings import Settings

# How long a worker may take to answer what it has begun before it is killed.
STOP_TIMEOUT_S = 10


def _load(settings: Settings) -> Any:
    """The application of one worker, warm before the first request arrives."""
    # Until granian's own handlers stand, a worker has those of its parent, which only take note: one that is told to
    # end while it loads would load on and never end.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.SIG_DFL)
    from stroke_map.editions import BackgroundVerifier
    from stroke_map.web import create_app
    from stroke_map.web.ask import warm_up
    from stroke_map.web.clock import Clock
    from stroke_map.web.counts import counts_of
    from stroke_map.web.editor_work import sheets_of
    from stroke_map.web.live_state import live_store_of, warm_live_state
    from stroke_map.web.published import holder_of
    from stroke_map.web.sheet_sweeper import SheetSweeper

    app = create_app(settings)
    app.wsgi_app = Turns(app.wsgi_app)  # type: ignore[method-assign]
    holder = holder_of(app)
    with suppress(EditionError):  # /readyz tells
        warm_up(holder.current(), settings)
    warm_live_state(app)
    # What is loaded by now stays: the collector need not walk its hundreds of thousands of objects again while questions wait.
    gc.collect()
    gc.freeze()
    BackgroundVerifier(holder, settings.cache_dir).start()
    if settings.plane != "public":
        Clock(live_store_of(app), counts_of(app)).start()
        SheetSweeper(sheets_of(settings)).start()
    if _delivers(settings):
        Deliverer(live_store_of(app), Sender(settings)).start()
    threading.Thread(target=_load_later, args=(app, settings), name="load-later", daemon=True).start()
    return app


def _delivers(settings: Settings) -> bool:
    return settings.deliver_in_server and settings.plane != "public"


def _load_later(app: Flask, settings: Settings) -> None:
    """What the first answer need not wait for: kernels for the first closure, the search, and the pages."""
    from stroke_map.editions.searching import search_of
    from stroke_map.web.ask import warm_up_closures
    from stroke_map.web.published import holder_of

    with suppress(EditionError):
        edition = holder_of(app).current()
        warm_up_closures(edition)
        search_of(edition)
    if settings.plane != "clinical":
        from stroke_map.web.warming import PageWarmer

        PageWarmer(app).start()


def _preload(settings: Settings) -> None:
    """Import the application and load its kernels once, before the workers are forked: they begin warm and share them.

    On a busy machine of two cores a start takes 2.6-3.3 s so, and 4.6-9.0 s where each worker loads for itself.
    The edition opened here is let go again: a worker opens files and databases of its own.
    """
    import stroke_map.web.application  # noqa: F401
    from stroke_map.editions import open_published
    from stroke_map.web.ask import warm_up

    with suppress(EditionError):  # the workers' /readyz tells
        warm_up(open_published(settings.geodata_dir), settings)


def run(settings: Settings) -> None:
    """Serve until interrupted.

    Raises
    ------
    ServerStartError
        The address cannot be used, or the workers die at once.
    InvalidRequestError
        Messages of alerts cannot be sent as it is set.
    """
    if _delivers(settings):
        Sender(settings)  # what cannot be set so is said now
    check_port(settings.host, settings.port)
    stream = _stream_of(settings)
    address = address_of(settings.host, settings.port)
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels, logger

    # It warns of more threads than twice the processors; ours mostly wait, see `Turns`.
    logger.addFilter(lambda record: "Python threads" not in str(record.msg))
    server = Granian(
        "stroke_map",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=THREADS,
        workers_kill_timeout=STOP_TIMEOUT_S,
        respawn_failed_workers=True,
        websockets=False,
        log_level=LogLevels.warning,
        # No access log: addresses carry coordinates. The proxy in front keeps one without query strings.
        log_access=False,
        process_name=None,
    )
    _preload(settings)
    print(f"stroke_map serves {address} ({settings.plane} plane); Ctrl-C ends it", flush=True)  # noqa: T201
    if stream is not None:
        stream.start()
    try:
        server.serve(target_loader=partial(_load, settings), wrap_loader=False)
    except OSError as error:
        raise ServerStartError(f"{address} cannot be served: {error.strerror}.") from error
    finally:
        if stream is not None:
            stream.end()


def _stream_of(settings: Settings) -> StreamProcess | None:
    """What tells changes beside this server, not yet started; None: nothing does."""
    if settings.plane == "public" or not settings.stream_port:
        return None
    another = "Stop what uses the port, or set STROKE_MAP_STREAM_PORT to another one, or to 0 for no stream."
    check_port(settings.host, settings.stream_port, next_step=another)
    return StreamProcess(settings)
