"""OpenStreetMap file -> the raw material of a road network: drivable ways, their nodes, turn restrictions.

Reads `.osm.pbf`, `.osm`, `.osm.gz` and `.osm.bz2` with pyosmium. Locations come from libosmium's own node index,
written to a temporary file and mapped as a NumPy array: 0.05 s on Porto where a Python loop over the nodes takes 3 s.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import osmium
import osmium.index

from stroke_map.errors import RoadDataError
from stroke_map.roads.nodes import NodeReader, NodeUse
from stroke_map.roads.ways import WayReader, WayUse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stroke_map.roads.profile import Profile

_INDEX_ENTRY = np.dtype([("id", "<i8"), ("x", "<i4"), ("y", "<i4")])
_FEW_NODES = 5000
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# Of the index: 1.4 to 1.8 times the file as PBF, grown in steps of 2^20 entries.
_INDEX_PER_BYTE = 3
_INDEX_STEP_BYTES = 16 << 20
# fallocate(2): room is kept behind the end of a file, which stays where it is.
_FALLOC_FL_KEEP_SIZE = 1


@dataclass(slots=True)
class RawWay:
    """A drivable way: its node ids in order, what may be done on it, and what it is called."""

    id: int
    refs: list[int]
    use: WayUse
    name: str
    name_en: str
    ref: str
    destination: str


@dataclass(slots=True)
class RawRestriction:
    """A turn restriction relation: its tags and its members as (type "n"|"w"|"r", id, role)."""

    id: int
    tags: dict[str, str]
    members: list[tuple[str, int, str]]


@dataclass(slots=True)
class RawRoads:
    """Everything the compiler needs.

    Attributes
    ----------
    node_id, node_x, node_y
        int64[n] ascending; int32[n] longitude and latitude in 1e-7 degree, WGS-84.
    nodes
        What stands at a node, by node id: barriers, signals, crossings.
    issues
        Tag values that were not understood, by (key, value).
    source
        What it was read from: name, bytes, sha256.
    notes
        What whoever uses the network should know of its source.
    """

    ways: list[RawWay]
    node_id: np.ndarray
    node_x: np.ndarray
    node_y: np.ndarray
    nodes: dict[int, NodeUse]
    restrictions: list[RawRestriction]
    issues: Counter[tuple[str, str]] = field(default_factory=Counter)
    source: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_osm(path: Path, profile: Profile) -> RawRoads:
    """Read what `profile` may drive on.

    Raises
    ------
    RoadDataError
        The file is missing, empty, truncated, not OpenStreetMap data, or holds no way this profile can drive.
    """
    path = Path(path)
    if not path.is_file():
        raise RoadDataError(
            f"there is no road file {path.name}", next_step="Check the path; give an OpenStreetMap file."
        )
    if path.stat().st_size == 0:
        raise RoadDataError(f"the road file {path.name} is empty", next_step="Download or export it again.")
    try:
        return _read(path, profile)
    except RoadDataError:
        raise
    except (RuntimeError, ValueError) as error:  # how pyosmium reports malformed files
        raise RoadDataError(
            f"{path.name} cannot be read as OpenStreetMap data: {error}",
            next_step="The file may be cut off or of another kind: download it again and check its size.",
        ) from error


def _read(path: Path, profile: Profile) -> RawRoads:
    issues: Counter[tuple[str, str]] = Counter()
    ways = list(_ways(path, profile, issues))
    if not ways:
        raise RoadDataError(f"{path.name} holds no road that profile {profile.name} can drive")
    wanted = np.unique(np.concatenate([np.asarray(way.refs, dtype=np.int64) for way in ways]))
    node_id, node_x, node_y = node_locations(path, wanted)
    if not len(node_id):
        raise RoadDataError(
            f"{path.name} has ways but none of their nodes", next_step="Extract it again with complete ways."
        )
    nodes = _nodes(path, profile, wanted, issues)
    return RawRoads(ways, node_id, node_x, node_y, nodes, list(_restrictions(path)), issues, _source(path))


def _source(path: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        return {
            "name": path.name,
            "bytes": path.stat().st_size,
            "sha256": hashlib.file_digest(stream, "sha256").hexdigest(),
        }


def _ways(path: Path, profile: Profile, issues: Counter[tuple[str, str]]) -> Iterator[RawWay]:
    reader = WayReader(profile, issues)
    keys = reader.way_filter_keys
    ferries = _ferry_members(path)
    for way in osmium.FileProcessor(str(path), osmium.osm.WAY).with_filter(osmium.filter.KeyFilter(*keys)):
        yield from _way(way, reader, ferries)
    if ferries:
        for way in _only(osmium.FileProcessor(str(path), osmium.osm.WAY), list(ferries)):
            if way.id in ferries and not any(key in way.tags for key in keys):
                yield from _way(way, reader, ferries)


def _only(objects: Any, ids: list[int]) -> Any:
    """Few objects of a file; the filter takes no negative ids (as editors give), and memory by the largest one."""
    return objects.with_filter(osmium.filter.IdFilter(ids)) if min(ids) >= 0 and max(ids) < 2**40 else objects


def _way(way: Any, reader: WayReader, ferries: dict[int, dict[str, str]]) -> Iterator[RawWay]:
    tags = {tag.k: tag.v for tag in way.tags}
    if way.id in ferries and "highway" not in tags:
        # The way's own tags are the more exact ones; a road to the landing stays a road.
        tags = ferries[way.id] | tags
    use = reader.read(tags)
    refs = [node.ref for node in way.nodes]
    if use is not None and len(refs) > 1:
        yield RawWay(way.id, refs, use, *(tags.get(key, "") for key in ("name", "name:en", "ref", "destination")))


def _ferry_members(path: Path) -> dict[int, dict[str, str]]:
    """Tags of `route=ferry` relations by the id of each member way: many ferries are tagged only there."""
    members: dict[int, dict[str, str]] = {}
    for relation in osmium.FileProcessor(str(path), osmium.osm.RELATION).with_filter(
        osmium.filter.TagFilter(("route", "ferry"))
    ):
        tags = {tag.k: tag.v for tag in relation.tags if tag.k != "type"}
        ways = [member.ref for member in relation.members if member.type == "w"]
        if len(ways) > 1:
            # A duration is that of the whole relation; how it divides among its ways is not said.
            tags.pop("duration", None)
        for way in ways:
            members[way] = tags
    return members


def _restrictions(path: Path) -> Iterator[RawRestriction]:
    for relation in osmium.FileProcessor(str(path), osmium.osm.RELATION).with_filter(osmium.filter.KeyFilter("type")):
        tags = {tag.k: tag.v for tag in relation.tags}
        if tags["type"].split(":")[0] == "restriction":
            yield RawRestriction(relation.id, tags, [(m.type, m.ref, m.role) for m in relation.members])


def node_locations(path: Path, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find nodes by id.

    Parameters
    ----------
    wanted
        int64[n], ascending, at least one.

    Returns
    -------
    Those that the file holds: int64[m] ids; int32[m] longitude and latitude in 1e-7 degree, WGS-84.
    """
    entries = _few_entries(path, wanted) if wanted[0] < 0 or len(wanted) < _FEW_NODES else _index_entries(path)
    entries = entries[np.argsort(entries["id"], kind="stable")]
    at = np.searchsorted(entries["id"], wanted)
    at[at == len(entries)] = 0
    found = np.zeros(len(wanted), dtype=bool) if not len(entries) else entries["id"][at] == wanted
    chosen = entries[at[found]]
    return wanted[found], chosen["x"].copy(), chosen["y"].copy()


def index_bytes(path: Path) -> int:
    """How much room the temporary folder must have while a road file is read, at most."""
    return path.stat().st_size * _INDEX_PER_BYTE + _INDEX_STEP_BYTES


def _index_entries(path: Path) -> np.ndarray:
    try:
        entries = _indexed(path)
    except (RuntimeError, OSError) as error:
        if not any(os.strerror(code) in str(error) for code in _FULL):
            raise
        raise RoadDataError(
            f"the temporary folder {tempfile.gettempdir()} has no room for an index of the nodes of {path.name}",
            next_step="Free several times the file's size there, or point TMPDIR at a larger disk.",
        ) from error
    # The file grows in large steps; what is not filled yet holds coordinates that are nowhere, as bad nodes do.
    return entries[(np.abs(entries["x"]) <= 1_800_000_000) & (np.abs(entries["y"]) <= 900_000_000)]


def _indexed(path: Path) -> np.ndarray:
    # Nameless from the beginning: of a process that is killed while it reads, nothing as large as the map stays behind.
    with tempfile.TemporaryFile(prefix="stroke-map-") as stream:
        _reserve(stream.fileno(), index_bytes(path))
        index = osmium.index.create_map(f"sparse_file_array,/dev/fd/{stream.fileno()}")
        handler = osmium.NodeLocationsForWays(index)
        handler.ignore_errors()
        reader = osmium.io.Reader(str(path), osmium.osm.NODE)
        try:
            osmium.apply(reader, handler)
        finally:
            reader.close()
        entries = np.fromfile(stream, dtype=_INDEX_ENTRY)
        # pyosmium never closes its own descriptor (4.3), which keeps the room on the disk until the process ends.
        del handler, index
        stream.truncate(0)
    return entries


def _reserve(file: int, size: int) -> None:
    """Keep room for a file that will be mapped: a full disk under a mapped file ends the process by SIGBUS, without a word.

    Raises
    ------
    OSError
        The disk has not that much.
    """
    fallocate = getattr(ctypes.CDLL(None, use_errno=True), "fallocate", None)
    if fallocate is None:  # no Linux
        return
    fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    if fallocate(file, _FALLOC_FL_KEEP_SIZE, 0, size) != 0 and ctypes.get_errno() in _FULL:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _few_entries(path: Path, wanted: np.ndarray) -> np.ndarray:
    """Node by node: the index file costs 0.07 s however little it holds, and keeps no negative ids (as editors give)."""
    nodes = _only(osmium.FileProcessor(str(path), osmium.osm.NODE), wanted.tolist())
    rows = [(node.id, node.location.x, node.location.y) for node in nodes if node.location.valid()]
    return np.array(rows, dtype=_INDEX_ENTRY)


def _nodes(path: Path, profile: Profile, wanted: np.ndarray, issues: Counter[tuple[str, str]]) -> dict[int, NodeUse]:
    reader = NodeReader(profile, issues)
    uses: dict[int, NodeUse] = {}
    for node in osmium.FileProcessor(str(path), osmium.osm.NODE).with_filter(
        osmium.filter.KeyFilter(*reader.node_filter_keys)
    ):
        at = int(np.searchsorted(wanted, node.id))
        if at == len(wanted) or wanted[at] != node.id:
            continue
        use = reader.read({tag.k: tag.v for tag in node.tags})
        if use is not None:
            uses[node.id] = use
    return uses
