"""What pages load, on either plane: our own scripts and styles, Leaflet, and the tiles of the base map."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import orjson
from flask import Blueprint, Response, request, send_from_directory

from stroke_map.editions.edition import TILES_FOLDER
from stroke_map.errors import NotFoundError, TooBusyError
from stroke_map.maps import files
from stroke_map.maps.band_layer import BANDS_FOLDER
from stroke_map.maps.ground import PLACES_FILE
from stroke_map.maps.street_names import NoSuchSheetError, SheetsBusyError, StreetNames
from stroke_map.maps.tiles import DeepTiles, NoSuchTileError
from stroke_map.web.published import current_edition
from stroke_map.web.security import settings_of_app

if TYPE_CHECKING:
    from flask import Flask

    from stroke_map.editions import Edition

blueprint = Blueprint("page_files", __name__)
_A_DAY_S = 86400


@blueprint.get("/static/<path:name>")
def static_file(name: str) -> Response:
    """Our own scripts and styles."""
    # The modules of a screen import each other by plain names: they are asked for anew, so that no two versions ever meet.
    keep_s = 0 if name.startswith("screens/") else _A_DAY_S
    return send_from_directory(files.static_folder(), name, max_age=keep_s)


@blueprint.get("/static/leaflet/<path:name>")
def leaflet_file(name: str) -> Response:
    """Leaflet, as its package was installed."""
    return send_from_directory(files.leaflet_folder(), name, max_age=_A_DAY_S)


@blueprint.get("/tiles/<edition_id>/<int:z>/<int:x>/<int:y>.png")
def tile(edition_id: str, z: int, x: int, y: int) -> Response:
    """One tile of the base map."""
    edition = current_edition()
    try:
        drawn = _tiles(edition).tile(z, x, y)
    except NoSuchTileError as error:
        raise NotFoundError("There is no such tile.") from error
    return _lasting(Response(drawn.png, mimetype="image/png"), edition, edition_id, final=drawn.final)


@blueprint.get("/tiles/<edition_id>/places.json")
def place_names(edition_id: str) -> Response:
    """The names that stand on the base map: from which zoom, rank, place and both names of each."""
    return _sealed(edition_id, f"{TILES_FOLDER}/{PLACES_FILE}", "application/json", b"[]")


@blueprint.get("/tiles/<edition_id>/streets/<int:z>/<int:x>/<int:y>.json")
def street_names(edition_id: str, z: int, x: int, y: int) -> Response:
    """Where names of streets can stand at a zoom, by the sheet: rank, lon, lat, turn, room in pixels, both names of each."""
    edition = current_edition()
    try:
        found = _streets(edition).sheet(z, x, y)
    except NoSuchSheetError as error:
        raise NotFoundError("There is no such sheet.") from error
    except SheetsBusyError as error:
        raise TooBusyError("Names of streets are being looked for.") from error
    return _lasting(
        Response(orjson.dumps([tuple(one) for one in found]), mimetype="application/json"), edition, edition_id
    )


@blueprint.get("/tiles/<edition_id>/bands/<name>.png")
def bands(edition_id: str, name: str) -> Response:
    """How far the hospitals reach that can do a thing, as a picture to lay over the map."""
    return _sealed(edition_id, f"{BANDS_FOLDER}/{name}.png", "image/png")


def _sealed(edition_id: str, name: str, mimetype: str, missing: bytes | None = None) -> Response:
    """A file of the edition; only what is sealed under that very name is one."""
    edition = current_edition()
    if name in edition.info.files:
        content = (edition.folder / name).read_bytes()
    elif missing is not None:
        content = missing
    else:
        raise NotFoundError("There is no such picture.")
    response = _lasting(Response(content, mimetype=mimetype), edition, edition_id)
    response.set_etag(f"{edition.info.etag}-{name.rpartition('/')[2]}")
    response.make_conditional(request)
    return response


def _lasting(response: Response, edition: Edition, asked: str, *, final: bool = True) -> Response:
    """A page that was open during a switch gets the new edition's files, but may not keep them."""
    keep = final and asked == edition.info.id
    response.headers["Cache-Control"] = f"public, max-age={_A_DAY_S}" if keep else "no-store"
    return response


@lru_cache(maxsize=2)
def _streets(edition: Edition) -> StreetNames:
    return StreetNames(edition.network(edition.info.profiles[0]))


@lru_cache(maxsize=2)
def _tiles(edition: Edition) -> DeepTiles:
    settings = settings_of_app()
    profile = edition.info.profiles[0]
    cache = settings.cache_dir / "tiles"
    return DeepTiles(
        lambda: edition.network(profile),
        edition.folder / "tiles",
        cache,
        edition.info.id,
        limit_mb=settings.tile_cache_mb,
    )


def install(app: Flask) -> None:
    """Let `app` have templates, and what its pages load."""
    app.template_folder = str(files.templates_folder())
    app.register_blueprint(blueprint)
