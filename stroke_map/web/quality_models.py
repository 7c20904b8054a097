"""What the API of quality takes and gives, for the OpenAPI document and the tests."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from stroke_map.web.case_models import Given, field

By = Literal["hospital", "month", "region"]
#: Which times are shown of a condition.
TIMES: Final = {
    "stroke": ("onset_to_door", "door_to_needle", "door_to_puncture"),
    "chest_pain": ("onset_to_door", "door_to_needle", "door_to_wire", "first_contact_to_wire"),
}
_MONTH: Final = re.compile(r"20\d\d-(0[1-9]|1[0-2])", re.ASCII)


def _month(value: Any) -> Any:
    if isinstance(value, str) and not _MONTH.fullmatch(value):
        raise ValueError("must be a month, year-month")
    return value


Month = Annotated[str | None, BeforeValidator(_month)]


class QualityQuery(BaseModel):
    """Which figures."""

    model_config = ConfigDict(extra="forbid")

    from_: Month = Field(
        default=None,
        alias="from",
        description="The first month; eleven months before the last when left out.",
        json_schema_extra={"example": "2026-01"},
    )
    until: Month = field("The last month, this one when left out.", "2026-12", default=None)
    by: By = field("Of what each line is.", "hospital", default="hospital")
    condition: Literal["stroke", "chest_pain"] | None = field("Only this one.", "stroke", default=None)
    hospital: str | None = field("Only this hospital's, by its id.", "cq-001", default=None, max_length=64)


class Within(Given):
    """How many were in time."""

    minutes: float = Field(description="The target.")
    cases: int
    share: float = Field(description="0 to 1.")


class Spread(Given):
    """A time between two moments."""

    cases: int = Field(description="Of how many it is known.")
    few: bool = Field(description="Whether these are too few to say much: fewer than five.")
    median_min: float | None = Field(description="A begun minute counts whole.")
    within: list[Within] = Field(description="For each target of the measure, in the order of `targets`.")


class Wait(Given):
    """How long it took after an alert."""

    alerts: int = Field(description="Of how many it is known.")
    few: bool
    median_s: float | None


class Delivered(Given):
    """Who was brought to a hospital, and whether the list of that day says that it can treat this."""

    cases: int
    capable: int
    unsaid: int = Field(description="To a hospital of which the list does not know.")
    few: bool
    share: float | None = Field(description="`capable` of those of which the list knows, 0 to 1.")


class Alerts(Given):
    """Alerts of the hospital, and how soon they were acknowledged."""

    sent: int
    diversions: int = Field(description="That the hospital diverted.")
    first_acknowledged: Wait = Field(description="By the first team.")
    all_acknowledged: Wait = Field(description="By every team.")


class Line(Given):
    """The figures of one hospital, month or region, of one condition."""

    key: str = Field(description="A hospital's id, a month, a district; empty: of no district that the edition knows.")
    name: dict[str, str]
    region: str | None = Field(description="The hospital's district; of hospitals alone.")
    condition: str
    cases: int
    few: bool
    overridden: int = Field(description="That went elsewhere than the answer put first.")
    needle: int = Field(description="How many were given thrombolysis or fibrinolysis.")
    puncture: int
    wire: int
    delivered: Delivered
    alerts: Alerts
    times: dict[str, Spread]


class Target(Given):
    """In which time treatment is to begin."""

    minutes: float
    status: Literal["verified", "unverified", "local"]
    source: str
    zh: str
    en: str


class Override(Given):
    """A case that went elsewhere than the answer put first."""

    case: int
    month: str
    condition: str
    first_choice: str
    hospital: str
    reason: str


class Quality(Given):
    """Figures of quality: numbers and medians, no single case."""

    edition: str = Field(description="Whose names, districts and targets these are.")
    demo: bool
    zone: str
    from_: str = Field(alias="from")
    until: str
    by: By
    condition: str | None
    hospital: str | None
    lines: list[Line]
    totals: list[Line] = Field(description="The same of all together, a line for each condition.")
    targets: dict[str, dict[str, list[Target]]] = Field(description="By condition and measure, what counts first.")
    overrides: list[Override] | None = Field(
        description="With reasons, of cases that are not yet deleted, the newest first; null for whoever may read no cases."
    )
    more: bool = Field(description="Whether there are older ones than these.")
