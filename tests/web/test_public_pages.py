"""Pages of hospitals and districts, and the files one takes along: what they say, what may be kept, what stays text."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from stroke_map.errors import InvalidRequestError
from stroke_map.maps.place_pages import district_path, hospital_path
from stroke_map.settings import read_settings
from stroke_map.web import create_app

ADDRESS = "https://map.example.org"
RIGHT_TO_LEFT = "\u202egnp.exe"
HOSTILE = (
    "${alert(1)}",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "=HYPERLINK(\"https://evil.example\")",
    RIGHT_TO_LEFT + "{{ 7*7 }}",
    "]]>'\"&amp;\u2028--><!--",
)  # fmt: skip


class Elements(HTMLParser):
    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.data, self._in = [], [], [], None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.attributes += [name for name, _ in attributes]
        self._in = tag if tag == "script" else None

    def handle_endtag(self, tag):
        self._in = None if tag == "script" else self._in

    def handle_data(self, data):
        if self._in == "script":
            self.data.append(data)

    def of(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


class Chinese(HTMLParser):
    """The texts of a page in the order of reading: `told` those in an element that says it is Chinese, `untold` all others."""

    VOID = frozenset(("meta", "link", "br", "img", "input"))

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.told, self.untold, self._open = [], [], []
        self.feed("<html><body" + page.partition("<body")[2])

    def handle_starttag(self, tag, attributes):
        if tag not in self.VOID:
            self._open.append("zh-CN" in dict(attributes).values())

    def handle_endtag(self, _tag):
        self._open.pop()

    def handle_data(self, data):
        (self.told if any(self._open) else self.untold).append(data)


@pytest.fixture(scope="module")
def public(demo_geodata, tmp_path_factory):
    """The public plane, which knows where it is."""
    settings = read_settings({}, geodata_dir=demo_geodata, cache_dir=tmp_path_factory.mktemp("cache"), plane="public", public_url=ADDRESS)  # fmt: skip
    return create_app(settings).test_client()


@pytest.fixture(scope="module")
def hostile(write_osm, place_of, tmp_path_factory):
    """A street of hospitals whose names, districts, addresses and telephones try to become something else."""
    from datetime import date

    from stroke_map.editions import Region, build_edition, publish

    folder = tmp_path_factory.mktemp("hostile")
    nodes = {chr(97 + number): (500 * number, 0) for number in range(len(HOSTILE) + 1)}
    osm = write_osm(nodes, [("".join(nodes), {"highway": "primary", "name": HOSTILE[0]})])
    rows = []
    for number, name in enumerate(HOSTILE):
        lat, lon = place_of(500 * (number + 1), 0)
        names = dict.fromkeys(("name_zh", "name_en", "name_short", "district", "address", "phone"), name)
        able = {"thrombolysis": "yes", "stroke_level_scheme": name, "stroke_level": name}
        rows.append({"id": f"h{number}", "lat": lat, "lon": lon, "crs": "WGS-84"} | names | able)
    with (folder / "sheet.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    build_edition(osm=osm, sheet=folder / "sheet.csv", region=Region(), geodata_dir=folder, edition_id="2026.1",
                  valid_from=date(2026, 1, 1), valid_until=date(2026, 12, 31))  # fmt: skip
    publish(folder, "2026.1")
    app = create_app(
        read_settings({}, geodata_dir=folder, cache_dir=folder / "cache", plane="public", public_url=ADDRESS)
    )
    return app.test_client()


def features_of(client):
    return client.get("/hospitals.geojson").get_json(force=True)["features"]


def json_ld(page):
    (data,) = Elements(page).data
    return json.loads(data)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_hospital_says_who_it_is_what_it_can_do_and_how_to_call_it(public, demo_edition, lang):
    for one in demo_edition.hospitals[:6]:
        page = public.get(f"{hospital_path(one.id)}?lang={lang}")
        text = html.unescape(page.text)
        assert (one.name_en if lang == "en" else one.name_zh) in text
        assert one.phone in text
        assert one.address in text
        assert 'href="tel:120"' in text
        able = [name for name, told in one.capabilities.items() if told.status == "yes"]
        about = json_ld(page.text)
        assert about["@type"] == "Hospital"
        assert len(about.get("availableService", [])) == len(able)
        assert (about["geo"]["latitude"], about["geo"]["longitude"]) == (one.entrance_lat, one.entrance_lon)
        assert about["telephone"] == one.phone


def test_a_page_of_a_demonstration_may_not_be_indexed_and_names_itself_in_each_language(public):
    head = Elements(public.get("/hospitals/demo-01?lang=en").text)
    assert {"name": "robots", "content": "noindex"} in head.of("meta")
    links = {link.get("hreflang") or link["rel"]: link["href"] for link in head.of("link") if link["rel"] in {"canonical", "alternate"}}  # fmt: skip
    assert links["canonical"] == f"{ADDRESS}/hospitals/demo-01?lang=en"
    assert links["zh-CN"] == f"{ADDRESS}/hospitals/demo-01?lang=zh"
    assert links["x-default"] == f"{ADDRESS}/hospitals/demo-01"
    assert public.get("/robots.txt").text.splitlines() == ["User-agent: *", "Disallow: /"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_map_of_each_condition_is_known_by_one_address_in_each_language(public, lang):
    for asked, own in (("", ""), ("&condition=stroke", ""), ("&condition=chest_pain", "condition=chest_pain")):
        head = Elements(public.get(f"/?lang={lang}{asked}").text)
        links = {link.get("hreflang") or link["rel"]: link["href"] for link in head.of("link") if link["rel"] in {"canonical", "alternate"}}  # fmt: skip
        start = f"{ADDRESS}/?{own}{'&' if own else ''}"
        assert links == {"canonical": f"{start}lang={lang}", "zh-CN": f"{start}lang=zh", "en": f"{start}lang=en",
                         "x-default": f"{ADDRESS}/{'?' if own else ''}{own}"}  # fmt: skip
        assert {"name": "robots", "content": "noindex"} in head.of("meta")
        assert any(meta.get("name") == "description" and "120" in meta["content"] for meta in head.of("meta"))


def test_levels_are_english_on_the_english_page_and_what_is_chinese_there_says_so(public):
    for path in ("/", "/hospitals/demo-01"):
        page = public.get(f"{path}?lang=en").text
        assert "advanced stroke center" in page
        assert "高级卒中中心" not in re.sub(r'(data-level|value)="[^"]*"', "", page)
        assert "advanced stroke center" not in public.get(f"{path}?lang=zh").text
    chinese = re.compile(r"[\u4e00-\u9fff]")
    inside = Chinese(public.get("/hospitals?lang=en").text)
    assert inside.told
    assert [text for text in inside.untold if chinese.search(text)] == []


def test_without_an_address_nothing_is_made_of_what_the_caller_says_about_it(client):
    for path in ("/hospitals/demo-01", "/hospitals", "/poster"):
        page = client.get(path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
        assert page.status_code == 200
        assert "evil.example" not in page.text
        assert "canonical" not in page.text
    assert client.get("/sitemap.xml").status_code == client.get("/qr.svg").status_code == 404


@pytest.mark.parametrize("path", ["/hospitals/nobody", "/hospitals/../x", "/districts/nowhere", "/districts/", "/hospitals/demo-01/ct.svg",
                                  "/hospitals/nobody/thrombolysis.svg", "/qr.svg?hospital=nobody", "/qr.svg?district=nowhere"])  # fmt: skip
def test_what_is_not_there_is_not_found(public, path):
    assert public.get(path).status_code == 404


def test_a_catchment_is_drawn_for_what_a_hospital_can_do_alone(public, demo_edition):
    for one in demo_edition.hospitals:
        status = 200 if one.capabilities["thrombectomy"].status == "yes" else 404
        assert public.get(f"{hospital_path(one.id)}/thrombectomy.svg").status_code == status


def test_districts_list_their_hospitals_and_the_whole_list_everyone(public, demo_edition):
    everyone = html.unescape(public.get("/hospitals?lang=zh").text)
    for one in demo_edition.hospitals:
        assert one.name_zh in everyone
    for district in {one.district for one in demo_edition.hospitals if one.district}:
        page = html.unescape(public.get(district_path(district) + "?lang=zh").text)
        for one in demo_edition.hospitals:
            assert (f'href="{hospital_path(one.id)}?lang=zh"' in page) == (one.district == district)


PATHS = ("/poster", "/map.svg", "/hospitals", "/hospitals/demo-01", "/hospitals/demo-01/thrombolysis.svg", "/districts/示范区",
         "/hospitals.geojson", "/hospitals.csv", "/qr.svg", "/sitemap.xml", "/robots.txt")  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_what_did_not_change_is_not_sent_again_and_is_the_same_each_time(public, path):
    first = public.get(path)
    assert first.status_code == 200
    assert public.get(path).data == first.data
    assert public.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert first.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in first.headers["Content-Security-Policy"]
    assert "unsafe" not in first.headers["Content-Security-Policy"]


def test_the_sitemap_leads_to_pages_that_are_there_in_both_languages(public):
    root = ET.fromstring(public.get("/sitemap.xml").data)
    namespace = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}
    pages = [entry.text for entry in root.findall("s:url/s:loc", namespace)]
    pages += [link.get("href") for link in root.findall("s:url/x:link", namespace)]
    assert len(set(pages)) > 60
    for page in set(pages):
        assert page.startswith(f"{ADDRESS}/")
    for page in sorted(set(pages))[::20]:
        assert public.get(page.removeprefix(ADDRESS)).status_code == 200


def test_a_qr_code_is_of_a_page_of_this_service_whatever_is_asked_for(public):
    plain = public.get("/qr.svg").data
    assert plain.startswith(b"<svg")
    assert public.get("/qr.svg?path=https://evil.example&url=//evil.example&lang=xx").data == plain
    assert (
        len(
            {
                public.get(f"/qr.svg{query}").data
                for query in ("", "?hospital=demo-01", "?district=示范区", "?condition=stroke")
            }
        )
        == 4
    )


def test_downloads_say_what_they_are_and_under_which_licence(public, demo_edition):
    info = demo_edition.info
    collection = public.get("/hospitals.geojson")
    assert collection.mimetype == "application/geo+json"
    assert "hospitals-demo.geojson" in collection.headers["Content-Disposition"]
    told = collection.get_json(force=True)
    assert (told["demo"], told["licence"], told["attribution"]) == (True, info.licence, info.attribution)
    assert len(told["features"]) == len(demo_edition.hospitals)
    table = public.get("/hospitals.csv")
    assert table.data.startswith("\ufeff".encode())
    rows = list(csv.DictReader(io.StringIO(table.data.decode("utf-8-sig"), newline="")))
    assert [row["id"] for row in rows] == [one.id for one in demo_edition.hospitals]
    assert {(row["demo"], row["licence"], row["edition"]) for row in rows} == {("True", info.licence, info.id)}
    contacts = {contact.phone for one in demo_edition.hospitals for contact in one.contacts}
    assert contacts
    assert not any(phone in table.text or phone in collection.text for phone in contacts - {one.phone for one in demo_edition.hospitals})  # fmt: skip


def test_hostile_rows_stay_text_on_every_page(hostile):
    pages = ["/hospitals", "/poster", *(f"/hospitals/h{number}" for number in range(len(HOSTILE)))]
    pages += [district_path(feature["properties"]["district"]) for feature in features_of(hostile)]
    for page in pages:
        for lang in ("zh", "en"):
            answer = hostile.get(page, query_string={"lang": lang})
            assert answer.status_code == 200, page
            elements = Elements(answer.text)
            assert all(
                script.get("type") == "application/ld+json" or "src" in script for script in elements.of("script")
            )
            assert [name for name in elements.attributes if name.startswith("on")] == []
            assert all(picture["src"].startswith("/") for picture in elements.of("img"))
            links = [link.get("href", "") for link in elements.of("a")]
            assert all(link.startswith(("/", "tel:", "https://", "#", "?")) for link in links)
            assert "49" not in re.findall(r"gnp\.exe(\d+)", answer.text)


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_rows_arrive_unchanged_where_programs_read_them(hostile, number):
    name = HOSTILE[number].replace("\u202e", "").replace("\u2028", " ")  # as a registry tidies names
    about = json_ld(hostile.get(f"/hospitals/h{number}?lang=zh").text)
    assert (about["name"], about["address"]["addressLocality"]) == (name, name)
    assert features_of(hostile)[number]["properties"]["name"]["zh"] == name


def test_no_cell_of_the_table_is_a_formula(hostile):
    rows = list(csv.reader(io.StringIO(hostile.get("/hospitals.csv").data.decode("utf-8-sig"), newline="")))
    cells = [cell for row in rows for cell in row]
    assert [cell for cell in cells if re.match(r"[=+@\t\r＝＋－＠]|-(?!\d)", cell)] == []
    assert "'" + HOSTILE[3] in cells


@pytest.mark.parametrize(
    "path", ["/sitemap.xml", "/map.svg", "/hospitals/h1/thrombolysis.svg", "/hospitals/h5/thrombolysis.svg"]
)
def test_hostile_rows_leave_xml_sound_and_without_anything_that_runs(hostile, path):
    root = ET.fromstring(hostile.get(path).data)
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert not names & {"script", "img", "foreignObject", "a", "use"}
    assert not [name for element in root.iter() for name in element.attrib if name.lower().startswith("on")]


@pytest.mark.parametrize("settings", [{"public_url": "https://x.example/path"}, {"public_url": "javascript:alert(1)"}, {"public_url": "https://*.x.example"},
                                      {"embed_origins": "https://a.example; script-src *"}, {"embed_origins": "a.example"}])  # fmt: skip
def test_a_server_does_not_start_with_an_address_that_is_none(settings, tmp_path):
    with pytest.raises(InvalidRequestError, match="STROKE_MAP_"):
        create_app(read_settings({}, geodata_dir=tmp_path, cache_dir=tmp_path, plane="public", **settings))
