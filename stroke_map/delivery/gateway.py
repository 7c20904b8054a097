"""The gateway for short messages and telephone calls, which the operator describes by templates.

A template is filled in once and by name alone, and nothing in a value is ever read as a part of it: JSON and form bodies are taken apart
before they are filled in, and put together by their own writers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import orjson

from stroke_map.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stroke_map.settings import Settings

_NAME: Final = re.compile(r"\{(kind|phone|text|id)\}")
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE: Final = re.compile(r"[\x20-\x7e]*")
JSON: Final = "application/json"


@dataclass(frozen=True)
class Gateway:
    """A gateway as it is set; `request` gives what to send for one message."""

    url: str
    headers: Mapping[str, str]
    content_type: str
    body: Any  # JSON, or the pairs of a form

    @classmethod
    def of(cls, settings: Settings) -> Gateway | None:
        """The gateway that is set, None where there is none.

        Raises
        ------
        InvalidRequestError
            A setting cannot be meant so.
        """
        if not settings.gateway_url:
            return None
        as_json = settings.gateway_content_type == JSON
        return cls(
            _url(settings.gateway_url),
            _headers(settings.gateway_headers),
            settings.gateway_content_type,
            _json("BODY", settings.gateway_body) if as_json else parse_qsl(settings.gateway_body, keep_blank_values=True),
        )  # fmt: skip

    def request(self, values: Mapping[str, str]) -> tuple[str, dict[str, str], bytes]:
        """Address, headers and body for `values`: kind, phone, text and id."""

        def fill(template: str) -> str:
            return _NAME.sub(lambda found: values[found[1]], template)

        url = _NAME.sub(lambda found: quote(values[found[1]], safe=""), self.url)
        headers = {"Content-Type": self.content_type, **self.headers}
        if self.content_type == JSON:
            return url, headers, orjson.dumps(_filled(self.body, fill))
        return url, headers, urlencode([(name, fill(value)) for name, value in self.body]).encode()


def _filled(template: Any, fill: Callable[[str], str]) -> Any:
    """A JSON value with every text in it filled in; names of members stay as they are."""
    if isinstance(template, str):
        return fill(template)
    if isinstance(template, list):
        return [_filled(one, fill) for one in template]
    if isinstance(template, dict):
        return {name: _filled(value, fill) for name, value in template.items()}
    return template


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _wrong("URL", "is no address") from None
    if parts.scheme not in {"http", "https"} or not host or not re.fullmatch(r"[\x21-\x7e]+", text):
        raise _wrong("URL", "must be an address that begins with https:// or http://")
    if "{" in parts.netloc or "@" in parts.netloc or parts.fragment:
        raise _wrong("URL", "may hold names in braces behind its host alone, no password and no fragment")
    return text


def _headers(text: str) -> dict[str, str]:
    found = _json("HEADERS", text) if text else {}
    if not isinstance(found, dict) or not all(
        _HEADER.fullmatch(name) and isinstance(value, str) and _HEADER_VALUE.fullmatch(value)
        for name, value in found.items()
    ):
        raise _wrong("HEADERS", "must be a JSON object of plain headers")
    return found


def _json(name: str, text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise _wrong(name, "is no JSON") from None


def _wrong(name: str, problem: str) -> InvalidRequestError:
    # Never the value: it may hold a password.
    return InvalidRequestError(f"STROKE_MAP_GATEWAY_{name} {problem}", next_step="See the settings in the README.")
