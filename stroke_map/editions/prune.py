"""Remove editions that nobody goes back to any more."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from stroke_map.editions.publish import (
    EditionState,
    edition_folder,
    editions_dir,
    list_editions,
    read_publication,
    switching,
)
from stroke_map.editions.staging import STAGING_PREFIX, WORK_LIFETIME_S, only_build, remove_work

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: How many editions behind the published one are kept unless told otherwise.
KEEP = 2


def prunable(geodata_dir: Path, keep: int = KEEP) -> list[EditionState]:
    """The editions that may go, by id.

    Never the published one, nor the `keep` (at least 1) of its history that a rollback would go back to; nor an edition made
    after the published one, for that may be about to be published.

    Raises
    ------
    NoEditionError, EditionDamagedError
        Nothing is published, so that nobody knows what is needed.
    """
    publication = read_publication(geodata_dir)
    states = list_editions(geodata_dir)
    there = {state.id for state in states}
    behind = [edition_id for edition_id in publication.history if edition_id in there]
    needed = {publication.edition, *behind[: max(keep, 1)]}
    made = {state.id: state.info.created_at for state in states if state.info}
    # A published edition too damaged to say when it was made lets nothing go but what is damaged itself.
    since = made.get(publication.edition)
    return [
        state
        for state in states
        if state.id not in needed and (state.info is None or (since is not None and made[state.id] < since))
    ]


def prune(geodata_dir: Path, edition_ids: Iterable[str], keep: int = KEEP) -> int:
    """Remove those of the editions that are (still) `prunable`, and what updates left that nobody went on with.

    Returns
    -------
    How many bytes the disk has gained by the editions; files that another one shares do not count.

    Raises
    ------
    NoEditionError, EditionDamagedError
        As `prunable`.
    EditionError
        A build runs.
    """
    freed_bytes = 0
    with only_build(geodata_dir):
        remove_work(geodata_dir, older_than_s=WORK_LIFETIME_S)
        for edition_id in edition_ids:
            gone = editions_dir(geodata_dir) / f"{STAGING_PREFIX}pruned-{edition_id}"
            with switching(geodata_dir):
                # Asked again: somebody may have published or rolled back since.
                if all(state.id != edition_id for state in prunable(geodata_dir, keep)):
                    continue
                edition_folder(geodata_dir, edition_id).rename(gone)
            statuses = [path.stat() for path in gone.rglob("*") if path.is_file()]
            freed_bytes += sum(status.st_size for status in statuses if status.st_nlink == 1)
            # Servers that still answer from it keep the files they have open.
            shutil.rmtree(gone)
    return freed_bytes
