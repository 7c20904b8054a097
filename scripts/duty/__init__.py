"""A shift on duty, played against the real processes: dispatchers that ask, alerts, streams and receivers, and whatever goes wrong."""


class Violation(AssertionError):  # noqa: N818 - what was promised does not hold: no error of a program
    """What must never happen has happened; the message says what."""
