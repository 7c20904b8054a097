"""Two people answer for an edition, and one person under two spellings is one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from stroke_map.editions.approval import Accepted, Said, check_approval, tidy_name
from stroke_map.editions.publish import publish, read_publication, rollback
from stroke_map.editions.seal import seal
from stroke_map.errors import EditionError, InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def prepared(geodata: Path, make_edition: Callable, info_of: Callable) -> Callable[[str, str], None]:
    """Make an edition that names who prepared it."""

    def make(edition_id: str, by: str) -> None:
        folder = make_edition(edition_id)
        (folder / "edition.json").unlink()
        seal(folder, info_of(edition_id).model_copy(update={"prepared_by": by}))

    return make


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Wang Fang", "wang  fang"),
        ("Wang Fang", "ＷＡＮＧ ＦＡＮＧ"),
        ("王芳", "王\u200b芳"),
        ("王芳", "\u202e王芳"),
        ("王 芳", "王芳"),
        ("J. Müller", "j mu\u0308ller"),
        ("Strauß", "STRAUSS"),
    ],
)
def test_one_name_written_otherwise_is_one_person(one: str, other: str) -> None:
    with pytest.raises(EditionError, match="cannot approve it too"):
        check_approval(tidy_name(one, "prepared_by"), tidy_name(other, "approved_by"))


def test_two_people_may() -> None:
    check_approval("王芳", "王方")
    check_approval("", "")


@pytest.mark.parametrize("name", ["...", "a\x00b", "x" * 501, "\ud800"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequestError, match="approved_by is no name") as caught:
        tidy_name(name, "approved_by")
    assert caught.value.facts["errors"][0]["field"] == "approved_by"


def test_names_and_reasons_are_kept_tidy() -> None:
    said = Said.checked(reason=" a\n b ", accept="", prepared_by="　王芳 ", approved_by="")
    assert said == Said("a b", Accepted(), "王芳", "")


@pytest.mark.parametrize(
    ("given", "refused", "settled"),
    [
        ("why", set(), ("why", "")),
        ("why", {"totals"}, ("why", "")),
        ("why", {"places"}, ("", "why")),
        ("why", {"totals", "places"}, ("", "")),
        ({"totals": "t"}, {"totals", "places"}, ("t", "")),
        ({"places": "p"}, {"totals", "places"}, ("", "p")),
        ({"places": "p", "totals": "t"}, {"totals", "places"}, ("t", "p")),
        ({"totals": "t", "": "why"}, {"totals", "places"}, ("t", "why")),
        ({"places": "p", "": "why"}, {"totals", "places"}, ("why", "p")),
        ({"totals": "t", "": "why"}, {"totals"}, ("t", "")),
        ({"totals": "t"}, {"places"}, ("t", "")),
    ],
)
def test_one_reason_never_stands_for_two_decisions(given: object, refused: set[str], settled: tuple[str, str]) -> None:
    found = Accepted.checked(given).settled(totals="totals" in refused, places="places" in refused)
    assert (found.totals, found.places) == settled


def test_an_edition_that_somebody_prepared_needs_somebody_else(geodata: Path, prepared: Callable) -> None:
    prepared("a", "王芳")
    for missing, match in ((" ", "nobody has approved"), ("王芳", "cannot approve")):
        with pytest.raises(EditionError, match=match):
            publish(geodata, "a", approved_by=missing)
    assert not (geodata / "current").exists()
    publication = publish(geodata, "a", approved_by=" 李敏")
    assert publication.approvals["a"].by == "李敏"
    assert timedelta() <= datetime.now(UTC) - publication.approvals["a"].at < timedelta(minutes=5)


def test_who_approved_is_remembered_through_switches_and_rollbacks(
    geodata: Path, prepared: Callable, make_edition: Callable
) -> None:
    prepared("a", "王芳")
    prepared("b", "李敏")
    make_edition("c")
    publish(geodata, "a", approved_by="李敏")
    publish(geodata, "b", approved_by="王芳")
    publish(geodata, "c")
    rollback(geodata)
    publication = rollback(geodata)
    assert publication.edition == "a"
    assert {name: approval.by for name, approval in publication.approvals.items()} == {"a": "李敏", "b": "王芳"}
    assert read_publication(geodata) == publication


def test_what_an_older_version_published_is_still_read(geodata: Path, make_edition: Callable) -> None:
    make_edition("a")
    (geodata / "current").write_text('{"edition": "a", "history": [], "published_at": "2026-01-01T00:00:00Z"}')
    assert read_publication(geodata).approvals == {}
    assert publish(geodata, "a").approvals == {}
