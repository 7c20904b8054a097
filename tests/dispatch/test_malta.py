"""Malta as an edition of its own: two islands, a ferry, and hospitals drafted from the map."""

from __future__ import annotations

import numpy as np
import osmium
import pytest

from stroke_map.dispatch import prepare
from stroke_map.dispatch.starts import find_starts
from stroke_map.errors import OffNetworkError, OutsideAreaError

MATER_DEI, SAN_LUQA, GOZO_GENERAL = "osm-w24063943", "osm-w52501252", "osm-n3919240489"
VICTORIA, VALLETTA = (36.0440, 14.2394), (35.8989, 14.5146)


@pytest.fixture(scope="module")
def towns(shared_osm) -> dict[str, tuple[float, float]]:
    """Every town, village and city of the file."""
    places = osmium.FileProcessor(shared_osm / "malta.osm.pbf", osmium.osm.NODE).with_filter(
        osmium.filter.TagFilter(("place", "town"), ("place", "village"), ("place", "city"))
    )
    return {node.tags.get("name", str(node.id)): (node.lat, node.lon) for node in places}


@pytest.mark.parametrize("profile", ["car", "ambulance"])
def test_every_town_gets_an_answer(malta_edition, ask, towns, profile) -> None:
    assert len(towns) > 50
    able = {MATER_DEI, SAN_LUQA, GOZO_GENERAL}
    for name, place in towns.items():
        found = ask(malta_edition, place, profile=profile)
        assert [hospital["class"] for hospital in found["hospitals"]] == [1, 1, 1], name
        assert {hospital["id"] for hospital in found["hospitals"]} == able
        on_gozo = place[1] < 14.33 and place[0] > 36.0
        assert (found["hospitals"][0]["id"] == GOZO_GENERAL) == on_gozo, name
        assert found["hospitals"][0]["travel_time_s"] < 45 * 60


@pytest.mark.parametrize(
    ("place", "question", "hospital"),
    [
        (VICTORIA, {"need": "thrombectomy"}, MATER_DEI),
        (VALLETTA, {"condition": "chest_pain", "need": "primary_pci"}, GOZO_GENERAL),
    ],
)
def test_to_the_other_island_one_takes_the_ferry(malta_edition, ask, place, question, hospital) -> None:
    found = ask(malta_edition, place, **question)
    (only,) = found["hospitals"]
    assert only["id"] == hospital
    assert "ferry" in [step["maneuver"] for step in only["steps"]]
    assert only["travel_time_s"] > 45 * 60
    nearer = ask(malta_edition, place)["hospitals"][0]
    assert "ferry" not in [step["maneuver"] for step in nearer["steps"]]


@pytest.mark.parametrize(
    ("sea", "kind"),
    [
        ((35.70, 14.30), OutsideAreaError),
        ((36.30, 14.90), OutsideAreaError),
        ((0.0, 0.0), OutsideAreaError),
        ((36.01, 14.40), OffNetworkError),
        ((35.96, 14.47), OffNetworkError),
    ],
)
def test_at_sea_one_is_told_by_straight_line(malta_edition, ask, refused, sea, kind) -> None:
    error = refused(kind, malta_edition, sea)
    assert {hospital["id"] for hospital in error.facts["fallback"]} == {MATER_DEI, SAN_LUQA, GOZO_GENERAL}
    lines = [hospital["straight_line_m"] for hospital in error.facts["fallback"]]
    assert lines == sorted(lines)


def test_the_first_of_random_places_is_that_of_networkx(malta_edition, ask, plain_settings, least_ms) -> None:
    profile = prepare(malta_edition).profiles["ambulance", "all"]
    network = profile.network
    time_ms = network.segment_time_ms
    rng = np.random.default_rng(5)
    gate_segments = set(profile.arrivals.gate_segment.tolist())
    ends = least_ms(malta_edition, network, profile.arrivals, {MATER_DEI, SAN_LUQA, GOZO_GENERAL})
    for point in rng.choice(np.flatnonzero(profile.always.usable(None, None)[network.point_stretch]), 300).tolist():
        here = float(network.point_y[point]) * 1e-7, float(network.point_x[point]) * 1e-7 + rng.normal(0, 2e-4)
        starts = find_starts(profile.always, *here, plain_settings).starts
        if gate_segments & set(starts.segment.tolist()):
            continue  # A gate ahead on the very segment is held to brute force elsewhere.
        ways_ms = {
            (extra_ms + round((1 - share) * time_ms[segment]) + ends_ms[segment], name)
            for segment, share, extra_ms in zip(*(part.tolist() for part in starts), strict=True)
            for name, ends_ms in ends.items()
            if segment in ends_ms
        }
        cost_ms, name = min(ways_ms)
        found = ask(malta_edition, here, profile="ambulance")["hospitals"][0]
        assert found["id"] == name
        # To a tenth of a second, and without the deterrent of streets closed to through traffic.
        deterrents = (cost_ms - found["travel_time_s"] * 1000) / 20_000
        assert deterrents == pytest.approx(round(deterrents), abs=0.006)
