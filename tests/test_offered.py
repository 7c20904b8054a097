"""Those who ask at a rate, on connections that the server ends as it pleases: each answer is held against its own question, and none is lost."""

from __future__ import annotations

import socketserver
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from bench import load
from bench.offered import offered

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def server(answers_each: int, *, last_unanswered: bool = False) -> Iterator[tuple[str, int]]:
    """Answer with what was asked; end each connection after so many answers, without a word, or as the next question comes."""

    class Echo(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for _ in range(answers_each):
                if not self._answered():
                    return
            if last_unanswered:
                self.rfile.readline()

        def _answered(self) -> bool:
            line = self.rfile.readline()
            if not line:
                return False
            while self.rfile.readline().strip():
                pass
            path = line.split()[1]
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(path), path))
            return True

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads, request_queue_size = True, 128

    with Server(("127.0.0.1", 0), Echo) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running.server_address
        running.shutdown()


def ask(address: tuple[str, int], count: int) -> tuple[Counter[bool], list[tuple[bytes, bytes]]]:
    """How many were answered and lost, and the questions with their answers."""
    questions = (f"GET /{number} HTTP/1.1\r\n\r\n".encode() for number in range(10 * count))
    had, pairs = Counter[bool](), []
    for client, answered, _ in offered(address, questions, 4, rate=count * 2.0, seconds=0.5):
        had[answered] += 1
        if answered:
            pairs.append((bytes(client.asked).split()[1], client.body))
    return had, pairs


@pytest.mark.parametrize("last_unanswered", [False, True])
@pytest.mark.parametrize("answers_each", [1, 3])
def test_an_idle_connection_that_ends_loses_no_question(
    monkeypatch: pytest.MonkeyPatch, answers_each: int, *, last_unanswered: bool
) -> None:
    monkeypatch.setattr(load, "IDLE_S", 0.0)
    with server(answers_each, last_unanswered=last_unanswered) as address:
        had, pairs = ask(address, 200)
    assert had == {True: 200}
    assert [question for question, answer in pairs if question != answer] == []
    assert len({question for question, _ in pairs}) == 200


def test_a_question_on_a_new_connection_that_ends_is_lost_once() -> None:
    with server(0, last_unanswered=True) as address:
        had, _ = ask(address, 40)
    assert had == {False: 40}


def test_an_answer_that_a_busy_connection_does_not_bring_is_lost() -> None:
    with server(3, last_unanswered=True) as address:
        had, pairs = ask(address, 200)
    assert had[False] > 0
    assert sum(had.values()) == 200
    assert [question for question, answer in pairs if question != answer] == []
