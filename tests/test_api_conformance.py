"""`scripts/check_api.py` in its short form: every operation a few times, by every kind of caller."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from werkzeug.wrappers import Response

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from conformance.asking import check_api
from conformance.pages import Unexplained, _judge, check_pages
from conformance.service import serving

pytestmark = pytest.mark.slow
HEADERS = {"Content-Security-Policy": "default-src 'none'"}
#: What nobody makes up: the right password with the code of the moment, a message that was given up; administrators and editors ask seldom; a road where
#: something could be closed; a case that is open; and a stream is told by another process.
RARELY_GOOD = {
    "POST /api/v1/session",
    "POST /api/v1/account/password",
    "POST /api/v1/account/secret",
    "POST /api/v1/account/authenticator",
    "GET /api/v1/events",
    "POST /api/v1/deliveries/{delivery_id}/resend",
    "POST /api/v1/deliveries/resend",
    "GET /api/v1/quality.csv",
    "GET /api/v1/quality.xlsx",
    "GET /api/v1/audit",
    "GET /api/v1/audit.csv",
    "GET /api/v1/audit/verify",
    "GET /api/v1/contacts",
    "GET /api/v1/users",
    "POST /api/v1/users",
    "DELETE /api/v1/users/{name}",
    "POST /api/v1/users/{name}/reset",
    "POST /api/v1/users/{name}/unlock",
    "GET /api/v1/keys",
    "POST /api/v1/keys",
    "POST /api/v1/keys/{key_id}/rotate",
    "DELETE /api/v1/keys/{key_id}",
    "GET /api/v1/channels",
    "POST /api/v1/channels",
    "DELETE /api/v1/channels/{channel_id}",
    "POST /api/v1/closures",
    "POST /api/v1/alerts",
    "POST /api/v1/alerts/{alert_id}/received",
    "GET /api/v1/cases/{case_id}/crew",
    "POST /api/v1/sheets",
    "GET /api/v1/sheets",
    "GET /api/v1/sheets/{sheet_id}",
    "GET /api/v1/sheets/{sheet_id}/marked.xlsx",
    "POST /api/v1/sheets/{sheet_id}/build",
    "GET /api/v1/sheets/{sheet_id}/report",
    "GET /api/v1/editions",
    "GET /api/v1/editions/{edition_id}/report",
    "POST /api/v1/editions/{edition_id}/publish",
    "POST /api/v1/editions/rollback",
}


def test_every_answer_is_one_that_the_document_names(demo_geodata: Path, tmp_path: Path) -> None:
    operations: set[str] = set()
    with serving(demo_geodata, tmp_path) as service:
        answers = check_api(service, examples=6, first=1, show=lambda operation, _: operations.add(operation))
        pages = check_pages(service, examples=2, first=1, show=lambda *_: None)
    good = {operation for operation, status in answers if status < 300}
    assert operations - good <= RARELY_GOOD
    assert {status for _, status in answers} >= {200, 201, 204, 401, 403, 404, 422}
    assert {status for _, status in pages} >= {200, 404}
    assert {"/", "/map", "/hospitals/<hospital_id>", "/dispatch"} <= {page for page, _ in pages}


@pytest.mark.parametrize(
    ("response", "why"),
    [
        (Response("oh", status=500, headers=HEADERS), "500 oh"),
        (Response("busy", status=503, headers=HEADERS), "503 busy"),
        (Response("a page"), "no Content-Security-Policy"),
        (Response("<p><img src=x onerror=alert(1)></p>", mimetype="text/html", headers=HEADERS), "markup"),
    ],
)
def test_a_page_that_fails_or_repeats_markup_is_noticed(response: Response, why: str) -> None:
    with pytest.raises(Unexplained, match=why):
        _judge("GET /", response)


def test_a_page_that_is_busy_says_when_to_come_again() -> None:
    _judge("GET /", Response("busy", status=503, headers=HEADERS | {"Retry-After": "1"}))
