"""Which hospital for this patient: rules that doctors can read, change, test and sign. Plain values in, dataclasses out; no clock.

`decide(question, options, protocol)` is the whole of it; `outcome` and `scales` can be used by themselves.
"""

from stroke_map.protocols import outcome, scales
from stroke_map.protocols.deciding import decide
from stroke_map.protocols.decision import Decision, Ranked
from stroke_map.protocols.loading import load_protocol
from stroke_map.protocols.options import Medians, Onward, Option, OptionLevel
from stroke_map.protocols.protocol import Protocol
from stroke_map.protocols.question import ChestPainQuestion, PatientQuestion, StrokeQuestion, read_question

__all__ = [
    "ChestPainQuestion",
    "Decision",
    "Medians",
    "Onward",
    "Option",
    "OptionLevel",
    "PatientQuestion",
    "Protocol",
    "Ranked",
    "StrokeQuestion",
    "decide",
    "load_protocol",
    "outcome",
    "read_question",
    "scales",
]
