"""How a cell of each kind of column is read."""

from __future__ import annotations

from typing import get_args

import pytest

from stroke_map.registry import Partner
from stroke_map.registry.columns import COLUMNS, Kind
from stroke_map.registry.kinds import (
    read_agents,
    read_cell,
    read_kind,
    read_partners,
    read_phones,
    right_for,
    split_phones,
)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_of_every_kind_there_is_a_column_whose_example_is_read(kind: str) -> None:
    columns = [column for column in COLUMNS.values() if column.kind == kind]
    assert columns
    for column in columns:
        assert read_cell(column, column.example) not in (None, "", ())
        assert column.example in right_for(column) or column.choices


@pytest.mark.parametrize(("text", "kind"), [("医院", "hospital"), ("UNIT", "unit"), (" 卫生院　", "unit")])
def test_kinds_of_site_in_chinese(text: str, kind: str) -> None:
    assert read_kind(text) == kind


def test_agents_by_their_names_in_the_order_given() -> None:
    assert read_agents("尿激酶; Alteplase；TNK") == ("urokinase", "alteplase", "tenecteplase")


@pytest.mark.parametrize("between", [";", "；", ",", "，", "、", "\n", " ; "])
def test_numbers_in_one_cell_are_told_apart(between: str) -> None:
    assert split_phones(f"120{between}023-6869 0000{between}") == ["120", "023-6869 0000"]
    assert read_phones(f"120{between}023-6869 0000") == ("120", "023-6869 0000")


@pytest.mark.parametrize(
    ("text", "partners"),
    [
        ("a", [("a", None)]),
        ("a:", [("a", None)]),
        ("a:0; b", [("a", 0), ("b", None)]),
        ("a：３５；b: 12.5", [("a", 35), ("b", 12.5)]),
        ("", []),
    ],
)
def test_partners_with_and_without_minutes(text: str, partners: list[tuple[str, float | None]]) -> None:
    assert read_partners(text) == tuple(Partner(id=id_, transfer_delay_min=delay) for id_, delay in partners)


@pytest.mark.parametrize("text", ["a b", "a:1:2", "a:-1", "a:x", "a/b; c"])
def test_partners_that_are_none_say_what_would_be_right(text: str) -> None:
    with pytest.raises(ValueError, match=r"an id has|is no number|is out of range") as no:
        read_cell(COLUMNS["transfer_partners"], text)
    assert no.value.args[1] == "ids with minutes, such as ex-002:35; ex-003"
