"""The shape of every answer, for the OpenAPI document and the tests.

The hot path does not pass through these models: building them costs more than finding the answer. `dispatch.answer`
gives a dict in this shape, which goes straight to orjson; a test reads it back through `Answer`.
"""

from __future__ import annotations

from datetime import date  # noqa: TC003  pydantic reads the annotations
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from stroke_map.live.statuses import Trouble  # noqa: TC001
from stroke_map.registry import CENTRES

Degrees = Annotated[float, Field(description="Degrees, WGS-84.")]
Metres = Annotated[float, Field(ge=0, description="Metres.")]
Seconds = Annotated[float, Field(ge=0, description="Seconds.")]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Text(_Shape):
    """The same words in both languages."""

    zh: str
    en: str


class Level(_Shape):
    """A level is shown, never used to route: routing looks at capabilities alone."""

    scheme: str
    level: str


Levels = Annotated[
    dict[str, Level | None],
    Field(
        description="The published level by kind of centre; null where it has none.",
        json_schema_extra={"required": list(CENTRES)},
    ),
]


class LineString(_Shape):
    """GeoJSON: longitude, latitude, WGS-84."""

    type: Literal["LineString"]
    coordinates: list[tuple[float, float]] = Field(json_schema_extra={"example": [[106.577, 29.5574], [106.58, 29.56]]})


class Step(_Shape):
    """One instruction: consecutive segments of one street are one step."""

    maneuver: str
    name: str = Field(description="Street name as on the map; empty where it has none.")
    ref: str = Field(description="Road number; empty where it has none.")
    distance_m: Metres
    travel_time_s: Seconds
    lat: Degrees = Field(description="Where it begins.")
    lon: Degrees = Field(description="Where it begins.")
    text: Text


class Navigation(_Shape):
    """Links that open a navigation app at the hospital; each in its provider's coordinate system."""

    amap: str
    baidu: str
    tencent: str
    apple: str
    call: str


Minutes = Annotated[float, Field(ge=0, description="Minutes since onset or last known well, first contact or the ECG.")]
Whose = Literal["hospital", "partner", "protocol", "reported"]


class Onward(_Shape):
    """Going on to another hospital after the first drug."""

    hospital: str
    agreed: bool = Field(description="Whether it is an agreed transfer partner.")
    leaves_min: Minutes
    arrives_min: Minutes
    puncture_min: Minutes | None
    angiography_min: tuple[Minutes, Minutes] | None = Field(description="From when to when angiography follows.")
    leaving_source: Whose


class Predicted(_Shape):
    """When treatment would begin at a hospital, and whose figures these are: its own medians, or the protocol's defaults."""

    needle_min: Minutes | None
    needle_source: Whose | None
    puncture_min: Minutes | None
    puncture_source: Whose | None
    wire_min: Minutes | None
    wire_source: Whose | None
    onward: Onward | None
    expected_outcome: float | None = Field(
        description="P(mRS 0-1), Holodinsky 2018: explains, never decides; null where it is not modelled.", ge=0, le=1
    )
    outcome_tie: bool
    reasons: list[Text]


class SaidStatus(_Shape):
    """What a hospital says of itself for the time of arrival."""

    kind: Trouble
    until: AwareDatetime
    text: Text


class SeenStatus(SaidStatus):
    """A status without which the answer could be another."""

    hospital: str
    name: Text
    phone: str
    travel_time_s: Seconds | None = Field(description="Null where no road could be given.")
    reason: str | None = Field(description="Why; with profile=ambulance only.")
    author: str | None = Field(description="Who says so; with profile=ambulance only.")


class RankedHospital(_Shape):
    """One choice. Class 1: can, valid, open; 2: lapsed a short time ago; 3: telephone first; 4: not known."""

    id: str
    name: Text
    class_: Literal[1, 2, 3, 4] = Field(alias="class")
    travel_time_s: Seconds
    travel_time_range_s: tuple[Seconds, Seconds] | None = Field(
        description="10th to 90th percentile by runs that were really driven; null where the edition has no calibration."
    )
    distance_m: Metres
    statuses: list[SaidStatus] = Field(description="What the hospital says of itself for the time of arrival.")
    capabilities: list[str] = Field(description='The capabilities registered as "yes".')
    level: Levels
    phone: str
    lat: Degrees = Field(description="Latitude of the emergency entrance in degrees, WGS-84.")
    lon: Degrees = Field(description="Longitude of the emergency entrance in degrees, WGS-84.")
    why_not_first: Text | None
    predicted: Predicted | None = Field(description="Null where nothing was told of the patient.")
    geometry: LineString | None = Field(description="The road; for the first alone unless roads=all.")
    steps: list[Step] | None = Field(description="The instructions; for the first alone unless roads=all.")
    navigation: Navigation


class Snapped(_Shape):
    """Where on the road the drive begins."""

    lat: Degrees
    lon: Degrees
    street: str
    distance_m: Metres
    walk_time_s: Seconds = Field(description="From the place to this road on foot; not in the hospitals' travel times.")


class Origin(_Shape):
    """The place asked about, as it was given, and the road under it."""

    lat: float = Field(description="Degrees, in the system `crs`.")
    lon: float = Field(description="Degrees, in the system `crs`.")
    crs: str
    snapped: Snapped


class LiveState(_Shape):
    """How fresh the closures and hospital reports behind this answer are."""

    as_of: AwareDatetime | None
    stale: bool


class AvoidedClosure(_Shape):
    """A closure or slow-down that the usual road would have met."""

    id: int
    kind: Literal["closed", "slow"]
    reason: str


class Notice(_Shape):
    """One line a reader must see ("stop", "caution") or may ("note")."""

    code: str
    severity: Literal["stop", "caution", "note"]
    text: Text


class Advised(_Shape):
    """What a rule would have advised, had its values been verified or signed."""

    rule: str
    hospital: str
    doubtful: list[str]
    text: Text


class IfEcg(_Shape):
    """What the answer would be with this ECG."""

    ecg: str
    rule: str
    hospital: str
    text: Text


class EcgPlace(_Shape):
    """Where an ECG can be had on the way."""

    hospital: str
    travel_time_s: Seconds


class SignedProtocol(_Shape):
    """Which protocol decided, and who signed a region's own values."""

    version: str
    local_version: str | None
    signed_by: str | None
    signed_on: date | None
    sha256: str


class Decision(_Shape):
    """The rule that chose. What follows `text` is there only where something was told of the patient."""

    strategy: str
    rule: str
    text: Text
    clock: str | None = Field(default=None, description="From where minutes are counted.")
    next_hospital: str | None = Field(default=None, description="Where to go on to from the first choice.")
    rests_on: list[str] = Field(default=[], description="The protocol's values behind the rule.")
    advised: Advised | None = None
    if_ecg: list[IfEcg] = []
    ecg_place: EcgPlace | None = None
    protocol: SignedProtocol | None = None


class Beside(_Shape):
    """A hospital that was not ranked, but that a dispatcher may still want to telephone."""

    id: str
    name: Text
    class_: Literal[3, 4] = Field(alias="class")
    travel_time_s: Seconds
    phone: str
    statuses: list[SaidStatus]


class Besides(_Shape):
    """Classes 3 and 4, beside a clinical answer."""

    telephone_first: list[Beside]
    unknown: list[Beside]


class Answer(_Shape):
    """The hospitals that can treat this patient, best first, and the road to them."""

    edition: str
    profile: Literal["car", "ambulance"]
    period: str = Field(description="The time of the week whose times these are; all: no matter when.")
    asked_at: AwareDatetime
    demo: bool = Field(description="True: made-up data, not for emergencies.")
    origin: Origin
    hospitals: list[RankedHospital]
    decision: Decision | None
    live_state: LiveState
    closures_avoided: list[AvoidedClosure] = Field(description="Why the road is not the usual one.")
    statuses_seen: list[SeenStatus] = Field(
        description="What hospitals say of themselves that took one of them out of its place, the nearest first."
    )
    warnings: list[Notice]
    attribution: str
    licence: str
    besides: Besides | None = Field(default=None, description="With profile=ambulance only.")


class Mistake(_Shape):
    """What is wrong with one field; the value that was sent is never repeated."""

    field: str
    problem: str
    example: Any


class Fallback(_Shape):
    """A capable hospital by straight line, where no road could be given."""

    id: str
    name: Text
    lat: Degrees
    lon: Degrees
    phone: str
    straight_line_m: Metres
    capabilities: list[str]
    class_: Literal["straight-line"] = Field(alias="class")


class Problem(BaseModel):
    """RFC 9457: every error of this service."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(json_schema_extra={"example": "urn:stroke-map:problem:off-network"})
    title: str
    status: int
    detail: str
    code: str = Field(
        description="Stable; what a program should look at.", json_schema_extra={"example": "off-network"}
    )
    next_step: str = Field(description="What to do about it.")
    request_id: str | None = Field(
        default=None, description="As in the X-Request-Id of every answer: by it the operator finds what the log says."
    )
    errors: list[Mistake] | None = Field(default=None, description="invalid-request: each field with its mistake.")
    fallback: list[Fallback] | None = Field(
        default=None, description="outside-area, off-network, no-route: capable hospitals by straight line."
    )
    statuses_seen: list[SeenStatus] | None = Field(
        default=None, description="With fallback: hospitals that could treat this, and say that they cannot now."
    )


class HospitalCollection(BaseModel):
    """GeoJSON FeatureCollection of every hospital of the edition; points are emergency entrances, WGS-84."""

    model_config = ConfigDict(extra="allow")

    type: Literal["FeatureCollection"]
    features: list[dict[str, Any]]


class Health(_Shape):
    """The process is alive."""

    status: Literal["ok"]
    version: str


class Reason(_Shape):
    """Why a process is not all it should be."""

    code: str
    next_step: str


class Checked(_Shape):
    """One thing that was looked at. "warning": nothing is missing yet; "failing": answers go on, with less than there should be."""

    name: str
    state: Literal["ok", "unknown", "warning", "failing"]
    text: Text
    code: str | None = Field(description="Stable; null where all is well.")
    next_step: str | None


class Readiness(_Shape):
    """The process can answer."""

    status: Literal["ready", "degraded"]
    edition: str
    valid_until: str
    days_left: int = Field(description="To the last day of the edition; negative: so many days ago.")
    demo: bool
    live_state: LiveState
    reasons: list[Reason] = Field(description="Of every check that warns or fails.")
    checks: list[Checked]
