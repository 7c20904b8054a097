"""Every error of the service in one shape: RFC 9457 `application/problem+json`, built in one place.

    {"type": "urn:stroke-map:problem:off-network", "title", "status", "detail", "code", "next_step", "request_id", ...facts}

`code` is stable and is what a program should look at. Facts lie beside it: `errors` for `invalid-request`,
`fallback` for a place without a road.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from stroke_map.errors import EditionError, LiveStoreError, LockedOutError, StrokeMapError, TooBusyError
from stroke_map.logs import request_id

CONTENT_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 1


def problem_body(error: StrokeMapError) -> dict[str, Any]:
    """The problem+json members of `error`, standard ones first."""
    # An edition's troubles are told with paths of this machine; the caller gets the title, the log and CLI the rest.
    detail = f"{error.title}." if isinstance(error, EditionError) else error.detail
    standard = {
        "type": f"urn:stroke-map:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": detail,
        "code": error.code,
        "next_step": error.next_step,
    }
    if found := request_id.get():
        standard["request_id"] = found
    return standard | {name: fact for name, fact in error.facts.items() if name not in standard}


def problem_json(body: dict[str, Any]) -> bytes:
    """The members as they are sent."""
    return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS, default=str)


def problem_headers(error: StrokeMapError) -> dict[str, str]:
    """What the headers of the response say besides its type."""
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, TooBusyError | LockedOutError | LiveStoreError):
        headers["Retry-After"] = str(error.facts.get("retry_after_s", RETRY_AFTER_S))
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="clinical"'
    return headers
