"""The report of an amendment: what it changed, safe to open, and where coverage stands."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import pytest

from stroke_map.maps.amendment import write_amendment
from stroke_map.maps.report_texts import REPORT_TEXTS
from stroke_map.registry import Problem
from stroke_map.registry.compare import compare_hospitals

if TYPE_CHECKING:
    from pathlib import Path

    from stroke_map.editions import Edition

PROBLEM = Problem("warning", "</td><script>.csv", 7, "phone", "<img src=x>", "is no number", "digits", "H7")


@pytest.fixture(params=["", "2026.1"], ids=["pictures of its own", "pictures of another edition"])
def page(town: Edition, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The page of an amendment by which the first hospital got another number and another name."""
    first, *others = town.hospitals
    after = [first.model_copy(update={"phone": "120", "name_zh": "<b>新名</b>"}), *others]
    changes = compare_hospitals(town.hospitals, after)
    info = town.info.model_copy(update={"id": "town.1", "based_on": town.info.id, "bands_of": request.param})
    notes = {"reason": "<i>换号</i>", "prepared_by": "", "accepted": ""}
    write_amendment(
        tmp_path, info=info, hospitals=(town.hospitals, after), changes=changes, problems=[PROBLEM], notes=notes
    )
    return (tmp_path / "report.html").read_text(encoding="utf-8")


def test_it_says_what_changed_why_and_where_coverage_stands(
    page: str, town: Edition, request: pytest.FixtureRequest
) -> None:
    said = html.unescape(page)
    for text in ("town.1", town.info.id, "<i>换号</i>", "120", "<b>新名</b>", "is no number"):
        assert text in said
    for name in ("title_amended", "renamed", "changes", "totals", "warnings", "sources"):
        for text in REPORT_TEXTS.get(name, ("更名", "Renamed")):
            assert text in said, name
    for text in REPORT_TEXTS["not_measured"]:
        assert text.format(town.info.id, "town.1") in said
    assert REPORT_TEXTS["prepared_by"][1] not in said
    kept = [text.format("2026.1") in said for text in REPORT_TEXTS["bands_of"]]
    assert kept == [request.node.callspec.params["page"] == "2026.1"] * 2


def test_nothing_in_it_is_code_or_comes_from_elsewhere(page: str) -> None:
    for mark in ("<script", "<img", "<b>", "<i>", "<svg", "<link", "url("):
        assert mark not in page
    assert "default-src 'none'" in page
