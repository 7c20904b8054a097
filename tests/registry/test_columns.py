"""The columns of the sheet, drawn up from data."""

from __future__ import annotations

import csv
import io

import pytest

from stroke_map.registry import CAPABILITIES, CENTRES, TEAMS, Figures, Hospital, write_sheet
from stroke_map.registry.columns import COLUMNS, REQUIRED_COLUMNS, capability_columns, level_columns


def test_every_capability_centre_team_and_figure_has_its_columns() -> None:
    assert {column for name in CAPABILITIES for column in capability_columns(name)} < COLUMNS.keys()
    assert {column for name in CENTRES for column in level_columns(name)} < COLUMNS.keys()
    assert {f"{team}_contacts" for team in TEAMS} < COLUMNS.keys()
    assert {"figures_year", *Figures.model_fields} - {"year"} < COLUMNS.keys()
    assert [name for name in COLUMNS if name.endswith("_agents")] == ["thrombolysis_agents"]


def test_every_field_of_a_hospital_stands_in_a_column(demo_hospital: Hospital) -> None:
    told_otherwise = {"levels", "capabilities", "figures", "contacts"}
    assert Hospital.model_fields.keys() - told_otherwise < COLUMNS.keys()
    stream = io.StringIO()
    write_sheet([demo_hospital], stream)
    (row,) = csv.DictReader(io.StringIO(stream.getvalue()))
    assert list(row) == list(COLUMNS)


def test_five_columns_are_required() -> None:
    assert REQUIRED_COLUMNS == ("id", "name_zh", "lat", "lon", "crs")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_two_columns_have_one_title_and_each_is_explained(language: str) -> None:
    titles = [getattr(column, f"title_{language}").casefold() for column in COLUMNS.values()]
    assert len(set(titles)) == len(titles)
    for column in COLUMNS.values():
        assert 0 < len(getattr(column, f"title_{language}")) <= 50
        assert 0 < len(getattr(column, f"help_{language}")) <= 250
        assert "{" not in getattr(column, f"title_{language}")


def test_an_example_is_one_of_the_choices() -> None:
    chosen = [column for column in COLUMNS.values() if column.choices]
    assert {column.kind for column in chosen} == {"choice", "status", "agents"}
    assert all(set(column.example.split("; ")) <= set(column.choices) for column in chosen)
