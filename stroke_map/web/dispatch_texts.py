"""The words of the dispatcher's screen; see screen_texts.py."""

from __future__ import annotations

from typing import Final

DISPATCH: Final[dict[str, tuple[str, str]]] = {
    "title_dispatch": ("调度", "Dispatch"),
}
