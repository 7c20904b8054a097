"""A place name -> its roads, downloaded from OpenStreetMap with OSMnx.

For a first look at a town. Turn restrictions are relations, which OSMnx does not read: use an extract for real work.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from stroke_map.errors import RoadDataError
from stroke_map.roads.nodes import NodeReader
from stroke_map.roads.profile import load_profile
from stroke_map.roads.ways import WayReader
from stroke_map.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import networkx as nx

    from stroke_map.roads.profile import Profile

_NAMES = ("name", "name:en", "ref", "destination")


def save_place(name: str, path: Path, profiles: tuple[str, ...]) -> None:
    """Download the roads of a place and write them as an OpenStreetMap file, from which any of `profiles` can be compiled.

    Raises
    ------
    RoadDataError
        As `download_place`.
    """
    from stroke_map.roads.exchange import write_osm

    write_osm(download_place(name, *map(load_profile, profiles)), path)


def download_place(name: str, *profiles: Profile) -> nx.MultiDiGraph:
    """The unsimplified OSMnx graph of a place, with every tag that `profiles` read.

    Parameters
    ----------
    name
        As one would type it into a search on openstreetmap.org: `渝中区, 重庆` or `Piedmont, California, USA`.

    Raises
    ------
    RoadDataError
        No such place, no roads there, or the servers cannot be reached.
    """
    import osmnx
    import requests

    wanted = {
        "useful_tags_way": sorted({*_NAMES}.union(*(WayReader(profile).relevant_keys for profile in profiles))),
        "useful_tags_node": sorted({key for profile in profiles for key in NodeReader(profile).relevant_keys}),
        "all_oneway": True,  # keeps each way in its own direction, with its own oneway tag
        "doh_url_template": None,  # asks nobody else for addresses
        "cache_folder": str(read_settings().cache_dir / "osmnx"),
    }
    filters = list(dict.fromkeys(one for profile in profiles for one in way_filters(profile)))
    try:
        with _osmnx_settings(osmnx.settings, wanted):
            return osmnx.graph_from_place(
                name, simplify=False, retain_all=True, truncate_by_edge=True, custom_filter=filters
            )
    except (ValueError, TypeError) as error:
        # How OSMnx says that it found nothing, or a point where it needs an area.
        raise RoadDataError(
            f"no roads were found for {name!r}: {error}",
            next_step="Write the name as openstreetmap.org finds it, or give an extract of the region as a file.",
        ) from error
    except (requests.RequestException, OSError) as error:
        raise RoadDataError(
            f"OpenStreetMap's servers did not answer: {error}",
            next_step="Try again later, or download an extract of the region and give it as a file.",
        ) from error


def way_filters(profile: Profile) -> list[str]:
    """Overpass filters, any of which a way must pass to be of use to `profile`."""
    filters = []
    for key in profile.way_keys:
        kinds = profile.ways[key]
        values = "|".join(sorted(value for value, kind in kinds.items() if kind.default != "never"))
        filters.append(f'["{key}"]' if "*" in kinds else f'["{key}"~"^({values})$"]')
    return filters


@contextmanager
def _osmnx_settings(settings: Any, wanted: dict[str, Any]) -> Iterator[None]:
    """OSMnx is configured by module globals: ours for the length of one download."""
    before = {name: getattr(settings, name) for name in wanted}
    vars(settings).update(wanted)
    try:
        yield
    finally:
        vars(settings).update(before)
