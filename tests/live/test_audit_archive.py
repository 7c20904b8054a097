import os
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import orjson
import pytest
from sqlalchemy import text

from stroke_map.errors import AuditError
from stroke_map.live import audit_archive
from stroke_map.live.audit_archive import archive
from stroke_map.live.audit_chain import WRITES, Head, Link, beginning, link, problems

DAY = timedelta(days=1)


@pytest.fixture
def log(store, new_closure, now, monkeypatch):
    """Closures on six days, the first `now`, each by somebody, and two chains of reads: one that ended on the second day, one that goes on."""
    from stroke_map.live import audit

    class Clock(datetime):
        at: datetime

        @classmethod
        def now(cls, _tz):
            return cls.at

    monkeypatch.setattr(audit, "datetime", Clock)
    for number in range(6):
        Clock.at = now + number * DAY
        with store.audit.doing(actor="wang", role="dispatcher", action=f"closure {number}"):
            store.closures.add(new_closure(), now=now)
        gather(store, "reads-2", "reads", Clock.at)
        if number < 2:
            gather(store, "reads-1", "audit.close" if number else "reads", Clock.at)
    Clock.at = now + 10 * DAY
    return store


def gather(store, chain, action, at):
    with store.reading() as connection:
        row = connection.execute(
            text("SELECT number, hash FROM audit_chains WHERE chain = :c"), {"c": chain}
        ).one_or_none()
    head = Head(row.number, row.hash) if row else beginning(chain)
    store.audit.gather(chain, [link(chain, head, {"at": at, "actor": "li", "action": action})])


def brought(log, folder, before, now):
    return archive(log, folder, before=before, now=now + 10 * DAY)


def lines_of(folder):
    told = [line.split(b" ", 1) for file in sorted(folder.iterdir()) for line in file.read_bytes().splitlines()]
    return [Link(orjson.loads(line)["number"], line.decode(), kept.decode()) for kept, line in told]


def wrong_with(log, anchors=None):
    return log.audit.verify(anchors)[1]


def test_what_is_old_is_in_the_file_what_is_not_stays_and_both_are_proven(log, tmp_path, now):
    before, everything = log.audit.verify()[0], log.audit.list()
    done = brought(log, tmp_path / "old", now + 3 * DAY, now)
    archived, kept = lines_of(tmp_path / "old"), log.audit.list()
    assert (done.lines, done.chains, done.file.stat().st_mode & 0o777) == (len(archived), 3, 0o600)
    assert [line for line in kept if line["action"] == "audit.archive"] == kept[:1]
    both = [one.record() for one in archived] + kept[1:]
    key = lambda line: (line["chain"], line["number"])  # noqa: E731
    assert sorted(both, key=key) == sorted(everything, key=key)
    assert all(datetime.fromisoformat(one.record()["at"]) < now + 3 * DAY for one in archived)
    assert all(datetime.fromisoformat(line["at"]) >= now + 3 * DAY for line in kept)
    assert wrong_with(log) == []
    # The file is proven by itself, and by the first line that stayed.
    for chain in ("reads-1", "reads-2", WRITES):
        mine = [one for one in archived if one.record()["chain"] == chain]
        assert list(problems(chain, mine, None)) == []
        first = next((line for line in reversed(kept) if line["chain"] == chain), None)
        assert first is None or first["previous"] == mine[-1].hash
    # Ends that were kept elsewhere hold on, but for a chain that is in the file to its end.
    assert before.pop("reads-1").number == 2
    assert wrong_with(log, before) == []


def test_the_log_goes_on_and_is_archived_again_and_again(log, tmp_path, new_closure, now):
    for days in (1, 2, 4, 9):
        assert brought(log, tmp_path / str(days), now + days * DAY, now).lines > 0
        assert brought(log, tmp_path / "again", now + days * DAY, now) is None
        assert wrong_with(log) == []
        with log.audit.doing(actor="wang"):
            log.closures.add(new_closure(), now=now)
        gather(log, "reads-2", "reads", now + 10 * DAY)
        assert wrong_with(log) == []
    told = [one for days in (1, 2, 4, 9) for one in lines_of(tmp_path / str(days))]
    for chain in ("reads-1", "reads-2", WRITES):
        numbers = [one.number for one in told if one.record()["chain"] == chain]
        assert all(after == one + 1 for one, after in pairwise(numbers))
    heads, _ = log.audit.verify()
    assert heads.keys() == {"reads-2", WRITES}


def test_where_nothing_is_old_nothing_happens(log, tmp_path, now):
    count = len(log.audit.list())
    assert brought(log, tmp_path / "old", now, now) is None
    assert not (tmp_path / "old").exists()
    assert len(log.audit.list()) == count


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM audit WHERE chain = 'writes' AND number = (SELECT min(number) FROM audit WHERE chain = 'writes')", "is missing"),
        ("DELETE FROM audit WHERE chain = 'reads-2' AND number = 4", "line 4 is missing"),
        ("DELETE FROM audit WHERE chain = 'reads-2'", "reads-2: ends with line 3"),
        ("DELETE FROM audit_chains WHERE chain = 'reads-2'", "reads-2: ends with"),
        ("UPDATE audit SET line = replace(line, 'reads-2', 'reads-3') WHERE line LIKE '%audit.archive%'", "was changed"),
        ("DELETE FROM audit WHERE line LIKE '%audit.archive%'", "is missing"),
    ],
)  # fmt: skip
def test_what_is_taken_away_besides_is_found(log, tmp_path, now, statement, told):
    brought(log, tmp_path / "old", now + 3 * DAY, now)
    with log.writing(audited=False) as connection:
        connection.execute(text(statement))
    wrong = wrong_with(log)
    assert any(told in problem for problem in wrong), wrong


def test_a_chain_that_goes_on_cannot_be_taken_away_as_a_whole(log, tmp_path, now):
    brought(log, tmp_path / "old", now + 3 * DAY, now)
    with log.writing(audited=False) as connection:
        connection.execute(text("DELETE FROM audit WHERE chain = 'reads-2'"))
        connection.execute(text("DELETE FROM audit_chains WHERE chain = 'reads-2'"))
    assert wrong_with(log) == ["reads-2: was begun, and is gone"]


def test_a_log_that_is_not_whole_stays_as_it_is(log, tmp_path, now):
    with log.writing(audited=False) as connection:
        connection.execute(text("UPDATE audit SET line = replace(line, 'wang', 'weng') WHERE number = 1"))
    with pytest.raises(AuditError):
        brought(log, tmp_path / "old", now + 3 * DAY, now)
    assert not (tmp_path / "old").exists()


def test_killed_before_all_was_taken_away_the_log_is_whole_and_the_next_takes_the_rest(log, tmp_path, now, monkeypatch):
    monkeypatch.setattr(audit_archive, "_MOST_DELETED", 1)
    taken = audit_archive._take_away

    def killed(store, seal):
        with store.writing(audited=False) as connection:
            connection.execute(text("DELETE FROM audit WHERE chain = 'reads-2' AND number < 3"))
        raise KeyboardInterrupt

    monkeypatch.setattr(audit_archive, "_take_away", killed)
    with pytest.raises(KeyboardInterrupt):
        brought(log, tmp_path / "old", now + 3 * DAY, now)
    assert wrong_with(log) == []
    monkeypatch.setattr(audit_archive, "_take_away", taken)
    assert brought(log, tmp_path / "older", now + 3 * DAY, now) is None
    assert all(datetime.fromisoformat(line["at"]) >= now + 3 * DAY for line in log.audit.list())
    assert wrong_with(log) == []
    assert len(lines_of(tmp_path / "old")) == 10


def test_a_file_that_is_there_already_is_never_written_over(log, tmp_path, now):
    moment = now + 10 * DAY
    (tmp_path / f"audit-{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}.jsonl").write_text("mine")
    count = len(log.audit.list())
    with pytest.raises(FileExistsError):
        archive(log, tmp_path, before=now + 3 * DAY, now=moment)
    assert len(log.audit.list()) == count


def while_it_is_written(monkeypatch, what):
    """Do something once, when all lines are in a file and the disk has not taken it yet."""
    fsync, left = os.fsync, [what]

    def slow(file):
        if left:
            left.pop()()
        fsync(file)

    monkeypatch.setattr(audit_archive.os, "fsync", slow)


@pytest.mark.parametrize("live_database", ["postgres"], indirect=True)
def test_no_transaction_waits_for_a_slow_disk(log, tmp_path, now, monkeypatch):
    """PostgreSQL ends one that is idle for some seconds."""
    states = []
    ours = text(
        "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state IS NOT NULL"
    )

    def look():
        with log.reading() as connection:
            states.append(set(connection.execute(ours).scalars()))

    while_it_is_written(monkeypatch, look)
    assert brought(log, tmp_path / "old", now + 3 * DAY, now).lines == 10
    assert states in ([set()], [{"idle"}])


@pytest.mark.parametrize("most", [1, 2, 3])
def test_what_is_read_in_portions_is_all_of_it(log, tmp_path, now, monkeypatch, most):
    monkeypatch.setattr(audit_archive, "_MOST_READ", most)
    assert brought(log, tmp_path / "old", now + 3 * DAY, now).lines == len(lines_of(tmp_path / "old")) == 10
    assert wrong_with(log) == []


@pytest.mark.parametrize("days", [2, 3, 5])
def test_of_two_archives_at_once_one_is_made(log, tmp_path, now, monkeypatch, days):
    while_it_is_written(monkeypatch, lambda: brought(log, tmp_path / "quick", now + days * DAY, now))
    with pytest.raises(AuditError, match="while it was archived"):
        brought(log, tmp_path / "slow", now + 3 * DAY, now)
    assert list((tmp_path / "slow").iterdir()) == []
    assert wrong_with(log) == []
    assert brought(log, tmp_path / "slow", now + 6 * DAY, now).lines > 0
    told = [one.record() for folder in ("quick", "slow") for one in lines_of(tmp_path / folder)]
    assert len({(one["chain"], one["number"]) for one in told}) == len(told)


def test_lines_that_are_gone_when_they_are_to_be_written_are_missed(log, tmp_path, now, monkeypatch):
    verify = log.audit.verify

    def verify_and_lose():
        found = verify()
        with log.writing(audited=False) as connection:
            connection.execute(text("DELETE FROM audit WHERE chain = 'reads-2' AND number = 2"))
        return found

    monkeypatch.setattr(log.audit, "verify", verify_and_lose)
    with pytest.raises(AuditError) as told:
        brought(log, tmp_path / "old", now + 3 * DAY, now)
    assert told.value.facts["problems"] == ["reads-2: line 2 is missing"]
    assert list((tmp_path / "old").iterdir()) == []
