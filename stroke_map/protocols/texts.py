"""Sentences in Chinese and English, and the warnings made of them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

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
class Notice:
    """A warning: a stable code of `notices.toml`, how grave it is, and the words."""

    code: str
    severity: Severity
    text: Text


@cache
def notice_table() -> dict[str, dict[str, Any]]:
    """Every warning there is, by its code."""
    return tomllib.loads((Path(__file__).parent / "notices.toml").read_text(encoding="utf-8"))


def notice(code: str, **facts: Any) -> Notice:
    """The warning of this code, with its words filled in; a `Text` among the facts in its own language."""
    words = notice_table()[code]

    def filled(lang: str) -> str:
        told = {name: fact.of(lang) if isinstance(fact, Text) else fact for name, fact in facts.items()}
        return str(words[lang].format_map(told))

    return Notice(code, words["severity"], Text(filled("zh"), filled("en")))


def joined(texts: Iterable[Text]) -> Text:
    """Several half-sentences as one."""
    several = list(texts)
    return Text("，".join(text.zh for text in several), "; ".join(text.en for text in several))
