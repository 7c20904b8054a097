"""Pruning takes what nobody needs, and never what somebody may have to go back to."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from stroke_map.editions.prune import prunable, prune
from stroke_map.editions.publish import list_editions, publish, rollback
from stroke_map.editions.seal import seal
from stroke_map.errors import NoEditionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def make_of(geodata: Path, make_edition: Callable, info_of: Callable) -> Callable[..., None]:
    """Make editions of these years, each made in its year."""

    def make(*years: int) -> None:
        for year in years:
            folder = make_edition(str(year), year)
            (folder / "edition.json").unlink()
            seal(folder, info_of(str(year)).model_copy(update={"created_at": datetime(year, 1, 1, tzinfo=UTC)}))

    return make


def left(geodata: Path) -> list[str]:
    return [state.id for state in list_editions(geodata)]


def ids(geodata: Path, keep: int) -> list[str]:
    return [state.id for state in prunable(geodata, keep)]


@pytest.mark.parametrize(
    ("keep", "may_go"), [(1, ["2021", "2022", "2023"]), (2, ["2021", "2022"]), (3, ["2021"]), (9, ["2021"])]
)
def test_the_editions_to_go_back_to_stay(geodata: Path, make_of: Callable, keep: int, may_go: list[str]) -> None:
    make_of(2021, 2022, 2023, 2024, 2025, 2026)
    for year in ("2022", "2023", "2024", "2025"):
        publish(geodata, year)
    # 2021 never served; 2026 is new and may be about to.
    assert ids(geodata, keep) == may_go
    prune(geodata, may_go, keep)
    assert set(left(geodata)) == {"2021", "2022", "2023", "2024", "2025", "2026"} - set(may_go)
    assert rollback(geodata).edition == "2024"


def test_keeping_none_keeps_one(geodata: Path, make_of: Callable) -> None:
    make_of(2024, 2025)
    publish(geodata, "2024")
    publish(geodata, "2025")
    assert ids(geodata, 0) == []


def test_it_says_what_it_freed(geodata: Path, make_of: Callable) -> None:
    make_of(2023, 2024, 2025)
    for year in ("2024", "2025"):
        publish(geodata, year)
    folder = geodata / "editions" / "2023"
    shared = folder / "roads" / "car" / "large.npy"
    os.link(shared, geodata / "another edition's")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) - shared.stat().st_size
    assert prune(geodata, ["2023"]) == size
    assert sorted(path.name for path in (geodata / "editions").iterdir()) == ["2024", "2025"]
    assert prune(geodata, []) == 0


def test_what_is_needed_by_now_is_not_taken(geodata: Path, make_of: Callable) -> None:
    make_of(2023, 2024, 2025)
    publish(geodata, "2025")
    assert ids(geodata, 1) == ["2023", "2024"]
    publish(geodata, "2023")
    assert prune(geodata, ["2023", "2024", "2025"], 1) == 0
    assert left(geodata) == ["2023", "2024", "2025"]


def test_a_damaged_edition_may_go_unless_it_is_needed(geodata: Path, make_of: Callable) -> None:
    make_of(2023, 2024, 2025, 2026)
    for year in ("2024", "2025"):
        publish(geodata, year)
    for year in ("2024", "2026"):
        (geodata / "editions" / year / "registry.db").unlink()
    assert ids(geodata, 1) == ["2023", "2026"]


def test_while_the_published_edition_is_damaged_no_sound_one_goes(geodata: Path, make_of: Callable) -> None:
    make_of(2023, 2024, 2025)
    for year in ("2024", "2025"):
        publish(geodata, year)
    (geodata / "editions" / "2025" / "registry.db").unlink()
    assert ids(geodata, 1) == []


def test_without_a_published_edition_nothing_goes(geodata: Path, make_of: Callable) -> None:
    make_of(2023)
    with pytest.raises(NoEditionError):
        prune(geodata, ["2023"])
    assert left(geodata) == ["2023"]


def test_an_edition_that_was_deleted_counts_for_none(geodata: Path, make_of: Callable) -> None:
    make_of(2022, 2023, 2024, 2025)
    for year in ("2022", "2023", "2024", "2025"):
        publish(geodata, year)
    shutil.rmtree(geodata / "editions" / "2024")
    assert ids(geodata, 1) == ["2022"]
