from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from stroke_map.delivery.fhir import communication
from stroke_map.delivery.message import text_of, told

LINK = "https://120.example/alerts/{alert}"


@pytest.fixture
def says(message):
    return told(message, LINK)


def test_a_message_says_what_a_team_needs_and_nothing_else(message, says):
    eta = message.alert.alert.eta.replace(microsecond=0)
    assert says | {"eta": 0, "at": 0} == {
        "id": message.message_id,
        "kind": "call",
        "asked": "acknowledge",
        "alert": 1,
        "case": 1,
        "condition": "stroke",
        "hospital": {"id": "a", "name": {"zh": "第一医院", "en": "First Hospital"}},
        "team": "neurology",
        "contact": 0,
        "eta": 0,
        "at": 0,
        "link": "https://120.example/alerts/1",
    }
    assert datetime.fromisoformat(says["eta"]) == eta
    assert says["eta"].endswith("+08:00")  # the region's, as the answer of the case was
    assert told(message, "")["link"] is None


@pytest.mark.parametrize("format_", ["native", "text zh", "text en", "fhir"])
def test_nothing_of_the_patient_is_in_any_form(says, format_):
    text = text_of(says, format_[-2:] if "text" in format_ else "zh", datetime.now(UTC))
    shown = {"native": orjson.dumps(says).decode(), "fhir": orjson.dumps(communication(says, text)).decode()}.get(
        format_, text
    )
    for word in ("70", "female", "29.5", "106.5", '"age"', 'patient"'):
        assert word not in shown.replace(says["id"], "")


def test_the_text_is_one_line_with_the_clock_of_the_region(says):
    now = datetime.fromisoformat(says["eta"]) - timedelta(minutes=12)
    at = says["eta"][11:16]
    assert (
        text_of(says, "zh", now)
        == f"【卒中预警】第一医院神经内科：病例1，预计{at}到达（约12分钟后）。请确认收到。 https://120.example/alerts/1"
    )
    assert text_of(says, "en", now) == (
        f"STROKE ALERT for neurology, First Hospital: case 1, arrives {at} (in about 12 min). Please acknowledge. https://120.example/alerts/1"
    )
    late = now + timedelta(hours=1)
    assert "约0分钟后" in text_of(says, "zh", late)


def test_where_little_is_known_little_is_said(message):
    case = replace(message.alert.case, answer={"hospitals": []})
    alert = replace(message.alert, case=case, alert=replace(message.alert.alert, eta=None))
    says = told(replace(message, alert=alert), "")
    assert (says["eta"], says["hospital"]) == (None, {"id": "a", "name": None})
    assert says["at"].endswith("+00:00")
    assert text_of(says, "zh", datetime.now(UTC)) == "【卒中预警】a神经内科：病例1，请确认收到。"


def test_a_stand_down_asks_for_it_and_says_no_time(message):
    says = told(replace(message, kind="stand_down"), "")
    assert (says["asked"], says["eta"]) == ("stand_down", None)
    assert text_of(says, "zh", datetime.now(UTC)) == "【卒中预警解除】第一医院神经内科：病例1不再送来，请解除准备。"
    assert text_of(says, "en", datetime.now(UTC)).startswith("STAND DOWN, neurology, First Hospital")
    assert communication(says, "x")["status"] == "stopped"


@pytest.mark.parametrize("condition", ["stroke", "chest_pain"])
@pytest.mark.parametrize("team", ["emergency", "radiology", "neurology", "cardiology", "cath_lab"])
def test_every_condition_and_team_has_words(says, condition, team):
    of = says | {"condition": condition, "team": team}
    for lang in ("zh", "en"):
        assert text_of(of, lang, datetime.now(UTC))
    assert communication(of, "x")["reasonCode"][0]["coding"][0]["code"].isdigit()


def test_fhir_names_what_r4_asks_for(says):
    made = communication(says, "text")
    # https://hl7.org/fhir/R4/communication.html: the elements of the resource, its required status, and its bound codes.
    elements = {"resourceType", "identifier", "partOf", "status", "category", "priority", "about", "sent", "recipient", "reasonCode", "payload"}  # fmt: skip
    assert set(made) == elements
    assert (made["resourceType"], made["status"], made["priority"]) == ("Communication", "in-progress", "stat")
    assert made["identifier"] == [{"system": "urn:stroke-map:message", "value": says["id"]}]
    assert [set(one) for one in made["payload"]] == [{"contentString"}, {"contentString"}, {"contentAttachment"}]
    assert made["payload"][2]["contentAttachment"]["url"] == says["link"]
    assert datetime.fromisoformat(made["sent"]).tzinfo is not None
    assert made["recipient"][0]["identifier"]["value"] == "a"
