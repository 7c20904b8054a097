"""`scripts/check_fuzz.py` in its short form: every reader some times; and what it is there to notice is noticed."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import check_fuzz
from fuzz import Violation
from fuzz.running import Target, fuzz


@pytest.mark.slow
def test_every_reader_reads_or_refuses_in_words(tmp_path: Path) -> None:
    targets = check_fuzz.make_targets(tmp_path)
    assert len({target.name for target in targets}) == len(targets)
    for target in targets:
        done = fuzz(target, cases=6, first=1, show=lambda _share: None)
        assert done.cases >= 6


def _fail(case: str) -> None:
    if "x" in case:
        raise KeyError(case)


def _dawdle(_case: str) -> None:
    begun = time.process_time()
    while time.process_time() - begun < 0.02:
        pass


def test_an_error_of_another_kind_is_noticed_and_made_small() -> None:
    target = Target("words", st.text("xyz", max_size=50), _fail, (ValueError,))
    with pytest.raises(Violation, match=r"words, seed 1: KeyError: 'x'"):
        fuzz(target, cases=200, first=1, show=lambda _share: None)


def test_what_takes_too_long_is_noticed() -> None:
    target = Target("words", st.just("one"), _dawdle)
    with pytest.raises(Violation, match="s of the processor for 'one'"):
        fuzz(target, cases=1, first=1, show=lambda _share: None, longest_s=0.01)


def test_what_a_reader_refuses_is_no_fault() -> None:
    done = fuzz(Target("numbers", st.just("x"), float, (ValueError,)), cases=1, first=1, show=lambda _share: None)
    assert (done.cases, done.refused) == (1, 1)
