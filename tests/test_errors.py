import pytest

from stroke_map import errors
from stroke_map.errors import InvalidRequestError, OffNetworkError, StrokeMapError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, StrokeMapError)]
# DESIGN's table of codes is a promise to callers.
PROMISED = {
    "outside-area": 404,
    "off-network": 404,
    "no-route": 404,
    "no-capable-hospital": 404,
    "invalid-request": 422,
    "edition-damaged": 503,
    "no-edition": 503,
}


def test_codes_name_one_error_each():
    codes = [kind.code for kind in KINDS]
    assert len(codes) == len(set(codes))


def test_promised_codes_keep_their_status():
    assert {kind.code: kind.status for kind in KINDS if kind.code in PROMISED} == PROMISED


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_every_error_says_what_to_do_and_ends_a_command(kind):
    error = kind("what happened")
    assert error.next_step.endswith((".", ":")) or "`" in error.next_step
    assert error.title
    assert 400 <= error.status < 600
    assert 1 <= error.exit_code <= 125  # above, shells speak of signals


def test_facts_and_next_step_of_the_case_win_over_the_class():
    error = OffNetworkError("far", next_step="Walk.", nearest_m=1234.5)
    assert (str(error), error.next_step, error.facts) == ("far", "Walk.", {"nearest_m": 1234.5})


@pytest.mark.parametrize(("kind", "builtin"), [(InvalidRequestError, ValueError), (OffNetworkError, LookupError)])
def test_code_that_knows_nothing_of_us_catches_the_builtin(kind, builtin):
    with pytest.raises(builtin):
        raise kind("x")
