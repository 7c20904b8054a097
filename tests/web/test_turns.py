"""How many requests are worked on at once, and that those that wait for the database are none of them."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Response

from stroke_map.web.turns import InOrder, Turns, waits

LONG_S = 60


class Counted:
    """An application whose answers wait until they are let go, and which counts them meanwhile."""

    def __init__(self):
        self.working, self.most, self.begun = 0, 0, 0
        self._changed, self.let_go = threading.Condition(), threading.Event()

    def __call__(self, environ, start_response):
        with self._changed:
            self.working += 1
            self.begun += 1
            self.most = max(self.most, self.working)
            self._changed.notify_all()
        assert self.let_go.wait(LONG_S)
        with self._changed:
            self.working -= 1
        return Response("done")(environ, start_response)

    def wait_until_begun(self, number):
        with self._changed:
            assert self._changed.wait_for(lambda: self.begun >= number, LONG_S)


@pytest.fixture
def counted():
    return Counted()


def ask(application, paths):
    """The threads that ask, and the statuses they were answered with, as they come."""
    statuses = []

    def one(path):
        statuses.append(Client(application).post(path).status_code)

    threads = [threading.Thread(target=one, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    return threads, statuses


def end(counted, threads):
    counted.let_go.set()
    for thread in threads:
        thread.join(LONG_S)


def test_so_many_are_worked_on_at_once_and_all_are_answered(counted):
    threads, statuses = ask(Turns(counted, at_once=2), ["/api/v1/route"] * 7)
    counted.wait_until_begun(2)
    end(counted, threads)
    assert (counted.most, statuses) == (2, [200] * 7)


def test_pages_keep_nobody_from_an_answer(counted):
    turns = Turns(counted, at_once=2)
    drawing, _ = ask(turns, ["/", "/hospitals", "/api/v1/hospitals", "/quality"])
    counted.wait_until_begun(2)
    asking, statuses = ask(turns, ["/api/v1/route", "/healthz"])
    counted.wait_until_begun(4)
    assert (counted.most, turns.come(0)) == (4, False)
    end(counted, drawing + asking)
    assert statuses == [200, 200]
    assert turns.come(0)


def test_too_many_pages_that_wait_are_refused_and_no_question_is(counted):
    turns = Turns(counted, at_once=1, most_queued=2)
    drawing, _ = ask(turns, ["/", "/hospitals", "/quality"])
    while turns._others.waiting < 2:
        time.sleep(0.001)
    refused = Client(turns).get("/editor")
    assert (refused.status_code, refused.headers["Retry-After"], refused.json["code"]) == (429, "1", "too-busy")
    asking, statuses = ask(turns, ["/api/v1/route", "/api/v1/route", "/api/v1/route", "/api/v1/route"])
    end(counted, drawing + asking)
    assert statuses == [200] * 4
    assert Client(turns).get("/editor").status_code == 200


def test_who_asks_whether_the_server_lives_takes_no_turn_of_a_question_or_a_page(counted):
    turns = Turns(counted, at_once=1)
    alive, told = ask(turns, ["/healthz", "/readyz", "/healthz"])
    counted.wait_until_begun(1)
    asking, statuses = ask(turns, ["/api/v1/route", "/quality"])
    counted.wait_until_begun(3)
    assert (counted.most, turns.come(0)) == (3, False)
    end(counted, alive + asking)
    assert (told, statuses) == ([200] * 3, [200] * 2)


def test_strangers_who_log_in_slowly_keep_nobody_from_writing(counted, monkeypatch):
    monkeypatch.setattr("stroke_map.web.turns.MOST_LOGGING_IN", 2)
    turns = Turns(counted, most_waiting=1)
    strangers, told = ask(turns, ["/api/v1/session"] * 2)
    counted.wait_until_begun(2)
    refused = Client(turns).post("/api/v1/session")
    assert (refused.status_code, refused.headers["Retry-After"], refused.json["code"]) == (429, "1", "too-busy")
    writing, statuses = ask(turns, ["/api/v1/alerts"])
    counted.wait_until_begun(3)
    end(counted, strangers + writing)
    assert (told, statuses) == ([200] * 2, [200])
    assert Client(turns).post("/api/v1/session").status_code == 200


def test_a_queue_that_moves_is_no_harm_and_one_that_stands_is_one(counted):
    turns = Turns(counted, at_once=1)
    drawing, _ = ask(turns, ["/"])
    counted.wait_until_begun(1)
    assert not turns.come(0.05)  # nobody could be shown a page
    end(counted, drawing)
    assert turns.come(0.05)
    queue, ended = InOrder(1), threading.Event()
    queue.take()

    def one():
        while not ended.is_set():
            queue.take()
            time.sleep(0.005)
            queue.give()

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    queue.give()
    assert all(queue.moves(LONG_S) for _ in range(20))
    ended.set()
    for thread in threads:
        thread.join(LONG_S)


def test_whoever_gave_a_turn_back_for_a_while_is_next():
    turns, came = InOrder(1), []
    turns.take()
    back = turns.given_back()
    back.__enter__()
    turns.take()

    def one(name, take):
        take()
        came.append(name)
        turns.give()

    waiting = threading.Thread(target=one, args=("who came later", turns.take))
    waiting.start()
    while turns.waiting < 1:
        time.sleep(0.001)
    returning = threading.Thread(target=one, args=("who comes back", lambda: back.__exit__(None, None, None)))
    returning.start()
    while turns.waiting < 2:
        time.sleep(0.001)
    turns.give()
    for thread in (waiting, returning):
        thread.join(LONG_S)
    assert came == ["who comes back", "who came later"]


def test_whoever_waits_for_the_database_keeps_nobody_from_an_answer(counted):
    turns = Turns(counted, at_once=1)
    waiting, _ = ask(turns, ["/api/v1/cases", "/api/v1/alerts", "/api/v1/alerts/7/acknowledge"])
    counted.wait_until_begun(3)
    asking, statuses = ask(turns, ["/api/v1/route"])
    counted.wait_until_begun(4)
    end(counted, waiting + asking)
    assert statuses == [200]


def test_too_many_that_wait_are_told_so_at_once_and_later_ones_are_answered(counted):
    turns = Turns(counted, most_waiting=2)
    waiting, _ = ask(turns, ["/api/v1/alerts"] * 2)
    counted.wait_until_begun(2)
    refused = Client(turns).post("/api/v1/alerts")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert (refused.mimetype, refused.json["code"]) == ("application/problem+json", "live-store")
    end(counted, waiting)
    assert Client(turns).post("/api/v1/alerts").status_code == 200


def test_a_turn_comes_back_also_from_an_answer_that_fails():
    def broken(environ, start_response):
        raise ZeroDivisionError

    turns = Turns(broken, at_once=1, most_waiting=1)
    for _ in range(3):
        for path in ("/", "/api/v1/alerts"):
            with pytest.raises(ZeroDivisionError):
                Client(turns).get(path)


def test_whoever_waits_longest_comes_next_and_nobody_passes():
    turns, came = InOrder(1), []
    turns.take()

    def one(number):
        turns.take()
        came.append(number)
        turns.give()

    threads = []
    for number in range(5):
        threads.append(threading.Thread(target=one, args=(number,)))
        threads[-1].start()
        while turns.waiting <= number:
            time.sleep(0.001)
    # Also not somebody who comes in the moment in which a turn is given back.
    turns.give()
    turns.take()
    came.append("last")
    turns.give()
    for thread in threads:
        thread.join(LONG_S)
    assert came == [0, 1, 2, 3, 4, "last"]
    assert turns.moves(0)


def test_no_turn_is_lost_or_made():
    turns, holding = InOrder(2), threading.Semaphore(2)

    def one():
        for _ in range(200):
            turns.take()
            assert holding.acquire(blocking=False)
            with turns.given_back():
                holding.release()
            assert holding.acquire(blocking=False)
            holding.release()
            turns.give()

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(one) for _ in range(8)]:
            done.result(LONG_S)
    assert turns.waiting == 0
    turns.take()
    assert turns.moves(0)
    turns.take()
    assert not turns.moves(0)


@pytest.mark.parametrize(
    ("method", "path", "waiting"),
    [
        ("GET", "/", False),
        ("GET", "/hospitals", False),
        ("POST", "/map", False),
        ("GET", "/healthz", False),
        ("POST", "/api/v1/route", False),
        ("POST", "/api/v1/route.gpx", False),
        ("POST", "/api/v1/transfer", False),
        ("GET", "/api/v1/hospitals", False),
        ("PUT", "/api/v1/hospitals/a/status", True),
        ("POST", "/api/v1/cases", True),
        ("GET", "/api/v1/alerts", True),
        ("POST", "/api/v1/closures", True),
        ("POST", "/api/v1/session", True),
    ],
)
def test_what_may_wait(method, path, waiting):
    assert waits(method, path) is waiting
