"""`scripts/check_load.py`, `check_soak.py` and `check_enemies.py` in their short form: a few seconds each. How fast is for the real thing to say."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import check_enemies
import check_load
import check_soak
from bench.load import Client
from bench.targets import Target
from crowd import Violation, report
from crowd.asking import Told, _Known
from crowd.enemies import ALL
from crowd.questions import Question

if TYPE_CHECKING:
    from collections.abc import Callable

#: Whatever a busy machine makes of it, a short run says nothing about speed.
SPEED = {"routes_per_s", "p99_ms", "public_route_p99_ms", "memory_growth_percent", "grown_mb"}


@pytest.fixture
def any_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold what must hold however busy the machine is."""
    for script, name in ((check_load, "ALONE"), (check_load, "WITH_PUBLIC"), (check_soak, "HOLDS"), (check_enemies, "HOLDS")):  # fmt: skip
        monkeypatch.setattr(script, name, tuple(one for one in getattr(script, name) if one.figure not in SPEED))


def silent(*_: object) -> None:
    """Show nothing."""


@pytest.mark.slow
@pytest.mark.usefixtures("any_speed")
def test_dispatchers_are_answered_as_is_known_while_the_public_asks(
    copy_demo: Callable[[Path], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crowd = check_load.Crowd(seconds=1.0, warm_s=0.2, dispatchers=6, questions=30, pages_per_s=40.0, routes_per_s=20.0, visitors=8)  # fmt: skip
    figures = check_load.play_with_public(copy_demo(tmp_path), crowd, silent)
    assert min(figures["routes_per_s"], figures["pages_per_s"], figures["public_routes_per_s"]) > 0
    assert "| yes |" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.usefixtures("any_speed")
def test_every_answer_is_of_one_edition_while_they_are_switched(tmp_path: Path) -> None:
    soak = check_soak.Soak(
        seconds=4.0, settled_s=1.0, rate=60.0, connections=6, questions=30, switch_every_s=1.0, close_every_s=0.6
    )
    figures = check_soak.play(tmp_path, None, soak, silent)
    assert figures["switches"] >= 1
    assert figures["closures_come_or_gone"] >= 1
    assert figures["answers"] == 240


@pytest.mark.slow
@pytest.mark.usefixtures("any_speed")
def test_enemies_keep_no_dispatcher_from_an_answer(copy_demo: Callable[[Path], Path], tmp_path: Path) -> None:
    siege = check_enemies.Siege(seconds=1.0, share=0.01, dispatchers=4, rate=40.0, questions=12, settle_s=0.2)
    assert check_enemies.besiege(copy_demo(tmp_path), (ALL,), siege, silent) == []


def answered(body: bytes, status: bytes = b"200", head: bytes = b"") -> Client:
    """A client that was answered so."""
    client = Client(("", 0), None)
    client.status, client.head = status, head
    client._got, client._end = [body], 0
    return client


def answer_of(edition: str, hospital: str) -> str:
    return f'{{"edition":"{edition}","origin":{{}},"hospitals":["{hospital}"],"live_state":{{}}}}'


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (answer_of("first", "a"), ""),
        (answer_of("second", "b"), ""),
        (answer_of("first", "b"), "with the hospitals of"),
        (answer_of("first", "c"), "other hospitals"),
        (answer_of("third", "a"), "not known"),
        ("{}", "another than is known"),
    ],
)
def test_an_answer_that_mixes_editions_is_found(body: str, wrong: str) -> None:
    parts = {name: [f'"origin":{{}},"hospitals":["{one}"]'] for name, one in (("first", "a"), ("second", "b"))}
    known = _Known({"kind": "dispatch", "may_refuse": False, "editions": parts, "request": ""})
    said = known.wrong(answered(body.encode()))
    assert wrong in said
    assert bool(said) is bool(wrong)


def test_who_is_refused_is_told_when_to_ask_again() -> None:
    may, may_not = (_Known({"kind": "", "may_refuse": may, "editions": {}, "request": ""}) for may in (True, False))
    told = answered(b"", b"429", b"HTTP/1.1 429\r\nRetry-After: 1\r\n")
    assert may.wrong(told) == ""
    assert "without" in may.wrong(answered(b"", b"429"))
    assert "429" in may_not.wrong(told)


def test_a_question_is_sent_whole() -> None:
    question = Question("dispatch", "/api/v1/route", {"lat": 1.5}, {"Authorization": "Bearer k"})
    head, _, body = bytes(question).partition(b"\r\n\r\n")
    assert head.splitlines()[0] == b"POST /api/v1/route HTTP/1.1"
    assert f"Content-Length: {len(body)}".encode() in head
    assert b"Authorization: Bearer k" in head


def test_what_is_missed_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    figures = {"routes_per_s": 1400.0, "p99_ms": 80.0}
    targets = Target("routes_per_s", 1500, more=True), Target("p99_ms", 120)
    with pytest.raises(Violation, match="routes/s"):
        report.tell("load", figures, targets, Told(examples=["dispatch: 500"]))
    printed = capsys.readouterr()
    assert "| routes/s 1,400, p99, ms 80 | routes/s >= 1,500, p99, ms <= 120 | no |" in printed.out
    assert "dispatch: 500" in printed.err
