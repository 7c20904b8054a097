"""Hospitals as FHIR R4 resources: Organization, Location and HealthcareService, in a Bundle of type collection.

https://hl7.org/fhir/R4/: organization.html, location.html, healthcareservice.html, bundle.html. Texts that are blank are
left out, as FHIR knows no empty string.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from stroke_map.registry.centres import CAPABILITY_NAMES, CENTRES
from stroke_map.registry.hours import ALWAYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stroke_map.registry.models import Capability, Hospital

_NAMESPACE: Final = uuid.UUID("9f0c5d8e-6f0b-5d0e-9a53-6a2f3a1f4c11")  # once and for all, so that ids stay the same
_SYSTEM: Final = "urn:stroke-map:hospital"
_DAYS: Final = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_PHYSICAL_TYPE: Final = "http://terminology.hl7.org/CodeSystem/location-physical-type"
_ORGANIZATION_TYPE: Final = "http://terminology.hl7.org/CodeSystem/organization-type"


def fhir_bundle(hospitals: Iterable[Hospital]) -> dict[str, Any]:
    """Every hospital as an Organization, its site (and entrance) as Locations, and a HealthcareService per capability.

    Only capabilities whose status is "yes" are services: what a hospital cannot do, or nobody knows of, is none.
    Positions are WGS-84 degrees. The numbers that alerts call are left out. The same hospitals give the same ids.
    """
    entries: dict[str, dict[str, Any]] = {}
    for hospital in hospitals:
        for name, resource in _resources(hospital):
            url = _url(name)
            kind = {"resourceType": resource.pop("resourceType"), "id": url.removeprefix("urn:uuid:")}
            entries.setdefault(url, {"fullUrl": url, "resource": _without_blanks(kind | resource)})
    return {"resourceType": "Bundle", "type": "collection", "entry": list(entries.values())}


def _resources(hospital: Hospital) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each resource with the name that its id comes from."""
    site, place = f"organization/{hospital.id}", f"location/{hospital.id}"
    parent = f"organisation/{hospital.organisation}" if hospital.organisation else ""
    if parent:
        yield parent, {"resourceType": "Organization", "active": True, "name": hospital.organisation}
    yield site, _organization(hospital, parent)
    yield place, _location(hospital, site)
    if (hospital.entrance_lat, hospital.entrance_lon) != (hospital.lat, hospital.lon):
        yield f"entrance/{hospital.id}", _entrance(hospital, site, place)
    for name, capability in hospital.capabilities.items():
        if capability.status == "yes":
            yield f"service/{hospital.id}/{name}", _service(hospital, name, capability, site, place)


def _organization(hospital: Hospital, parent: str) -> dict[str, Any]:
    levels = [f"{CENTRES[centre].name_zh}: {level.scheme} {level.level}" for centre, level in hospital.levels.items()]
    return {
        "resourceType": "Organization",
        "identifier": [{"system": _SYSTEM, "value": hospital.id}],
        "active": True,
        "type": [_concept(_ORGANIZATION_TYPE, "prov", "Healthcare Provider"), *({"text": level} for level in levels)],
        "name": hospital.name_zh,
        "alias": [hospital.name_en, hospital.name_short],
        "telecom": _telecom(hospital),
        "address": [_address(hospital)],
        "partOf": _reference(parent) if parent else None,
    }


def _location(hospital: Hospital, site: str) -> dict[str, Any]:
    return {
        "resourceType": "Location",
        "identifier": [{"system": _SYSTEM, "value": hospital.id}],
        "status": "active",
        "name": hospital.name_zh,
        "alias": [hospital.campus],
        "mode": "instance",
        "telecom": _telecom(hospital),
        "address": _address(hospital),
        "physicalType": _concept(_PHYSICAL_TYPE, "si", "Site"),
        "position": {"longitude": hospital.lon, "latitude": hospital.lat},
        "managingOrganization": _reference(site),
    }


def _entrance(hospital: Hospital, site: str, place: str) -> dict[str, Any]:
    return {
        "resourceType": "Location",
        "status": "active",
        "name": f"{hospital.name_zh} 急诊入口 / emergency entrance",
        "mode": "instance",
        "physicalType": _concept(_PHYSICAL_TYPE, "area", "Area"),
        "position": {"longitude": hospital.entrance_lon, "latitude": hospital.entrance_lat},
        "managingOrganization": _reference(site),
        "partOf": _reference(place),
    }


def _service(hospital: Hospital, name: str, capability: Capability, site: str, place: str) -> dict[str, Any]:
    named = CAPABILITY_NAMES[name]
    told = {
        "accredited by": capability.body,
        "valid from": capability.valid_from,
        "valid until": capability.valid_until,
        "assessed on": capability.assessed_on,
        "agents": ", ".join(capability.agents),
    }
    always = capability.hours == ALWAYS
    return {
        "resourceType": "HealthcareService",
        "identifier": [{"system": _SYSTEM, "value": f"{hospital.id}/{name}"}],
        "active": True,
        "providedBy": _reference(site),
        "type": [{"coding": [{"system": "urn:stroke-map:capability", "code": name}], "text": named.name_zh}],
        "location": [_reference(place)],
        "name": named.name_en,
        "comment": "; ".join(f"{what}: {value}" for what, value in told.items() if value),
        "telecom": _telecom(hospital),
        "availableTime": [{"daysOfWeek": _DAYS, "allDay": True}] if always else None,
        "availabilityExceptions": None if always else capability.hours,
    }


def _url(name: str) -> str:
    return f"urn:uuid:{uuid.uuid5(_NAMESPACE, name)}"


def _reference(name: str) -> dict[str, str]:
    return {"reference": _url(name)}


def _concept(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}]}


def _telecom(hospital: Hospital) -> list[dict[str, str]]:
    return [{"system": "phone", "value": hospital.phone, "use": "work"}] if hospital.phone else []


def _address(hospital: Hospital) -> dict[str, str]:
    told = {"text": hospital.address, "district": hospital.district}
    return {"use": "work", "type": "physical"} | told if any(told.values()) else {}


def _without_blanks(value: Any) -> Any:
    """Leave out what FHIR has no way to say: empty texts, lists and objects."""
    if isinstance(value, dict):
        return {key: kept for key, one in value.items() if (kept := _without_blanks(one)) not in (None, "", [], {})}
    if isinstance(value, list):
        return [kept for one in value if (kept := _without_blanks(one)) not in (None, "", [], {})]
    return value
