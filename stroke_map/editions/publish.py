"""Publish an edition, go back to the one before, list them: `geodata/current` names the one that serves.

A reader needs no lock: `current` is replaced in one step, and the folder it names never changes.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stroke_map.editions.approval import check_approval, tidy_name
from stroke_map.editions.copying import keep_apart
from stroke_map.editions.files import disk_faults, exclusive_lock, write_atomically
from stroke_map.editions.info import EditionInfo, check_edition_id
from stroke_map.editions.seal import damaged, verify
from stroke_map.errors import ConflictError, EditionDamagedError, EditionError, NoEditionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CURRENT_FILE = "current"
CURRENT_BYTES = 4096  # one block of the disk
# How many switches can be undone, one after the other.
HISTORY_LENGTH = 8
# A switch itself takes milliseconds; longer means that something hangs with the lock in its hand.
SWITCH_PATIENCE_S = 10.0


class Approval(BaseModel):
    """Who let an edition serve, and when."""

    model_config = ConfigDict(frozen=True)

    by: str
    at: datetime


class Publication(BaseModel):
    """What `geodata/current` says: the edition that serves, and those it replaced, the latest first.

    `approvals` has the last approval of every edition that ever got one: an edition is sealed before anyone approves it.
    """

    model_config = ConfigDict(frozen=True)

    edition: str
    history: tuple[str, ...] = ()
    published_at: datetime
    approvals: dict[str, Approval] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EditionState:
    """One line of the list. `info` is None, and `problem` says why, where the edition is damaged."""

    id: str
    state: Literal["published", "previous", "sealed", "damaged"]
    info: EditionInfo | None
    problem: EditionError | None = None


def editions_dir(geodata_dir: Path) -> Path:
    """Where the sealed editions are, one folder each."""
    return geodata_dir / "editions"


def edition_folder(geodata_dir: Path, edition_id: str) -> Path:
    """The folder of an edition, whether it exists or not; EditionError for an impossible id."""
    return editions_dir(geodata_dir) / check_edition_id(edition_id)


def existing_folder(geodata_dir: Path, edition_id: str) -> Path:
    """The folder of an edition that is there; EditionError for an impossible id, or where there is no such edition."""
    folder = edition_folder(geodata_dir, edition_id)
    if not folder.is_dir():
        raise EditionError(f"there is no edition {edition_id} in {editions_dir(geodata_dir)}", edition=edition_id)
    return folder


def read_publication(geodata_dir: Path) -> Publication:
    """What is published.

    Raises
    ------
    NoEditionError
        Nothing is.
    EditionDamagedError
        The file `current` is not one of ours.
    """
    try:
        publication = Publication.model_validate_json((geodata_dir / CURRENT_FILE).read_bytes())
        for edition_id in (publication.edition, *publication.history):
            check_edition_id(edition_id)
    except FileNotFoundError:
        raise NoEditionError(f"nothing is published in {geodata_dir}") from None
    except (ValidationError, EditionError, OSError) as error:
        raise EditionDamagedError(
            f"{geodata_dir / CURRENT_FILE} does not name an edition",
            next_step="Run `stroke-map edition publish` with an edition of `stroke-map edition list`.",
            files=[CURRENT_FILE],
            problems={CURRENT_FILE: "changed"},
        ) from error
    return publication


def verify_edition(geodata_dir: Path, edition_id: str, *, full: bool = True) -> EditionInfo:
    """Check one edition, every byte of it unless `full` is False.

    Raises
    ------
    EditionError
        There is no such edition.
    EditionDamagedError
        `facts["files"]` names what is damaged.
    """
    return verify(existing_folder(geodata_dir, edition_id), edition_id=edition_id, full=full)


def publish(geodata_dir: Path, edition_id: str, *, approved_by: str = "", instead_of: str | None = None) -> Publication:
    """Verify every byte of an edition, then let it serve. Publishing what is published changes nothing but the time.

    Parameters
    ----------
    approved_by
        Who has looked at it; needed where the edition names who prepared it, and another name.
    instead_of
        Only in the place of this edition, "" of none; None: whatever serves.

    Raises
    ------
    ConflictError
        Another one than `instead_of` serves.
    EditionError
        There is no such edition, nobody else approves it, or `current` cannot be written.
    EditionDamagedError
        It is not what was sealed; what was published stays so.
    """
    approved_by = tidy_name(approved_by, "approved_by")
    # The long check holds no lock, so that a rollback never waits for it.
    info = verify_edition(geodata_dir, edition_id, full=True)
    check_approval(info.prepared_by, approved_by)
    with disk_faults(geodata_dir, lambda: sum(file.size for file in info.files.values())):
        keep_apart(edition_folder(geodata_dir, edition_id), info)
    with switching(geodata_dir):
        verify_edition(geodata_dir, edition_id, full=False)
        before = read_or_none(geodata_dir)
        _check_serving(before.edition if before else "", instead_of)
        replaced = () if before is None else (before.edition, *before.history)
        history = tuple(dict.fromkeys(other for other in replaced if other != edition_id))
        approvals = dict(before.approvals) if before else {}
        if approved_by:
            approvals[edition_id] = Approval(by=approved_by, at=datetime.now(UTC))
        return _switch(geodata_dir, edition_id, history, approvals)


def rollback(geodata_dir: Path, *, instead_of: str | None = None) -> Publication:
    """Let the edition before the published one serve again; a second rollback goes back one further.

    Only the quick check is made: going back must not wait. Editions that were deleted meanwhile are passed over.

    Parameters
    ----------
    instead_of
        Only where this edition serves, so that who asks twice goes back once; None: whatever serves.

    Raises
    ------
    ConflictError
        Another one serves.
    NoEditionError
        Nothing is published.
    EditionError
        There is nothing to go back to.
    EditionDamagedError
        The edition before is damaged; the published one stays.
    """
    with switching(geodata_dir):
        before = read_publication(geodata_dir)
        _check_serving(before.edition, instead_of)
        target, history = way_back(geodata_dir, before)
        if target:
            verify_edition(geodata_dir, target, full=False)
            return _switch(geodata_dir, target, history, before.approvals)
    raise EditionError(
        "there is no edition to go back to", next_step="Publish one of `stroke-map edition list` by its id."
    )


def way_back(geodata_dir: Path, publication: Publication) -> tuple[str, tuple[str, ...]]:
    """The edition that a rollback would lead to, "" where there is none, and what would be left of the history."""
    history = list(publication.history)
    while history:
        target = history.pop(0)
        if edition_folder(geodata_dir, target).is_dir():
            return target, tuple(history)
    return "", ()


def _check_serving(serving: str, instead_of: str | None) -> None:
    if instead_of is not None and instead_of != serving:
        raise ConflictError(f"{serving or 'No edition'} serves now.", next_step="Look at the list of editions again.")


def list_editions(geodata_dir: Path) -> list[EditionState]:
    """Every edition, quickly checked, by id. What a build that died left behind is not among them."""
    publication = read_or_none(geodata_dir)
    folder = editions_dir(geodata_dir)
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_dir()) if folder.is_dir() else []
    return [_state(geodata_dir, name, publication) for name in names if not name.startswith(".")]


def _state(geodata_dir: Path, edition_id: str, publication: Publication | None) -> EditionState:
    try:
        info = verify_edition(geodata_dir, edition_id, full=False)
    except EditionError as error:
        return EditionState(edition_id, "damaged", None, error)
    if publication is not None and edition_id == publication.edition:
        return EditionState(edition_id, "published", info)
    if publication is not None and edition_id in publication.history[:1]:
        return EditionState(edition_id, "previous", info)
    return EditionState(edition_id, "sealed", info)


def published_folder(geodata_dir: Path) -> tuple[Publication, Path]:
    """What is published, and its folder.

    Raises
    ------
    NoEditionError
        Nothing is published.
    EditionDamagedError
        The published edition is gone.
    """
    publication = read_publication(geodata_dir)
    folder = edition_folder(geodata_dir, publication.edition)
    if not folder.is_dir():
        raise damaged(publication.edition, {f"editions/{publication.edition}": "missing"})
    return publication, folder


@contextmanager
def switching(geodata_dir: Path) -> Iterator[None]:
    """Hold the lock of switches: what `current` says stays until the end."""
    lock = geodata_dir / ".publish.lock"
    busy = "another process is publishing at this moment"
    with disk_faults(geodata_dir, lambda: CURRENT_BYTES), exclusive_lock(lock, busy=busy, patience_s=SWITCH_PATIENCE_S):
        yield


def _switch(
    geodata_dir: Path, edition_id: str, history: tuple[str, ...], approvals: dict[str, Approval]
) -> Publication:
    publication = Publication(
        edition=edition_id, history=history[:HISTORY_LENGTH], published_at=datetime.now(UTC), approvals=approvals
    )
    write_atomically(geodata_dir / CURRENT_FILE, publication.model_dump_json(indent=2).encode() + b"\n")
    return publication


def read_or_none(geodata_dir: Path) -> Publication | None:
    """What is published; None where nothing is, or `current` is not one of ours."""
    try:
        return read_publication(geodata_dir)
    except (NoEditionError, EditionDamagedError):
        return None
