"""The parts of `scripts/check_fuzz.py`: what strangers may send to each reader, and what may come of it."""


class Violation(AssertionError):  # noqa: N818 - what was promised does not hold: no error of a program
    """A reader failed otherwise than it says, or took too long; the message says at what."""
