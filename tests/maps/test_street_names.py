"""Where the names of streets can stand: along straight road, long enough for the zoom, the greater roads first."""

import threading

import pytest

from stroke_map.maps.mercator import project
from stroke_map.maps.street_names import (
    DEEPEST_ZOOM,
    FIRST_ZOOM,
    SHEET_PX,
    NoSuchSheetError,
    SheetsBusyError,
    StreetNames,
)


@pytest.fixture(scope="module")
def names(write_osm):
    """A main road east in two ways, a short lane off it, a diagonal street, a winding one, and a road without a name."""
    from stroke_map.roads import RoadNetwork

    nodes = {"a": (0, 0), "b": (1000, 0), "c": (2000, 0), "d": (1000, 60), "e": (0, -1000), "f": (1000, -2000), "g": (2000, -500),
             "m": (3000, 0), "n": (3010, 20), "o": (3020, 0), "p": (3030, 20), "q": (3040, 0), "r": (3050, 20)}  # fmt: skip
    ways = [
        ("ab", {"highway": "primary", "name": "人民\u202e路", "name:en": "Renmin Road"}),
        ("bc", {"highway": "primary", "name": "人民\u202e路", "name:en": "Renmin Road"}),
        ("bd", {"highway": "residential", "name": "短巷"}),
        ("aef", {"highway": "tertiary", "name": "斜街"}),
        ("cg", {"highway": "primary"}),
        ("cmnopqr", {"highway": "residential", "name": "弯弯路"}),
    ]  # fmt: skip
    return StreetNames(RoadNetwork.from_osm(write_osm(nodes, ways), profile="car"))


def sheet_at(place_of, x_m, y_m, zoom):
    lat, lon = place_of(x_m, y_m)
    return zoom, *(int(value * 2**zoom * 256 / SHEET_PX) for value in project(lon, lat))


def all_names(names, place_of, zoom):
    corners = [sheet_at(place_of, x, y, zoom) for x, y in ((-100, 100), (3200, -2100))]
    (_, west, north), (_, east, south) = corners
    return [one for x in range(west, east + 1) for y in range(north, south + 1) for one in names.sheet(zoom, x, y)]


def test_a_name_lies_along_its_road_in_both_languages_without_marks_of_direction(names, place_of):
    found = all_names(names, place_of, 15)
    main = next(one for one in found if one.name == "人民 路")
    assert main.name_en == "Renmin Road"
    assert main.turn == 0
    assert main.lat == pytest.approx(place_of(0, 0)[0], abs=1e-5)
    assert place_of(0, 0)[1] < main.lon < place_of(2000, 0)[1]
    steep = next(one for one in found if one.name == "斜街" and one.lat < place_of(0, -1000)[0])
    assert steep.turn == pytest.approx(45, abs=2)
    assert steep.name_en == "斜街", "where there is no English name, the own one"


def test_a_name_comes_at_the_zooms_at_which_its_road_is_drawn_and_long_enough(names, place_of):
    first = {}
    for zoom in range(FIRST_ZOOM, DEEPEST_ZOOM + 1):
        for one in all_names(names, place_of, zoom):
            first.setdefault(one.name, zoom)
    assert first["人民 路"] == 13
    assert first["斜街"] == 14
    assert first["短巷"] == 16, "60 m are 26 px there"
    assert "" not in first


def test_the_room_is_that_of_the_straight_part_in_pixels(names, place_of):
    for zoom in (13, 14):
        metres_per_px = 156543.03 * 0.8702 / 2**zoom  # at 29.5 degrees north
        longest = max(one.room for one in all_names(names, place_of, zoom) if one.name == "人民 路")
        assert longest <= 2000 / metres_per_px + 2
    assert max(one.room for one in all_names(names, place_of, 18) if one.name == "弯弯路" and one.turn != 0) < 45


def test_greater_roads_come_first_and_the_same_sheet_is_the_same_each_time(names, place_of):
    sheet = sheet_at(place_of, 500, -30, 15)
    found = names.sheet(*sheet)
    assert [one.rank for one in found] == sorted((one.rank for one in found), reverse=True)
    assert names.sheet(*sheet) is found


@pytest.mark.parametrize("numbers", [(11, 0, 0), (19, 0, 0), (15, -1, 0), (15, 0, 2**13), (15, 2**13, 0), (-3, 0, 0)])
def test_numbers_that_name_no_sheet_are_refused(names, numbers):
    with pytest.raises(NoSuchSheetError):
        names.sheet(*numbers)


def test_an_empty_sheet_has_no_names(names):
    assert names.sheet(15, 0, 0) == ()


def test_who_asks_while_another_sheet_is_made_is_told_to_ask_again(names, monkeypatch):
    monkeypatch.setattr("stroke_map.maps.street_names._PATIENCE_S", 0.01)
    told = []

    def ask():
        try:
            names.sheet(15, 1, 1)
        except SheetsBusyError:
            told.append("busy")

    with names._making:
        asking = threading.Thread(target=ask)
        asking.start()
        asking.join()
    assert told == ["busy"]
