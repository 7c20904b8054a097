"""What is sent as text goes compressed: an old phone on a weak signal waits for every byte.

gzip alone: every browser takes it, also over plain http, where none takes anything better. What is the same for everybody (pages,
scripts, lists) is compressed once. Answers that belong to somebody logged in are left as they are: how long a compressed secret is
can give it away beside text that somebody else chose.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from flask import request

if TYPE_CHECKING:
    from flask import Flask, Response

_SMALLEST_BYTES: Final = 500
_TYPES: Final = (
    "text/",
    "application/json",
    "application/geo+json",
    "application/problem+json",
    "application/manifest+json",
    "application/javascript",
    "image/svg+xml",
)
#: Blueprints whose answers nobody keeps, and which hold nothing but what was asked.
_ANSWERS: Final = frozenset(("route", "pages", "search_page"))
_THOROUGHLY, _QUICKLY = 9, 5


@lru_cache(maxsize=256)
def _kept(content: bytes) -> bytes:
    return gzip.compress(content, _THOROUGHLY, mtime=0)


def compress(response: Response) -> Response:
    """The response as it is sent to whoever asked."""
    if response.status_code == 206 or not (response.mimetype or "").startswith(_TYPES):
        return response
    kept_by = response.headers.get("Cache-Control", "")
    if ("no-store" in kept_by or "private" in kept_by) and request.blueprint not in _ANSWERS:
        return response
    if "Vary" in response.headers:
        response.vary.add("Accept-Encoding")
    else:  # a third of what reading and writing the list takes
        response.headers.add("Vary", "Accept-Encoding")
    if response.status_code != 200 and response.status_code < 400:
        return response
    if (
        "HTTP_ACCEPT_ENCODING" not in request.environ
        or not request.accept_encodings.quality("gzip")
        or "Content-Encoding" in response.headers
    ):
        return response
    response.direct_passthrough = False
    content = response.get_data()
    if len(content) < _SMALLEST_BYTES:
        return response
    etag, _weak = response.get_etag()
    response.set_data(_kept(content) if etag else gzip.compress(content, _QUICKLY, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    if etag:
        response.set_etag(etag, weak=True)  # the same page in other bytes
    return response


def install(app: Flask) -> None:
    """Compress what `app` answers."""
    app.after_request(compress)
