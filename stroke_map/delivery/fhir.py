"""A message as an HL7 FHIR R4 Communication (https://hl7.org/fhir/R4/communication.html)."""

from __future__ import annotations

from typing import Any, Final

CONTENT_TYPE: Final = "application/fhir+json"
#: SNOMED CT, by https://hl7.org/fhir/R4/snomedct.html.
_REASONS: Final = {"stroke": ("230690007", "Cerebrovascular accident"), "chest_pain": ("29857009", "Chest pain")}


def communication(told: dict[str, Any], text: str) -> dict[str, Any]:
    """The resource for what `message.told` says; `text` is the same for people. It names no patient, for none is known here."""
    code, display = _REASONS[told["condition"]]
    name = told["hospital"]["name"] or {}
    hospital = {"system": "urn:stroke-map:hospital", "value": told["hospital"]["id"]}
    calls = told["kind"] == "call"
    payload: list[dict[str, Any]] = [{"contentString": text}]
    if told["eta"]:
        payload.append({"contentString": f"ETA {told['eta']}"})
    if told["link"]:
        payload.append({"contentAttachment": {"contentType": "text/html", "url": told["link"]}})
    return {
        "resourceType": "Communication",
        "identifier": [{"system": "urn:stroke-map:message", "value": told["id"]}],
        "partOf": [{"identifier": {"system": "urn:stroke-map:alert", "value": str(told["alert"])}}],
        "status": "in-progress" if calls else "stopped",
        "category": [
            {
                "coding": [{"system": "http://terminology.hl7.org/CodeSystem/communication-category", "code": "alert"}],
                "text": told["kind"],
            }
        ],
        "priority": "stat",
        "about": [{"identifier": {"system": "urn:stroke-map:case", "value": str(told["case"])}}],
        "sent": told["at"],
        "recipient": [
            {
                "type": "Organization",
                "identifier": hospital,
                "display": f"{name.get('zh') or told['hospital']['id']}: {told['team']}",
            }
        ],
        "reasonCode": [{"coding": [{"system": "http://snomed.info/sct", "code": code, "display": display}]}],
        "payload": payload,
    }
