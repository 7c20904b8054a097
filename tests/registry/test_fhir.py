"""FHIR R4: shapes as https://hl7.org/fhir/R4/ has them, and references that lead somewhere."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stroke_map.registry import Hospital
from stroke_map.registry.fhir import fhir_bundle

#: The elements of each resource, and which of them are lists, from the R4 resource definitions.
ELEMENTS = {
    "Organization": {
        "id": 0, "identifier": 1, "active": 0, "type": 1, "name": 0, "alias": 1, "telecom": 1, "address": 1, "partOf": 0,
    },
    "Location": {
        "id": 0, "identifier": 1, "status": 0, "name": 0, "alias": 1, "description": 0, "mode": 0, "type": 1, "telecom": 1,
        "address": 0, "physicalType": 0, "position": 0, "managingOrganization": 0, "partOf": 0,
    },
    "HealthcareService": {
        "id": 0, "identifier": 1, "active": 0, "providedBy": 0, "type": 1, "location": 1, "name": 0, "comment": 0,
        "telecom": 1, "availableTime": 1, "availabilityExceptions": 0,
    },
}  # fmt: skip
REFERS_TO = {
    "partOf": {"Organization": "Organization", "Location": "Location"},
    "managingOrganization": {"Location": "Organization"},
    "providedBy": {"HealthcareService": "Organization"},
    "location": {"HealthcareService": "Location"},
}


def resources(bundle: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}


def of_type(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [resource for resource in resources(bundle).values() if resource["resourceType"] == kind]


def texts(value: Any):
    if isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)
    else:
        yield value


@settings(deadline=None, max_examples=60)
@given(st.lists(st.from_type(Hospital), max_size=3, unique_by=lambda hospital: hospital.id))
def test_whatever_hospitals_hold_the_bundle_is_sound(hospitals: list[Hospital]) -> None:
    bundle = orjson.loads(orjson.dumps(fhir_bundle(hospitals)))
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    found = resources(bundle)
    assert len(found) == len(bundle["entry"])
    for url, resource in found.items():
        assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", url)
        assert url == f"urn:uuid:{resource['id']}"
        kind = resource["resourceType"]
        for name, value in resource.items():
            if name == "resourceType":
                continue
            assert isinstance(value, list) == bool(ELEMENTS[kind][name]), (kind, name)
            for reference in value if isinstance(value, list) else [value]:
                if name in REFERS_TO:
                    assert found[reference["reference"]]["resourceType"] == REFERS_TO[name][kind]
    # FHIR has no empty text, list or object.
    assert all(text not in ("", None) for text in texts(bundle))
    assert not [value for value in found.values() if [] in value.values() or {} in value.values()]


def test_a_hospital_is_an_organization_with_a_place_and_services(demo_hospital: Hospital) -> None:
    bundle = fhir_bundle([demo_hospital])
    parent, site = of_type(bundle, "Organization")
    assert parent["name"] == "示范医院集团"
    assert site["name"] == "示范医院"
    assert site["alias"] == ["Model Hospital", "示范"]
    assert site["identifier"] == [{"system": "urn:stroke-map:hospital", "value": "cq-001"}]
    assert site["telecom"] == [{"system": "phone", "value": "023-6869 0000", "use": "work"}]
    assert site["partOf"] == {"reference": f"urn:uuid:{parent['id']}"}
    assert {"text": "卒中中心: 国家卒中中心 高级"} in site["type"]
    place, entrance = of_type(bundle, "Location")
    assert place["position"] == {"longitude": 106.577, "latitude": 29.5574}
    assert place["address"] == {"use": "work", "type": "physical", "text": "解放碑 1 号", "district": "渝中区"}
    assert place["managingOrganization"] == {"reference": f"urn:uuid:{site['id']}"}
    assert entrance["position"] == {"longitude": 106.5772, "latitude": 29.5576}
    assert entrance["partOf"] == {"reference": f"urn:uuid:{place['id']}"}


def test_services_are_what_the_hospital_is_said_to_have(demo_hospital: Hospital) -> None:
    services = {one["type"][0]["text"]: one for one in of_type(fhir_bundle([demo_hospital]), "HealthcareService")}
    assert set(services) == {"溶栓", "CT"}
    always = services["溶栓"]
    assert always["availableTime"] == [
        {"daysOfWeek": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "allDay": True}
    ]
    assert "valid until: 2026-12-31" in always["comment"]
    assert "agents: alteplase, tenecteplase" in always["comment"]
    assert services["CT"]["availabilityExceptions"] == "Mo-Fr 08:00-18:00"
    assert "availableTime" not in services["CT"]


def test_the_same_hospitals_give_the_same_bundle_and_campuses_share_their_organisation(demo_hospital: Hospital) -> None:
    other = demo_hospital.model_copy(update={"id": "cq-009", "campus": "江北院区"})
    bundle = fhir_bundle([demo_hospital, other])
    assert bundle == fhir_bundle([demo_hospital, other])
    assert [one["name"] for one in of_type(bundle, "Organization")].count("示范医院集团") == 1
    assert len(of_type(bundle, "Location")) == 4


@pytest.mark.parametrize("missing", ["address", "district", "phone", "name_en"])
def test_what_is_blank_is_left_out(demo_hospital: Hospital, missing: str) -> None:
    site = of_type(fhir_bundle([demo_hospital.model_copy(update={missing: ""})]), "Organization")[1]
    assert "" not in list(texts(site))


def test_no_number_that_an_alert_calls_is_in_it(demo_hospital: Hospital) -> None:
    assert b"6869 0001" not in orjson.dumps(fhir_bundle([demo_hospital]))
