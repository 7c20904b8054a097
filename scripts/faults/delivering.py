"""A deliverer in this process."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from stroke_map.delivery import Deliverer, Sender

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stroke_map.live import LiveStore
    from stroke_map.settings import Settings


@contextmanager
def delivering(store: LiveStore, settings: Settings) -> Iterator[None]:
    """Send what is due for as long as the block runs."""
    deliverer = Deliverer(store, Sender(settings))
    deliverer.start()
    try:
        yield
    finally:
        deliverer.end()
