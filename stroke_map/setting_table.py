"""The table of settings: name, type, default, unit, help. `stroke_map.settings` reads their values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    choices: tuple[str, ...] = ()

    @property
    def variable(self) -> str:
        """The environment variable it is read from."""
        return ENVIRONMENT_PREFIX + self.name.upper()


# fmt: off
SETTINGS: tuple[Setting, ...] = (
    Setting(
        "geodata_dir", Path, None, "folder",
        "Where editions live; the checkout's geodata/, else the user data folder.",
    ),
    Setting(
        "cache_dir", Path, None, "folder",
        "Compiled kernels and deep map tiles; the user cache folder when not set.",
    ),
    Setting(
        "database_url", str, "", "address",
        "Live state: live.db in geodata_dir when empty, else postgresql://user:password@host/name.", secret=True,
    ),
    Setting(
        "clinical_key", str, "", "secret",
        "Bearer key for the ambulance profile and patient fields; empty: refused.", secret=True,
    ),
    Setting(
        "log_level", str, "info", "level",
        "The least that is logged.", choices=("debug", "info", "warning", "error"),
    ),
    Setting("log_public_share", float, 0.0, "share", "Of so many public requests the log has a line.", least=0),
    Setting("session_hours", int, 12, "hours", "How long a log-in lasts.", least=1),
    Setting("crew_link_hours", float, 12.0, "hours", "How long a crew's link leads to its open case.", least=0.1),
    Setting(
        "crew_url", str, "", "address",
        "Where crews reach this server, https://...; empty: as the dispatcher does.",
    ),
    Setting("dispatch_phone", str, "120", "number", "What hospitals and crews telephone to reach the dispatcher."),
    Setting(
        "lockout_attempts", int, 5, "attempts",
        "Failed log-ins of a name from one address before it must wait.", least=1,
    ),
    Setting(
        "lockout_longest_min", int, 15, "minutes",
        "The longest wait after failed log-ins; it begins with 30 s and doubles.", least=1,
    ),
    Setting(
        "trusted_proxies", int, 0, "proxies",
        "How many proxies of yours stand in front: who asks, and whether by https, is taken from their headers.", least=0,
    ),
    Setting(
        "audit_dir", Path, None, "folder",
        "Where each worker writes who read what; audit/ in geodata_dir when not set.",
    ),
    Setting(
        "sheets_dir", Path, None, "folder",
        "Where the sheets that editors send are checked and kept; sheets/ in geodata_dir when not set.",
    ),
    Setting("sheet_keep_days", int, 30, "days", "Sheets sent longer ago than this are deleted.", least=1),
    Setting(
        "roads_dir", str, "", "folder",
        "OpenStreetMap files among which editors may choose on their screen; empty: the roads that serve alone.",
    ),
    Setting("plane", str, "both", "public|clinical|both", "Which routes this process answers."),
    Setting("host", str, "127.0.0.1", "address", "Where the server listens."),
    Setting("port", int, 8120, "port", "Where the server listens.", least=0),
    Setting("workers", int, 2, "processes", "Server processes; they share the mapped edition.", least=1),
    Setting(
        "stuck_after_s", float, 30.0, "seconds",
        "A worker in which nothing moves for so long is ended, and another begins; 0: never.", least=0,
    ),
    Setting(
        "stream_port", int, 8121, "port",
        "Where changes are told as server-sent events, beside the server; 0: nowhere.", least=0,
    ),
    Setting("stream_url", str, "", "address", "Where pages reach the stream behind a proxy; empty: at stream_port."),
    Setting("stream_limit", int, 2000, "streams", "Open streams in all; more get 429.", least=1),
    Setting("stream_account_limit", int, 200, "streams", "Open streams of one account; more get 429.", least=1),
    Setting(
        "snap_limit_m", float, 1000.0, "metres",
        "A point farther than this from any usable road is off-network.", least=1,
    ),
    Setting(
        "snap_spread_m", float, 30.0, "metres",
        "How much farther than the nearest a road may be and still be a candidate.", least=0,
    ),
    Setting(
        "walk_speed_kph", float, 4.0, "km/h",
        "From the point to the road, and for every further candidate's extra distance.", least=0.5,
    ),
    Setting(
        "accreditation_grace_days", int, 90, "days",
        "How long after its end an accreditation still counts, marked (class 2).", least=0,
    ),
    Setting(
        "ambulance_width_m", float, 2.2, "metres",
        "The ambulance's width, for roads with limits; used when an edition is built.", least=0.5,
    ),
    Setting(
        "ambulance_height_m", float, 2.9, "metres",
        "The ambulance's height with its light bar; used when an edition is built.", least=0.5,
    ),
    Setting(
        "ambulance_length_m", float, 6.0, "metres",
        "The ambulance's length; used when an edition is built.", least=0.5,
    ),
    Setting(
        "ambulance_weight_t", float, 4.5, "tonnes",
        "The ambulance's weight; used when an edition is built.", least=0.5,
    ),
    Setting(
        "siren_speed_factor", float, 1.0, "factor",
        "How much faster than others the ambulance drives with lights and siren: the service's own measurement.", least=0.5,
    ),
    # The State Council asks for 8 km of road per square kilometre in built-up areas (2016); the lower bound is a choice of ours.
    Setting(
        "urban_roads_km_per_km2", float, 8.0, "km per km2",
        "From this much road around on a place counts as urban, where nobody says what it is like.", least=0.1,
    ),
    Setting(
        "suburban_roads_km_per_km2", float, 2.0, "km per km2",
        "From this much road around on a place counts as suburban; below as rural.", least=0.1,
    ),
    Setting("limit_default", int, 3, "hospitals", "How many hospitals an answer lists.", least=1),
    Setting("limit_max", int, 20, "hospitals", "The most a caller may ask for.", least=1),
    Setting(
        "public_route_concurrency", int, 32, "requests",
        "Public routes and searches under way at once in a worker; more get 429.", least=1,
    ),
    Setting(
        "public_nice", int, 10, "steps",
        "How far a server of the public plane alone stands back for what else runs on its machine (nice).", least=0,
    ),
    Setting(
        "public_rate_per_s", float, 50.0, "questions/s",
        "Public routes and searches one address (IPv6: a /64) may ask of one worker in a second, ten seconds' worth at once; more get 429; 0: no limit.", least=0,
    ),
    Setting("tile_cache_mb", int, 256, "MB", "Bound of the cache of map tiles deeper than the sealed zoom.", least=1),
    Setting(
        "alert_rollover_s", float, 60.0, "seconds",
        "After this an alert calls a silent team's next contact too.", least=1,
    ),
    Setting("alert_repeat_s", float, 120.0, "seconds", "After this a contact is called again.", least=1),
    Setting("alert_repeat_for_s", float, 1200.0, "seconds", "How long contacts are called again.", least=0),
    Setting(
        "alert_not_activated_s", float, 300.0, "seconds",
        "After this the dispatcher is told that no team is activated.", least=1,
    ),
    Setting("alert_telephone_s", float, 360.0, "seconds", "After this the dispatcher is told to telephone.", least=1),
    Setting(
        "alert_eta_share", float, 0.375, "share",
        "The telephone comes at the latest after this share of the drive (3 of 8 minutes); the other times shrink with it.", least=0,
    ),
    Setting(
        "alert_close_after_h", float, 24.0, "hours",
        "An alert nobody closed ends by itself after this.", least=0.1,
    ),
    Setting("case_keep_days", int, 180, "days", "Cases older than this are deleted; monthly figures stay.", least=1),
    Setting(
        "deliver_in_server", bool, True, "true|false",
        "Whether each server process sends messages of alerts; false where `stroke-map deliver` runs.",
    ),
    Setting(
        "delivery_timeout_s", float, 10.0, "seconds",
        "How long one attempt to send a message may take, to the last byte of the answer.", least=0.1,
    ),
    Setting(
        "delivery_lease_s", float, 30.0, "seconds",
        "After this somebody else sends what a killed process was sending.", least=1,
    ),
    Setting(
        "delivery_longest_wait_s", float, 60.0, "seconds",
        "The longest wait between two attempts; it begins with 2 s and doubles.", least=0.1,
    ),
    Setting(
        "delivery_give_up_min", float, 120.0, "minutes",
        "After this a message that fails is dead, and shown.", least=0,
    ),
    Setting(
        "allow_private_targets", str, "", "networks",
        "Networks of one's own that messages may go to, such as 10.20.0.0/16, with blanks between; empty: the public ones alone.",
    ),
    Setting(
        "alert_link", str, "", "address",
        "Where people look at an alert, for messages: {alert} stands for its id; empty: no link.",
    ),
    Setting("message_lang", str, "zh", "zh|en", "The language of messages to people.", choices=("zh", "en")),
    Setting("smtp_host", str, "", "address", "The mail server for messages of alerts; empty: none."),
    Setting("smtp_port", int, 587, "port", "The mail server's port.", least=1),
    Setting(
        "smtp_security", str, "starttls", "starttls|tls|none",
        "How the way to the mail server is protected; with none no password is sent.", choices=("starttls", "tls", "none"),
    ),
    Setting("smtp_user", str, "", "name", "Who logs in to the mail server; empty: nobody."),
    Setting("smtp_password", str, "", "secret", "The password for it.", secret=True),
    Setting("smtp_from", str, "", "mailbox", "Whom messages by mail come from."),
    Setting(
        "gateway_url", str, "", "address",
        "The gateway that sends short messages and reads them out by telephone; {kind}, {phone}, {text} and {id} may stand behind its host; empty: none.", secret=True,
    ),
    Setting(
        "gateway_headers", str, "", "JSON",
        'Headers for it, such as {"Authorization": "Bearer ..."}.', secret=True,
    ),
    Setting(
        "gateway_content_type", str, "application/json", "JSON or form",
        "How its body is written.", choices=("application/json", "application/x-www-form-urlencoded"),
    ),
    Setting(
        "gateway_body", str, '{"kind": "{kind}", "to": "{phone}", "text": "{text}", "id": "{id}"}', "template",
        "Its body, with the same names in braces; values are encoded, never read as JSON or form.", secret=True,
    ),
    Setting(
        "gateway_contacts", str, "voice", "voice|sms",
        "How numbers of the yearly list are called, where there is a gateway.", choices=("voice", "sms"),
    ),
    Setting(
        "longest_diversion_h", float, 4.0, "hours",
        "How long a hospital's diversion may hold before someone must say it again.", least=0.1,
    ),
    Setting("longest_full_h", float, 4.0, "hours", "The same for full.", least=0.1),
    Setting("longest_ct_down_h", float, 4.0, "hours", "The same for CT down.", least=0.1),
    Setting("longest_cath_lab_down_h", float, 4.0, "hours", "The same for cath lab down.", least=0.1),
    Setting(
        "tile_url", str, "", "address",
        "Another base map, in WGS-84 or CGCS2000: an address with {z}, {x} and {y}; empty: the edition's own roads, water and places.",
    ),
    Setting("tile_attribution", str, "", "text", "Whom that base map is by."),
    Setting(
        "in_app_crs", str, "WGS-84", "WGS-84|GCJ-02",
        "The system in which the browsers inside WeChat, Alipay and other apps give the location.", choices=("WGS-84", "GCJ-02"),
    ),
    Setting(
        "report_errors_to", str, "", "address",
        "Where people report a mistake in the list: mailto:... or https://...; empty: no such link.",
    ),
    Setting("map_review_number", str, "", "text", "审图号 shown on the map, where the publisher has one."),
    Setting(
        "public_url", str, "", "address",
        "Where people reach the public map, https://map.example.org: for QR codes, the sitemap and search engines.",
    ),
    Setting(
        "embed_origins", str, "", "origins",
        "Whose pages may show /embed in a frame, with blanks between; empty: nobody's.",
    ),
)
# fmt: on
