"""Everybody at once: dispatchers who ask without a pause, the public after an accident, and enemies; each in processes of their own."""

#: What dispatchers show.
KEY = "a key for this run alone"


class Violation(AssertionError):  # noqa: N818 - what was promised does not hold: no error of a program
    """What must never happen has happened; the message says what."""
