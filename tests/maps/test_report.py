"""The report: what stands in it, that it asks for nothing, and that no name becomes code."""

from __future__ import annotations

import base64
import itertools
import json
import re
from html.parser import HTMLParser

import pytest

from stroke_map.editions.coverage import BANDS_MIN
from stroke_map.maps.report import MOST_ROWS, make_report, write_report
from stroke_map.maps.report_charts import BARS_WIDTH, coverage_bars
from stroke_map.maps.report_tables import catchment_rows
from stroke_map.maps.report_texts import REPORT_TEXTS
from stroke_map.registry import Problem
from stroke_map.registry.compare import KINDS, compare_hospitals

VOID = {"meta", "link", "img", "br", "hr", "input"}
TAGS = {
    "html", "head", "meta", "title", "style", "body", "main", "header", "section", "footer", "h1", "h2", "h3", "p", "strong", "small",
    "dl", "dt", "dd", "ul", "li", "div", "table", "caption", "thead", "tbody", "tr", "th", "td", "span", "code", "figure", "figcaption",
    "svg", "g", "rect", "circle", "path", "text", "image",
}  # fmt: skip


class Page(HTMLParser):
    """Elements as (tag, attributes, path of tags above), and text by the innermost element."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements, self.texts, self._open = [], [], []
        self.feed(html)
        assert self._open == [], "every element is closed"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), tuple(self._open)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), tuple(self._open)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if data.strip() and self._open:
            self.texts.append((self._open[-1], data.strip()))

    def of(self, *tags):
        return [(tag, attrs) for tag, attrs, _ in self.elements if tag in tags]

    @property
    def text(self):
        return " ".join(text for tag, text in self.texts if tag != "style")


PROBLEM = Problem("warning", "</td><script>.csv", 7, "phone", "<img src=x>", "is no number", "digits & signs", "H7")


@pytest.fixture(scope="module")
def before(write_osm, make_town, place_of):
    """The street of `town` a year ago: three hospitals, one of which is gone now and one has another name."""
    nodes = {chr(97 + number): (500 * number, 0) for number in range(6)}
    rows = []
    for number, name in (
        (0, "${alert(1)}`+alert(1)+`"),
        (1, "Old & <b>bold</b>"),
        (7, "Gone <script>alert(2)</script>"),
    ):
        lat, lon = place_of(500 * min(number + 1, 5), 0 if number < 5 else 40)
        rows.append({
            "id": f"h{number}", "name_zh": name, "lat": lat, "lon": lon, "phone": "023-68690000",
            "thrombolysis": "yes", "thrombectomy": "yes" if number == 7 else "no",
        })  # fmt: skip
    return make_town(write_osm(nodes, [("".join(nodes), {"highway": "primary"})]), rows)


def report(after, before=None, **options):
    changes = compare_hospitals(before.hospitals, after.hospitals) if before else None
    asked = {
        "edition_id": after.info.id,
        "problems": [PROBLEM],
        "notes": {"prepared_by": "<i>王芳</i>", "accepted": ""},
    }
    return make_report(after.folder, before=before, changes=changes, **asked | options)


@pytest.fixture(scope="module")
def made(town, before):
    return report(town, before)


@pytest.fixture(scope="module")
def page(made):
    return Page(made.html)


def test_nothing_is_loaded_from_anywhere(page, made) -> None:
    assert {tag for tag, _, _ in page.elements} <= TAGS, "no script, link, frame, form or picture by address"
    addresses = [
        value
        for _, attrs, _ in page.elements
        for name, value in attrs.items()
        if name in {"href", "src", "style", "srcset"}
    ]
    assert addresses
    assert all(value.startswith("data:image/png;base64,") for value in addresses)
    style = "".join(text for tag, text in page.texts if tag == "style")
    assert "url(" not in style
    assert "@import" not in style
    policy = next(attrs["content"] for _, attrs in page.of("meta") if attrs.get("http-equiv"))
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    assert not [name for _, attrs, _ in page.elements for name in attrs if name.startswith("on")]
    assert made.html.startswith("<!DOCTYPE html>")


def test_hostile_names_stay_text_in_tables_and_pictures(page, made, hostile_names) -> None:
    for name in hostile_names:
        assert " ".join(name.split()) in " ".join(page.text.split()), name
    titles = " ".join(text for tag, text in page.texts if tag == "title")
    assert "</script><script>alert(1)</script>" in titles, "in the map too"
    for text in ("Gone <script>alert(2)</script>", "<i>王芳</i>", "</td><script>.csv", "<img src=x>", "digits & signs"):
        assert text in page.text
    assert "<script" not in made.html


def test_every_text_stands_in_both_languages(page) -> None:
    said = page.text
    for name in (
        "title",
        "changes",
        "totals",
        "coverage",
        "maps",
        "worst",
        "catchments",
        "method",
        "sources",
        "note_able",
    ):
        for text in REPORT_TEXTS[name]:
            assert text in said, name
    assert page.of("html")[0][1]["lang"] == "zh-CN"
    assert {attrs["lang"] for _, attrs, _ in page.elements if "lang" in attrs} == {"zh-CN", "en"}
    assert {attrs.get("lang") for _, attrs in page.of("span") if attrs.get("class") == "en"} == {"en"}


def test_it_can_be_read_without_seeing_it(page) -> None:
    headings = [int(tag[1]) for tag, _ in page.of("h1", "h2", "h3")]
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(below <= above + 1 for above, below in itertools.pairwise(headings))
    for _, attrs in page.of("svg"):
        assert attrs.get("aria-hidden") == "true" or (attrs["role"] == "img" and len(attrs["aria-label"]) > 10)
    assert {attrs.get("scope") for _, attrs in page.of("th")} <= {"col", "row", "colgroup", "rowgroup"}
    ids = [attrs["id"] for _, attrs, _ in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {attrs["aria-labelledby"] for _, attrs, _ in page.elements if "aria-labelledby" in attrs} <= set(ids)
    assert any("report" in text or "What changed" in text for tag, text in page.texts if tag == "title")


def test_every_table_is_as_wide_in_each_row(made) -> None:
    tables = re.findall(r"<table.*?</table>", made.html, re.DOTALL)
    assert len(tables) == made.html.count("</table>") > 1
    for table in tables:
        widths, waiting = [], 0
        for row in re.findall(r"<tr>.*?</tr>", table, re.DOTALL):
            cells = re.findall(r"<t[hd]([^>]*)>", row)
            widths.append(sum(int((re.findall(r'colspan="(\d+)"', cell) or ["1"])[0]) for cell in cells) + waiting)
            rows = [int(spans[0]) for cell in cells if (spans := re.findall(r'rowspan="(\d+)"', cell))]
            waiting = 1 if rows and rows[0] > 1 else 0
        assert len(set(widths)) == 1, table[:300]


def test_every_kind_of_change_is_told(page, town, before) -> None:
    changes = compare_hospitals(before.hospitals, town.hospitals)
    told = [kind for kind in KINDS if changes.of_kind(kind)]
    assert {"gone", "new", "renamed", "capability_gained", "phone_changed"} <= set(told)
    for kind in KINDS:
        assert (KINDS[kind][0] in page.text) == (kind in told), kind
    for refusal in changes.refusals:
        assert refusal.describe("zh") in page.text
    assert changes.refusals


def test_long_lists_are_cut_and_say_so(town, before) -> None:
    many = Page(report(town, before, problems=[PROBLEM] * (MOST_ROWS + 3)).html)
    assert many.text.count("is no number") == MOST_ROWS
    assert "另有 3 条警告" in many.text


def test_a_first_edition_has_a_report_too(town) -> None:
    first = report(town, problems=[])
    page = Page(first.html)
    assert REPORT_TEXTS["first"][0] in page.text
    assert REPORT_TEXTS["no_warnings"][1] in page.text
    assert len(page.of("image")) == 3
    assert json.loads(first.coverage)["before"] is None
    assert REPORT_TEXTS["catchments_shift"][0] not in page.text
    assert REPORT_TEXTS["catchments_note"][0] in page.text
    assert REPORT_TEXTS["gained"][0] not in page.text


def test_nothing_different_is_said(town) -> None:
    page = Page(report(town, town).html)
    assert REPORT_TEXTS["no_changes"][0] in page.text
    assert REPORT_TEXTS["refused"][0] not in page.text


def test_figures_in_the_page_are_those_of_the_json(page, made) -> None:
    told = json.loads(made.coverage)
    assert set(told["coverage"]) == {"before", "after"}
    for which in ("before", "after"):
        coverage = told["coverage"][which]
        for reach in coverage["reach"].values():
            for km in reach["km"]:
                assert f"{km / coverage['road_km'] * 100:.1f} %" in page.text
    assert told["coverage"]["after"]["bands_min"] == list(BANDS_MIN)
    assert len(made.coverage) < 40_000


def test_maps_mark_who_gained_and_who_lost(page, made) -> None:
    pictures = [attrs["href"] for _, attrs in page.of("image")]
    assert len(pictures) == 6, "three capabilities, before and after"
    assert all(base64.b64decode(one.partition(",")[2]).startswith(b"\x89PNG") for one in pictures)
    maps = re.findall(r'<svg class="map".*?</svg>', made.html, re.DOTALL)
    # thrombolysis: h2 and h3 are new, h7 is gone; thrombectomy: h1 has it newly, h7 is gone; PCI: h1 and h3 newly.
    assert [(one.count('class="gained"'), one.count('class="lost"')) for one in maps] == [
        (0, 1), (2, 0), (0, 1), (1, 0), (0, 0), (2, 0),
    ]  # fmt: skip


def test_bars_fill_their_width(town, before, tmp_path) -> None:
    from stroke_map.editions.coverage import open_coverage

    coverages = {
        which: open_coverage(edition.folder, day=edition.info.valid_from)[1]
        for which, edition in (("before", before), ("after", town))
    }
    chart = coverage_bars(coverages, "road")
    assert len(chart.bars) == 2 * len(chart.tops)
    for bar in chart.bars:
        assert sum(part.width for part in bar.parts) == pytest.approx(BARS_WIDTH)
        assert [part.band for part in bar.parts] == list(range(len(BANDS_MIN) + 1))
        assert all(part.width >= -1e-9 for part in bar.parts)
        assert bar.y + 18 <= chart.height
    assert [bar.which for bar in chart.bars[:2]] == ["before", "after"]
    rows = catchment_rows(coverages, {"h0": "h0", "h1": "h1"})
    by_id = {row.hospital: row.cells for row in rows}
    assert by_id["h7"][1].now is None
    assert by_id["h7"][1].km_more == pytest.approx(-coverages["before"].road_km)
    assert by_id["h1"][1].km_more == pytest.approx(coverages["after"].road_km)
    assert sum(cells[0].km_more for cells in by_id.values()) == pytest.approx(
        coverages["after"].road_km - coverages["before"].road_km
    )


def test_a_demonstration_is_called_one(town) -> None:
    assert REPORT_TEXTS["demo"][0] not in Page(report(town).html).text
    page = Page(report(town, info=town.info.model_copy(update={"demo": True})).html)
    assert REPORT_TEXTS["demo"][0] in page.text
    assert REPORT_TEXTS["demo"][1] in page.text


def test_who_why_sources_and_licence_are_told(town) -> None:
    notes = {"prepared_by": "王芳", "accepted": "两家医院合并", "reason": "new number"}
    page = Page(report(town, notes=notes).html)
    for text in (
        *notes.values(),
        *(source.sha256 for source in town.info.built_from),
        town.info.attribution,
        town.info.licence,
    ):
        assert text in page.text


def test_people_are_counted_where_they_are_given(town, before, tmp_path) -> None:
    lat, lon = town.hospitals[0].lat, town.hospitals[0].lon
    (tmp_path / "people.csv").write_text(f"lat,lon,people\n{lat},{lon},1234\n{lat + 9},{lon},55\n", encoding="utf-8")
    told: list[float] = []
    counted = report(town, before, population=tmp_path / "people.csv", progress=told.append)
    page = Page(counted.html)
    assert "1,234" in page.text
    assert "55" in page.text
    assert REPORT_TEXTS["coverage_people"][0] in page.text
    assert json.loads(counted.coverage)["coverage"]["after"]["people"] == 1234
    assert told == sorted(told)
    assert told[-1] == 1


def test_the_same_inputs_give_the_same_files(town, before, made, tmp_path) -> None:
    assert report(town, before) == made
    for part in ("roads", "arrivals"):
        (tmp_path / part).symlink_to(town.folder / part)
    for name in ("registry.db", "region.geojson"):
        (tmp_path / name).symlink_to(town.folder / name)
    changes = compare_hospitals(before.hospitals, town.hospitals)
    write_report(
        tmp_path, edition_id=town.info.id, before=before, changes=changes, problems=[PROBLEM],
        notes={"prepared_by": "<i>王芳</i>", "accepted": ""}, info=town.info,
    )  # fmt: skip
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == made.html
    assert (tmp_path / "coverage.json").read_bytes() == made.coverage


def test_a_folder_that_is_no_edition_yet_needs_no_description(town, tmp_path) -> None:
    for name in ("roads", "arrivals", "registry.db", "region.geojson"):
        (tmp_path / name).symlink_to(town.folder / name)
    page = Page(report(town).html)
    plain = make_report(tmp_path, edition_id="x", before=None, changes=None, problems=[], notes={})
    assert REPORT_TEXTS["sources"][0] in page.text
    assert REPORT_TEXTS["sources"][0] not in Page(plain.html).text
