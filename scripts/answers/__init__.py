"""The parts of `scripts/check_answers.py`: questions at random, and an oracle that shares no code with what answers them."""


class Wrong(AssertionError):  # noqa: N818 - what was answered is not so: no error of a program
    """An answer that the oracle does not give; the message says which, and how it is asked again."""
