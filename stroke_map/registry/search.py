"""Find a hospital or a district by what somebody types: name, short name, English, pinyin, initials, district, address.

Everything is in memory: all texts one after another, and every place in them where a match may begin, sorted by what
follows (a suffix array). A question is two bisections and one pass over the matches: 0.2 ms among 2,000 hospitals.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import numpy as np

from stroke_map.registry.pinyin import Spelling, fold, spellings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from stroke_map.registry.models import Hospital

#: How well a name fits, the best first.
EXACT, PREFIX, WORD, CONTAINS, BESIDE = range(5)

LONGEST_QUESTION: Final = 500  # characters, as many as a name may have
_END: Final = "\n"  # sorts before everything a folded text holds
_NOTHING: Final = np.iinfo(np.int16).max
# What makes a district of a name: 万州区, 忠县, 酉阳土家族苗族自治县.
_DISTRICT_SUFFIX = re.compile(r"(?<=\w\w)(?:(?:\w{1,3}族)+自治)?(?:新区|[区县市州旗])$")
# What people leave out where more follows.
_WITHIN = re.compile(r"(?<=[\u4e00-\u9fff]{2})[市区县](?=[\u4e00-\u9fff]{2})")


@dataclass(frozen=True, slots=True)
class Found:
    """Something that was looked for, with its place in WGS-84 degrees.

    `kind` is "hospital", "district", or what a place is ("road", "village", ...); `id` is the hospital's, "" for all else.
    `matched` is the spelling by which it was found, as the registry writes it. `fit` is 0 for an exact match, 1 where the
    name begins so, 2 where a word of it does, 3 where it holds the text, 4 where something beside the name (an address) does.
    """

    kind: str
    id: str
    name: str
    name_en: str
    district: str
    lat: float
    lon: float
    matched: str
    fit: int


@dataclass(frozen=True, slots=True)
class _Target:
    """What can be found, and by which texts; `beside` are those that only help to find it."""

    found: Found
    names: tuple[str, ...]
    beside: tuple[str, ...] = ()


class HospitalSearch:
    """The hospitals of an edition and their districts, ready to be searched; never changes, safe between threads.

    Parameters
    ----------
    hospitals
        Any sequence of hospitals. A district is every `district` they name; its place is the mean of theirs.
    """

    def __init__(self, hospitals: Sequence[Hospital]) -> None:
        targets = [*map(_hospital, hospitals), *_districts(hospitals)]
        # Where two fit equally well the shorter name comes first: its number is its rank.
        self._targets = sorted(
            targets, key=lambda target: (len(fold(target.found.name)), target.found.name, target.found.id)
        )
        starts = _Starts()
        for number, target in enumerate(self._targets):
            starts.add(number, target)
        self._text = "".join(starts.texts)
        order = sorted(range(len(starts.at)), key=lambda i: self._text[starts.at[i] : starts.end[i]])
        self._at = [starts.at[i] for i in order]
        self._target = np.array([starts.target[i] for i in order], dtype=np.int32)
        self._score = np.array([starts.score[i] for i in order], dtype=np.int16)

    def find(self, text: str, limit: int = 8) -> list[Found]:
        """The best `limit` hospitals and districts for `text`, which may be anything at all.

        Ranked by how well the name fits (exact, then beginning so, then a word of it, then anywhere), what is written before
        what sounds so, then the shorter name. Several words find what has all of them, in any order.
        """
        words = fold(text).split() if len(text) <= LONGEST_QUESTION else []
        if not words or not self._targets:
            return []
        score = self._scores("".join(words))
        if len(words) > 1:
            apart = np.max([self._scores(word) for word in words], axis=0)
            score = np.minimum(score, np.maximum(apart, 2 * CONTAINS))
        best = np.argsort(score, kind="stable")[: max(0, limit)]
        return [self._found(number, int(score[number]), "".join(words)) for number in best if score[number] < _NOTHING]

    def _scores(self, typed: str) -> npt.NDArray[np.int16]:
        """How well each target fits: twice its fit, one more where it is by sound; `_NOTHING` where it does not."""
        text, length = self._text, len(typed)
        low = bisect_left(self._at, typed, key=lambda at: text[at : at + length])
        high = bisect_right(self._at, typed, lo=low, key=lambda at: text[at : at + length])
        # Of texts that begin alike those that end there sort first.
        ended = bisect_right(self._at, typed + _END, lo=low, hi=high, key=lambda at: text[at : at + length + 1])
        scores = self._score[low:high].copy()
        whole = scores[: ended - low]
        whole[whole // 2 == PREFIX] -= 2 * (PREFIX - EXACT)
        best = np.full(len(self._targets), _NOTHING, dtype=np.int16)
        np.minimum.at(best, self._target[low:high], scores)
        return best

    def _found(self, number: int, score: int, typed: str) -> Found:
        target = self._targets[number]
        spelled = [name for name in target.names if typed in Spelling(tuple(fold(name).split())).compact]
        found = target.found
        return Found(
            found.kind, found.id, found.name, found.name_en, found.district, found.lat, found.lon,
            min(spelled, key=len, default=found.name), score // 2,
        )  # fmt: skip


class _Starts:
    """Where in `texts`, one after another, a match may begin: for whom, and how well it would then fit."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.at: list[int] = []
        self.end: list[int] = []
        self.target: list[int] = []
        self.score: list[int] = []
        self._length = 0

    def add(self, number: int, target: _Target) -> None:
        seen: set[tuple[str, int]] = set()
        for name in dict.fromkeys([*target.names, *map(as_spoken, target.names)]):
            for spelling in spellings(name):
                self._add(number, spelling, seen, beside=False)
        for text in target.beside:
            for spelling in spellings(text, most_readings=1):
                self._add(number, spelling, seen, beside=True)

    def _add(self, number: int, spelling: Spelling, seen: set[tuple[str, int]], *, beside: bool) -> None:
        text, by_sound = spelling.compact, spelling.kind != "written"
        words = {0, *accumulate(map(len, spelling.words[:-1]))}
        # Within a syllable nobody begins to type: "an" is not meant to find every "yuan".
        for offset in sorted(words) if by_sound else range(len(text)):
            fit = BESIDE if beside else PREFIX if offset == 0 else WORD if offset in words else CONTAINS
            # Readings of one name share most of their endings.
            if (start := (text[offset:], fit)) not in seen:
                seen.add(start)
                self.at.append(self._length + offset)
                self.end.append(self._length + len(text) + 1)
                self.target.append(number)
                self.score.append(2 * fit + by_sound)
        self.texts.append(text + _END)
        self._length += len(text) + 1


def _hospital(hospital: Hospital) -> _Target:
    found = Found(
        "hospital", hospital.id, hospital.name_zh, hospital.name_en, hospital.district,
        hospital.entrance_lat, hospital.entrance_lon, "", EXACT,
    )  # fmt: skip
    names = (hospital.name_zh, hospital.name_short, hospital.name_en, hospital.organisation, hospital.campus)
    return _Target(found, tuple(filter(None, names)), tuple(filter(None, (hospital.district, hospital.address))))


def _districts(hospitals: Iterable[Hospital]) -> list[_Target]:
    places: dict[str, list[tuple[float, float]]] = {}
    for hospital in hospitals:
        if hospital.district:
            places.setdefault(hospital.district, []).append((hospital.entrance_lat, hospital.entrance_lon))
    return [_district(name, *np.mean(points, axis=0).round(7).tolist()) for name, points in places.items()]


def _district(name: str, lat: float, lon: float) -> _Target:
    found = Found("district", "", name, "", name, lat, lon, "", EXACT)
    return _Target(found, tuple(dict.fromkeys((name, short_district(name)))))


def short_district(name: str) -> str:
    """The name without what kind of district it is: 万州 for 万州区, 酉阳 for 酉阳土家族苗族自治县; 忠县 stays."""
    return _DISTRICT_SUFFIX.sub("", name)


def as_spoken(name: str) -> str:
    """The name as people say it: 重庆万州人民医院 for 重庆市万州区人民医院."""
    return _WITHIN.sub("", name)
