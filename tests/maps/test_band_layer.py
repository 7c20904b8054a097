"""Coverage as a layer of the public map: which pictures an edition has, and that the same edition has the same."""

from datetime import date

from stroke_map.maps.band_layer import BANDS_FOLDER, bands_of, draw_bands


def test_a_made_edition_has_a_picture_for_each_treatment_and_where_they_lie(make_town, write_osm, place_of):
    osm = write_osm({"a": (0, 0), "b": (2000, 0), "c": (2000, 1500)}, [("abc", {"highway": "primary"})])
    lat, lon = place_of(1000, 0)
    row = {"id": "h1", "lat": lat, "lon": lon, "thrombolysis": "yes", "primary_pci": "yes"}
    town = make_town(osm, [row], draw_bands=draw_bands)
    told = bands_of(town.folder)
    assert {"thrombolysis", "primary_pci"} <= set(told["capabilities"])
    assert "fibrinolysis" not in told["capabilities"], "nobody there can"
    (south, west), (north, east) = told["bounds"]
    for lat, lon in (place_of(0, 0), place_of(2000, 1500)):
        assert south < lat < north
        assert west < lon < east
    for name in told["capabilities"]:
        file = f"{BANDS_FOLDER}/{name}.png"
        assert file in town.info.files, "sealed"
        before = (town.folder / file).read_bytes()
        draw_bands(town.folder, date(2026, 1, 1))
        assert (town.folder / file).read_bytes() == before


def test_an_edition_older_than_the_layer_has_none(tmp_path):
    assert bands_of(tmp_path) is None
