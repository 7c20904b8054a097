"""From the fields a caller sent to the answer: the same steps for the API and for the pages."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from flask import current_app
from pydantic_core import from_json

from stroke_map.web.ask import ask, ask_transfer
from stroke_map.web.auditing import mention
from stroke_map.web.limiting import public_question
from stroke_map.web.live_state import live_view_of
from stroke_map.web.measures import measures_of
from stroke_map.web.patient import PATIENT_FIELDS, TransferBody
from stroke_map.web.published import holder_of
from stroke_map.web.questions import RouteBody, RouteQuery, invalid, read_question
from stroke_map.web.security import require, settings_of_app

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stroke_map.editions import Edition

Fields = dict[str, Any]


def single_values(pairs: Iterable[tuple[str, list[str]]]) -> Fields:
    """Each parameter of a URL or form once; a repeated one is a mistake, for which of the two was meant?"""
    fields: Fields = {}
    for name, values in pairs:
        if len(values) > 1:
            known = name if name in RouteQuery.model_fields else "(a repeated name)"
            raise invalid([{"field": known, "problem": "is given more than once", "example": None}])
        fields[name] = values[0]
    return fields


def json_fields(content: bytes) -> Fields:
    """The members of a JSON object. NaN is let through here, so that the field it stands in is named later."""
    try:
        value = from_json(content, allow_inf_nan=True)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        example = {"lat": 29.5574, "lon": 106.577, "crs": "WGS-84", "condition": "stroke"}
        raise invalid([{"field": "body", "problem": "must be one JSON object", "example": example}])
    return value


def take_patient_fields(fields: Fields, *, in_url: bool) -> Fields:
    """Take out what is about the patient.

    Raises
    ------
    UnauthorizedError
        There is some, and nobody known asks.
    InvalidRequestError
        It stands in a URL, which logs and browsers keep.
    """
    names = sorted(PATIENT_FIELDS.intersection(fields))
    if names:
        require(scope="route", why="Fields about the patient need a clinical key or a log-in.")
        mention(fields=names)  # their names, never their values
    if names and in_url:
        problem = "is about the patient and must not stand in an address: use POST"
        raise invalid([{"field": name, "problem": problem, "example": None} for name in names])
    return {name: fields.pop(name) for name in names}


def answer_for(
    edition: Edition, model: type[RouteQuery | RouteBody], fields: Fields, patient: Fields
) -> dict[str, Any]:
    """The answer to the question in `fields`, read by `model`, from `edition`; with anything about a patient, as the protocol says.

    Raises
    ------
    UnauthorizedError, InvalidRequestError, TooBusyError
        It may not, cannot, or cannot now be asked.
    OutsideAreaError, OffNetworkError, NoRouteError, NoCapableHospitalError
        As `dispatch.answer`.
    """
    settings = settings_of_app()
    if patient:
        fields.setdefault("profile", "ambulance")
        if fields.get("need") is not None:
            problem = "and fields about the patient exclude each other: the protocol decides what is needed"
            raise invalid([{"field": "need", "problem": problem, "example": None}])
    clinical = bool(patient) or settings.plane == "clinical" or fields.get("profile") == "ambulance"
    if clinical:
        why = "The ambulance profile, and everything on the clinical plane, needs a clinical key or a log-in."
        require(scope="route", why=why)
        mention(fields=sorted(patient))
    asked = read_question(model, fields)
    with nullcontext() if clinical else public_question():
        return _noted(ask(edition, asked, settings, live_view_of(current_app), patient), clinical=clinical)


def transfer_for(edition: Edition, fields: Fields, patient: Fields) -> dict[str, Any]:
    """The answer to a hospital that asks where to send a patient on to.

    Raises
    ------
    UnauthorizedError, InvalidRequestError
        It may not, or cannot be asked.
    OffNetworkError, NoRouteError, NoCapableHospitalError
        As `dispatch.answer`.
    """
    require(scope="route", why="Transfers need a clinical key or a log-in.")
    mention(fields=sorted(patient))
    fields.setdefault("profile", "ambulance")
    asked = read_question(TransferBody, fields)
    return _noted(ask_transfer(edition, asked, settings_of_app(), live_view_of(current_app), patient), clinical=True)


def _noted(answer: dict[str, Any], *, clinical: bool) -> dict[str, Any]:
    """Count what an answer knew, and name in the audit log what a clinical one said: which edition, which hospitals in which order."""
    damaged = holder_of(current_app).damage is not None
    measures_of(current_app).answer("clinical" if clinical else "public", answer, damaged=damaged)
    if clinical:
        mention(edition=answer["edition"], hospitals=[hospital["id"] for hospital in answer["hospitals"]])
    return answer
