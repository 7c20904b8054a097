"""What pages load, on either plane: our own scripts and styles, Leaflet, and the tiles of the base map."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request, send_from_directory

from stroke_map.editions.edition import TILES_FOLDER
from stroke_map.errors import NotFoundError
from stroke_map.maps import files
from stroke_map.maps.band_layer import BANDS_FOLDER
from stroke_map.maps.ground import PLACES_FILE
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
    """One tile of the base map. A page that was open during a switch gets the new edition's, but may not keep it."""
    edition = current_edition()
    try:
        drawn = _tiles(edition).tile(z, x, y)
    except NoSuchTileError as error:
        raise NotFoundError("There is no such tile.") from error
    keep = drawn.final and edition_id == edition.info.id
    response = Response(drawn.png, mimetype="image/png")
    response.headers["Cache-Control"] = f"public, max-age={_A_DAY_S}" if keep else "no-store"
    return response


@blueprint.get("/tiles/<edition_id>/places.json")
def place_names(edition_id: str) -> Response:
    """The names that stand on the base map: from which zoom, rank, place and both names of each."""
    return _sealed(edition_id, f"{TILES_FOLDER}/{PLACES_FILE}", "application/json", b"[]")


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
    response = Response(content, mimetype=mimetype)
    own = edition_id == edition.info.id
    response.headers["Cache-Control"] = f"public, max-age={_A_DAY_S}" if own else "no-store"
    response.set_etag(f"{edition.info.etag}-{name.rpartition('/')[2]}")
    response.make_conditional(request)
    return response


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
