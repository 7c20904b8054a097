"""One question, one answer: puts the edition, the live state and the protocol together."""

from stroke_map.dispatch.answer import answer
from stroke_map.dispatch.classes import said_to_treat
from stroke_map.dispatch.eta import Remaining, remaining
from stroke_map.dispatch.prepared import prepare
from stroke_map.dispatch.question import CONDITIONS, NEEDS, Question, check_need

__all__ = [
    "CONDITIONS",
    "NEEDS",
    "Question",
    "Remaining",
    "answer",
    "check_need",
    "prepare",
    "remaining",
    "said_to_treat",
]
