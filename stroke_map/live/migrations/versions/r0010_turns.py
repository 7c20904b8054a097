"""When a closure or a status changes next by time alone, so that streams tell it at that moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_MOMENT = sa.DateTime(timezone=True)
_UNCONFIRMED_FOR = timedelta(hours=12)


def upgrade() -> None:
    """Add the moments, and fill them in for what is still to begin or to end."""
    for name in ("closures", "statuses"):
        with op.batch_alter_table(name) as table:
            table.add_column(sa.Column("turns_at", _MOMENT))
        op.create_index(f"ix_{name}_turns_at", name, ["turns_at"])
    closures, statuses = _table("closures", "begins"), _table("statuses", "open_ended")
    for row in _open_rows(closures):
        _set(closures, row, row.begins, row.until)
    for row in _open_rows(statuses):
        _set(statuses, row, row.until, row.until + _UNCONFIRMED_FOR if row.open_ended else None)


def _table(name: str, own: str) -> sa.TableClause:
    moments = (sa.column(moment, _MOMENT) for moment in ("until", "ended_at", "turns_at"))
    return sa.table(name, sa.column("id"), *moments, sa.column(own, sa.Boolean if own == "open_ended" else _MOMENT))


def _open_rows(table: sa.TableClause) -> Any:
    return op.get_bind().execute(sa.select(table).where(table.c.ended_at.is_(None))).all()


def _set(table: sa.TableClause, row: Any, *moments: datetime | None) -> None:
    now = datetime.now(UTC)
    # SQLite knows no offsets: what it gives is UTC.
    aware = (at if at.tzinfo else at.replace(tzinfo=UTC) for at in moments if at is not None)
    turns_at = min((at for at in aware if at > now), default=None)
    if turns_at is not None:
        op.get_bind().execute(sa.update(table).where(table.c.id == row.id).values(turns_at=turns_at.astimezone(UTC)))


def downgrade() -> None:
    """Forget them."""
    for name in ("closures", "statuses"):
        op.drop_index(f"ix_{name}_turns_at", name)
        with op.batch_alter_table(name) as table:
            table.drop_column("turns_at")
