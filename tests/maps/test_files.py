"""Where files are found, and what the policy allows."""

import pytest

from stroke_map.maps import files
from stroke_map.maps.folium_page import RenderedMap


def test_templates_are_found_in_a_checkout():
    names = {path.name for path in files.templates_folder().glob("*.html")}
    assert {"base.html", "index.html", "answer.html", "error.html"} <= names


def test_templates_are_found_where_the_wheel_puts_them(tmp_path, monkeypatch):
    package = tmp_path / "site-packages" / "stroke_map"
    (package / "_templates").mkdir(parents=True)
    (tmp_path / "site-packages" / "templates").mkdir()  # somebody else's
    monkeypatch.setattr(files, "_PACKAGE", package)
    assert files.templates_folder() == package / "_templates"


@pytest.mark.parametrize(
    "name", ["css/page.css", "css/map.css", "js/markers.js", "js/page.js", "leaflet/leaflet.js", "leaflet/leaflet.css"]
)
def test_a_static_file_is_there_and_its_address_changes_with_its_content(name):
    path, _, version = files.static_url(name).partition("?v=")
    assert path == f"/static/{name}"
    assert len(version) == 8


def test_leaflet_is_the_version_folium_expects():
    import folium

    (link,) = [url for name, url in folium.Map.default_js if name == "leaflet"]
    assert "leaflet@1.9.3/" in link
    assert "1.9.3" in (files.leaflet_folder() / "leaflet.js").read_text(encoding="utf-8")[:400]


def test_the_policy_allows_no_inline_script_but_the_maps_own():
    plain = files.content_security_policy()
    assert "unsafe" not in plain
    assert "script-src 'self';" in plain
    drawn = RenderedMap("", "", "draw()")
    assert f"script-src 'self' '{drawn.csp_hash}';" in files.content_security_policy(drawn)


def test_styles_load_nothing_from_elsewhere():
    found = sorted(files.static_folder().rglob("*.*"))
    assert {".css", ".js"} <= {path.suffix for path in found}
    for path in found:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http:" not in text, path
        assert "@import" not in text, path
