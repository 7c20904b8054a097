"""Answers against the oracle."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from answers import Wrong
from answers.asking import Asking
from answers.oracle import Ambiguous, Expected, Oracle
from stroke_map.dispatch import answer
from stroke_map.errors import NoCapableHospitalError, NoRouteError, OffNetworkError, OutsideAreaError
from stroke_map.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from answers.asking import Scene
    from stroke_map.dispatch import Question
    from stroke_map.editions import Edition

PER_SCENE: Final = 250
#: Of so many scenes one tree is grown by NetworkX too.
NETWORKX_IN: Final = 20
NEAR_ONLY: Final = "near-hospitals-only"
_NO_ANSWER: Final = (OutsideAreaError, OffNetworkError, NoRouteError, NoCapableHospitalError)


@dataclass
class Compared:
    """How much was compared.

    Attributes
    ----------
    questions
        All that were asked.
    hospitals
        Listed in answers, with class and time.
    by_class, by_error
        First choices, and errors in place of an answer.
    detoured
        Answers for which a usual road would have met a closure.
    equal_roads
        Several quickest roads with other deterrents, so that the time hangs on which is driven; each was right.
    ambiguous
        Questions with two right answers: the nearest place is a bend, and the roads before and after it lead elsewhere.
    networkx_trees
        Trees that NetworkX grew too.
    """

    questions: int = 0
    hospitals: int = 0
    by_class: Counter[str] = field(default_factory=Counter)
    by_error: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    detoured: int = 0
    equal_roads: int = 0
    ambiguous: int = 0
    networkx_trees: int = 0


class Comparing:
    """One edition, asked with one seed.

    Parameters
    ----------
    per_scene
        How many questions are asked of one state of things.
    """

    def __init__(self, edition: Edition, seed: int, per_scene: int = PER_SCENE) -> None:
        self._edition, self._seed, self._per_scene = edition, seed, per_scene
        self._settings = read_settings({})
        self._asking, self._oracle = Asking(edition, seed), Oracle(edition, self._settings)
        self.compared = Compared()

    def run(self, questions: int, show: Callable[[float], None]) -> Compared:
        """Ask so many; Wrong at the first answer that is."""
        for number in range(questions):
            scene, place = divmod(number, self._per_scene)
            if place == 0:
                self._oracle.forget()
                here = self._asking.scene(scene)
                if scene % NETWORKX_IN == 0:
                    self._ask_networkx(here)
            self.ask(here, place)
            show((number + 1) / questions)
        return self.compared

    def replay(self, name: str) -> None:
        """Ask a question again by the name it was reported by, and print it."""
        scene, number = (int(part) for part in name.split("."))
        here = self._asking.scene(scene)
        question = self._asking.question(here, number)
        print(question)
        for said in (*here.live.closures, *here.live.statuses):
            print(f"  {said}")
        print(self._oracle.expected(question, here.live))
        self.ask(here, number)

    def ask(self, scene: Scene, number: int) -> None:
        """One question; Wrong where its answer is."""
        question = self._asking.question(scene, number)
        told = self._answer(question, scene)
        try:
            expected = self._oracle.expected(question, scene.live)
            wrong = differences(told, expected)
            if wrong and not differences(told, self._oracle.expected(question, scene.live, sign=-1)):
                self.compared.equal_roads += 1
                wrong = []
        except Ambiguous:
            self.compared.ambiguous += 1
            return
        if wrong:
            raise Wrong(f"question {scene.number}.{number} of seed {self._seed}: " + "; ".join(wrong))
        self._count(told, expected)

    def _answer(self, question: Question, scene: Scene) -> dict[str, Any]:
        try:
            return answer(self._edition, question, self._settings, scene.live)
        except _NO_ANSWER as error:
            return {"error": type(error).__name__, "fallback": error.facts["fallback"]}

    def _ask_networkx(self, scene: Scene) -> None:
        """Grow one tree by other people's code twice."""
        moment = self._oracle.moment(self._asking.question(scene, 0), scene.live)
        hospital = scene.number % len(self._edition.hospitals)
        if not np.array_equal(moment.trees(1)[hospital], moment.roads.tree_by_networkx(moment.now, hospital)):
            raise Wrong(f"SciPy and NetworkX differ in scene {scene.number} of seed {self._seed}")
        self.compared.networkx_trees += 1

    def _count(self, told: dict[str, Any], expected: Expected) -> None:
        compared = self.compared
        compared.questions += 1
        compared.hospitals += len(expected.hospitals)
        compared.detoured += bool(told.get("closures_avoided"))
        compared.warnings.update(expected.codes)
        if expected.error:
            compared.by_error[expected.error] += 1
        else:
            compared.by_class[f"class {expected.hospitals[0][1]}"] += 1


def differences(told: dict[str, Any], expected: Expected) -> list[str]:
    """In which parts an answer is not what the oracle gives."""
    if expected.error or "error" in told:
        fallback = [(one["id"], one["straight_line_m"]) for one in told.get("fallback", ())]
        return _unequal(error=(told.get("error", ""), expected.error)) or _unequal(
            fallback=(fallback, expected.fallback)
        )
    codes = {warning["code"] for warning in told["warnings"]}
    besides = {name: [one["id"] for one in part] for name, part in told.get("besides", {}).items()}
    if NEAR_ONLY in codes:  # an edition of the nearest alone says so where it has not looked beyond them
        besides = expected.besides
    snapped_m = told["origin"]["snapped"]["distance_m"]
    return _unequal(
        period=(told["period"], expected.period),
        hospitals=([(one["id"], one["class"], one["travel_time_s"]) for one in told["hospitals"]], expected.hospitals),
        besides=(besides, expected.besides),
        snapped_m=(min(expected.snapped_m, key=lambda metres: abs(metres - snapped_m)), snapped_m),
        warnings=(codes - expected.perhaps - {NEAR_ONLY}, expected.codes - expected.perhaps),
    )


def _unequal(**parts: tuple[Any, Any]) -> list[str]:
    return [f"{name} {found} instead of {right}" for name, (found, right) in parts.items() if found != right]
