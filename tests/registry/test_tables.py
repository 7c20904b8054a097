"""Merged cells, whose text stands in the first of them alone."""

from __future__ import annotations

from stroke_map.registry.tables import Faulty, Merges


def test_a_range_is_filled_downwards_and_across_on_request() -> None:
    merges = Merges([(1, 1, 2, 3)])
    assert merges.fill(1, {0: "a", 1: "b"}, across=False) == {0: "a", 1: "b"}
    assert merges.fill(1, {0: "a", 1: "b"}, across=True) == {0: "a", 1: "b", 2: "b", 3: "b"}
    assert merges.fill(2, {0: "c"}, across=False) == {0: "c", 1: "b"}
    assert merges.fill(2, {0: "c"}, across=True) == {0: "c", 1: "b", 2: "b", 3: "b"}
    assert merges.fill(3, {0: "c"}, across=True) == {0: "c"}


def test_what_stands_in_a_cell_is_not_written_over() -> None:
    assert Merges([(1, 0, 1, 1)]).fill(1, {0: "a", 1: "b"}, across=True) == {0: "a", 1: "b"}


def test_a_row_is_not_changed_in_place() -> None:
    row = {0: "a"}
    Merges([(1, 0, 1, 1)]).fill(1, row, across=True)
    assert row == {0: "a"}


def test_a_blank_or_faulty_first_cell_fills_nothing() -> None:
    merges = Merges([(1, 0, 2, 1)])
    faulty = Faulty("1", "is a formula", "the value")
    assert merges.fill(1, {0: faulty}, across=True) == {0: faulty}
    assert merges.fill(2, {5: "x"}, across=True) == {5: "x"}
