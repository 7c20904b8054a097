"""The files that an operator keeps: protocols, periods, profiles and regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from fuzz.running import Target
from fuzz.texts import damaged, whole_words
from stroke_map.editions.region import load_region, regions_dir
from stroke_map.errors import EditionError, ProtocolError, RoadDataError
from stroke_map.protocols import load_protocol
from stroke_map.protocols.protocol import CONDITIONS
from stroke_map.roads.periods import EXAMPLE_FILE, load_periods
from stroke_map.roads.profile import load_profile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_LOCAL = b"""version = "2026"
signed_by = "somebody"
signed_on = 2026-05-01
[stroke.thrombolysis_window]
value = 240
unit = "min"
[scales.LAMS.cut_off]
value = 4
unit = "point"
"""
_REGION = b"""id = "x"
timezone = "Asia/Shanghai"
bounds = [105.0, 28.0, 110.0, 32.0]
districts = ["a"]
[name]
zh = "x"
en = "x"
"""
_POLYGON = b'{"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [[[106, 29], [107, 29], [107, 30], [106, 29]]]}}'
_DEEP = [b"a = " + b"[" * 5000, b"[" * 5000 + b"]" * 5000, b"a" + b".a" * 2000 + b" = 1", b"[a" + b".a" * 2000 + b"]"]


def targets(folder: Path) -> Iterator[Target]:
    """The readers of this room; files are written into `folder`."""
    profiles = sorted((EXAMPLE_FILE.parent / "profiles").glob("*.toml"))
    shipped = [file.read_bytes() for file in regions_dir().glob("*.toml")]
    yield _target(
        "protocols",
        folder / "local.toml",
        [_LOCAL],
        lambda path: [load_protocol(c, path) for c in CONDITIONS],
        ProtocolError,
    )
    yield _target("periods", folder / "periods.toml", [EXAMPLE_FILE.read_bytes()], load_periods, RoadDataError)
    yield _target(
        "profiles", folder / "profile.toml", [file.read_bytes() for file in profiles], load_profile, RoadDataError
    )
    yield _target("regions", folder / "region.toml", [_REGION, *shipped], load_region, EditionError)
    yield _target("polygons", folder / "region.geojson", [_POLYGON], load_region, EditionError)


def _target(
    name: str, path: Path, whole: list[bytes], read: Callable[[Path], object], refusal: type[Exception]
) -> Target:
    def read_file(data: bytes) -> None:
        path.write_bytes(data)
        read(path)

    spoken = st.tuples(st.sampled_from(whole), whole_words, whole_words).map(
        lambda told: told[0].replace(told[1].encode() or b"=", told[2].encode(), 1)
    )
    return Target(name, damaged(st.sampled_from(whole) | spoken) | st.sampled_from(_DEEP), read_file, (refusal,))
