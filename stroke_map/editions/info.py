"""`edition.json`: what an edition is, what it was built from, and the checksum of every file in it."""

from __future__ import annotations

import hashlib
import re
from datetime import date, datetime  # noqa: TC003 - pydantic reads the annotations
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from stroke_map.errors import EditionError

EDITION_FILE = "edition.json"
FORMAT: Final = 1
DATA_LICENCE = "ODbL-1.0"
DATA_ATTRIBUTION = "© OpenStreetMap contributors"

# An id is a folder name and appears in URLs: no separators, no leading dot (staging folders have one).
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")


Role = Literal["roads", "hospitals", "region", "periods", "places", "population"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Names(_Frozen):
    """A name in both languages."""

    zh: str = ""
    en: str = ""


class RegionInfo(_Frozen):
    """The region an edition answers for; its polygon is in `region.geojson`. Degrees, WGS-84.

    `districts` are what a hospital's district may be; none where they are not known.
    """

    id: str
    name: Names
    bounds: tuple[float, float, float, float]
    districts: tuple[str, ...] = ()


class Source(_Frozen):
    """A file the edition was built from."""

    role: Role
    name: str
    sha256: str
    licence: str


class SealedProtocol(_Frozen):
    """A clinical protocol in force: its version, that of the region's own values, who signed those, and its checksum."""

    condition: str
    version: str
    local_version: str | None = None
    signed_by: str | None = None
    signed_on: date | None = None
    sha256: str


class FileSeal(_Frozen):
    """One file as it was sealed. `head_sha256` covers the first bytes of a large file, for the quick check."""

    size: int
    sha256: str
    head_sha256: str | None = None


class EditionInfo(_Frozen):
    """The whole of `edition.json`.

    `created_at` and the `seal` over it are all in an edition that its inputs do not determine. `inputs` is the checksum over all
    inputs; `based_on` is the edition it was compared with, and `accepted` why its totals may differ from that one's so
    much. `accepted_problems` are what the map speaks against, each with the hospital's id, and why it is right all the same; `reason`
    is why an edition was amended, `prepared_by` who did it. `arrivals` is how many of the nearest hospitals are stored for each group
    of them, "full": all. `bands_of` is the edition of which its pictures of coverage are; "": its own.
    """

    format: Literal[1] = FORMAT
    id: Annotated[str, StringConstraints(pattern=rf"^{_ID.pattern}$")]
    region: RegionInfo
    publisher: Names
    timezone: str
    valid_from: date
    valid_until: date
    demo: bool = False
    created_at: datetime
    licence: str = DATA_LICENCE
    attribution: str = DATA_ATTRIBUTION
    built_from: tuple[Source, ...] = ()
    profiles: tuple[str, ...] = ()
    periods: tuple[str, ...] = ("all",)
    arrivals: Literal["full"] | int = "full"
    protocols: tuple[SealedProtocol, ...] = ()
    counts: dict[str, Any] = Field(default_factory=dict)
    inputs: str = ""
    based_on: str = ""
    accepted: str = ""
    accepted_problems: tuple[str, ...] = ()
    reason: str = ""
    prepared_by: str = ""
    bands_of: str = ""
    files: dict[str, FileSeal] = Field(default_factory=dict)
    seal: str = ""

    @property
    def etag(self) -> str:
        """Changes whenever anything in the edition does: the seal covers every checksum."""
        return self.seal[:16]


def check_edition_id(edition_id: str) -> str:
    """The id itself, if it may be one.

    Raises
    ------
    EditionError
        It could not be a folder name of ours.
    """
    if not _ID.fullmatch(edition_id):
        raise EditionError(
            "an edition's id is 1 to 64 letters, digits, dots, hyphens and underscores, and begins with a letter or digit",
            next_step="Use something like 2026.1.",
        )
    return edition_id


def write_info(info: EditionInfo) -> tuple[EditionInfo, bytes]:
    """The info with its seal, and the bytes of `edition.json`."""
    document = info.model_dump(mode="json", exclude={"seal"})
    seal = hashlib.sha256(_canonical(document)).hexdigest()
    return info.model_copy(update={"seal": seal}), _canonical({**document, "seal": seal})


def read_info(content: bytes) -> EditionInfo:
    """Read `edition.json`.

    The seal is checked against the document as it is written, not as the model understands it, so that a later
    version of this package, with more fields, still accepts it; and the bytes must be the canonical ones, so that
    not even a changed blank goes unnoticed.

    Raises
    ------
    ValueError
        The bytes are not what was sealed.
    EditionError
        It was written by a version of this package that this one cannot read.
    """
    document = orjson.loads(content)
    if not isinstance(document, dict) or not isinstance(document.get("seal"), str):
        raise ValueError("not the description of an edition")  # noqa: TRY004 - what a damaged file holds
    unsealed = {key: value for key, value in document.items() if key != "seal"}
    if hashlib.sha256(_canonical(unsealed)).hexdigest() != document["seal"] or _canonical(document) != content:
        raise ValueError("the seal does not fit")
    try:
        return EditionInfo.model_validate(document)
    except ValidationError as error:
        raise EditionError(
            f"edition {document.get('id')} has format {document.get('format')}; this version reads format {FORMAT}",
            next_step="Build the edition again with this version, or install the version it was built with.",
        ) from error


def _canonical(document: dict[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
