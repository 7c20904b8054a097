"""Sheets that somebody means harm with, through the whole command: refused without a trace, or text wherever it is shown."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from faults.bed import Bed
from faults.hostile_files import NAMES
from faults.sheets import check_sheets, html_skeleton, script_skeleton

PLACES = {"/", "/map.js", "/api/v1/hospitals", "/api/v1/search", "report.html", "csv export", "xlsx export"}


@pytest.mark.slow
def test_hostile_sheets_do_no_harm(tmp_path: Path) -> None:
    done = check_sheets(Bed(tmp_path), some=2, blank_rows=20_000, show=lambda _part, _share: None)
    assert len(done.refused) == 2
    assert len(done.harmless) == 2
    assert set(done.text_alone_in) > PLACES
    assert done.answers


@pytest.mark.parametrize("name", [name for name in NAMES if "<" in name])
def test_a_name_that_became_an_element_would_be_noticed(name: str) -> None:
    page = '<ul><li title="{}">{}</li></ul>'
    assert html_skeleton(page.format("Plain", name)) != html_skeleton(page.format("Plain", "Plain"))


@pytest.mark.parametrize("name", ['"><img src=x onerror=alert(1)>', '" onclick="alert(1)'])
def test_a_name_that_left_its_attribute_would_be_noticed(name: str) -> None:
    page = '<ul><li title="{}">Plain</li></ul>'
    assert html_skeleton(page.format(name)) != html_skeleton(page.format("Plain"))


def test_an_address_that_is_code_would_be_noticed() -> None:
    assert html_skeleton('<a href="javascript:alert(1)">x</a>') != html_skeleton('<a href="/map">x</a>')


@pytest.mark.parametrize("script", ["L.map(`{}`)", "L.map({})", 'L.map("{}")'])
def test_a_name_that_a_script_would_run_would_be_noticed(script: str) -> None:
    assert script_skeleton(script.replace("{}", '"+alert(1)+"')) != script_skeleton(script.replace("{}", "Plain"))


def test_texts_of_a_script_do_not_count() -> None:
    assert script_skeleton('f("one \\" two", 3)') == script_skeleton('f("${alert(1)}", 3)') == "f(, 3)"
