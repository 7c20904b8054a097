"""`/case/<token>`: the page of a crew, by the link to its case. The clinical plane alone.

The page holds the number of the case and nothing else of it. Its script shows the token to the API; see `links_api`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from flask import Blueprint

from stroke_map.web.crew_texts import CREW
from stroke_map.web.live_state import live_store
from stroke_map.web.screens import Screen, page_of
from stroke_map.web.security import settings_of_app

if TYPE_CHECKING:
    from flask import Flask, Response

CASE_SCREEN: Final = Screen("case", "/case/<token>", texts=CREW)
NO_CASE_SCREEN: Final = Screen("no_case", "/case/<token>", texts=CREW)
#: The address of the page is a secret: nobody may find it, keep it or hand it on.
_HEADERS: Final = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow, noarchive"}
blueprint = Blueprint("crew_page", __name__)


@blueprint.get("/case/<token>")
def case(token: str) -> Response:
    """The page of an open case; one and the same page for every link that leads nowhere, whatever is wrong with it."""
    phone = settings_of_app().dispatch_phone
    link = live_store().links.find(token, now=datetime.now(UTC))
    if link is None:
        response = page_of(NO_CASE_SCREEN, dispatch_phone=phone)
        response.status_code = 404
    else:
        # No stream: the line of a telephone is better asked now and then.
        response = page_of(CASE_SCREEN, dispatch_phone=phone, case=link.case_id, stream="")
    response.headers.update(_HEADERS)
    del response.headers["ETag"]
    return response


def install(app: Flask) -> None:
    """Serve the page from `app`."""
    app.register_blueprint(blueprint)
