import re

import pytest

from stroke_map.web.patient import PATIENT_FIELDS, ClinicalBody
from stroke_map.web.questions import RouteBody, RouteQuery


@pytest.fixture
def document(client):
    response = client.get("/api/v1/openapi.json")
    assert response.mimetype == "application/json"
    return response.get_json()


def operations(document):
    return {(method, path): operation for path, item in document["paths"].items() for method, operation in item.items()}


def test_it_is_openapi_3_1_and_names_every_api_address(document, app):
    assert document["openapi"].startswith("3.1")
    api = {
        (method.lower(), re.sub(r"<(\w+:)?(\w+)>", r"{\2}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith(("/api/", "/healthz", "/readyz")) and rule.endpoint != "openapi_json"
    }
    assert set(operations(document)) == api


def test_every_reference_leads_somewhere(document):
    def references(node):
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    found = set(references(document))
    assert "#/components/schemas/Answer" in found
    for reference in found:
        assert reference.removeprefix("#/components/schemas/") in document["components"]["schemas"]


def test_every_operation_describes_its_errors_as_problems(document):
    for operation in operations(document).values():
        assert operation["summary"]
        for status, response in operation["responses"].items():
            if status >= "400":
                assert list(response["content"]) == ["application/problem+json"]


def test_each_field_of_the_question_is_described_with_an_example(document):
    get = document["paths"]["/api/v1/route"]["get"]
    parameters = {parameter["name"]: parameter for parameter in get["parameters"]}
    assert set(parameters) == set(RouteQuery.model_fields)
    assert {name for name, parameter in parameters.items() if parameter["required"]} == {"lat", "lon"}
    assert all(parameter["description"] and "example" in parameter for parameter in parameters.values())
    body = document["components"]["schemas"]["ClinicalBody"]
    assert set(body["properties"]) == set(RouteBody.model_fields) | (PATIENT_FIELDS & set(ClinicalBody.model_fields))
    assert set(body["required"]) == {"lat", "lon", "crs"}
    assert body["additionalProperties"] is False


def test_keys_and_sessions_are_the_security_schemes_and_who_can_be_unknown_can_be_refused(document):
    assert set(document["components"]["securitySchemes"]) == {"clinicalKey", "session", "caseLink"}
    for operation in operations(document).values():
        assert ("401" in operation["responses"]) == ("403" in operation["responses"])
        schemes = {name for alternative in operation.get("security", []) for name in alternative}
        assert schemes in (set(), {"clinicalKey", "session"}, {"clinicalKey", "session", "caseLink"})
