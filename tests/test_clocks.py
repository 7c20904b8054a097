from hypothesis import given
from hypothesis import strategies as st

from stroke_map.clocks import LEAST_JUMP_S, JumpWatch


class Clocks:
    """One that is set now and then, and one that is not."""

    def __init__(self) -> None:
        self.wall, self.steady, self.slow_s = 1e9, 100.0, 0.0

    def pass_by(self, seconds: float) -> None:
        self.wall, self.steady = self.wall + seconds, self.steady + seconds

    def read(self) -> float:
        wall = self.wall
        self.pass_by(self.slow_s)
        return wall

    def watch(self) -> JumpWatch:
        return JumpWatch(self.read, lambda: self.steady)


steps = st.floats(-1e6, 1e6).filter(lambda step: abs(abs(step) - LEAST_JUMP_S) > 1e-3)


@given(st.lists(st.tuples(st.floats(0, 1e5), steps), max_size=8))
def test_every_jump_is_told_once_and_time_that_passes_is_none(told: list[tuple[float, float]]) -> None:
    clocks = Clocks()
    watch, small = clocks.watch(), 0.0
    for passed, step in told:
        clocks.pass_by(passed)
        assert abs(watch.look()) <= 1e-3
        clocks.wall += step
        small += step
        found = watch.look()
        assert abs(found - small) < 1e-3 if abs(small) >= LEAST_JUMP_S else found == 0.0
        small = small if found == 0.0 else 0.0


def test_who_had_to_wait_between_two_looks_says_nothing_of_jumps() -> None:
    clocks = Clocks()
    watch = clocks.watch()
    clocks.wall += 3600.0
    clocks.slow_s = 5.0
    assert watch.look() == 0.0
    clocks.slow_s = 0.0
    assert abs(watch.look() - 3600.0) < 1e-3


def test_the_clocks_of_this_machine_do_not_jump() -> None:
    assert JumpWatch().look() == 0.0
