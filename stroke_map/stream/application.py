"""The ASGI application: `GET /api/v1/events`, `/healthz` and `/metrics`, and a problem for everything else."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

import orjson
from prometheus_client import CONTENT_TYPE_LATEST

import stroke_map
from stroke_map import logs
from stroke_map.errors import ForbiddenError, MethodNotAllowedError, NotFoundError, StrokeMapError, UnauthorizedError
from stroke_map.logs import REQUEST_ID_HEADER, failure, request_id, request_id_for
from stroke_map.problems import CONTENT_TYPE, problem_body, problem_headers, problem_json
from stroke_map.stream.connections import hang_up
from stroke_map.stream.events import SCOPES, id_of
from stroke_map.stream.request import Request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from stroke_map.live.audit_reads import ReadLog
    from stroke_map.settings import Settings
    from stroke_map.stream.hub import Hub, Stream
    from stroke_map.stream.metrics import Metrics

    Scope = Mapping[str, Any]
    Receive = Callable[[], Awaitable[Mapping[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]

PATH: Final = "/api/v1/events"
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_STREAM_HEADERS: Final = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",  # nginx hands on what comes at once
}
_NEEDS_KEY: Final = "Changes are told with a clinical key or a log-in alone."


class Application:
    """What granian calls for every request.

    Parameters
    ----------
    reads
        Where it is written who began and ceased to listen.
    """

    def __init__(self, hub: Hub, settings: Settings, reads: ReadLog, metrics: Metrics) -> None:
        self._hub, self._settings, self._reads, self._metrics = hub, settings, reads, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; nothing is raised."""
        # A task of its own, and so a context of its own: granian runs all requests in one, and each has its id there.
        await asyncio.create_task(self._answer(scope, receive, send))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id.set(request_id_for(""))
        try:
            request = Request(scope, self._settings.trusted_proxies)
            if self._settings.trusted_proxies:
                request_id.set(request_id_for(request.header(REQUEST_ID_HEADER.lower())))
            await self._route(request, receive, send)
        except StrokeMapError as error:
            logs.log.warning("request", plane="clinical", status=error.status, code=error.code)
            await self._refuse(send, error)
        except Exception as error:  # noqa: BLE001  nothing of ours may end the process
            logs.log.error("request", plane="clinical", status=500, **failure(error))
            await self._refuse(send, StrokeMapError("The server failed while answering."))

    async def _route(self, request: Request, receive: Receive, send: Send) -> None:
        if request.path not in {PATH, "/healthz", "/metrics"}:
            raise NotFoundError("No such address on this server.")
        if request.method != "GET":
            raise MethodNotAllowedError("This address takes GET alone.")
        if request.path == PATH:
            await self._listen(request, receive, send)
        elif request.path == "/healthz":
            health: dict[str, Any] = {"status": "ok", "version": stroke_map.__version__}
            health |= {"streams": len(self._hub), "stale": self._hub.stale}
            await _answer(send, 200, "application/json", orjson.dumps(health), {"Cache-Control": "no-store"})
        else:
            self._metrics.streams.set(len(self._hub))
            self._metrics.stale.set(self._hub.stale)
            await _answer(send, 200, CONTENT_TYPE_LATEST, self._metrics.text(), {"Cache-Control": "no-store"})

    async def _refuse(self, send: Send, error: StrokeMapError) -> None:
        self._metrics.refused.labels(error.code).inc()
        headers = problem_headers(error)
        if isinstance(error, MethodNotAllowedError):
            headers["Allow"] = "GET"
        await _answer(send, error.status, CONTENT_TYPE, problem_json(problem_body(error)), headers)

    async def _listen(self, request: Request, receive: Receive, send: Send) -> None:
        origin = _allowing(request.own_origin(self._settings.port))
        last_event_id, shown = request.last_event_id(), request.shown()
        actor = await self._hub.find(shown)
        if actor is None:
            raise UnauthorizedError(_NEEDS_KEY)
        if not any(actor.may(scope) for scope in SCOPES.values()):
            raise ForbiddenError(
                f"The role {actor.role}, or what this key is held to, covers nothing that is told here."
            )
        stream, began_s = self._hub.join(shown, actor, last_event_id), time.monotonic()
        self._note("stream.open", stream, request)
        try:
            await _start(send, 200, _STREAM_HEADERS | _HEADERS | origin)
            await _tell(stream, receive, send)
        finally:
            self._hub.leave(stream)
            self._note("stream.close", stream, request)
            lasted_s = round(time.monotonic() - began_s, 1)
            logs.log.info("request", plane="clinical", endpoint=PATH, status=200, s=lasted_s, slow=stream.too_slow)
            if stream.too_slow:
                hang_up(*request.peer)

    def _note(self, action: str, stream: Stream, request: Request) -> None:
        """Which changes somebody was told, says the log of reads by the versions at the beginning and at the end."""
        actor = stream.actor
        facts = {"actor": actor.name, "role": actor.role, "hospital": actor.hospital, "team": actor.team}
        told = {"action": action, "method": "GET", "path": PATH, "address": request.address, "told": id_of(stream.told)}
        told |= {"request": request_id.get()}
        self._reads.record({name: value for name, value in facts.items() if value} | told)


async def _tell(stream: Stream, receive: Receive, send: Send) -> None:
    """Send what is put into the stream until it is over, or its client is gone."""
    sending = asyncio.create_task(_send_all(stream, send))
    stream.stop = sending.cancel
    leaving = asyncio.create_task(_until_gone(stream, receive))
    try:
        await asyncio.wait({sending})
    finally:
        stream.over = True
        for task in (sending, leaving):
            task.cancel()


async def _send_all(stream: Stream, send: Send) -> None:
    while content := await stream.take():
        await send({"type": "http.response.body", "body": content, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_gone(stream: Stream, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.cut()


def _allowing(origin: str) -> dict[str, str]:
    """What lets a page of our own, from another port, read the answer."""
    allowed = {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"} if origin else {}
    return allowed | {"Vary": "Origin"}


async def _start(send: Send, status: int, headers: Mapping[str, str]) -> None:
    headers = {**headers, REQUEST_ID_HEADER: request_id.get()}
    pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})


async def _answer(send: Send, status: int, content_type: str, body: bytes, headers: dict[str, str]) -> None:
    await _start(send, status, {"Content-Type": content_type} | _HEADERS | headers)
    await send({"type": "http.response.body", "body": body})
