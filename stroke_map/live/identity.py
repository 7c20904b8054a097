"""Who asks: somebody with a key, with the cookie of a session, or nobody known. One way for the API and for the stream of changes."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from stroke_map.live.accounts import Standing
from stroke_map.live.credentials import KEY_PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from stroke_map.live.accounts import Accounts
    from stroke_map.live.roles import Actor

#: The cookie that holds the token of a session.
COOKIE: Final = "stroke_map_session"
#: Whoever shows STROKE_MAP_CLINICAL_KEY.
CLINICAL_KEY: Final = Standing("clinical key", "dispatcher")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a request shows of who sends it: a key, or else the token of a session; both may be empty."""

    key: str = field(repr=False)
    token: str = field(repr=False)

    @classmethod
    def of(cls, authorization: str, cookie: str) -> Shown:
        """From the header `Authorization` and the value of `COOKIE`; whoever sends a key is not asked for a cookie."""
        scheme, _, given = authorization.partition(" ")
        key = given.strip() if scheme.lower() == "bearer" else ""
        return cls(key, "" if key else cookie)

    def actor(self, clinical_key: str, accounts: Callable[[], Accounts], now: datetime) -> Actor | None:
        """Who that is at `now`; None: nobody whom this server knows.

        Parameters
        ----------
        clinical_key
            That of the settings; empty: there is none.
        accounts
            Gives every account. Asked only when it is needed, and may raise.
        """
        if self.key:
            # Bytes, because compare_digest takes only ASCII text; an empty key would match an empty header.
            clinical = clinical_key.encode()
            if clinical and hmac.compare_digest(self.key.encode("utf-8", "replace"), clinical):
                return CLINICAL_KEY.actor()
            return accounts().by_key(self.key, now) if self.key.startswith(KEY_PREFIX) else None
        return accounts().by_token(self.token, now) if self.token else None
