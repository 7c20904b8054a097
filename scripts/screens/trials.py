"""What is tried at the screens, again and again, and how many milliseconds each took."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager, suppress
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from crowd import Violation

from screens.watching import first_after, next_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from duty.bed import Service

    from screens.desks import Desks

    Show = Callable[[float], None]

#: What is typed behind the coordinates, and as the age: each key makes another question.
_DIGITS: Final = [key for digit in "123456789" for key in (digit, "Backspace")]
_AGE: Final = ["7", "1", "Backspace", "Backspace"]
_LETTERS: Final = 6


def type_answers(desks: Desks, times: int, show: Show) -> dict[str, list[float]]:
    """Type in the fields of one call, a key each time: from the key to the answer that is drawn.

    Returns
    -------
    By field; "list" is from a letter of a name to the list of what was found, "name" from the key that chooses of it to the answer.
    """
    page = desks.dispatcher
    page.keyboard.press("F2")
    page.wait_for_selector("#place:focus")
    page.keyboard.type(f"{desks.there.lat:.4f}, {desks.there.lon:.4f}")
    page.wait_for_selector("#answer[aria-busy=false] #send")
    found: dict[str, list[float]] = {}
    each = -(-times // 4)
    page.keyboard.press("End")
    found["coordinates"] = list(_press(page, islice(cycle(_DIGITS), each), show, 0))
    page.focus("#q-age")
    found["age"] = list(_press(page, islice(cycle(_AGE), each), show, 1))
    page.focus("[name=q-anticoagulant]:checked")
    found["choice"] = list(_press(page, ["ArrowRight"] * each, show, 2))
    found["list"], found["name"] = _choose(desks, each, show)
    page.click("#drop")
    page.keyboard.press("Enter")
    page.wait_for_selector("#call-form", state="hidden")
    return found


def _press(page: Any, keys: Iterable[str], show: Show, part: int) -> Iterator[float]:
    keys = list(keys)
    for number, key in enumerate(keys):
        known = page.evaluate("told.answers.length")
        page.keyboard.press(key)
        answer = next_of(page, "answers", known)
        yield answer["seen"] - answer["pressed"]
        show((part + (number + 1) / len(keys)) / 4)


def _choose(desks: Desks, times: int, show: Show) -> tuple[list[float], list[float]]:
    """Type the beginning of a hospital's English name, and choose what is found first."""
    page, lists, answers = desks.dispatcher, [], []
    names = [hospital.name_en for hospital in desks.service.hospitals if hospital.name_en]
    for number, name in enumerate(islice(cycle(names), times)):
        page.focus("#place")
        page.keyboard.press("Control+A")
        page.keyboard.press("Backspace")
        page.wait_for_selector("#send", state="detached")
        page.keyboard.type(name[: _LETTERS - 1])
        page.wait_for_selector("#places li")
        known = page.evaluate("[told.lists.length, told.answers.length]")
        page.keyboard.press(name[_LETTERS - 1])
        found = next_of(page, "lists", known[0])
        lists.append(found["seen"] - found["pressed"])
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        answer = next_of(page, "answers", known[1])
        answers.append(answer["seen"] - answer["pressed"])
        show((3 + (number + 1) / times) / 4)
    return lists, answers


def ring(desks: Desks, times: int, show: Show, *, without_stream: bool = False) -> list[float]:
    """Alert the nurse's hospital: from the request to the sound, in milliseconds; `without_stream` the moment its process was killed."""
    heard = []
    for number in range(times):
        case = desks.begin()
        if without_stream:
            _kill_stream(desks.service)
        began = time.time() * 1000
        alert = desks.alert(case)
        heard.append(first_after(desks.nurse, "sounds", began) - began)
        desks.close(alert)
        if without_stream:
            desks.service.wait_until_ready()
        show((number + 1) / times)
    return heard


def lose(desks: Desks, times: int, show: Show, cut: Callable[[Desks], Any]) -> tuple[list[float], list[float]]:
    """Cut both screens off while a call is typed: until both say so, and from the end of it until both show what came meanwhile.

    Raises
    ------
    Violation
        Something that was typed is gone.
    """
    told, back, pages = [], [], (desks.dispatcher, desks.nurse)
    desks.dispatcher.keyboard.press("F2")
    desks.dispatcher.focus("#vehicle")
    typed = ""
    for number in range(times):
        case = desks.begin()
        began = time.time() * 1000
        with cut(desks):
            typed += _type(desks, f" {number}a")
            told.append(max(first_after(page, "lost", began) for page in pages) - began)
            typed += _type(desks, f" {number}b")
            ended = time.time() * 1000
        alert = desks.alert(case)
        for page in pages:  # one that was answered in the last moment has said so before
            page.wait_for_selector("#lost", state="hidden")
        desks.nurse.wait_for_selector(f"#alert-{alert['id']}.is-waiting")
        desks.dispatcher.wait_for_selector(f"#case-{case}")
        back.append(time.time() * 1000 - ended)
        if desks.dispatcher.input_value("#vehicle") != typed:
            raise Violation(f"what was typed is gone: {desks.dispatcher.input_value('#vehicle')!r}, not {typed!r}")
        desks.close(alert)
        show((number + 1) / times)
    return told, back


def _type(desks: Desks, text: str) -> str:
    desks.dispatcher.keyboard.type(text)
    return text


@contextmanager
def offline(desks: Desks) -> Iterator[None]:
    """Both browsers are cut off, and know it."""
    contexts = [page.context for page in (desks.dispatcher, desks.nurse)]
    for context in contexts:
        context.set_offline(True)
    try:
        yield
    finally:
        for context in contexts:
            context.set_offline(False)


@contextmanager
def frozen(desks: Desks) -> Iterator[None]:
    """Nobody of the server answers any more, and nobody hangs up: as where a line swallows what is sent."""
    service = desks.service
    stopped = [process for process, name in service.victims().items() if name == "server"]
    try:
        for process in stopped:
            os.kill(process, signal.SIGSTOP)
        yield
    finally:
        for process in stopped:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)


def _kill_stream(service: Service) -> None:
    for process, name in service.victims().items():
        with suppress(OSError):
            if name == "server" and b"--with-parent" in Path(f"/proc/{process}/cmdline").read_bytes():
                os.kill(process, signal.SIGKILL)
