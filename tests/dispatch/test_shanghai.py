"""Six real hospitals of Shanghai, given in the systems that Chinese maps speak: the same answers to the last digit."""

from __future__ import annotations

import numpy as np
import osmium
import pytest

from stroke_map.coordinates import from_wgs84

#: Degrees, WGS-84, of their main gates to a block or so.
HOSPITALS = {
    "huashan": ("复旦大学附属华山医院", 31.2166, 121.4394),
    "ruijin": ("上海交通大学医学院附属瑞金医院", 31.2118, 121.4628),
    "changzheng": ("上海长征医院", 31.2349, 121.4648),
    "first-people": ("上海市第一人民医院", 31.2537, 121.4813),
    "east": ("上海市东方医院", 31.2385, 121.5072),
    "renji-east": ("上海交通大学医学院附属仁济医院东院", 31.2071, 121.5155),
}


@pytest.fixture(scope="module")
def edition_in(make_town, shared_osm):
    def build(crs):
        rows = []
        for number, (name, (name_zh, lat, lon)) in enumerate(HOSPITALS.items()):
            given_lat, given_lon = (f"{value:.9f}" for value in from_wgs84(lat, lon, crs))
            entrance_lat, entrance_lon = (f"{value:.9f}" for value in from_wgs84(lat + 0.0005, lon, crs))
            rows.append(
                {"id": name, "name_zh": name_zh, "crs": crs, "lat": given_lat, "lon": given_lon, "thrombolysis": "yes"}
                | {"entrance_lat": entrance_lat, "entrance_lon": entrance_lon}
                | {"thrombectomy": "yes" if number % 2 else "no", "primary_pci": "yes" if number % 3 else "unknown"}
            )
        return make_town(shared_osm / "shanghai_center.osm", rows, profiles=("car",))

    return build


@pytest.fixture(scope="module")
def in_wgs84(edition_in):
    return edition_in("WGS-84")


@pytest.fixture(scope="module")
def places(in_wgs84) -> list[tuple[float, float]]:
    network = in_wgs84.network("car")
    usable = np.flatnonzero(in_wgs84.arrivals("car").reaches[network.point_stretch])
    chosen = np.random.default_rng(2).choice(usable, 40)
    return [(float(network.point_y[p]) * 1e-7 + 2e-4, float(network.point_x[p]) * 1e-7) for p in chosen.tolist()]


def test_the_hospitals_lie_in_the_extract(in_wgs84, shared_osm) -> None:
    with osmium.io.Reader(shared_osm / "shanghai_center.osm") as reader:
        box = reader.header().box()
    if box.valid():
        assert all(box.contains(osmium.osm.Location(lon, lat)) for _, lat, lon in HOSPITALS.values())
    assert in_wgs84.info.counts["unreached"] == {"car": []}
    assert in_wgs84.arrivals("car").gate_distance_m.max() < 250


@pytest.mark.parametrize("crs", ["GCJ-02", "BD-09"])
def test_answers_do_not_depend_on_the_system_of_the_sheet(in_wgs84, edition_in, ask, places, crs) -> None:
    other = edition_in(crs)
    assert {hospital.crs for hospital in other.hospitals} == {crs}
    firsts = set()
    for place in places:
        for question in ({}, {"need": "thrombectomy"}, {"condition": "chest_pain", "limit": 6, "all_roads": True}):
            found, again = ask(in_wgs84, place, **question), ask(other, place, **question)
            lines = [[h.pop("geometry") for h in answer["hospitals"]] for answer in (found, again)]
            assert found == again
            for line, same in zip(*lines, strict=True):
                assert (line is None) == (same is None)
                if line is not None:
                    np.testing.assert_array_equal(line["coordinates"], same["coordinates"])
            firsts.add(found["hospitals"][0]["id"])
    assert firsts == set(HOSPITALS)


def test_a_forgotten_conversion_would_be_seen(in_wgs84) -> None:
    """The two systems are half a kilometre apart here, so that equal answers cannot be an accident."""
    for hospital in in_wgs84.hospitals:
        lat, lon = from_wgs84(hospital.lat, hospital.lon, "GCJ-02")
        assert np.hypot(lat - hospital.lat, (lon - hospital.lon) * 0.855) * 111_195 > 300
