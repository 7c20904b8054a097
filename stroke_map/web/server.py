"""Start granian with our application in each worker."""

from __future__ import annotations

import faulthandler
import gc
import os
import resource
import shutil
import signal
import threading
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from stroke_map import logs
from stroke_map.delivery import Deliverer, Sender
from stroke_map.errors import EditionError, LiveStoreError, ServerStartError
from stroke_map.listening import address_of, check_port
from stroke_map.stream.process import StreamProcess
from stroke_map.web.memory import give_back
from stroke_map.web.reloading import Before, Reloading
from stroke_map.web.turns import THREADS, TURNS
from stroke_map.web.watchdog import Watchdog
from stroke_map.web.workers import Workers, shared_folder

if TYPE_CHECKING:
    from flask import Flask

    from stroke_map.settings import Settings
    from stroke_map.web.observing import Observed

# How long a worker may take to answer what it has begun before it is killed.
STOP_TIMEOUT_S = 10
# Connections that a worker keeps open at once; where fewer files may be open, as many as then fit, with some to spare for the edition and
# the database. One that says nothing takes 10 kB. (The figures of scripts/check_enemies.py hang on these.)
MOST_CONNECTIONS, _FILES_TO_SPARE = 16_000, 512
# A head must be there after so long, and be no larger; a kept connection on which nobody asks is ended then too.
HEAD_TIMEOUT_MS, _HEAD_BYTES = 15_000, 32 * 1024
_BACKLOG = 4_096
# What granian has to say goes where everything goes that is said.
_LOGGERS = {"loggers": {"_granian": {"handlers": [], "propagate": True}}}


def _load(settings: Settings, folder: Path) -> Flask:
    """The application of one of granian's workers."""
    # Until granian's own handlers stand, a worker has those of its parent, which only take note: one that is told to
    # end while it loads would load on and never end.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # is for the parent alone
    logs.begin("worker", settings.log_level)
    return load(settings, folder)


def load(settings: Settings, folder: Path) -> Flask:
    """The application of one worker, warm before the first request arrives, and what a worker does besides.

    Parameters
    ----------
    folder
        Which the workers of this server share.
    """
    from stroke_map.editions import BackgroundVerifier
    from stroke_map.web import create_app
    from stroke_map.web.ask import warm_up
    from stroke_map.web.clock import Clock
    from stroke_map.web.counts import counts_of
    from stroke_map.web.editor_work import sheets_of
    from stroke_map.web.live_state import live_store_of, warm_live_state
    from stroke_map.web.published import holder_of
    from stroke_map.web.sheet_sweeper import SheetSweeper

    give_back()
    workers = Workers(folder, settings.workers)
    app = create_app(settings, workers)
    observed: Observed = app.wsgi_app  # type: ignore[assignment]
    workers.keep_telling(observed.pulse, app.extensions[TURNS].come)
    faulthandler.register(signal.SIGUSR1)  # by which the watchdog asks where threads stand
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
    """What the first answer need not wait for: kernels for the first closure, the search, the figures of quality, and the pages."""
    from stroke_map.editions.searching import search_of
    from stroke_map.web.ask import warm_up_closures
    from stroke_map.web.live_state import live_store_of
    from stroke_map.web.published import holder_of

    with suppress(EditionError):
        edition = holder_of(app).current()
        warm_up_closures(edition)
        search_of(edition)
    if settings.plane != "public":
        with suppress(LiveStoreError):
            live_store_of(app).quality.warm(datetime.now(UTC))
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
    before = Before.found()
    try:
        _run(settings, before)
    finally:
        before.end(STOP_TIMEOUT_S)


def _run(settings: Settings, before: Before) -> None:
    logs.begin("server", settings.log_level)
    if _delivers(settings):
        Sender(settings)  # what cannot be set so is said now
    if not before.workers:
        check_port(settings.host, settings.port)
    stream = _stream_of(settings)
    address = address_of(settings.host, settings.port)
    if settings.plane == "public" and not before.workers:
        _stand_back(settings.public_nice)
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
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
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_TIMEOUT_MS, max_buffer_size=_HEAD_BYTES),
        backlog=_BACKLOG,
        backpressure=_connections(),
        workers_kill_timeout=STOP_TIMEOUT_S,
        respawn_failed_workers=True,
        websockets=False,
        log_level=LogLevels.warning,
        log_dictconfig=_LOGGERS,
        # No access log: addresses carry coordinates. The proxy in front keeps one without query strings.
        log_access=False,
        process_name=None,
    )
    _preload(settings)
    planes = "both planes" if settings.plane == "both" else f"{settings.plane} plane"
    print(f"stroke_map serves {address} ({planes}); Ctrl-C ends it", flush=True)  # noqa: T201
    if stream is not None:
        stream.start()
    try:
        with ExitStack() as stack:
            folder = before.folder or stack.enter_context(shared_folder())
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            reloading = Reloading(
                before, folder, stream, port=settings.port, workers=settings.workers, stop_timeout_s=STOP_TIMEOUT_S,
                ends=lambda: server.interrupt_signal,
            )  # fmt: skip
            server.on_startup(reloading.begin)
            if settings.stuck_after_s:
                Watchdog(folder, settings.stuck_after_s).start()
            server.serve(target_loader=partial(_load, settings, folder), wrap_loader=False)
    except OSError as error:
        raise ServerStartError(f"{address} cannot be served: {error.strerror}.") from error
    finally:
        if stream is not None:
            stream.end()


def _stand_back(steps: int) -> None:
    """Let what else runs on this machine go first."""
    os.nice(steps)
    if os.getsid(0) == os.getpid():
        # Linux weighs sessions against each other, and by nice only what is within one.
        with suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(steps), encoding="ascii")


def _connections() -> int:
    """As many as a worker may keep open, once this process and its workers may have as many files open as the system lets them."""
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + _FILES_TO_SPARE
    if allowed < wanted:
        allowed = min(wanted, most) if most != resource.RLIM_INFINITY else wanted
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
    return max(128, min(allowed, wanted) - _FILES_TO_SPARE)


def _stream_of(settings: Settings) -> StreamProcess | None:
    """What tells changes beside this server, not yet started; None: nothing does."""
    if settings.plane == "public" or not settings.stream_port:
        return None
    another = "Stop what uses the port, or set STROKE_MAP_STREAM_PORT to another one, or to 0 for no stream."
    check_port(settings.host, settings.stream_port, next_step=another)
    return StreamProcess(settings)
