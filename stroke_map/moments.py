"""Moments as strangers write them: RFC 3339, and nothing that only looks like it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+ -]\d\d:\d\d)?", re.ASCII)
_EARLIEST_YEAR, _LATEST_YEAR = 2000, 2100  # time zone arithmetic stays away from the ends of `datetime`


def read_moment(value: Any) -> datetime:
    """RFC 3339 text -> a moment, to the microsecond, naive where it has no offset.

    Raises
    ------
    ValueError
        It is none; a number would be taken for seconds since 1970, and a date for midnight.
    """
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise ValueError("must be an RFC 3339 time")
    # "+08:00" in an address that was not percent-encoded arrives as " 08:00", after the blank or T before the hour.
    text = f"{value[:11]}{value[11:].replace(' ', '+')}"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a time that exists") from None
    if not _EARLIEST_YEAR <= moment.year < _LATEST_YEAR:
        raise ValueError(f"must lie between {_EARLIEST_YEAR} and {_LATEST_YEAR}")
    return moment


def _read_if_any(value: Any) -> datetime | None:
    return None if value is None else read_moment(value)


#: For models: a moment that may be left out.
Moment = Annotated[datetime | None, BeforeValidator(_read_if_any)]
