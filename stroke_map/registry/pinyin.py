"""How a name may be typed: folded text, and by sound where it is Chinese.

A dispatcher types 万州, wanzhou, `wz`, `Wan Zhou` or WANZHOU and means one place. Names and questions pass through the same
`fold`, which looks at each character by itself: so a part of a name, folded, is a part of the folded name.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, combinations, islice, product
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

# A character such as 重 or 乐 has several readings; a name of many such characters has thousands, most of them nonsense.
MOST_READINGS: Final = 16
_HAN: Final = "\u3007\u3400-\u9fff\U00020000-\U0003ffff"
_PIECES: Final = re.compile(f"[{_HAN}]+|[^{_HAN} ]+")


@lru_cache(maxsize=65_536)
def _fold_character(character: str) -> str:
    folded = ""
    for part in unicodedata.normalize("NFKD", character):
        category = unicodedata.category(part)[0]
        folded += part.casefold() if category in "LN" else "" if category in "MC" and not part.isspace() else " "
    return folded


def fold(text: str) -> str:
    """Letters and digits alone, in words separated by one space: no case, accents, width, punctuation or control characters."""
    return " ".join("".join(map(_fold_character, text)).split())


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way to type a name, word by word: as written, by the sound of each character, or by its first letter."""

    words: tuple[str, ...]
    kind: Literal["written", "sound", "initials"] = "written"

    @property
    def compact(self) -> str:
        """Without spaces, as most people type it."""
        return "".join(self.words)


def spellings(text: str, most_readings: int = MOST_READINGS) -> list[Spelling]:
    """Every way to type `text`: as written first; where it has Chinese characters, full pinyin without tones, and initials.

    Of characters with several readings (重庆 chong qing, 重医 zhong yi or chong yi) every combination is given, the fewest
    unusual readings first, up to `most_readings`. ü is v, as on a keyboard, or u.
    """
    words = tuple(fold(text).split())
    if not words:
        return []
    found = {Spelling(words): None}
    pieces = [piece for word in words for piece in _PIECES.findall(word)]
    if any(re.match(f"[{_HAN}]", piece) for piece in pieces):
        readings = [list(syllables) for syllables in islice(_readings(pieces), most_readings)]
        found |= dict.fromkeys(Spelling(tuple(syllables), "sound") for syllables in readings)
        found |= dict.fromkeys(Spelling(_initials(pieces, syllables), "initials") for syllables in readings)
    return list(found)


def _readings(pieces: list[str]) -> Iterator[tuple[str, ...]]:
    """One syllable for each Chinese character, other pieces as they are: the usual reading first, then ever less usual ones."""
    choices = list(chain.from_iterable(map(_choices, pieces)))
    several = [index for index, readings in enumerate(choices) if len(readings) > 1]
    for count in range(len(several) + 1):
        for changed in combinations(several, count):
            for unusual in product(*(choices[index][1:] for index in changed)):
                instead = dict(zip(changed, unusual, strict=True))
                yield tuple(instead.get(index, readings[0]) for index, readings in enumerate(choices))


@lru_cache(maxsize=65_536)
def _choices(piece: str) -> tuple[tuple[str, ...], ...]:
    """The readings of each character of a Chinese piece, by phrase where the phrase is known; any other piece is one."""
    if not re.match(f"[{_HAN}]", piece):
        return ((piece,),)
    from pypinyin import pinyin  # 0.2 s, which a server that never searches need not wait for

    told = pinyin(piece, heteronym=True, errors=list)  # type: ignore[arg-type]  # its types know no list, which it takes
    return tuple(tuple(dict.fromkeys(chain.from_iterable(map(_typed, readings)))) for readings in told)


@lru_cache(maxsize=8192)
def _typed(reading: str) -> tuple[str, str]:
    """A syllable without its tone, with v and with u for ü: faster than to have the library take the tone away each time."""
    return fold(unicodedata.normalize("NFD", reading).replace("u\u0308", "v")), fold(reading)


def _initials(pieces: list[str], syllables: list[str]) -> tuple[str, ...]:
    han = [character for piece in pieces for character in (piece if re.match(f"[{_HAN}]", piece) else (None,))]
    return tuple(s if character is None else s[0] for character, s in zip(han, syllables, strict=True))
