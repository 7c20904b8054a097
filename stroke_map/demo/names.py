"""Street names nobody can take for real ones: a demo word, a direction and a number, in Chinese and English."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stroke_map.demo.city import Place
    from stroke_map.demo.lines import Points, Tags

_DIGITS = "零一二三四五六七八九"
_KINDS = {"路": "Road", "街": "Street", "巷": "Lane", "大道": "Avenue"}
_SIDES = (("东", "East"), ("北", "North"), ("西", "West"), ("南", "South"))


def chinese_number(number: int) -> str:
    """Up to 999, as street names write it.

    >>> chinese_number(12), chinese_number(20), chinese_number(105)
    ('十二', '二十', '一百零五')
    """
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = _DIGITS[hundreds] + "百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else _DIGITS[tens]) + "十"
    elif hundreds and ones:
        text += "零"
    return text + (_DIGITS[ones] if ones else "")


def ordinal(number: int) -> str:
    """The English form: 1st, 2nd, 3rd, 11th.

    >>> ordinal(1), ordinal(12), ordinal(22)
    ('1st', '12th', '22nd')
    """
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def named(zh: str, en: str) -> Tags:
    """The two name tags."""
    return {"name": zh, "name:en": en}


class StreetNames:
    """Hands out each name once."""

    def __init__(self) -> None:
        self._used: Counter[str] = Counter()

    def next(self, place: Place, spot: Points, kind: str) -> Tags:
        """The next street of a kind (路, 街, 巷, 大道) in a district, on the side of it where `spot` lies (metres)."""
        zh, en = place.zh.rstrip("区镇").removesuffix("新城"), place.en.split(" ")[0]
        dx, dy = spot[0] - place.x, spot[1] - place.y
        if max(abs(dx), abs(dy)) > place.radius * 0.4:
            side = (0 if dx > 0 else 2) if abs(dx) > abs(dy) else (1 if dy > 0 else 3)
            zh, en = zh + _SIDES[side][0], f"{en} {_SIDES[side][1]}"
        self._used[zh + kind] += 1
        number = self._used[zh + kind]
        return named(zh + chinese_number(number) + kind, f"{en} {ordinal(number)} {_KINDS[kind]}")
