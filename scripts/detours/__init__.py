"""The parts of `scripts/check_detours.py`: the oracle, and the comparison with it."""
