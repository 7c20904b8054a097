"""The parts of `scripts/check_update_faults.py`: one fault each, on a made-up town."""


class Violation(AssertionError):  # noqa: N818 - what was promised does not hold: no error of a program
    """What must never happen has happened; the message says what."""
