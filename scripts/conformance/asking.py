"""Questions made from the document, sound ones and unsound ones, by every kind of caller; each answer must be one the document names."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from conformance.service import SESSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemathesis import APIOperation, Case

    from conformance.service import Service

CHECKS: Final = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
)
#: The share of sound questions that may find something.
_FINDABLE: Final = 0.75
#: One attempt to log in costs a tenth of a second: such an operation is asked less often.
_COSTLY: Final = "POST /api/v1/session"
Answers = Counter[tuple[str, int]]


def check_api(service: Service, *, examples: int, first: int, show: Callable[[str, Answers], None]) -> Answers:
    """Ask every operation `examples` times with sound data (one that changes something four times as often), and with unsound data.

    Parameters
    ----------
    first
        The seed: the same one asks the same questions.
    show
        Told of each operation when it is done, with its answers by status.

    Returns
    -------
    How often each operation was answered with each status.

    Raises
    ------
    FailureGroup
        An answer that the document does not explain: with the question, to be asked again.
    """
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", service.app)
    answers: Answers = Counter()
    for found in schema.get_all_operations():
        operation = found.ok()
        _Asking(service, operation, answers, first).ask(examples)
        show(operation.label, Counter({key: n for key, n in answers.items() if key[0] == operation.label}))
    return answers


class _Asking:
    """The questions of one operation; who asks and what is known is drawn evenly, which Hypothesis does not."""

    def __init__(self, service: Service, operation: APIOperation, answers: Answers, first: int) -> None:
        self._service, self._operation, self._answers, self._first = service, operation, answers, first
        self._random = random.Random(f"{first} {operation.label}")
        # Most doors open for a dispatcher, some for a hospital alone; behind them is more to be wrong than before them.
        self._callers = [*["dispatcher"] * 8, *["hospital", "administrator", SESSION] * 2, *service.callers]

    def ask(self, examples: int) -> None:
        """Ask with sound data and with unsound data."""
        operation = self._operation
        if operation.label == _COSTLY:
            examples = 1 + examples // 10
        self._ask_with(GenerationMode.POSITIVE, examples * (1 if operation.method == "get" else 4))
        if operation.body or operation.query or operation.path_parameters or operation.headers:
            with suppress(Unsatisfiable):  # where any text is sound, nothing is unsound
                self._ask_with(GenerationMode.NEGATIVE, examples)

    def _ask_with(self, mode: GenerationMode, examples: int) -> None:
        failures: list[BaseException] = []
        quiet = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}

        @seed(self._first)
        @settings(max_examples=examples, phases=[Phase.generate], **quiet)
        @given(case=self._operation.as_strategy(generation_mode=mode))
        def ask(case: Case) -> None:
            # Asked again for a smaller example the service would answer otherwise: what it was asked changes it.
            if not failures:
                try:
                    self._ask_once(case, findable=mode == GenerationMode.POSITIVE)
                except FailureGroup as failure:
                    failures.append(failure)

        ask()
        if failures:
            raise failures[0]

    def _ask_once(self, case: Case, *, findable: bool) -> None:
        if findable and self._random.random() < _FINDABLE:
            self._make_findable(case)
        headers, cookies = self._service.callers[self._random.choice(self._callers)]
        if headers or cookies:
            case.headers.pop("Authorization", None)
            case.cookies = cookies
        response = case.call(
            headers=headers | {"Accept-Encoding": "identity"}
        )  # what is compressed is not unpacked in process
        self._answers[self._operation.label, response.status_code] += 1
        case.validate_response(response, checks=list(CHECKS))

    def _make_findable(self, case: Case) -> None:
        """Put in what the service knows: made-up ids and places find nothing."""
        for part in (case.body, case.query, case.path_parameters):
            if isinstance(part, dict):
                for name in sorted(set(part) & set(self._service.known)):
                    part[name] = self._random.choice(self._service.known[name])
                    if part[name] is None:
                        del part[name]
