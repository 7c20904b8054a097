"""Files for whoever takes the list with them: downloads, QR codes, and what search engines read."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode
from xml.sax.saxutils import escape as xml_text
from xml.sax.saxutils import quoteattr

import orjson
from flask import Blueprint, Response, request

from stroke_map.errors import NotFoundError
from stroke_map.maps.addresses import alternates, district_path, hospital_path
from stroke_map.maps.geojson import hospitals_geojson
from stroke_map.maps.qr import qr_svg
from stroke_map.registry import CAPABILITIES, CENTRES
from stroke_map.registry.csv_table import guard
from stroke_map.web.kept import kept, send
from stroke_map.web.origins import public_address
from stroke_map.web.pages import CONDITIONS
from stroke_map.web.published import current_edition
from stroke_map.web.security import settings_of_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from stroke_map.editions import Edition
    from stroke_map.registry import Hospital

blueprint = Blueprint("public_files", __name__)
_ABOUT: Final = ("edition", "demo", "valid_until", "licence", "attribution")
_PLAIN: Final = ("id", "name_zh", "name_en", "name_short", "kind", "district", "address", "phone")


@blueprint.get("/hospitals.geojson")
def hospitals_as_geojson() -> Response:
    """Every hospital as GeoJSON, with the edition, licence and attribution it must be used under."""
    edition = current_edition()
    made = kept(
        edition, "hospitals.geojson", lambda: orjson.dumps({**hospitals_geojson(edition.hospitals), **_about(edition)})
    )
    return _download(send(made, "application/geo+json"), edition, "geojson")


@blueprint.get("/hospitals.csv")
def hospitals_as_csv() -> Response:
    """Every hospital as a table, which spreadsheet programs open as UTF-8 and in which no cell is a formula."""
    edition = current_edition()
    made = kept(edition, "hospitals.csv", lambda: _csv(edition))
    return _download(send(made, "text/csv"), edition, "csv")


def _about(edition: Edition) -> dict[str, str | bool]:
    info = edition.info
    return {
        "edition": info.id,
        "demo": info.demo,
        "valid_until": info.valid_until.isoformat(),
        "licence": info.licence,
        "attribution": info.attribution,
    }


def _download(response: Response, edition: Edition, suffix: str) -> Response:
    response.headers["Content-Disposition"] = f'attachment; filename="hospitals-{edition.info.id}.{suffix}"'
    return response


def _csv(edition: Edition) -> bytes:
    stream = io.StringIO(newline="")
    levels = [f"{centre}_{part}" for centre in CENTRES for part in ("level_scheme", "level")]
    abilities = [column for name in CAPABILITIES for column in (name, f"{name}_hours", f"{name}_valid_until")]
    writer = csv.writer(stream)
    writer.writerow([*_PLAIN, "lat", "lon", *levels, *abilities, *_ABOUT])
    about = [str(value) for value in _about(edition).values()]
    for one in edition.hospitals:
        writer.writerow([guard(cell) for cell in (*_cells(one), *about)])
    return stream.getvalue().encode("utf-8-sig")


def _cells(one: Hospital) -> Iterator[str]:
    yield from (getattr(one, name) for name in _PLAIN)
    yield from (f"{one.entrance_lat:.7f}", f"{one.entrance_lon:.7f}")
    for centre in CENTRES:
        level = one.levels.get(centre)
        yield from (level.scheme, level.level) if level else ("", "")
    for name in CAPABILITIES:
        told = one.capabilities[name]
        known = told.status == "yes"
        yield from (told.status, told.hours if known else "", told.valid_until.isoformat() if told.valid_until else "")


@blueprint.get("/qr.svg")
def qr_code() -> Response:
    """The QR code of a page of this service and of no other: the map, a hospital (`?hospital=`) or a district (`?district=`)."""
    edition, address = current_edition(), public_address(settings_of_app())
    if not address:
        raise NotFoundError("This server does not know its public address.", next_step="Set STROKE_MAP_PUBLIC_URL.")
    hospital, district = request.args.get("hospital", ""), request.args.get("district", "")
    asked = {
        "condition": request.args.get("condition", "") if request.args.get("condition") in CONDITIONS else "",
        "lang": request.args.get("lang", "") if request.args.get("lang") in {"zh", "en"} else "",
    }
    if hospital and not any(one.id == hospital for one in edition.hospitals):
        raise NotFoundError("This edition has no hospital of that id.")
    if district and not any(one.district == district for one in edition.hospitals):
        raise NotFoundError("This edition has no hospital in a district of that name.")
    path = hospital_path(hospital) if hospital else district_path(district) if district else "/"
    query = urlencode({name: value for name, value in asked.items() if value})
    target = f"{address}{path}{'?' if query else ''}{query}"
    return send(kept(edition, ("qr", target), lambda: qr_svg(target)), "image/svg+xml")


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """Every page that search engines should know, in both languages (https://www.sitemaps.org)."""
    edition, address = current_edition(), public_address(settings_of_app())
    if not address:
        raise NotFoundError("This server does not know its public address.", next_step="Set STROKE_MAP_PUBLIC_URL.")
    return send(kept(edition, "sitemap", lambda: _sitemap(edition, address)), "application/xml")


def _sitemap(edition: Edition, address: str) -> str:
    districts = dict.fromkeys(one.district for one in edition.hospitals if one.district)
    paths = ["/", "/poster", "/hospitals", *map(district_path, districts)]
    paths += [hospital_path(one.id) for one in edition.hospitals]
    made_on = edition.info.created_at.date().isoformat()
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">',
            *(_entry(alternates(address, path), made_on) for path in paths),
            _entry(alternates(address, "/", condition=CONDITIONS[1]), made_on),
            "</urlset>\n",
        ]
    )


def _entry(pages: dict[str, str], made_on: str) -> str:
    links = "".join(
        f'<xhtml:link rel="alternate" hreflang="{tag}" href={quoteattr(url)}/>' for tag, url in pages.items()
    )
    return f"<url><loc>{xml_text(pages['x-default'])}</loc><lastmod>{made_on}</lastmod>{links}</url>"


@blueprint.get("/robots.txt")
def robots() -> Response:
    """What search engines may read; of a demonstration, nothing: its hospitals must be found by nobody."""
    edition, address = current_edition(), public_address(settings_of_app())
    lines = ["User-agent: *"]
    if edition.info.demo:
        lines.append("Disallow: /")
    else:
        lines += [f"Disallow: {path}" for path in ("/api/", "/map$", "/map?", "/search", "/tiles/", "/embed")]
        lines += [f"Sitemap: {address}/sitemap.xml"] if address else []
    return send(kept(edition, "robots", lambda: "\n".join([*lines, ""])), "text/plain")


def install(app: Flask) -> None:
    """Serve these files from `app`."""
    app.register_blueprint(blueprint)
