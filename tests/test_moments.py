from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import BaseModel, ValidationError

from stroke_map.moments import Moment, read_moment

CHINA = timezone(timedelta(hours=8))
EVENING = datetime(2026, 5, 1, 20, 0, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-05-01T20:00:00+08:00", EVENING),
        ("2026-05-01 20:00+08:00", EVENING),
        ("2026-05-01T12:00:00Z", EVENING.astimezone(UTC)),
        ("2026-05-01T07:00:00-05:00", EVENING),
        # "+" in an address that was not percent-encoded.
        ("2026-05-01T20:00 08:00", EVENING),
        ("2026-05-01T20:00:00 08:00", EVENING),
        ("2026-05-01 20:00:00.5 08:00", EVENING + timedelta(seconds=0.5)),
        ("2026-05-01T20:00:00.123456789+08:00", EVENING + timedelta(microseconds=123456)),
        ("2026-05-01T20:00:00.1Z", datetime(2026, 5, 1, 20, 0, 0, 100_000, tzinfo=UTC)),
        ("2026-05-01 20:00", datetime(2026, 5, 1, 20)),  # noqa: DTZ001
    ],
)
def test_a_moment_is_read(text, moment):
    read = read_moment(text)
    assert read == moment
    assert (read.tzinfo is None) == (moment.tzinfo is None)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("2026-05-01", "RFC 3339"),
        ("1777600000", "RFC 3339"),
        (1777600000, "RFC 3339"),
        (None, "RFC 3339"),
        ("2026-05-01T20:00:00 08:00 ", "RFC 3339"),
        ("２０２６-05-01T20:00:00Z", "RFC 3339"),
        ("2026-05-01T20:00:00+08", "RFC 3339"),
        ("2026-02-30T20:00:00Z", "exists"),
        ("2026-05-01T24:30:00Z", "exists"),
        ("2026-05-01T20:00:00+99:00", "exists"),
        ("1999-12-31T23:59:59Z", "between 2000 and 2100"),
        ("9999-12-31T23:59:59-23:00", "between 2000 and 2100"),
    ],
)
def test_what_is_no_moment_is_refused_with_the_reason(value, problem):
    with pytest.raises(ValueError, match=problem):
        read_moment(value)


class _Model(BaseModel):
    at: Moment = None


def test_in_a_model_it_may_be_left_out():
    assert _Model().at is None
    assert _Model(at=None).at is None
    assert _Model(at="2026-05-01T20:00:00+08:00").at == EVENING
    with pytest.raises(ValidationError, match="RFC 3339"):
        _Model(at="tomorrow")
