"""The pages of the screens, without a browser: who gets them, under which policy, with which words."""

import re
from html import unescape

import orjson
import pytest

from stroke_map.maps import files
from stroke_map.settings import read_settings
from stroke_map.web import create_app
from stroke_map.web.crew_page import CASE_SCREEN, NO_CASE_SCREEN, OFFLINE_SCREEN
from stroke_map.web.crew_texts import LINK
from stroke_map.web.screen_texts import FRAME, LOG_IN
from stroke_map.web.screens import ACCOUNT_SCREEN, LOGIN, LOGOUT, SCREENS

HAN = re.compile(r"[\u4e00-\u9fff]")
FOLDER = files.static_folder() / "screens"
ALL = (LOGIN, LOGOUT, ACCOUNT_SCREEN, *SCREENS)
BY_LINK = (CASE_SCREEN, NO_CASE_SCREEN, OFFLINE_SCREEN)
TEXTS = LINK | {name: pair for screen in (*ALL, *BY_LINK) for name, pair in {**FRAME, **LOG_IN, **screen.texts}.items()}
#: `say("name"`, `say(condition ? "one" : "other"`, and names that are handed on, as in `shortcut("F2", "key_new", ...)`.
SAID = re.compile(r"""\bsay\("([\w-]+)"|\bsay\([^"()]+\? "([\w-]+)" : "([\w-]+)"|shortcut\("[^"]+", "([\w-]+)\"""")


def settings_in(page):
    return orjson.loads(unescape(re.search(r'data-settings="([^"]*)"', page)[1]))


@pytest.mark.parametrize("address", [screen.address for screen in ALL])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_page_loads_nothing_from_elsewhere_and_runs_nothing_inline(client, address, lang):
    response = client.get(address, query_string={"lang": lang})
    assert response.status_code == 200
    policy = response.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'self';" in policy
    assert "connect-src 'self' http://localhost:8121;" in policy, "itself, and its stream of events"
    page = response.text
    assert f'<html lang="{"zh-CN" if lang == "zh" else "en"}"' in page
    assert re.findall(r'(?:src|href)="(?!/|#|\?lang=)([^"]*)"', page) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page) == []


def test_a_page_is_kept_until_it_changes(client):
    first = client.get("/login")
    again = client.get("/login", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get("/login?lang=en").headers["ETag"] != first.headers["ETag"]
    assert first.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("address", [screen.address for screen in ALL])
def test_the_public_plane_has_no_screens(settings, address):
    own = {"geodata_dir": settings.geodata_dir, "cache_dir": settings.cache_dir}
    public = create_app(read_settings({}, **own, plane="public")).test_client()
    assert public.get(address).status_code == 404
    with create_app(read_settings({}, **own, plane="clinical")).test_client() as clinical:
        assert clinical.get(address).status_code == 200
        assert clinical.get("/").status_code == 404
        with clinical.get(files.static_url("screens/screen.css")) as style:
            assert style.status_code == 200
        with clinical.get(files.static_url("leaflet/leaflet.js")) as script:
            assert script.status_code == 200


def test_one_can_log_in_where_nothing_is_published_and_what_needs_a_map_says_so(app_without_edition):
    client = app_without_edition.test_client()
    assert client.get("/login").status_code == 200
    for screen in SCREENS:
        assert client.get(screen.address).status_code == (503 if screen.has_map else 200)


def test_the_log_in_knows_the_screens_of_each_role(client):
    homes = settings_in(client.get("/login").text)["facts"]["homes"]
    assert homes["dispatcher"][0] == "/dispatch"
    assert {address for some in homes.values() for address in some} == {screen.address for screen in SCREENS}


def test_modules_are_asked_for_anew_so_that_no_two_versions_meet(client):
    entry = client.get("/static/screens/api.js")
    assert entry.headers["Cache-Control"].startswith("no-cache")
    assert client.get("/static/screens/api.js", headers={"If-None-Match": entry.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("host", ["evil.example;script-src *", "a b", "x'unsafe-inline'"])
def test_the_name_of_the_host_cannot_loosen_the_policy(settings, host):
    own = {"geodata_dir": settings.geodata_dir, "cache_dir": settings.cache_dir}
    client = create_app(read_settings({}, **own)).test_client()
    policy = client.get("/login", headers={"Host": host}).headers["Content-Security-Policy"]
    assert policy.count("script-src") == 1
    assert "unsafe" not in policy


@pytest.mark.parametrize("name", TEXTS)
def test_each_text_is_there_in_both_languages_with_the_same_blanks(name):
    chinese, english = TEXTS[name]
    assert chinese
    assert english
    assert sorted(re.findall(r"\{\d\}", chinese)) == sorted(re.findall(r"\{\d\}", english))
    if name != "other_language":
        assert not HAN.search(english)


def sources():
    paths = [*FOLDER.rglob("*.js"), *(files.templates_folder() / "screens").glob("*.html")]
    return {path.name: path.read_text(encoding="utf-8") for path in paths}


def test_scripts_and_templates_use_no_text_that_is_not_there():
    for name, source in sources().items():
        used = set(re.findall(r"\btext\.(\w+)", source)) if name.endswith(".html") else set()
        used |= {found for groups in SAID.findall(source) for found in groups if found}
        assert used <= TEXTS.keys(), name


def test_every_text_is_used():
    whole = "".join(sources().values())
    by_rule = re.compile(
        r"^(title|problem|field|role|team|state|moment|value|class|severity|kind|work|told|said|over|provider|time|target|part|scope|reach|heard|channel|message|delivery|conflict)_"
    )
    assert [name for name in TEXTS if not by_rule.match(name) and not re.search(rf"\b{name}\b", whole)] == []


def test_no_module_is_longer_than_one_idea():
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in FOLDER.rglob("*.js")}
    assert {name: lines for name, lines in lengths.items() if lines > 300} == {}
