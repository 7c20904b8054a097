"""Sentences in Chinese and English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Severity = Literal["stop", "caution", "note"]


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence, twice."""

    zh: str
    en: str

    def of(self, lang: str) -> str:
        """The sentence in `zh` or `en`."""
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Warning:  # noqa: A001  nobody here raises Python's
    """What the asker should know: a stable code, how grave it is, and the words."""

    code: str
    severity: Severity
    text: Text


def warn(code: str, severity: Severity, zh: str, en: str) -> Warning:
    """A warning from its words."""
    return Warning(code, severity, Text(zh, en))


def joined(texts: Iterable[Text]) -> Text:
    """Several half-sentences as one."""
    several = list(texts)
    return Text("，".join(text.zh for text in several), "; ".join(text.en for text in several))
