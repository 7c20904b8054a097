"""Links by which a crew reaches its case: made, looked up by what the crew shows, revoked. The token itself is kept nowhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, insert, select, update

from stroke_map.errors import ConflictError
from stroke_map.live.case_records import load_case
from stroke_map.live.case_tables import cases
from stroke_map.live.credentials import digest, new_token
from stroke_map.live.link_tables import case_links

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from stroke_map.live.store import LiveStore

#: So that a token is known as one where it turns up, in a log or a message.
LINK_PREFIX: Final = "smc_"
#: A crew changes, a telephone breaks; more links than this of one case are no help to anybody.
MOST_LINKS: Final = 20
_TOKEN: Final = re.compile(LINK_PREFIX + r"[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class CaseLink:
    """A link that leads to a case: its own number, the case, and when (aware) it ends at the latest."""

    id: int
    case_id: int
    expires_at: datetime


class LinkRecords:
    """The links of a `LiveStore`; every method is one transaction and raises LiveStoreError when that fails.

    Parameters
    ----------
    lasts
        For how long a link leads to its case, unless the case is closed before.
    """

    def __init__(self, store: LiveStore, lasts: timedelta) -> None:
        self._store, self._lasts = store, lasts

    def add(self, case_id: int, *, by: str, now: datetime) -> tuple[CaseLink, str]:
        """A new link to a case, beside those there are, and its token, which is told this once.

        Raises
        ------
        NotFoundError
            There is no such case.
        ConflictError
            The case is closed, or has more links than can be meant.
        """
        token, expires_at = LINK_PREFIX + new_token(), now + self._lasts
        with self._store.writing() as connection:
            if load_case(connection, case_id).closed_at is not None:
                raise ConflictError("The case is closed.")
            count = select(func.count()).where(case_links.c.case_id == case_id)
            if connection.execute(count).scalar_one() >= MOST_LINKS:
                raise ConflictError(f"{MOST_LINKS} links to this case were made already.")
            made = {"case_id": case_id, "token_hash": digest(token), "author": by, "created_at": now}
            statement = insert(case_links).values(**made, expires_at=expires_at, revoked_by="")
            link_id = connection.execute(statement.returning(case_links.c.id)).scalar_one()
            self._store.audit.mention(link=link_id)
        return CaseLink(link_id, case_id, expires_at), token

    def find(self, token: str, *, now: datetime) -> CaseLink | None:
        """The link whose token this is; None where it is nobody's, has ended, or its case is closed or deleted."""
        if not _TOKEN.fullmatch(token):
            return None
        # Looked up by a digest: how long that takes says nothing of the token.
        wanted = (
            select(case_links.c.id, case_links.c.case_id, case_links.c.expires_at)
            .join(cases, cases.c.id == case_links.c.case_id)
            .where(case_links.c.token_hash == digest(token), case_links.c.revoked_at.is_(None))
            .where(case_links.c.expires_at > now, cases.c.closed_at.is_(None))
        )
        with self._store.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else CaseLink(row.id, row.case_id, row.expires_at)

    def revoke(self, case_id: int, *, by: str, now: datetime) -> int:
        """End every link to a case, from the next request on; returns how many that were.

        Raises
        ------
        NotFoundError
            There is no such case.
        """
        with self._store.writing() as connection:
            load_case(connection, case_id)
            here = case_links.c.case_id == case_id, case_links.c.revoked_at.is_(None), case_links.c.expires_at > now
            return connection.execute(
                update(case_links).where(*here).values(revoked_at=now, revoked_by=by)
            ).rowcount  # fmt: skip
