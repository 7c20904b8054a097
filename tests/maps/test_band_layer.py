"""Coverage as a layer of the public map: which pictures an edition has, and that the same edition has the same."""

from datetime import date

from stroke_map.editions import amend_edition, verify_edition
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


def test_an_amendment_draws_what_it_changes_and_takes_over_the_rest(make_town, write_osm, place_of):
    osm = write_osm({"a": (0, 0), "b": (40_000, 0), "c": (40_000, 9000)}, [("abc", {"highway": "primary"})])
    rows = [
        {"id": id_, "lat": lat, "lon": lon, "thrombolysis": "yes", "ct": "yes", "fibrinolysis": "no"}
        for id_, (lat, lon) in (("h1", place_of(500, 0)), ("h2", place_of(39_500, 0)))
    ]
    before = make_town(osm, rows, draw_bands=draw_bands)
    geodata = before.folder.parents[1]

    def amend(*cells, **options):
        given = {"geodata_dir": geodata, "edition_id": "2026.1", "reason": "x", "draw_bands": draw_bands}
        made = amend_edition(cells=cells, accept="a test", **given | options)
        verify_edition(geodata, made.edition_id)
        return made.folder

    def info_of(folder):
        return verify_edition(geodata, folder.name)

    def pictures(folder):
        return {path.name: path.read_bytes() for path in (folder / BANDS_FOLDER).glob("*")}

    sealed = pictures(before.folder)
    assert pictures(amend("h1.phone=023-1")) == sealed
    gained = amend("h2.thrombectomy=yes", "h2.fibrinolysis=yes")
    full = make_town(osm, [rows[0], rows[1] | {"thrombectomy": "yes", "fibrinolysis": "yes"}], draw_bands=draw_bands)
    assert pictures(gained) == pictures(full.folder)
    assert pictures(gained)["thrombectomy.png"] != sealed["thrombectomy.png"]
    assert (gained / BANDS_FOLDER / "thrombolysis.png").samefile(before.folder / BANDS_FOLDER / "thrombolysis.png")
    assert info_of(gained).bands_of == ""
    lost = amend("h2.fibrinolysis=no", edition_id=gained.name)
    assert bands_of(lost)["capabilities"] == ["thrombectomy", "thrombolysis", "primary_pci"]
    assert "fibrinolysis.png" not in pictures(lost)
    lat, lon = place_of(20_000, 0)
    moved = amend(f"h2.lat={lat}", f"h2.lon={lon}")
    assert pictures(moved) == sealed, "there is no time to draw them"
    assert info_of(moved).bands_of == "2026.1"
    assert info_of(amend("h1.phone=023-2", edition_id=moved.name)).bands_of == "2026.1"
    again = amend("h2.thrombectomy=yes", edition_id=moved.name)
    assert info_of(again).bands_of == "", "all of them are its own again"
    full = make_town(osm, [rows[0], rows[1] | {"lat": lat, "lon": lon, "thrombectomy": "yes"}], draw_bands=draw_bands)
    assert pictures(again) == pictures(full.folder)
    assert pictures(again)["thrombolysis.png"] != sealed["thrombolysis.png"]
    assert info_of(amend("h2.thrombectomy=yes", draw_bands=None)).bands_of == "2026.1"
    assert pictures(before.folder) == sealed
