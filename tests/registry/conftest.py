"""How hypothesis makes hospitals: `st.from_type(Hospital)` in every test of this folder."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import strategies as st

from stroke_map.coordinates import SYSTEMS
from stroke_map.registry import CAPABILITIES, CENTRES, Capability, Contact, Figures, Hospital, Level, Partner
from stroke_map.registry.models import AGENTS
from stroke_map.registry.network_models import CASES, MEDIANS, TEAMS

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
days = st.none() | st.dates()
levels = st.builds(Level, scheme=needed_texts, level=needed_texts, body=texts, assessed_on=days, valid_until=days)
ids = st.from_regex(r"\A[a-z0-9][a-z0-9_.-]{0,8}\Z")
delays = st.none() | st.floats(0, 1440)
phones = st.sampled_from(
    ["120", "023-6869 0000", "+86 23 6869 0000", "０２３ 6869 0000 转 8", "(023) 6869.0000 ext. 12"]
)
contacts = st.builds(Contact, team=st.sampled_from(TEAMS), phone=phones)
figures = st.builds(
    Figures,
    year=st.none() | st.integers(1990, 2100),
    **dict.fromkeys(CASES, st.none() | st.integers(0, 1_000_000)),
    **dict.fromkeys(MEDIANS, st.none() | st.floats(0.1, 1440)),
)


@st.composite
def capabilities(draw: st.DrawFn, name: str) -> Capability:
    starts, ends = sorted(draw(st.tuples(st.dates(), st.dates())))
    return Capability(
        status=draw(st.sampled_from(["yes", "no", "unknown"])),
        hours=draw(hours),
        valid_from=draw(st.sampled_from([None, starts])),
        valid_until=draw(st.sampled_from([None, ends])),
        body=draw(texts),
        assessed_on=draw(days),
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
    # Ids of other hospitals, whether they are there or not: the one that looks is the sheet, not the model.
    id_, lead, remote, *partners = draw(st.lists(ids, min_size=3, max_size=6, unique=True))
    told = draw(st.sets(st.sampled_from(CAPABILITIES), max_size=3))
    return Hospital(
        id=id_,
        name_zh=draw(needed_texts),
        **{name: draw(texts) for name in ("name_en", "name_short", "organisation", "campus", "district", "address")},
        phone=draw(texts),
        community=draw(texts),
        lat=lat,
        lon=lon,
        entrance_lat=entrance_lat,
        entrance_lon=entrance_lon,
        crs=crs,
        kind=draw(st.sampled_from(["hospital", "unit"])),
        lead_hospital=draw(st.sampled_from(["", lead])),
        remote_ecg_partner=draw(st.sampled_from(["", remote])),
        transfer_partners=tuple(Partner(id=one, transfer_delay_min=draw(delays)) for one in partners),
        contacts=tuple(draw(st.lists(contacts, max_size=3))),
        figures=draw(figures),
        levels=draw(st.dictionaries(st.sampled_from(list(CENTRES)), levels, max_size=2)),
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
        organisation="示范医院集团",
        campus="渝中院区",
        lead_hospital="cq-002",
        community="渝中区医共体",
        transfer_partners=(Partner(id="cq-002", transfer_delay_min=35), Partner(id="cq-003")),
        remote_ecg_partner="cq-003",
        contacts=(Contact(team="neurology", phone="023-6869 0001"), Contact(team="emergency", phone="023-6869 0002")),
        figures=Figures(year=2025, thrombolysis_cases=210, thrombectomy_cases=0, door_to_needle_min=38.5),
        levels={
            "stroke": Level(
                scheme="国家卒中中心",
                level="高级",
                body="卒中学会",
                assessed_on=date(2024, 5, 1),
                valid_until=date(2027, 4, 30),
            )
        },
        capabilities={
            "thrombolysis": Capability(
                status="yes",
                valid_from=date(2024, 1, 1),
                valid_until=date(2026, 12, 31),
                body="卒中学会",
                assessed_on=date(2023, 12, 1),
                agents=("alteplase", "tenecteplase"),
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
