"""Which hospital for this patient: rules that doctors can read, change, test and sign. Plain values in, dataclasses out; no clock."""

from stroke_map.protocols.loading import load_protocol
from stroke_map.protocols.protocol import Protocol

__all__ = ["Protocol", "load_protocol"]
