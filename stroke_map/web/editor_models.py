"""What the editor's API takes and gives, for the OpenAPI document and the tests."""

from __future__ import annotations

from datetime import date  # noqa: TC003  pydantic reads the annotations
from typing import Annotated, Any, ClassVar, Literal

from flask_openapi3.models import RawModel
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from stroke_map.editions.info import Names  # noqa: TC001
from stroke_map.registry.fields import tidy_text
from stroke_map.web.case_models import Given, Note, Taken, WholeNumber, field

_LONGEST_NAME = 120


def _plain_name(text: str) -> str:
    """What a browser calls a file, without the folders it lay in."""
    name = tidy_text(text).replace("\\", "/").rpartition("/")[2]
    if not name or len(name) > _LONGEST_NAME:
        raise ValueError(f"must be the name of a file, 1 to {_LONGEST_NAME} characters")
    return name


class SheetQuery(BaseModel):
    """What is sent, besides the sheet itself."""

    model_config = ConfigDict(extra="forbid")

    year: WholeNumber = field("The year of the edition to be made.", 2027, ge=2000, le=2100)
    name: Annotated[str, AfterValidator(_plain_name)] = field("What the file is called, for people.", "hospitals.xlsx")


class SheetBody(RawModel):
    """The sheet, as it is."""

    mimetypes: ClassVar[list[str]] = ["application/octet-stream"]  # type: ignore[misc]  # the library reads it off the class


class SheetPath(Given):
    """Which sheet."""

    sheet_id: str = field("The sheet's id.", "3f9a2c0d1b2e4f5a")


class EditionPath(Given):
    """Which edition."""

    edition_id: str = field("The edition's id.", "2027.1")


class BuildEntry(Taken):
    """A build that is to be started."""

    roads: str = field(
        "`same`: those that serve; else one of `road_files`.", "same", default="same", min_length=1, max_length=255
    )
    accept_totals: Note = field(
        "Why totals may differ by more than a fifth; kept in the edition.", "two hospitals have merged", default=""
    )
    accept_places: Note = field(
        "Why hospitals are where the map has them not; kept in the edition.", "the map is old", default=""
    )


class PublishEntry(Taken):
    """An edition that is to serve."""

    instead_of: str | None = field(
        "The one that you saw serving; null: none. A conflict where that is not so.", "2026.1"
    )


class RollbackEntry(Taken):
    """An edition that is to serve no more."""

    from_: str = Field(
        alias="from", description="The one that you saw serving.", json_schema_extra={"example": "2027.1"}
    )
    to: str = field("The one that you saw before it. Where it serves already nothing is done.", "2026.1")


class ToldStep(Given):
    """A step of a check or build."""

    name: str
    share: float = Field(description="How much of it is done, 0 to 1.")
    left_s: float | None = Field(description="Seconds that it still takes, if it goes on as it began.")


class ToldProblem(Given):
    """A cell (or row, or file) that is wrong."""

    severity: Literal["error", "warning"]
    sheet: str
    row: int = Field(description="As a spreadsheet program counts; 0: the whole file.")
    column: str
    address: str = Field(description="The cell of a workbook, such as H12.")
    value: str
    message: Names = Field(description="What is wrong; Chinese is empty where nobody has put it into Chinese.")
    right: Names = Field(description="What would be right.")
    acceptable: bool = Field(description="It may be right all the same: `accept_places` with a reason lets it pass.")


class Failure(Given):
    """Why something stopped."""

    code: str
    detail: str
    next_step: str


class ToldCheck(Given):
    """The check of a sheet."""

    state: Literal["running", "sound", "mistakes", "failed", "interrupted"]
    by: str
    since: AwareDatetime
    steps: list[ToldStep]
    hospitals: int | None
    errors: int | None
    warnings: int | None
    marked: bool = Field(description="Whether there is a copy with the wrong cells marked.")
    failure: Failure | None


class ToldBuild(Given):
    """The build of an edition from a sheet."""

    state: Literal["running", "built", "refused", "failed", "interrupted"]
    by: str
    since: AwareDatetime
    roads: str
    accept_totals: str
    accept_places: str
    steps: list[ToldStep]
    edition: str | None = Field(description="The edition that it made.")
    refusals: list[Names] = Field(description="Totals that differ so much that only `accept_totals` lets them pass.")
    problems: list[ToldProblem]
    report: bool = Field(description="Whether there is a report of what was refused.")
    failure: Failure | None


class ToldSheet(Given):
    """A sheet that was sent."""

    id: str
    name: str
    workbook: bool
    year: int
    by: str
    at: AwareDatetime
    deleted_at: AwareDatetime
    check: ToldCheck | None
    build: ToldBuild | None


class WholeSheet(ToldSheet):
    """A sheet with what is wrong in it."""

    problems: list[ToldProblem]
    more: int = Field(description="How many further problems there are, in the marked copy alone.")


class SheetList(Given):
    """Sheets, the newest first."""

    as_of: AwareDatetime
    sheets: list[ToldSheet]


class Validity(Given):
    """How long an edition still holds."""

    state: Literal["valid", "expiring", "expired", "not yet valid"]
    days_left: int


class ToldEdition(Given):
    """An edition. What a damaged one says of itself is null."""

    id: str
    state: Literal["published", "waiting", "earlier", "damaged"]
    region: Names | None
    valid_from: date | None
    valid_until: date | None
    created_at: AwareDatetime | None
    demo: bool
    hospitals: int | None
    based_on: str
    accepted: str = Field(description="Why it may differ so much from the one it is based on.")
    reason: str
    prepared_by: str
    approved_by: str
    approved_at: AwareDatetime | None
    validity: Validity | None
    report: bool
    may_publish: bool = Field(description="Whether you may let it serve: you have not prepared it.")


class RoadFile(Given):
    """A file of roads to build with."""

    name: str
    size_mb: float
    changed_at: AwareDatetime


class EditionList(Given):
    """Editions, the newest first; and what can be built with."""

    as_of: AwareDatetime
    serving: str | None
    roll_back_to: str | None = Field(description="What a roll-back would let serve again.")
    editions: list[ToldEdition]
    road_files: list[RoadFile]
    building: dict[str, Any] | None = Field(
        description="The `sheet` that is being built from, `by` whom, `since` when."
    )


class Switched(Given):
    """What serves now."""

    serving: str
    published_at: AwareDatetime
