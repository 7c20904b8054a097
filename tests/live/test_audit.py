import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy import text

from stroke_map.errors import AuditError, LiveStoreError, NotFoundError
from stroke_map.live.audit_chain import WRITES, Head, beginning, link


@pytest.fixture
def audited(store, new_closure, now):
    """Three closures recorded by wang, each with its line."""
    for number in range(3):
        with store.audit.doing(actor="wang", role="dispatcher", action=f"closure {number}"):
            store.closures.add(new_closure(), now=now)
    return store


def chain_of(now, count, chain="reads-1", **facts):
    head, links = beginning(chain), []
    for number in range(count):
        links.append(link(chain, head, {"at": now, "actor": "li", "action": f"read {number}", **facts}))
        head = links[-1].head
    return links


def run(store, statement, values=None):
    with store.writing() as connection:
        connection.execute(text(statement), values)


def wrong_with(store, anchors=None):
    return store.audit.verify(anchors)[1]


def test_what_is_written_has_its_line_and_what_nobody_does_has_none(audited, new_closure, now):
    audited.closures.add(new_closure(), now=now)
    lines = audited.audit.list()
    assert [(line["number"], line["actor"], line["action"]) for line in lines] == [
        (3, "wang", "closure 2"),
        (2, "wang", "closure 1"),
        (1, "wang", "closure 0"),
    ]
    heads, wrong = audited.audit.verify()
    assert (heads[WRITES].number, wrong) == (3, [])


def test_a_line_and_what_it_tells_of_are_kept_together_or_not_at_all(store, new_closure, now):
    def fail():
        with store.writing() as connection:
            store.bump(connection, "closures", now)
            raise RuntimeError

    with store.audit.doing(actor="wang"):
        with pytest.raises(RuntimeError):
            fail()
        with pytest.raises(NotFoundError):
            store.closures.end(99, "wang", now=now)
    assert store.audit.list() == []
    run(store, "DROP TABLE audit")
    with store.audit.doing(actor="wang"), pytest.raises(LiveStoreError):
        store.closures.add(new_closure(), now=now)
    assert store.closures.list(now=now) == []


def test_what_is_mentioned_stands_in_the_next_line_alone(store, new_closure, now):
    with store.audit.doing(actor="wang", role="dispatcher"):
        store.audit.mention(role="not his role", hospitals=["ex-1"])
        store.closures.add(new_closure(), now=now)
        store.closures.add(new_closure(), now=now)
    second, first = store.audit.list()
    assert (first["role"], first["about"]) == ("dispatcher", {"role": "not his role", "hospitals": ["ex-1"]})
    assert "about" not in second
    store.audit.mention(nobody="does anything")


def test_a_deed_is_of_its_thread_alone(store, new_closure, now):
    with store.audit.doing(actor="wang"):
        other = threading.Thread(target=store.closures.add, args=[new_closure()], kwargs={"now": now})
        other.start()
        other.join()
    assert store.audit.list() == []


def test_writers_at_once_make_one_chain(store, new_closure, now):
    def work(name):
        for _ in range(4):
            with store.audit.doing(actor=name):
                store.closures.add(new_closure(), now=now)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, ["a", "b", "c", "d"]))
    assert wrong_with(store) == []
    assert sorted(line["actor"] for line in store.audit.list()) == [*"aaaabbbbccccdddd"]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE audit SET line = replace(line, 'wang', 'weng') WHERE number = 2", "line 2 was changed"),
        ("UPDATE audit SET hash = 'x' || substr(hash, 2) WHERE number = 2", "line 2 was changed"),
        ("UPDATE audit SET line = 'gone' WHERE number = 2", "line 2 was changed"),
        ("DELETE FROM audit WHERE number = 2", "line 2 is missing"),
        ("DELETE FROM audit WHERE number = 1", "line 1 is missing"),
        ("DELETE FROM audit WHERE number = 3", "ends with line 2"),
        ("DELETE FROM audit", "ends with line 0"),
        ("DELETE FROM audit WHERE number > 1", "ends with line 1"),
        ("UPDATE audit SET number = 7 WHERE number = 3", "line 3 to 6 is missing"),
        ("UPDATE audit SET at = '2020-01-01 00:00:00+00:00' WHERE number = 1", "line 1 is filed under another moment"),
        ("UPDATE audit_chains SET number = 2", "ends with line 3"),
        ("DELETE FROM audit_chains", "ends with line 3"),
        ("INSERT INTO audit SELECT 'writes', 4, at, line, hash FROM audit WHERE number = 3", "line 4 does not follow"),
        ("UPDATE audit SET chain = 'reads-x' WHERE number = 3", "ends with line 2"),
    ],
)
def test_whatever_is_changed_or_removed_is_found(audited, statement, told):
    run(audited, statement)
    wrong = wrong_with(audited)
    assert any(told in problem for problem in wrong), wrong


def test_a_chain_that_was_made_anew_as_a_whole_is_found_by_what_was_kept_elsewhere(audited, now):
    heads, _ = audited.audit.verify()
    assert wrong_with(audited, heads) == []
    run(audited, "DELETE FROM audit")
    run(audited, "UPDATE audit_chains SET number = 0, hash = :hash", {"hash": beginning(WRITES).hash})
    forged = chain_of(now, 3, WRITES)
    audited.audit.gather(WRITES, forged)
    assert audited.audit.verify()[0][WRITES] == forged[-1].head
    assert any("is not what it was" in problem for problem in wrong_with(audited, heads))
    assert any("is not what it was" in problem for problem in wrong_with(audited, {"writes": Head(9, "0")}))


def test_what_was_kept_elsewhere_is_still_there_when_the_chain_has_grown(audited, new_closure, now):
    heads, _ = audited.audit.verify()
    with audited.audit.doing(actor="li"):
        audited.closures.add(new_closure(), now=now)
    assert wrong_with(audited, heads) == []


def test_reads_are_gathered_once_however_often_they_are_sent(audited, now):
    links = chain_of(now, 5)
    assert audited.audit.gather("reads-1", links[:2]) == links[1].head
    assert audited.audit.gather("reads-1", links[:4]) == links[3].head
    assert audited.audit.gather("reads-1", links) == links[4].head
    assert audited.audit.gather("reads-1", links) == links[4].head
    heads, wrong = audited.audit.verify()
    assert (heads["reads-1"], wrong) == (links[4].head, [])
    assert len(audited.audit.list(actor="li")) == 5


@pytest.mark.parametrize(
    "spoil", [lambda links: links[1:], lambda links: [links[0], links[2]], lambda links: links[::-1]]
)
def test_reads_that_do_not_follow_are_refused(audited, now, spoil):
    with pytest.raises(AuditError) as caught:
        audited.audit.gather("reads-1", spoil(chain_of(now, 3)))
    assert caught.value.facts["problems"]
    assert wrong_with(audited) == []


def test_a_chain_of_reads_that_is_taken_away_as_a_whole_is_missed(audited, now):
    audited.audit.gather("reads-1", chain_of(now, 3))
    assert audited.audit.list(actor=None)[0]["chain"] in {"reads-1", WRITES}
    run(audited, "DELETE FROM audit WHERE chain = 'reads-1'")
    run(audited, "DELETE FROM audit_chains WHERE chain = 'reads-1'")
    assert wrong_with(audited) == ["reads-1: was begun, and is gone"]


def test_a_chain_that_nobody_began_is_told(audited):
    run(audited, "INSERT INTO audit_chains VALUES ('reads-x', 0, :hash)", {"hash": beginning("reads-x").hash})
    assert wrong_with(audited) == ["reads-x: nobody began it"]


def test_the_list_is_the_newest_first_by_moment_actor_and_number(audited, now):
    audited.audit.gather("reads-1", chain_of(now, 3))
    assert len(audited.audit.list()) == 7  # with the line that the chain was begun
    assert len(audited.audit.list(most=2)) == 2
    assert {line["actor"] for line in audited.audit.list(actor="wang")} == {"wang"}
    recent = audited.audit.list()[0]["at"]
    assert all(line["at"] >= recent for line in audited.audit.list(since=datetime.fromisoformat(recent)))
    assert audited.audit.list(actor="nobody") == []
