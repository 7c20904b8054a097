"""Every setting once: name, type, default, unit, help.

A setting is read from the environment as `STROKE_MAP_<NAME>`. `stroke-map settings` prints this table with the
values in force, and a test holds README to it.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from stroke_map.errors import InvalidRequestError

ENVIRONMENT_PREFIX = "STROKE_MAP_"


@dataclass(frozen=True)
class Setting:
    """One row of the table."""

    name: str
    type: type
    default: Any
    unit: str
    help: str
    secret: bool = False
    least: float | None = None

    @property
    def variable(self) -> str:
        """The environment variable it is read from."""
        return ENVIRONMENT_PREFIX + self.name.upper()


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "geodata_dir", Path, None, "folder", "Where editions live; the checkout's geodata/, else the user data folder."
    ),
    Setting(
        "cache_dir", Path, None, "folder", "Compiled kernels and deep map tiles; the user cache folder when not set."
    ),
    Setting(
        "database_url",
        str,
        "",
        "address",
        "Live state: live.db in geodata_dir when empty, else postgresql://user:password@host/name.",
        secret=True,
    ),
    Setting(
        "clinical_key",
        str,
        "",
        "secret",
        "Bearer key for the ambulance profile and patient fields; empty: refused.",
        secret=True,
    ),
    Setting("session_hours", int, 12, "hours", "How long a log-in lasts.", least=1),
    Setting(
        "lockout_attempts",
        int,
        5,
        "attempts",
        "Failed log-ins of a name from one address before it must wait.",
        least=1,
    ),
    Setting(
        "lockout_longest_min",
        int,
        15,
        "minutes",
        "The longest wait after failed log-ins; it begins with 30 s and doubles.",
        least=1,
    ),
    Setting(
        "trusted_proxies",
        int,
        0,
        "proxies",
        "How many proxies of yours stand in front: who asks, and whether by https, is taken from their headers.",
        least=0,
    ),
    Setting(
        "audit_dir", Path, None, "folder", "Where each worker writes who read what; audit/ in geodata_dir when not set."
    ),
    Setting("plane", str, "both", "public|clinical|both", "Which routes this process answers."),
    Setting("host", str, "127.0.0.1", "address", "Where the server listens."),
    Setting("port", int, 8120, "port", "Where the server listens.", least=0),
    Setting("workers", int, 2, "processes", "Server processes; they share the mapped edition.", least=1),
    Setting(
        "snap_limit_m",
        float,
        1000.0,
        "metres",
        "A point farther than this from any usable road is off-network.",
        least=1,
    ),
    Setting(
        "snap_spread_m",
        float,
        30.0,
        "metres",
        "How much farther than the nearest a road may be and still be a candidate.",
        least=0,
    ),
    Setting(
        "walk_speed_kph",
        float,
        4.0,
        "km/h",
        "From the point to the road, and for every further candidate's extra distance.",
        least=0.5,
    ),
    Setting(
        "accreditation_grace_days",
        int,
        90,
        "days",
        "How long after its end an accreditation still counts, marked (class 2).",
        least=0,
    ),
    Setting(
        "ambulance_width_m",
        float,
        2.2,
        "metres",
        "The ambulance's width, for roads with limits; used when an edition is built.",
        least=0.5,
    ),
    Setting(
        "ambulance_height_m",
        float,
        2.9,
        "metres",
        "The ambulance's height with its light bar; used when an edition is built.",
        least=0.5,
    ),
    Setting(
        "ambulance_length_m", float, 6.0, "metres", "The ambulance's length; used when an edition is built.", least=0.5
    ),
    Setting(
        "ambulance_weight_t", float, 4.5, "tonnes", "The ambulance's weight; used when an edition is built.", least=0.5
    ),
    Setting(
        "siren_speed_factor",
        float,
        1.0,
        "factor",
        "How much faster than others the ambulance drives with lights and siren: the service's own measurement.",
        least=0.5,
    ),
    # The State Council asks for 8 km of road per square kilometre in built-up areas (2016); the lower bound is a choice of ours.
    Setting(
        "urban_roads_km_per_km2",
        float,
        8.0,
        "km per km2",
        "From this much road around on a place counts as urban, where nobody says what it is like.",
        least=0.1,
    ),
    Setting(
        "suburban_roads_km_per_km2",
        float,
        2.0,
        "km per km2",
        "From this much road around on a place counts as suburban; below as rural.",
        least=0.1,
    ),
    Setting("limit_default", int, 3, "hospitals", "How many hospitals an answer lists.", least=1),
    Setting("limit_max", int, 20, "hospitals", "The most a caller may ask for.", least=1),
    Setting(
        "public_route_concurrency",
        int,
        64,
        "requests",
        "Public routing questions answered at once per process; more get 429.",
        least=1,
    ),
    Setting("tile_cache_mb", int, 256, "MB", "Bound of the cache of map tiles deeper than the sealed zoom.", least=1),
    Setting(
        "alert_rollover_s",
        float,
        60.0,
        "seconds",
        "After this an alert calls a silent team's next contact too.",
        least=1,
    ),
    Setting("alert_repeat_s", float, 120.0, "seconds", "After this a contact is called again.", least=1),
    Setting("alert_repeat_for_s", float, 1200.0, "seconds", "How long contacts are called again.", least=0),
    Setting(
        "alert_not_activated_s",
        float,
        300.0,
        "seconds",
        "After this the dispatcher is told that no team is activated.",
        least=1,
    ),
    Setting("alert_telephone_s", float, 360.0, "seconds", "After this the dispatcher is told to telephone.", least=1),
    Setting(
        "alert_eta_share",
        float,
        0.375,
        "share",
        "The telephone comes at the latest after this share of the drive (3 of 8 minutes); the other times shrink with it.",
        least=0,
    ),
    Setting(
        "alert_close_after_h", float, 24.0, "hours", "An alert nobody closed ends by itself after this.", least=0.1
    ),
    Setting("case_keep_days", int, 180, "days", "Cases older than this are deleted; monthly figures stay.", least=1),
    Setting(
        "longest_diversion_h",
        float,
        4.0,
        "hours",
        "How long a hospital's diversion may hold before someone must say it again.",
        least=0.1,
    ),
    Setting("longest_full_h", float, 4.0, "hours", "The same for full.", least=0.1),
    Setting("longest_ct_down_h", float, 4.0, "hours", "The same for CT down.", least=0.1),
    Setting("longest_cath_lab_down_h", float, 4.0, "hours", "The same for cath lab down.", least=0.1),
    Setting("map_review_number", str, "", "text", "审图号 shown on the map, where the publisher has one."),
)

_BY_NAME = {setting.name: setting for setting in SETTINGS}


@dataclass(frozen=True)
class Settings:
    """The values in force. Attributes are the names in `SETTINGS`; see there for units."""

    geodata_dir: Path
    cache_dir: Path
    database_url: str
    clinical_key: str
    session_hours: int
    lockout_attempts: int
    lockout_longest_min: int
    trusted_proxies: int
    audit_dir: Path
    plane: str
    host: str
    port: int
    workers: int
    snap_limit_m: float
    snap_spread_m: float
    walk_speed_kph: float
    accreditation_grace_days: int
    ambulance_width_m: float
    ambulance_height_m: float
    ambulance_length_m: float
    ambulance_weight_t: float
    siren_speed_factor: float
    urban_roads_km_per_km2: float
    suburban_roads_km_per_km2: float
    limit_default: int
    limit_max: int
    public_route_concurrency: int
    tile_cache_mb: int
    alert_rollover_s: float
    alert_repeat_s: float
    alert_repeat_for_s: float
    alert_not_activated_s: float
    alert_telephone_s: float
    alert_eta_share: float
    alert_close_after_h: float
    case_keep_days: int
    longest_diversion_h: float
    longest_full_h: float
    longest_ct_down_h: float
    longest_cath_lab_down_h: float
    map_review_number: str


def _default_geodata_dir() -> Path:
    checkout = Path(__file__).resolve().parent.parent / "geodata"
    if (checkout / "regions").is_dir():
        return checkout
    from platformdirs import user_data_path

    return user_data_path("stroke-map")


def _default_cache_dir() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("stroke-map")


def _convert(setting: Setting, text: str) -> Any:
    try:
        value = setting.type(text)
    except ValueError:
        value = None
    # Written so that NaN is refused as well.
    if value is None or not (setting.least is None or setting.least <= value < float("inf")):
        at_least = "" if setting.least is None else f", at least {setting.least:g}"
        raise InvalidRequestError(
            f"{setting.variable} must be {setting.type.__name__} ({setting.unit}){at_least}",
            next_step=f"Set it to something like {setting.default}, or unset it.",
        )
    return value


def read_settings(environment: dict[str, str] | os._Environ[str] | None = None, **overrides: Any) -> Settings:
    """The values in force: `overrides`, else the environment, else the default.

    Raises
    ------
    InvalidRequestError
        A value that is not of the setting's type, or an unknown plane.
    """
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        text = environment.get(setting.variable)
        values[setting.name] = setting.default if not text else _convert(setting, text)
    values.update({name: value for name, value in overrides.items() if value is not None})
    values["geodata_dir"] = Path(values["geodata_dir"] or _default_geodata_dir())
    values["cache_dir"] = Path(values["cache_dir"] or _default_cache_dir())
    values["audit_dir"] = Path(values["audit_dir"] or values["geodata_dir"] / "audit")
    if values["plane"] not in {"public", "clinical", "both"}:
        raise InvalidRequestError("STROKE_MAP_PLANE must be public, clinical or both")
    return Settings(**values)


@cache
def prepare_numba_cache() -> None:
    """Point numba at a folder it can write, before it is first imported.

    Numba caches compiled kernels beside their source and fails with "no locator available" where an install is
    read-only; an environment variable is the only way to move it, and it is read at import.

    Each state of the kernels' sources has a folder of its own: numba unpickles an old index before it compares dates,
    and fails for good where a type named in it has since been renamed.
    """
    folder = read_settings().cache_dir / "numba" / _digest_of_kernels()
    os.environ.setdefault("NUMBA_CACHE_DIR", str(folder))


def _digest_of_kernels() -> str:
    package = Path(__file__).resolve().parent
    sources = (
        path.read_bytes() for room in ("roads", "editions", "dispatch") for path in sorted(package.glob(f"{room}/*.py"))
    )
    return hashlib.sha256(b"".join(text for text in sources if b"import njit" in text)).hexdigest()[:16]
