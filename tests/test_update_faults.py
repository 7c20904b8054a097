"""`scripts/check_update_faults.py` in its short form: each fault a few times. How long anything takes is for the real thing to say."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from faults import Violation
from faults.bed import Bed
from faults.flips import check_flips
from faults.full_disk import check_full_disk
from faults.kills import check_kills
from faults.switches import check_switches
from faults.town import edition_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Bed:
    """The made-up town, its first edition published by the yearly update."""
    return Bed(tmp_path_factory.mktemp("faults"))


def quiet(_part: str, _share: float) -> None:
    """Tell nobody of progress."""


def test_killed_updates_cost_no_answer_and_the_next_one_succeeds(bed: Bed) -> None:
    done = check_kills(bed, random.Random(3), kills=3, show=quiet)
    assert (done.kills, done.finished_and_compared) == (3, 1)
    assert done.answers


def test_a_full_disk_costs_no_answer_and_says_how_much_is_needed(bed: Bed) -> None:
    done = check_full_disk(bed, full=["registry"], show=quiet)
    assert all(done.needed_mb)
    assert done.answers


def test_a_flipped_bit_is_named_before_publishing_and_after_a_start(bed: Bed) -> None:
    done = check_flips(bed, random.Random(3), some=5, show=quiet)
    found = done.found_by_the_check_of_a_start + done.found_by_the_check_in_the_background
    assert (done.refused_when_published, found, done.servers_started) == (5, 5, 1)


def test_a_rollback_while_many_ask_costs_no_answer(bed: Bed) -> None:
    done = check_switches(bed, clients=16, times=2, show=quiet)
    assert len(done.answers) == 2
    assert len(done.command_s) == len(done.function_s) == 1


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ('{"edition":"2001.1","name":"Hospital 1 Y2002"}', "hospitals of 2002"),
        ('{"edition":"2001.1","phone":"023-20020001"}', "hospitals of 2002"),
        ('{"edition":"2001.1"} {"edition":"2002.1"}', "2 editions"),
        ("{}", "0 editions"),
    ],
)
def test_an_answer_of_two_editions_would_be_noticed(answer: str, problem: str) -> None:
    with pytest.raises(Violation, match=problem):
        edition_of(answer.encode())
