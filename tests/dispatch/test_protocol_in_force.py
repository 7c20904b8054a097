"""The protocol that is sealed into an edition is the one that decides, and only signed values overrule the nearest hospital."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from stroke_map.commands.building import protocol_texts
from stroke_map.dispatch import Question, answer
from stroke_map.editions import load_region
from stroke_map.errors import ProtocolError
from stroke_map.protocols import Protocol, StrokeQuestion

LOCAL = """version = "city 7"
{signature}
[stroke.bypass_extra_limit]
value = 20
unit = "min"
[stroke.bypass_total_urban]
value = 25
unit = "min"
[scales.LAMS.cut_off]
value = 4
unit = "point"
"""
SIGNED = 'signed_by = "City Stroke Centre"\nsigned_on = 2026-05-01'
REGION = 'id = "city"\nname = { zh = "某市", en = "A city" }\n'


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """`texts(signature)`: the protocols of a region whose doctors have set values of their own."""

    def of(signature: str, local: str = LOCAL):
        folder = tmp_path_factory.mktemp("region")
        (folder / "city.toml").write_text(REGION, encoding="utf-8")
        (folder / "city.protocol.toml").write_text(local.format(signature=signature), encoding="utf-8")
        return protocol_texts(load_region(folder / "city.toml"))

    return of


@pytest.fixture(scope="module")
def town(make_town, write_osm, place_of):
    """`town(protocols)`: thrombolysis at 5 km, thrombectomy too at 12 km, patient at 0."""
    osm = write_osm({"w": (0, 0), "e": (20_000, 0)}, [("we", {"highway": "primary"})])
    rows = []
    for name, x, more in (("lysis", 5000, {"thrombectomy": "no"}), ("both", 12_000, {"thrombectomy": "yes"})):
        lat, lon = place_of(x, 5)
        rows.append({"id": name, "lat": lat, "lon": lon, "thrombolysis": "yes"} | more)
    return lambda protocols: make_town(osm, rows, protocols=protocols)


@pytest.fixture
def ask(place_of, plain_settings, monday_noon):
    def ask_(edition):
        lat, lon = place_of(0, 0)
        patient = StrokeQuestion(
            now=monday_noon, onset=monday_noon - timedelta(hours=1), scale="LAMS", score=4, setting="urban"
        )
        question = Question(
            lat=lat, lon=lon, at=monday_noon, asked_at=monday_noon, profile="ambulance", patient=patient
        )
        return answer(edition, question, plain_settings)

    return ask_


def ids(found):
    return [hospital["id"] for hospital in found["hospitals"]]


def test_values_nobody_signed_advise_and_do_not_overrule(town, texts, ask):
    found = ask(town(texts("")))
    assert ids(found) == ["lysis", "both"]
    assert found["decision"]["advised"]["hospital"] == "both"
    assert found["decision"]["protocol"]["signed_by"] is None


def test_signed_values_decide_and_the_answer_says_who_signed(town, texts, ask):
    edition = town(texts(SIGNED))
    found = ask(edition)
    assert ids(found) == ["both", "lysis"]
    assert found["decision"]["rule"] == "lvo-bypass"
    signature = found["decision"]["protocol"]
    assert (signature["signed_by"], signature["signed_on"]) == ("City Stroke Centre", "2026-05-01")
    (sealed,) = [protocol for protocol in edition.info.protocols if protocol.condition == "stroke"]
    assert (sealed.sha256, sealed.local_version) == (signature["sha256"], "city 7")
    assert sealed.signed_on == date(2026, 5, 1)


def test_what_is_sealed_reads_back_as_the_protocol(town, texts):
    protocols = texts(SIGNED)
    edition = town(protocols)
    for condition, text in protocols.items():
        assert edition.protocol_text(condition) == text
        assert Protocol.from_json(text).condition == condition


def test_other_values_are_other_inputs(town, texts):
    assert town(texts(SIGNED)).info.inputs != town(texts("")).info.inputs


def test_an_edition_without_protocols_is_answered_by_those_of_the_package(town, ask):
    found = ask(town({}))
    assert found["decision"]["protocol"]["local_version"] is None
    assert ids(found)[0] == "lysis"


def test_a_contradiction_is_refused_before_anything_is_built(texts):
    with pytest.raises(ProtocolError) as raised:
        texts(SIGNED, LOCAL.replace("value = 20", "value = 500"))
    assert "bypass_extra_limit" in str(raised.value)


def test_a_regions_protocol_is_no_region():
    with pytest.raises(Exception, match="no region of that name") as raised:
        load_region("no-such")
    assert ".protocol" not in str(raised.value)
