"""The report in a real Chromium: it asks for nothing, nothing is cut off or lies over another, and it prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stroke_map.maps.report import make_report
from stroke_map.registry import Capability
from stroke_map.registry.compare import compare_hospitals

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.browser, pytest.mark.slow]

A4_PX = {"width": 794, "height": 1123}
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
#: Texts of one picture, whose boxes must not lie over each other.
OVERLAPS = """() => [...document.querySelectorAll('svg.bars')].flatMap(svg => {
    const texts = [...svg.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()]);
    const frame = svg.getBoundingClientRect();
    const wrong = texts.filter(([, box]) => box.left < frame.left - 1 || box.right > frame.right + 1).map(([text]) => 'cut: ' + text);
    texts.forEach(([one, a], i) => texts.slice(i + 1).forEach(([other, b]) => {
        if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3)
            wrong.push(one + ' over ' + other);
    }));
    return wrong;
})"""


@pytest.fixture(scope="module")
def file(demo_edition, tmp_path_factory) -> Path:
    """The report of the demonstration city against one whose names are hostile and some of whose abilities differ."""
    hospitals = [
        hospital.model_copy(update={
            "name_zh": f"<script>document.title='hacked{number}'</script>" if number % 9 == 0 else hospital.name_zh,
            "capabilities": hospital.capabilities | {"thrombectomy": Capability(status="yes" if number % 3 else "no")},
        })
        for number, hospital in enumerate(demo_edition.hospitals)
    ]  # fmt: skip
    folder = tmp_path_factory.mktemp("report")
    people = "\n".join(f"{one.lat},{one.lon},{1000 + number}" for number, one in enumerate(demo_edition.hospitals))
    (folder / "people.csv").write_text(f"lat,lon,people\n{people}\n", encoding="utf-8")
    made = make_report(
        demo_edition.folder, edition_id="demo", before=demo_edition,
        changes=compare_hospitals(hospitals, demo_edition.hospitals), problems=[],
        notes={"prepared_by": "王芳", "accepted": "演示"}, population=folder / "people.csv",
    )  # fmt: skip
    (folder / "report.html").write_text(made.html, encoding="utf-8")
    return folder / "report.html"


@pytest.fixture
def visit(browser, file):
    """Open the report; a request for anything but itself, a console message or a script error fails the test."""
    contexts, wrong = [], []

    def start(viewport):
        context = browser.new_context(viewport=viewport)
        contexts.append(context)
        page = context.new_page()
        address = file.as_uri()
        page.on("request", lambda request: request.url.startswith((address, "data:")) or wrong.append(request.url))
        page.on("console", lambda said: wrong.append(said.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(address)
        page.evaluate("Promise.all([...document.querySelectorAll('svg image')].map(image => image.decode?.()))")
        return page

    yield start
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.mark.parametrize(("name", "viewport"), [("desktop", DESKTOP), ("phone", PHONE)])
def test_nothing_is_cut_off_or_lies_over_another(visit, picture, name, viewport) -> None:
    page = visit(viewport)
    assert page.title() == "年度更新报告 / What changed · demo"
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert page.evaluate(OVERLAPS) == []
    empty = page.evaluate("""() => [...document.querySelectorAll('section')].filter(s => s.getBoundingClientRect().height < 60)
        .map(s => s.getAttribute('aria-labelledby'))""")
    assert empty == []
    for part in ("changes", "coverage", "maps", "gains"):
        page.locator(f"#{part}").scroll_into_view_if_needed()
        page.evaluate(f"document.getElementById('{part}').scrollIntoView()")
        picture(page, f"report-{name}-{part}")


def test_maps_show_roads_in_colours(visit) -> None:
    page = visit(DESKTOP)
    colours = page.evaluate("""async () => {
        const found = [];
        for (const image of document.querySelectorAll('svg image')) {
            const picture = new Image();
            picture.src = image.getAttribute('href');
            await picture.decode();
            const canvas = new OffscreenCanvas(picture.naturalWidth, picture.naturalHeight), pen = canvas.getContext('2d');
            pen.drawImage(picture, 0, 0);
            const data = pen.getImageData(0, 0, canvas.width, canvas.height).data, seen = new Set();
            let painted = 0;
            for (let i = 0; i < data.length; i += 4) if (data[i + 3]) { painted++; seen.add(data.slice(i, i + 3).join()); }
            found.push([painted / (data.length / 4), seen.size]);
        }
        return found;
    }""")
    assert len(colours) == 6
    for share, different in colours:
        assert 0.02 < share < 0.9
        assert 1 <= different <= 5


def test_every_text_stands_out_from_its_ground_and_is_large_enough(visit) -> None:
    """Contrast as WCAG 2.2 has it: 4.5 to 1."""
    faint = visit(DESKTOP).evaluate("""() => {
        const numbers = colour => colour.match(/[0-9.]+/g).map(Number);
        const light = colour => numbers(colour).slice(0, 3).map(v => v / 255)
            .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
        const ground = e => {
            for (; e; e = e.parentElement) {
                const colour = getComputedStyle(e).backgroundColor;
                if (numbers(colour)[3] !== 0) return colour;
            }
            return 'rgb(255, 255, 255)';
        };
        const wrong = [];
        for (const e of document.querySelectorAll('body *:not(svg, svg *)')) {
            if (![...e.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
            const style = getComputedStyle(e), [a, b] = [light(style.color), light(ground(e))].sort((x, y) => y - x);
            if ((a + .05) / (b + .05) < 4.5 || parseFloat(style.fontSize) < 10.5) wrong.push(e.outerHTML.slice(0, 90));
        }
        return wrong;
    }""")
    assert faint == []


def test_it_prints_on_a4_with_nothing_beyond_the_paper(visit, picture, tmp_path) -> None:
    page = visit(A4_PX)
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= A4_PX["width"]
    assert page.evaluate(OVERLAPS) == []
    picture(page, "report-print", whole=True)
    pdf = page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True, print_background=True)
    assert pdf.startswith(b"%PDF")
    boxes = {pdf.split(b"/MediaBox")[i][:40] for i in range(1, pdf.count(b"/MediaBox") + 1)}
    sides = {tuple(float(side) for side in box.split(b"]")[0].strip(b" [").split()) for box in boxes}
    assert {(round(width), round(height)) for _, _, width, height in sides} == {(595, 842)}
    assert 4 <= pdf.count(b"/MediaBox") < 40
