"""Pages, pictures and files, which the OpenAPI document does not name: whatever is put into their addresses, each answers in its own words."""

from __future__ import annotations

import random
import re
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.routing import Rule
    from werkzeug.test import TestResponse

    from conformance.asking import Answers
    from conformance.service import Service

_MARK: Final = "<img src=x onerror=alert(1)>"
#: What addresses may hold: what pages know, and what nobody should send.
_NAMES: Final = ("lang", "condition", "lat", "lon", "crs", "hospital", "district", "paper", "need", "at", "bearing", "q", "limit", "level", "on", "profile", "roads", "x")  # fmt: skip
_HOSTILE: Final = (
    "", "0", "-1", "NaN", "1e999", "９", "en", "xx", "a4", _MARK, '"><script>alert(1)</script>', "${alert(1)}", "{{7*7}}", "../../etc/passwd", "%00",
    "\x00", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "\u202e", "x" * 5000, "'; drop table hospitals; --", "javascript:alert(1)",
)  # fmt: skip
_METHODS: Final = ("GET", "GET", "GET", "HEAD", "POST", "DELETE", "OPTIONS")
#: Such as a service that is busy, which says when to come again.
_BUSY: Final = 503


class Unexplained(AssertionError):  # noqa: N818 - what was answered is not what is promised
    """An answer that must not be; the message says to what."""


def check_pages(service: Service, *, examples: int, first: int, show: Callable[[str, Answers], None]) -> Answers:
    """Ask each address that is no API so often.

    Raises
    ------
    Unexplained
        It failed, or an answer repeats markup that was sent.
    """
    answers: Answers = Counter()
    for rule in sorted(service.app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.rule.startswith("/api/"):
            continue
        chance = random.Random(f"{first} {rule.rule}")
        for _ in range(examples):
            _ask(service, rule, chance, answers)
        show(rule.rule, Counter({key: n for key, n in answers.items() if key[0] == rule.rule}))
    return answers


def _ask(service: Service, rule: Rule, chance: random.Random, answers: Answers) -> None:
    path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", lambda found: _part(service, found[1], chance), rule.rule)
    query = {name: _value(service, name, chance) for name in chance.sample(_NAMES, chance.randrange(5))}
    method = chance.choice(_METHODS)
    headers, cookies = service.callers[chance.choice(list(service.callers))]
    client = service.app.test_client()
    for name, value in cookies.items():
        client.set_cookie(name, value)
    sent = {"data": {name: _value(service, name, chance) for name in ("lat", "lon", "crs")}} if method == "POST" else {}
    response = client.open(path, method=method, query_string=query, headers=headers, **sent)
    answers[rule.rule, response.status_code] += 1
    _judge(f"{method} {path!r} {query!r}", response)


def _judge(asked: str, response: TestResponse) -> None:
    if response.status_code > _BUSY or (response.status_code >= 500 and "Retry-After" not in response.headers):
        raise Unexplained(f"{asked}: {response.status_code} {response.get_data(as_text=True)[:300]}")
    if "Content-Security-Policy" not in response.headers:
        raise Unexplained(f"{asked}: no Content-Security-Policy")
    if response.mimetype == "text/html" and _MARK in response.get_data(as_text=True):
        raise Unexplained(f"{asked}: markup that was sent stands in the page")


def _value(service: Service, name: str, chance: random.Random) -> str:
    known = [str(value) for value in service.known.get(name, ()) if value is not None]
    return chance.choice(known) if known and chance.random() < 0.6 else chance.choice(_HOSTILE)


def _part(service: Service, name: str, chance: random.Random) -> str:
    known = {
        "lang": ["zh", "en"],
        "edition_id": ["demo"],
        "z": ["0", "12", "18", "99"],
        "x": ["0", "3000"],
        "y": ["0", "1700"],
        "capability": ["thrombolysis"],
        "name": ["app"],
    }
    some = known.get(name, []) + [str(value) for value in service.known.get(name, ()) if value is not None]
    return chance.choice(some) if some and chance.random() < 0.7 else chance.choice(_HOSTILE).replace("/", "%2F") or "x"
