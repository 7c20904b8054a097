"""How hypothesis makes hospitals: `st.from_type(Hospital)` in every test of this folder."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import strategies as st

from stroke_map.coordinates import SYSTEMS
from stroke_map.registry.models import AGENTS, CAPABILITIES, Capability, Hospital, Level

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = (
    "<script>alert(1)</script>",
    "${alert(1)}",
    "=cmd|' /C calc'!A0",
    "'=1+1",
    "''-2+3",
    "＝SUM(A1)",
    "@import",
    "-",
    "+86 23 6869 0000",
    "'+86",
    'a "quoted", b; c',
    "; drop table hospitals --",
    "重医附一院",
    "e\u0301",
    "\u202eevil",
    "  two   spaces ",
)

texts = st.one_of(
    st.sampled_from(HOSTILE), st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=30)
)
needed_texts = st.builds("x{}".format, texts) | st.sampled_from(HOSTILE)
hours = st.sampled_from(["24/7", "24小时", "Mo-Fr 08:00-18:00", "Mo-Fr 08:00-18:00; PH off", '22:00-06:00 "ask"'])
levels = st.none() | st.builds(Level, scheme=needed_texts, level=needed_texts)


@st.composite
def capabilities(draw: st.DrawFn, name: str) -> Capability:
    starts, ends = sorted(draw(st.tuples(st.dates(), st.dates())))
    return Capability(
        status=draw(st.sampled_from(["yes", "no", "unknown"])),
        hours=draw(hours),
        valid_from=draw(st.sampled_from([None, starts])),
        valid_until=draw(st.sampled_from([None, ends])),
        body=draw(texts),
        agents=draw(st.lists(st.sampled_from(AGENTS)).map(tuple)) if name == "thrombolysis" else (),
    )


@st.composite
def hospitals(draw: st.DrawFn) -> Hospital:
    crs = draw(st.sampled_from(SYSTEMS))
    # At the edges of the rectangle where GCJ-02 applies, one of its points names two places.
    lats = st.floats(-90, 90) if crs == "WGS-84" else st.floats(1, 55)
    lons = st.floats(-180, 180) if crs == "WGS-84" else st.floats(73, 137)
    lat, lon = draw(lats), draw(lons)
    entrance_lat, entrance_lon = draw(st.sampled_from([(lat, lon), (draw(lats), draw(lons))]))
    told = draw(st.sets(st.sampled_from(CAPABILITIES), max_size=3))
    return Hospital(
        id=draw(st.from_regex(r"\A[a-z0-9][a-z0-9_.-]{0,8}\Z")),
        name_zh=draw(needed_texts),
        **{name: draw(texts) for name in ("name_en", "name_short", "district", "address", "phone")},
        lat=lat,
        lon=lon,
        entrance_lat=entrance_lat,
        entrance_lon=entrance_lon,
        crs=crs,
        kind=draw(st.sampled_from(["hospital", "unit"])),
        stroke_level=draw(levels),
        chest_pain_level=draw(levels),
        capabilities={name: draw(capabilities(name)) for name in told},
    )


st.register_type_strategy(Hospital, hospitals())


@pytest.fixture
def demo_hospital() -> Hospital:
    """One hospital with something in every field."""
    return Hospital(
        id="cq-001",
        name_zh="示范医院",
        name_en="Model Hospital",
        name_short="示范",
        district="渝中区",
        address="解放碑 1 号",
        lat=29.5574,
        lon=106.577,
        entrance_lat=29.5576,
        entrance_lon=106.5772,
        crs="GCJ-02",
        phone="023-6869 0000",
        stroke_level=Level(scheme="国家卒中中心", level="高级"),
        capabilities={
            "thrombolysis": Capability(
                status="yes", valid_until=date(2026, 12, 31), body="卒中学会", agents=("alteplase", "tenecteplase")
            ),
            "ct": Capability(status="yes", hours="Mo-Fr 08:00-18:00"),
            "primary_pci": Capability(status="no"),
        },
    )


@pytest.fixture
def sheet_file(tmp_path: Path):
    """Write CSV text (or bytes) to a file."""

    def write(text: str | bytes) -> Path:
        path = tmp_path / "hospitals.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write
