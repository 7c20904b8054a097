"""A case as JSON: a question and its options, to try a protocol on."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from stroke_map.errors import InvalidRequestError
from stroke_map.protocols.options import Option  # noqa: TC001  pydantic reads the annotations when it runs
from stroke_map.protocols.question import PatientQuestion, read_question


@checked(config=ConfigDict(extra="forbid"))
class _File:
    question: dict[str, Any]
    options: list[Option]
    names: dict[str, str] | None = None


_ADAPTER = TypeAdapter(_File)


def read_case(text: str | bytes) -> tuple[PatientQuestion, list[Option], dict[str, str]]:
    """The question, the options and the names of hospitals in `{"question": {...}, "options": [...], "names": {...}}`.

    Raises
    ------
    InvalidRequestError
        No JSON, or a field that is wrong; each is named.
    """
    try:
        case = _ADAPTER.validate_json(text)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        errors = [{"field": ".".join(map(str, e["loc"]))[:80], "problem": e["msg"], "example": None} for e in found]
        raise InvalidRequestError(f"{errors[0]['field']}: {errors[0]['problem']}", errors=errors) from None
    return read_question(case.question), case.options, case.names or {}
