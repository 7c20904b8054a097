"""Where this service is, and who may frame it: two settings, checked when the server starts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stroke_map.errors import InvalidRequestError

if TYPE_CHECKING:
    from stroke_map.settings import Settings

_ORIGIN: Final = re.compile(r"https?://(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?", re.IGNORECASE | re.ASCII)


def public_address(settings: Settings) -> str:
    """Where people reach the public plane, `https://map.example.org`, "" where nobody said.

    It is never read from a request: who asks could write anything into `Host`, and into the pages of those who ask after.

    Raises
    ------
    InvalidRequestError
        The setting is no origin.
    """
    address = settings.public_url.strip().rstrip("/")
    if address and (not _ORIGIN.fullmatch(address) or "*" in address):
        raise _wrong("STROKE_MAP_PUBLIC_URL", "https://map.example.org")
    return address


def embedding_origins(settings: Settings) -> tuple[str, ...]:
    """Whose pages may show `/embed` in a frame.

    Raises
    ------
    InvalidRequestError
        The setting holds something that is no origin.
    """
    origins = tuple(re.split(r"[\s,]+", settings.embed_origins.strip())) if settings.embed_origins.strip() else ()
    if not all(_ORIGIN.fullmatch(origin) for origin in origins):
        raise _wrong("STROKE_MAP_EMBED_ORIGINS", "https://mp.weixin.qq.com https://*.example.org")
    return origins


def _wrong(variable: str, example: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"{variable} must be scheme and host alone, without a path",
        next_step=f"Set it to something like {example}, or unset it.",
    )
