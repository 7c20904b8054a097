"""A request as ASGI tells it: who sends it, from which page, and where the client was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from stroke_map.errors import ForbiddenError, InvalidRequestError
from stroke_map.live.identity import COOKIE, Shown

if TYPE_CHECKING:
    from collections.abc import Mapping


class Request:
    """What the application wants to know of a request."""

    def __init__(self, scope: Mapping[str, Any], proxies: int) -> None:
        self.method, self.path = scope["method"], scope["path"]
        self.peer: tuple[str, int] = scope["client"][0], int(scope["client"][1])
        self._query: bytes = scope["query_string"]
        self._headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            self._headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        forwarded = [part.strip() for part in ",".join(self._headers.get("x-forwarded-for", ())).split(",")]
        trusted = proxies and len(forwarded) >= proxies
        self.address = forwarded[-proxies] if trusted else self.peer[0]

    def header(self, name: str) -> str:
        """The first header of that name; empty where there is none."""
        return self._headers.get(name, [""])[0]

    def shown(self) -> Shown:
        """What the request shows of who sends it."""
        pairs = (part.strip().partition("=") for part in "; ".join(self._headers.get("cookie", ())).split(";"))
        cookie = next((value for name, _, value in pairs if name == COOKIE), "")
        return Shown.of(self.header("authorization"), cookie)

    def last_event_id(self) -> str:
        """Where the client was; a browser's own header before what a page has remembered.

        Raises
        ------
        InvalidRequestError
            The address says anything else.
        """
        given = parse_qsl(self._query.decode("latin-1"), keep_blank_values=True)
        if any(name != "last_event_id" for name, _ in given) or len(given) > 1:
            problem = {"field": "query", "problem": "holds last_event_id once, and nothing else", "example": None}
            raise InvalidRequestError("The address has a parameter that is not known here.", errors=[problem])
        return self.header("last-event-id") or (given[0][1] if given else "")

    def own_origin(self, port: int) -> str:
        """The origin of the page that asks, where it is one of this service: of this host and port, or of `port` of this host.

        Empty where no page says that it asks.

        Raises
        ------
        ForbiddenError
            A page of another site asks.
        """
        origin, host = self.header("origin"), self.header("host")
        if not origin:
            if self.header("sec-fetch-site") == "cross-site":
                raise ForbiddenError("A page of another site may not listen.")
            return ""
        try:
            page, here = urlsplit(origin), urlsplit(f"//{host}")
            own = bool(page.hostname) and page.hostname == here.hostname and (page.netloc == host or page.port == port)
        except ValueError:
            own = False
        if not own:
            raise ForbiddenError("A page of another site may not listen.")
        return origin
