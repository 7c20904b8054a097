"""The values of every setting in the table.

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
from stroke_map.setting_table import SETTINGS, Setting

__all__ = ["SETTINGS", "Setting", "Settings", "prepare_numba_cache", "read_settings"]


@dataclass(frozen=True)
class Settings:
    """The values in force. Attributes are the names in `SETTINGS`; see there for units."""

    geodata_dir: Path
    cache_dir: Path
    database_url: str
    clinical_key: str
    log_level: str
    log_public_share: float
    session_hours: int
    crew_link_hours: float
    crew_url: str
    dispatch_phone: str
    lockout_attempts: int
    lockout_longest_min: int
    trusted_proxies: int
    audit_dir: Path
    sheets_dir: Path
    sheet_keep_days: int
    roads_dir: str
    plane: str
    host: str
    port: int
    workers: int
    stuck_after_s: float
    stream_port: int
    stream_url: str
    stream_limit: int
    stream_account_limit: int
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
    public_nice: int
    public_rate_per_s: float
    tile_cache_mb: int
    alert_rollover_s: float
    alert_repeat_s: float
    alert_repeat_for_s: float
    alert_not_activated_s: float
    alert_telephone_s: float
    alert_eta_share: float
    alert_close_after_h: float
    case_keep_days: int
    deliver_in_server: bool
    delivery_timeout_s: float
    delivery_lease_s: float
    delivery_longest_wait_s: float
    delivery_give_up_min: float
    allow_private_targets: str
    alert_link: str
    message_lang: str
    smtp_host: str
    smtp_port: int
    smtp_security: str
    smtp_user: str
    smtp_password: str
    smtp_from: str
    gateway_url: str
    gateway_headers: str
    gateway_content_type: str
    gateway_body: str
    gateway_contacts: str
    longest_diversion_h: float
    longest_full_h: float
    longest_ct_down_h: float
    longest_cath_lab_down_h: float
    tile_url: str
    tile_attribution: str
    in_app_crs: str
    report_errors_to: str
    map_review_number: str
    public_url: str
    embed_origins: str


def _default_geodata_dir() -> Path:
    checkout = Path(__file__).resolve().parent.parent / "geodata"
    if (checkout / "regions").is_dir():
        return checkout
    from platformdirs import user_data_path

    return user_data_path("stroke-map")


def _default_cache_dir() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("stroke-map")


_TRUTHS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}


def _convert(setting: Setting, text: str) -> Any:
    try:
        value = _TRUTHS.get(text.lower()) if setting.type is bool else setting.type(text)
    except ValueError:
        value = None
    if setting.choices and value not in setting.choices:
        raise InvalidRequestError(f"{setting.variable} must be one of {', '.join(setting.choices)}")
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
    for name in ("audit_dir", "sheets_dir"):
        values[name] = Path(values[name] or values["geodata_dir"] / name.removesuffix("_dir"))
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
