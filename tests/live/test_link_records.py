"""Links to a case, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from stroke_map.errors import ConflictError, NotFoundError
from stroke_map.live.case_tables import cases
from stroke_map.live.link_records import LINK_PREFIX, MOST_LINKS
from stroke_map.live.link_tables import case_links

HOUR = timedelta(hours=1)


@pytest.fixture
def begun(store, new_case, now):
    """A store with two cases."""
    for _ in range(2):
        store.cases.add(new_case(), now=now)
    return store


def test_a_link_leads_to_its_case_and_its_token_is_kept_nowhere(begun, now):
    link, token = begun.links.add(2, by="wang", now=now)
    assert (link.case_id, link.expires_at) == (2, now + 12 * HOUR)
    assert begun.links.find(token, now=now) == link
    assert len(token) >= len(LINK_PREFIX) + 43, "256 random bits"
    with begun.reading() as connection:
        kept = str(connection.execute(select(case_links)).all())
    assert token.removeprefix(LINK_PREFIX) not in kept
    other, another_token = begun.links.add(2, by="wang", now=now)
    assert begun.links.find(token, now=now).id != begun.links.find(another_token, now=now).id == other.id


def test_nobody_elses_token_leads_anywhere(begun, now):
    _, token = begun.links.add(1, by="wang", now=now)
    changed = token[:-1] + ("A" if token[-1] != "A" else "B")
    for wrong in (
        "",
        LINK_PREFIX,
        changed,
        token + "A",
        token.upper(),
        f" {token}",
        f"{token}\n",
        "sm_" + token,
        "é" * 47,
    ):
        assert begun.links.find(wrong, now=now) is None, wrong


def test_a_link_ends_after_its_time(begun, now):
    link, token = begun.links.add(1, by="wang", now=now)
    assert begun.links.find(token, now=link.expires_at - timedelta(seconds=1)) == link
    assert begun.links.find(token, now=link.expires_at) is None


def test_a_link_ends_with_its_case_and_none_is_made_to_a_closed_one(begun, now):
    _, token = begun.links.add(1, by="wang", now=now)
    _, of_other = begun.links.add(2, by="wang", now=now)
    begun.cases.record(1, "closed", now, "wang", now=now)
    assert begun.links.find(token, now=now) is None
    assert begun.links.find(of_other, now=now).case_id == 2
    with pytest.raises(ConflictError):
        begun.links.add(1, by="wang", now=now)


def test_links_are_gone_with_a_case_that_is_deleted(begun, now):
    _, token = begun.links.add(1, by="wang", now=now)
    with begun.writing() as connection:
        connection.execute(delete(cases).where(cases.c.id == 1))
        assert connection.execute(select(case_links)).all() == []
    assert begun.links.find(token, now=now) is None


def test_revoking_ends_every_link_of_the_case_alone(begun, now):
    tokens = [begun.links.add(1, by="wang", now=now)[1] for _ in range(2)]
    _, of_other = begun.links.add(2, by="wang", now=now)
    assert begun.links.revoke(1, by="li", now=now) == 2
    assert begun.links.revoke(1, by="li", now=now) == 0
    assert [begun.links.find(token, now=now) for token in tokens] == [None, None]
    assert begun.links.find(of_other, now=now) is not None
    assert begun.links.add(1, by="wang", now=now), "and a new one can be made"


def test_a_case_that_is_not_there_has_no_links_and_none_has_any_number(begun, now):
    for task in (begun.links.add, begun.links.revoke):
        with pytest.raises(NotFoundError):
            task(3, by="wang", now=now)
    for _ in range(MOST_LINKS):
        begun.links.add(1, by="wang", now=now)
    with pytest.raises(ConflictError):
        begun.links.add(1, by="wang", now=now)
