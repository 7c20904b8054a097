"""Pages and files that depend on nothing but the edition and the settings: made once, kept as long as their edition."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, NamedTuple
from weakref import WeakKeyDictionary

from flask import Response, has_request_context, request

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from stroke_map.editions import Edition

#: A page for each of a thousand hospitals in both languages fits; one that is made again costs milliseconds.
_MOST: Final = 3000
#: Under this name a request says of which edition its answer is, where it hangs on nothing else but the question; `ANY_EDITION`: on none.
LASTING: Final = "stroke_map.lasting"
ANY_EDITION: Final = object()


class Kept(NamedTuple):
    """What is sent, and its ETag."""

    content: bytes
    etag: str

    @classmethod
    def of(cls, made: bytes | str) -> Kept:
        """What was made, with the ETag of these very bytes."""
        content = made.encode() if isinstance(made, str) else made
        return cls(content, hashlib.sha256(content).hexdigest()[:16])


_KEPT: WeakKeyDictionary[Edition, dict[Hashable, Kept]] = WeakKeyDictionary()


def kept(edition: Edition, key: Hashable, make: Callable[[], bytes | str]) -> Kept:
    """What `make` made for this `key`, of the same edition; `key` names all that it depends on besides."""
    if has_request_context():
        request.environ[LASTING] = edition
    mine = _KEPT.setdefault(edition, {})
    found = mine.get(key)
    if found is None:
        found = Kept.of(make())
        if len(mine) >= _MOST:
            mine.clear()
        mine[key] = found
    return found


def send(found: Kept, mimetype: str, *, policy: str = "", by_language: bool = False) -> Response:
    """The response, or 304 for a browser that has it; asked for again each time, for an edition may be replaced.

    Parameters
    ----------
    policy
        The Content-Security-Policy of a page.
    by_language
        Whether the language was taken from what the browser says.
    """
    response = Response(found.content, mimetype=mimetype)
    response.set_etag(found.etag)
    response.headers["Cache-Control"] = "public, no-cache"
    if by_language:
        response.vary.update(("Accept-Language", "Cookie"))
    if policy:
        response.headers["Content-Security-Policy"] = policy
    response.make_conditional(request)
    return response
