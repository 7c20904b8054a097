"""Where the files of the pages are, and under which policy a browser may run them."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

_PACKAGE = Path(__file__).resolve().parent.parent
# Leaflet clears a tile with a one-pixel `data:` picture; everything else comes from this server.
_POLICY = (
    "default-src 'none'; script-src 'self'{scripts}; style-src 'self'; img-src 'self' data:{images}; connect-src 'self'{connect}; "
    "form-action 'self'; base-uri 'none'; manifest-src 'self'; frame-ancestors 'none'"
)


_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d+)?(?=/)")


class InlineMap(Protocol):
    """A map whose script stands in the page; `csp_hash` is the hash source that allows exactly that script."""

    @property
    def csp_hash(self) -> str: ...


def static_folder() -> Path:
    """Our own scripts and styles."""
    return _PACKAGE / "maps" / "static"


@cache
def leaflet_folder() -> Path:
    """Leaflet's files, as the XStatic-Leaflet package installed them."""
    from xstatic.pkg import leaflet

    return Path(leaflet.BASE_DIR).resolve()


def templates_folder() -> Path:
    """The Jinja templates: `templates/` of a checkout, else the copy the wheel carries.

    A checkout is recognised by its pyproject.toml: a folder named `templates` beside an installed package is not ours.
    """
    checkout = _PACKAGE.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / "templates").is_dir():
        return checkout / "templates"
    return _PACKAGE / "_templates"


@cache
def static_url(name: str) -> str:
    """The address of a static file (`css/page.css`, `leaflet/leaflet.js`).

    It carries a few digits of the file's hash: browsers keep it, and still get the new one after an upgrade.
    """
    folder, _, rest = name.partition("/")
    path = leaflet_folder() / rest if folder == "leaflet" else static_folder() / name
    return f"/static/{name}?v={hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"


def content_security_policy(*inline_maps: InlineMap, connect: Sequence[str] = (), images: Sequence[str] = ()) -> str:
    """The Content-Security-Policy header of a page.

    Parameters
    ----------
    *inline_maps
        Maps whose scripts stand in the page; it may hold no other inline one.
    connect
        Origins besides its own that its scripts may ask.
    images
        Origins besides its own that pictures may come from.
    """
    scripts = "".join(f" '{drawn.csp_hash}'" for drawn in inline_maps)
    allowed = {"connect": connect, "images": images}
    return _POLICY.format(
        scripts=scripts, **{name: "".join(f" {one}" for one in many) for name, many in allowed.items()}
    )


def origins_of(tile_url: str) -> tuple[str, ...]:
    """The origin of a tile address such as `https://tiles.example.org/{z}/{x}/{y}.png`; none for one of this server."""
    found = _ORIGIN.match(tile_url)
    return (found[0],) if found else ()
