import pytest
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.live.accounts import Standing
from stroke_map.live.changed import Versions
from stroke_map.stream.events import Audience, Event, frames, id_of, versions_of

VERSION = st.integers(0, 10**17)
KINDS = {0: "alert", 1: "status", 2: "closure"}
EVERYBODY = Audience("", frozenset({"alert", "case", "status", "closure"}))


@given(st.builds(Versions, VERSION, VERSION, VERSION))
def test_an_id_tells_the_versions_again(versions):
    assert versions_of(id_of(versions)) == versions


@pytest.mark.parametrize("text", ["", "1", "1-2", "1-2-3-4", "1-2-3\n", "-1-2-3", "1-2-x", "１-2-3", "1-2-" + 19 * "9"])
def test_what_is_no_id_names_no_versions(text):
    assert versions_of(text) is None


def told(content):
    """The (id, data) of each event."""
    events = [dict(line.split(": ", 1) for line in text.splitlines()) for text in content.decode().split("\n\n")[:-1]]
    return [(versions_of(event["id"]), event["data"]) for event in events]


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 6), st.sampled_from(["", "a", "b"])), max_size=12),
    st.builds(Versions, *[st.integers(0, 6)] * 3),
    st.sampled_from(["", "a"]),
    st.data(),
)
def test_whoever_is_cut_off_anywhere_and_comes_back_by_the_last_id_misses_nothing(changes, since, hospital, data):
    events = [
        Event(KINDS[topic], topic, version, whose, str(number).encode())
        for number, (topic, version, whose) in enumerate(sorted(changes))
    ]
    audience, until = Audience(hospital, EVERYBODY.kinds), Versions(6, 6, 6)
    whole = told(frames(events, audience, since, until))
    news = [e.data.decode() for e in events if e.version > since[e.topic] and (not hospital or e.hospital in {"", "a"})]
    assert [text for _, text in whole] == news
    heard = data.draw(st.integers(0, len(whole)))
    last = whole[heard - 1][0] if heard else since
    again = told(frames(events, audience, last, until))
    assert {text for _, text in whole[:heard]} | {text for _, text in again} == set(news)
    if heard == len(whole) > 0:
        assert again == []


@pytest.mark.parametrize(
    ("standing", "kinds"),
    [
        (Standing("x", "dispatcher"), {"alert", "case", "status", "closure"}),
        (Standing("x", "hospital", "a"), {"alert", "case", "status", "closure"}),
        (Standing("x", "editor"), {"status", "closure"}),
        (Standing("x", "dispatcher", scopes=("alerts:read",)), {"alert"}),
        (Standing("x", "administrator"), set()),
    ],
)
def test_everybody_hears_what_they_may_read(standing, kinds):
    audience = Audience.of(standing.actor())
    assert (audience.hospital, audience.kinds) == (standing.hospital, kinds)
