"""How long an edition holds, by the clock of its own timezone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from stroke_map.editions.status import validity_at

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("now", "state", "days_left"),
    [
        ("2025-12-31T15:59:59", "not yet valid", 365),  # in Shanghai it is a second before midnight
        ("2025-12-31T16:00:00", "valid", 364),
        ("2026-10-31T12:00:00", "valid", 61),
        ("2026-11-01T12:00:00", "expiring", 60),
        ("2026-12-31T15:59:59", "expiring", 0),
        ("2026-12-31T16:00:00", "expired", -1),
        ("2027-03-01T12:00:00", "expired", -60),
    ],
)
def test_the_last_day_is_a_day_and_sixty_before_it_the_warning_begins(
    info_of: Callable, now: str, state: str, days_left: int
) -> None:
    info = info_of("2026.1")
    assert (info.valid_from, info.valid_until) == (date(2026, 1, 1), date(2026, 12, 31))
    validity = validity_at(info, datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert validity == (state, days_left)
    assert bool(validity.warning) == (state != "valid")
    if state in {"expiring", "expired"}:
        assert f" {abs(days_left)} " in validity.warning
