"""The formats that the READMEs show, against what makes them."""

from __future__ import annotations

import inspect
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stroke_map.delivery.fhir import communication
from stroke_map.delivery.message import text_of, told
from stroke_map.web import models

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])


def text_of_document(name):
    return (ROOT / name).read_text(encoding="utf-8")


def examples(name):
    """The answer and the message that are shown."""
    answer, message = map(json.loads, re.findall(r"(?ms)^```json\n(.*?)^```", text_of_document(name)))
    return answer, message


def fields_of(model):
    """What a program always finds in it."""
    return {field.alias or key for key, field in model.model_fields.items() if field.is_required()}


def test_the_answer_that_is_shown_has_the_members_that_answers_have(name):
    answer, _ = examples(name)
    (hospital,) = answer["hospitals"]
    for shown, model in [
        (answer, models.Answer),
        (answer["origin"], models.Origin),
        (answer["origin"]["snapped"], models.Snapped),
        (answer["live_state"], models.LiveState),
        (answer["decision"], models.Decision),
        (hospital, models.RankedHospital),
        (hospital["steps"][0], models.Step),
        (hospital["navigation"], models.Navigation),
    ]:
        assert set(shown) == fields_of(model), model.__name__


def test_the_message_that_is_shown_has_the_members_that_messages_have(name):
    _, message = examples(name)
    made = inspect.getsource(told)
    assert set(message) == set(re.findall(r'(?m)^        "(\w+)":', made))
    assert message["hospital"]["name"]["zh"] in text_of(message, "zh", datetime.now(UTC))
    assert communication(message, "")["identifier"][0]["value"] == message["id"]


def test_every_part_of_an_edition_is_in_the_tree(name, demo_edition):
    tree = re.search(r"(?ms)^```\ngeodata/\n(.*?)^```", text_of_document(name)).group(1)
    parts = {part.name + ("/" if part.is_dir() else "") for part in demo_edition.folder.iterdir()}
    assert {part for part in parts if part not in re.split(r"\s+|PROFILE\S*", tree)} == set()
