"""The documents cannot drift: what they say of commands, settings, errors, endpoints and the house is read back from the code."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from itertools import pairwise
from pathlib import Path

import click
import pytest
from PIL import Image

import stroke_map
from stroke_map import errors
from stroke_map.cli import cli
from stroke_map.live.roles import ROLES, SCOPES
from stroke_map.registry import CAPABILITIES, CENTRES
from stroke_map.registry.columns import COLUMNS
from stroke_map.settings import SETTINGS, read_settings
from stroke_map.web import create_app
from stroke_map.web.questions import RouteBody

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "stroke_map"
READMES = ("README.md", "README.zh-CN.md")
DECISIONS = sorted(str(path.relative_to(ROOT)) for path in PACKAGE.glob("*/DECISIONS.md"))
DOCUMENTS = (*READMES, "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", *DECISIONS)
MOST_LINES = 400
#: A room may import those of a lower floor, and itself.
FLOORS = {
    "cli": 9, "commands": 8, "web": 7, "maps": 6, "calibration": 6, "stream": 6, "dispatch": 5, "delivery": 5, "backups": 5, "live": 4, "protocols": 3, "editions": 2,
    "registry": 1, "roads": 1, "demo": 1, "coordinates": 0, "moments": 0, "clocks": 0, "settings": 0, "setting_table": -1, "logs": -1, "listening": 0, "problems": 0, "errors": -1,
}  # fmt: skip
PURE = ("registry", "roads", "protocols", "demo")


def path_of(name):
    return ROOT / name


def text_of(name):
    return path_of(name).read_text(encoding="utf-8")


def commands(group, path="stroke-map"):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def error_classes():
    return [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.StrokeMapError)
    ]


@pytest.fixture(scope="module")
def endpoints(tmp_path_factory):
    """Every method and address of the service but files that are served as they lie, as the documents write them."""
    folder = tmp_path_factory.mktemp("nothing-published")
    app = create_app(read_settings({}, geodata_dir=folder, cache_dir=folder, plane="both"))
    rules = [rule for rule in app.url_map.iter_rules() if not rule.rule.startswith("/static/")]
    return {
        f"{method} " + re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
        for rule in rules
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }


def rows_of(text):
    """The first cell of every row of every table -> the whole row; cells without their back-ticks."""
    rows = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    return {row[0].strip("`"): [cell.strip("`") for cell in row] for row in rows}


@pytest.mark.parametrize("name", READMES)
def test_every_command_is_named_and_no_other(name):
    text = text_of(name)
    told = {first for first in rows_of(text) if first.startswith("stroke-map ")}
    assert told == {path for path, _ in commands(cli)}


@pytest.mark.parametrize("name", READMES)
def test_a_command_is_said_to_answer_programs_exactly_where_it_does(name):
    rows = rows_of(text_of(name))
    answering = {path for path, command in commands(cli) if any("--json" in param.opts for param in command.params)}
    assert {path for path, _ in commands(cli) if "--json" in rows[path][1]} == answering


@pytest.mark.parametrize("name", READMES)
def test_every_setting_stands_with_its_default(name):
    rows = rows_of(text_of(name))
    assert {first for first in rows if first.startswith("STROKE_MAP_")} == {setting.variable for setting in SETTINGS}
    for setting in SETTINGS:
        default = setting.default
        shown = "" if default in (None, "") else f"{default:g}" if isinstance(default, float) else str(default)
        assert rows[setting.variable][1] == shown, setting.variable


@pytest.mark.parametrize("name", READMES)
def test_every_error_stands_with_its_status_and_exit_code(name):
    rows = rows_of(text_of(name))
    for kind in error_classes():
        assert rows[kind.code][1:3] == [str(kind.status), str(kind.exit_code)], kind.code


@pytest.mark.parametrize("name", READMES)
def test_every_endpoint_is_named_and_no_other(name, endpoints):
    told = {
        part
        for line in text_of(name).splitlines()
        if line.startswith("| `")
        for part in re.findall(r"`((?:GET|POST|PUT|PATCH|DELETE) /[^`]*)`", line.split(" | ")[0])
    }
    assert told == endpoints


def metrics():
    """Every metric of server and stream, as Prometheus calls it: read off the code, for some are there only at times."""
    for path in [*(PACKAGE / "web").glob("*.py"), *(PACKAGE / "stream").glob("*.py")]:
        found = re.findall(r'\b(_gauges?|_histogram|_counter|Gauge|Histogram|Counter)\(\s*"(\w+)"', text_of(path))
        for kind, name in found:
            yield f"stroke_map_{name.removeprefix('stroke_map_')}" + "_total" * (kind.lower().strip("_") == "counter")


@pytest.mark.parametrize("name", READMES)
def test_every_script_is_named_and_no_other(name):
    there = {path.name for path in (ROOT / "scripts").glob("*.py")}
    assert set(re.findall(r"scripts/(\w+\.py)", text_of(name))) == there


@pytest.mark.parametrize("name", READMES)
def test_every_metric_is_named_and_no_other(name):
    wanted = set(metrics())
    assert len(wanted) > 30
    assert {first for first in rows_of(text_of(name)) if first.startswith("stroke_map_")} == wanted


@pytest.mark.parametrize("name", READMES)
def test_every_field_of_a_question_and_every_column_of_the_sheet_is_named(name):
    text = text_of(name)
    drawn_up = {"levels", "capabilities"}  # for every kind of centre and every capability: told by their patterns
    columns = [name for name, column in COLUMNS.items() if column.group not in drawn_up]
    told = (*RouteBody.model_fields, *columns, *CAPABILITIES, *CENTRES)
    assert {field for field in told if f"`{field}`" not in text} == set()
    assert {name for name, column in COLUMNS.items() if column.group in drawn_up and not _is_told(name, text)} == set()


def _is_told(column: str, text: str) -> bool:
    """Whether the README names this column of a centre or capability, as `stroke` with `_level_scheme` behind it."""
    return any(
        f"`{column}`" in text or f"`{column.removeprefix(of)}`" in text
        for of in sorted((*CENTRES, *CAPABILITIES), key=len, reverse=True)
        if column.startswith(of)
    )


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name):
    text = text_of(name)
    targets = re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", text)
    local = [one or other for one, other in targets if not (one or other).startswith("https://")]
    anchors = anchors_of(text)
    for target in local:
        if target.startswith("#"):
            assert target[1:] in anchors, target
        else:
            assert (path_of(name).parent / target).exists(), target


def anchors_of(text):
    """Where a link within a document may lead: its titles, as GitHub writes them, and what it names itself."""
    titles = re.findall(r"(?m)^#+ (.+)$", text)
    slugs = {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}
    return slugs | set(re.findall(r'<a id="([^"]+)">', text))


@pytest.mark.parametrize("name", READMES)
def test_the_contents_lead_to_every_chapter(name):
    text = text_of(name)
    contents, _, rest = text.partition("\n## ")
    chapters = [line for line in f"\n## {rest}".splitlines() if line.startswith("## ")][:-1]  # but the licence
    assert len(chapters) > 15
    assert [
        chapter for chapter in chapters if not anchors_of(chapter) & set(re.findall(r"\(#([^)]+)\)", contents))
    ] == []


@pytest.mark.parametrize("name", READMES)
def test_three_pictures_and_more_show_what_it_is_and_are_told_to_who_cannot_see_them(name):
    shown = re.findall(r'<img src="([^"]+)"[^>]* alt="([^"]{30,})">', text_of(name))
    assert len({source for source, _ in shown}) >= 3
    assert text_of(name).count("<img ") == len(shown)
    for source, _ in shown:
        with Image.open(ROOT / source) as picture:
            assert min(picture.size) >= 300


def test_pictures_are_light_and_each_is_shown():
    pictures = list((ROOT / ".github" / "images").iterdir())
    assert max(picture.stat().st_size for picture in pictures) < 200_000
    told = "".join(map(text_of, READMES))
    assert [picture.name for picture in pictures if picture.name not in told] == []


def test_both_readmes_have_the_same_chapters_tables_and_examples():
    """Whoever adds a line to one adds it to the other."""
    english, chinese = map(text_of, READMES)
    for pattern in (r"(?m)^(#+) ", r"(?m)^\|", r"(?m)^```(\w*)", "<details>", r"(?m)^\* ", r'<a id="([^"]+)">'):
        assert re.findall(pattern, english) == re.findall(pattern, chinese), pattern


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_name_no_folder_of_one_machine(name):
    assert not re.search(r"(?<![\w.])/(root|home|work|tmp|Users)/", text_of(name))


@pytest.mark.parametrize("name", DECISIONS)
def test_a_decision_says_what_was_asked_measured_and_chosen_and_when_to_think_again(name):
    _, *notes = text_of(name).split("\n## ")
    assert notes
    for note in notes:
        told = re.findall(r"(?m)^\* \*\*([^*]+):\*\* \S", note)
        assert told == ["Asked", "Measured", "Chosen", "Again when"], note.splitlines()[0]
    assert f"]({name})" in text_of("CONTRIBUTING.md")


def test_the_changelog_knows_this_version():
    assert f"\n## Version {stroke_map.__version__}\n" in text_of("CHANGELOG.md")


def test_security_gives_each_role_the_scopes_it_has():
    told = dict(re.findall(r"(?m)^\| (\w+) \| (`.+`) \|$", text_of("SECURITY.md")))
    assert {role: tuple(re.findall(r"`([^`]+)`", scopes)) for role, scopes in told.items()} == ROLES
    assert {scope.removesuffix(":read") for scopes in ROLES.values() for scope in scopes} == set(SCOPES)


def test_security_names_settings_commands_and_scripts_that_there_are():
    text = text_of("SECURITY.md")
    assert set(re.findall(r"STROKE_MAP_\w+", text)) <= {setting.variable for setting in SETTINGS}
    known = {path for path, _ in commands(cli)}
    named = {found.split(" --")[0] for found in re.findall(r"`(stroke-map [a-z][a-z -]*)`", text)}
    assert {name for name in named if name not in known and name != "stroke-map"} == set()
    assert {name for name in re.findall(r"scripts/[\w/]+\.py", text) if not (ROOT / name).is_file()} == set()


def public_names():
    for found in pkgutil.walk_packages([str(PACKAGE)], "stroke_map."):
        if "migrations" not in found.name:
            module = importlib.import_module(found.name)
            yield from ((found.name, name) for name in getattr(module, "__all__", ()))


def test_every_public_name_has_a_docstring():
    named = list(public_names())
    assert ("stroke_map.roads", "RoadNetwork") in named
    objects = {f"{module}.{name}": getattr(importlib.import_module(module), name) for module, name in named}
    callables = {name: value for name, value in objects.items() if callable(value)}
    assert {name for name, value in callables.items() if len(inspect.getdoc(value) or "") < 20} == set()


def modules():
    return sorted([*PACKAGE.rglob("*.py"), *(ROOT / "scripts").rglob("*.py")])


def test_no_module_is_longer_than_one_idea():
    lengths = {path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert {path: lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


def imported_rooms(path):
    """The rooms of this package that a module imports, anywhere in it, also only for types."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module == "stroke_map":
            names = [f"stroke_map.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module]
        assert not (isinstance(node, ast.ImportFrom) and node.level), f"{path}: a relative import"
        yield from (name.split(".")[1] for name in names if name.startswith("stroke_map."))


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_imports_run_downwards():
    upwards = {
        (str(path.relative_to(PACKAGE)), room)
        for path in PACKAGE.rglob("*.py")
        for room in imported_rooms(path)
        if room in FLOORS and room != room_of(path) and FLOORS[room] >= FLOORS[room_of(path)]
    }
    assert upwards == set()


def test_every_room_has_a_floor():
    rooms = {room_of(path) for path in PACKAGE.rglob("*.py")} - {"__init__"}
    assert rooms <= set(FLOORS)


def test_the_map_of_the_house_shows_every_room_and_where_it_may_import_from():
    text = text_of("CONTRIBUTING.md")
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert {room for room in rooms if f"](stroke_map/{room})" not in text} == set()
    (line,) = re.findall(r"(?m)^cli  >  .*$", text)
    order = [re.split(r", | \| ", part) for part in line.split("  >  ")]
    assert rooms <= {room for part in order for room in part}
    for higher, lower in pairwise(order):
        assert min(FLOORS[room] for room in higher) > max(FLOORS[room] for room in lower), (higher, lower)


@pytest.mark.parametrize("room", PURE)
def test_pure_rooms_know_neither_the_web_nor_the_clock(room):
    modules = sorted((PACKAGE / room).rglob("*.py"))
    assert modules
    for path in modules:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {
            alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        }
        imported |= {(node.module or "").split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not imported & {"flask", "werkzeug", "time"}, path
        clocks = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not clocks & {"datetime.now", "datetime.utcnow", "date.today", "datetime.today"}, path


def test_a_request_passes_four_files_of_ours_before_it_reaches_data():
    """Each of the four that CONTRIBUTING names calls the next; the last of them is the one that asks the edition."""
    section = text_of("CONTRIBUTING.md").split("### How a request travels")[1]
    files = re.findall(r"(?m)^\d\. \[[^\]]+\]\(([^)]+)\)", section)
    assert len(files) <= 4
    assert files[-1].startswith("stroke_map/dispatch/")
    for caller, called in pairwise(files):
        room, module = called.removeprefix("stroke_map/").removesuffix(".py").split("/")
        source = text_of(caller)
        assert f"stroke_map.{room}.{module}" in source or f"from stroke_map import {room}" in source, (caller, called)
