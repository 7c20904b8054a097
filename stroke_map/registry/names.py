"""When two names are the same name, however they are typed."""

from __future__ import annotations

import difflib
import unicodedata

_ALIKE = 0.5  # of the characters, in order: 重医附一院 and 重庆医科大学附属第一医院 share 0.59


def normal_name(name: str) -> str:
    """The name without what people type differently: width, case, spaces, brackets, dots and dashes.

    >>> normal_name("重医附一院（江南 院区）") == normal_name("重医附一院(江南院区)")
    True
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(character for character in folded if character.isalnum())


def are_alike(one: str, other: str) -> bool:
    """Tell whether two names may well be one hospital's, for instance with and without the city before it."""
    first, second = sorted((normal_name(one), normal_name(other)))  # difflib is not the same both ways
    if not first:
        return False
    return first in second or difflib.SequenceMatcher(None, first, second, autojunk=False).ratio() >= _ALIKE
