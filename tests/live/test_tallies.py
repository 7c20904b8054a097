"""Medians, shares and sums that are read off tables of marks, held against the plain list of the same marks."""

import statistics
from collections import Counter, defaultdict

from hypothesis import given
from hypothesis import strategies as st

from stroke_map.live.quality import Mark
from stroke_map.live.tallies import Tallies, Values, Words

MARKS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.builds(
            Mark,
            st.sampled_from(["2026-04", "2026-05", "2027-01"]),
            st.sampled_from(["stroke", "chest_pain"]),
            st.sampled_from(["a", "b", "stroke"]),
            st.sampled_from(["cases", "door_to_needle", "a"]),
            st.integers(0, 5),
        ),
        st.integers(1, 3),
    ),
    max_size=40,
)


def tallies_of(marks):
    words = Words()
    rows = words.rows(marks)
    return Tallies(words.all(), rows)


def plainly(marks, key_of):
    """Every value of each measure, as often as there are cases, by key and condition."""
    found = defaultdict(lambda: defaultdict(list))
    for _, mark, cases in marks:
        found[key_of(mark.month, mark.hospital_id), mark.condition][mark.measure] += [mark.value] * cases
    return found


@given(
    MARKS, st.integers(-1, 6), st.sampled_from([lambda month, _: month, lambda _, hospital: hospital, lambda *_: ""])
)
def test_medians_and_shares_are_those_of_the_plain_list(marks, limit, key_of):
    found, plain = tallies_of(marks).by(key_of), plainly(marks, key_of)
    assert list(found) == sorted(plain)
    for key, measures in plain.items():
        assert found[key].keys() == measures.keys()
        for measure, values in measures.items():
            of = found[key][measure]
            assert (of.cases, of.median) == (len(values), statistics.median(values))
            assert of.within(limit) == len([value for value in values if value <= limit])


def test_of_nothing_there_is_no_median_and_nobody_is_within():
    assert (Values().cases, Values().median, Values().within(9)) == (0, None, 0)
    assert tallies_of([]).by(lambda *_: "") == {}
    assert tallies_of([]).only("2026-01", "2026-12", hospital="a").newest(3) == []


@given(MARKS, st.sampled_from([None, "a", "c"]), st.sampled_from([None, "stroke"]), st.sampled_from([None, "cases"]))
def test_what_is_not_wanted_is_left_out(marks, hospital, condition, measure):
    found = tallies_of(marks).only("2026-05", "2026-12", hospital=hospital, condition=condition, measure=measure)
    wanted = [
        (case, mark, cases)
        for case, mark, cases in marks
        if mark.month == "2026-05"
        and hospital in {None, mark.hospital_id}
        and condition in {None, mark.condition}
        and measure in {None, mark.measure}
    ]
    assert Counter(found.rows[0].tolist()) == Counter(case for case, _, _ in wanted)
    assert found.newest(2) == sorted({case for case, _, _ in wanted if case}, reverse=True)[:2]
    assert found.by(lambda *_: "") == tallies_of(wanted).by(lambda *_: "")
