from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.live.audit_chain import Head, Link, beginning, link, problems

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
RECORDS = st.lists(
    st.dictionaries(
        st.text(st.characters(codec="utf-8"), max_size=8), st.text(st.characters(codec="utf-8"), max_size=8)
    ),
    min_size=1,
    max_size=8,
)


def chain_of(records, name="c"):
    head, links = beginning(name), []
    for record in records:
        links.append(link(name, head, {"at": NOW, **record}))
        head = links[-1].head
    return links, head


@given(RECORDS)
def test_a_chain_that_was_left_alone_is_whole(records):
    links, head = chain_of(records)
    assert list(problems("c", links, head)) == []
    assert [one.record() for one in links] == [
        {"at": NOW.isoformat(), **record, "chain": "c", "number": number, "previous": one.record()["previous"]}
        for number, (record, one) in enumerate(zip(records, links, strict=True), 1)
    ]


@given(RECORDS, st.data())
def test_any_line_that_is_taken_out_is_missed(records, data):
    links, head = chain_of(records)
    index = data.draw(st.integers(0, len(links) - 1))
    found = list(problems("c", links[:index] + links[index + 1 :], head))
    assert found
    assert (f"c: line {index + 1} is missing" in found) == (index < len(links) - 1)


@given(RECORDS, st.data())
def test_any_character_that_is_changed_is_found(records, data):
    links, head = chain_of(records)
    index = data.draw(st.integers(0, len(links) - 1))
    one = links[index]
    place = data.draw(st.integers(0, len(one.line) - 1))
    line = one.line[:place] + chr(ord(one.line[place]) ^ 1) + one.line[place + 1 :]
    changed = [*links[:index], Link(one.number, line, one.hash), *links[index + 1 :]]
    assert f"c: line {index + 1} was changed" in list(problems("c", changed, head))


def test_a_line_that_was_made_anew_does_not_fit_the_next_nor_the_end():
    links, head = chain_of([{"a": "1"}, {"a": "2"}, {"a": "3"}])
    forged = link("c", links[0].head, {"at": NOW, "a": "forged"})
    assert list(problems("c", [links[0], forged, links[2]], head)) == ["c: line 3 does not follow the one before"]
    last = link("c", links[1].head, {"at": NOW, "a": "forged"})
    (problem,) = problems("c", [*links[:2], last], head)
    assert problem.startswith("c: ends with line 3")


def test_lines_of_another_chain_or_in_another_order_do_not_follow():
    links, head = chain_of([{"a": "1"}, {"a": "2"}])
    others, _ = chain_of([{"a": "1"}, {"a": "2"}], "d")
    assert "c: line 1 does not follow the one before" in list(problems("c", others, None))
    assert list(problems("c", links[::-1], head))
    assert list(problems("c", links + links[-1:], head))
    assert list(problems("c", [Link(1, "no json", "0")], None)) == [
        "c: line 1 does not follow the one before",
        "c: line 1 was changed",
    ]


def test_a_chain_may_be_looked_at_from_any_line_on():
    links, head = chain_of([{"a": str(n)} for n in range(5)])
    assert list(problems("c", links[2:], head, links[1].head)) == []
    assert list(problems("c", links[2:], None, links[0].head))
    assert list(problems("c", [], Head(3, "x"), None))
    assert list(problems("c", [], beginning("c"))) == []


def test_a_record_cannot_say_that_it_is_another_line():
    made = link("c", beginning("c"), {"at": NOW, "number": 99, "chain": "d", "previous": "x"})
    assert (made.record()["number"], made.record()["chain"]) == (1, "c")


@pytest.mark.parametrize("line", ["", "[]", "{}", '{"at": 3}', '{"at": "yesterday"}', "null"])
def test_a_line_without_a_moment(line):
    with pytest.raises(ValueError, match="without a moment"):
        Link(1, line, "").at()
