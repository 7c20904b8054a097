"""Lists for those who ask again and again: 304 while nothing in them has changed."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import orjson
from flask import Response, request

#: Part of the responses of such an operation.
NOT_MODIFIED: Final[dict[str | int, Any]] = {"304": {"description": "Not modified: it is as the ETag sent says"}}


def unless_known(body: dict[str, Any], *, cache: str = "no-cache, private") -> Response:
    """The body as JSON, or 304 where the caller shows its ETag: that of all but the moment `as_of`.

    Parameters
    ----------
    cache
        `no-store` for what is about patients: no browser may keep it, a program may still show the ETag.
    """
    lasting = {name: value for name, value in body.items() if name != "as_of"}
    response = Response(orjson.dumps(body), mimetype="application/json", headers={"Cache-Control": cache})
    response.set_etag(hashlib.sha256(orjson.dumps(lasting)).hexdigest()[:32], weak=True)
    response.make_conditional(request)
    return response
