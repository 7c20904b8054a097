"""Worked cases in a shorthand that a doctor can read; `cases.csv` is written in it.

Patient: `onset 60` minutes ago (`onset unknown`, `wake-up`), `well 480`, a scale with its score or items, `not screened`, `contact 20`,
`ECG 10`, `STEMI`, `no ST`, `no ECG`, `leaves in 10`, `at P` (a hospital asks), and words such as `contraindicated`, `lysis allowed` or `shock`.
Hospital: id, minutes of drive, what it can (`?` not known, `(closed)`, `(lapsed)`), `DNT30` its own median, `>C/30/agreed/20` thirty minutes on
to C, an agreed partner with a delay of twenty, `class3`, `until30` its level ends in thirty days.
"""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from stroke_map.protocols import Medians, Onward, Option, OptionLevel, load_protocol, read_question

HERE = Path(__file__).parent
NOW = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
PROTOCOLS = {"shipped": None, "signed": HERE / "signed.toml", "signed-ecg": HERE / "signed_ecg.toml"}
CAPABILITIES = {
    "lysis": "thrombolysis",
    "thrombectomy": "thrombectomy",
    "CTA": "ct_angiography",
    "perfusion": "advanced_imaging",
    "PCI": "primary_pci",
    "fibrinolysis": "fibrinolysis",
    "surgery": "cardiac_surgery",
    "emergency": "emergency",
    "ECG": "ecg",
    "remote-ECG": "remote_ecg",
}
MEDIANS = {"DNT": "door_to_needle_min", "DTP": "door_to_puncture_min", "DIDO": "door_in_door_out_min", "DTW": "door_to_wire_min"}  # fmt: skip
WORDS = {
    "anticoagulant": {"anticoagulant": "yes"},
    "no contraindication": {"thrombolysis_contraindication": "no", "anticoagulant": "no"},
    "lysis allowed": {"lysis_contraindication": "no"},
    "airway": {"airway_not_secured": True},
    "arrest": {"arrest_in_progress": True},
    "urban": {"setting": "urban"},
    "suburban": {"setting": "suburban"},
    "rural": {"setting": "rural"},
    "wake-up": {"onset": "wake-up"},
    "onset unknown": {"onset": "unknown"},
    "not screened": {"scale": "not done"},
    "STEMI": {"ecg": "STEMI"},
    "no ST": {"ecg": "no ST elevation"},
    "no ECG": {"ecg": "not done"},
    "shock": {"shock": True},
    "ROSC": {"arrest_with_rosc": True},
    "dissection": {"suspected_dissection": True},
}
TIMES = {"onset": "onset", "well": "last_known_well", "needle": "needle_at", "contact": "first_medical_contact", "ECG": "ecg_at"}  # fmt: skip


@cache
def protocol_of(name, condition):
    return load_protocol(condition, PROTOCOLS[name])


def read_patient(condition, text):
    fields = {"condition": condition, "now": NOW}
    for token in text.split("; "):
        word, _, rest = token.partition(" ")
        if token in WORDS:
            fields |= WORDS[token]
        elif token == "contraindicated":
            fields["thrombolysis_contraindication" if condition == "stroke" else "lysis_contraindication"] = "yes"
        elif token.startswith("leaves in "):
            fields["departure_min"] = float(token.rsplit(" ", 1)[1])
        elif word == "at":
            fields["origin_hospital"] = rest
        elif word in TIMES:
            fields[TIMES[word]] = NOW - timedelta(minutes=float(rest))
        elif word == "score":
            fields["score"] = int(rest)
        else:
            fields["scale"] = word
            for part in rest.split():
                item, _, points = part.partition("=")
                if points:
                    fields.setdefault("items", {})[item] = int(points)
                else:
                    fields["score"] = int(part)
    return read_question(fields)


def read_hospital(text):
    name, minutes, *tokens = text.split()
    capabilities = dict.fromkeys(CAPABILITIES.values(), "no")
    fields, medians, onward, agents = {}, {}, [], []
    for token in tokens:
        what, standing = re.fullmatch(r"(.*?)(\?|\(closed\)|\(lapsed\)|)", token).groups()
        median = re.fullmatch(r"([A-Z]+)(\d+)", token)
        if what in CAPABILITIES:
            capabilities[CAPABILITIES[what]] = {"?": "unknown", "": "yes"}.get(standing, standing.strip("()"))
        elif median:
            medians[MEDIANS[median[1]]] = float(median[2])
        elif token.startswith(">"):
            onward.append(_onward(token))
        elif token.startswith("class"):
            fields["class_"] = int(token.removeprefix("class"))
        elif token.startswith("until"):
            last = (NOW + timedelta(days=int(token.removeprefix("until")))).date()
            fields["level"] = OptionLevel("national", "advanced", last)
        elif token in ("urokinase", "alteplase", "tenecteplase"):
            agents.append(token)
        elif token == "unit":
            fields["kind"] = "unit"
        else:
            assert token in ("none", "agreed"), token
            fields |= {"agreed": True} if token == "agreed" else {}
    return Option(name, float(minutes), capabilities, agents=tuple(agents), medians=Medians(**medians), onward=tuple(onward), **fields)  # fmt: skip


def _onward(token):
    hospital, minutes, *rest = token[1:].split("/")
    delay = [float(part) for part in rest if part != "agreed"]
    return Onward(hospital, float(minutes), "agreed" in rest, delay[0] if delay else None)


@cache
def read_cases():
    """Each row with its question and options made."""
    with (HERE / "cases.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        (
            row,
            read_patient(row["condition"], row["patient"]),
            [read_hospital(text) for text in row["hospitals"].split("; ")],
        )
        for row in rows
    ]


def pytest_generate_tests(metafunc):
    """A test with an argument `case` runs on each of them."""
    if "case" in metafunc.fixturenames:
        cases = read_cases()
        metafunc.parametrize("case", cases, ids=[f"{row['no']} {row['source']}" for row, _, _ in cases])


@pytest.fixture(scope="session")
def cases():
    return read_cases()


@pytest.fixture(scope="session")
def in_force():
    """The protocol `shipped`, `signed` or `signed-ecg` for a condition."""
    return protocol_of


@pytest.fixture(scope="session")
def asked():
    """Question and options from the shorthand."""

    def make(condition, patient, hospitals=""):
        return read_patient(condition, patient), [read_hospital(text) for text in hospitals.split("; ") if text]

    return make
