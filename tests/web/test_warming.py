"""What is made ready before anybody asks: all of it for the edition that serves, again after a switch, little of a large region."""

from dataclasses import replace

import pytest

from stroke_map.web import create_app, kept, warming
from stroke_map.web.published import holder_of
from stroke_map.web.warming import PageWarmer, addresses_of


@pytest.fixture
def public(settings, tmp_path):
    return create_app(replace(settings, plane="public", cache_dir=tmp_path))


def made_of(edition):
    return kept._KEPT.get(edition, {})


def test_all_that_is_made_ready_is_there_and_then_found_made(public):
    edition = holder_of(public).current()
    assert made_of(edition) == {}
    PageWarmer(public, pause_s=0)._warm(edition)
    before = dict(made_of(edition))
    assert {key if isinstance(key, str) else key[0] for key in before} == {
        "index", "map.js", "district", "service-worker.js", "offline", "map.svg", "poster", "catchment"
    }  # fmt: skip
    client = public.test_client()
    for address in addresses_of(edition):
        assert client.get(address).status_code == 200
    assert made_of(edition) == before


def test_of_a_large_region_the_pages_alone(public, monkeypatch):
    monkeypatch.setattr(warming, "LARGEST", 10)
    edition = holder_of(public).current()
    PageWarmer(public, pause_s=0)._warm(edition)
    assert {key[0] for key in made_of(edition)} == {"index", "map.js", "district"}


def test_the_thread_makes_what_serves_and_ends_when_told(public):
    edition = holder_of(public).current()
    warmer = PageWarmer(public, pause_s=0.001, check_interval_s=0.01)
    warmer.start()
    while not warmer._warmed:
        warmer._stopping.wait(0.01)
    warmer.stop()
    assert warmer._warmed == edition.info.seal
    assert ("index", "zh", "stroke", False) in made_of(edition)


def test_where_nothing_is_published_it_waits(app_without_edition):
    warmer = PageWarmer(app_without_edition, pause_s=0, check_interval_s=0.01)
    warmer.start()
    warmer._stopping.wait(0.05)
    warmer.stop()
    assert warmer._warmed == ""
