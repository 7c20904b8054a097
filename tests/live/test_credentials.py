import ast
import importlib.util
import inspect
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stroke_map.live import credentials
from stroke_map.live.credentials import (
    csrf_matches,
    csrf_token,
    digest,
    digest_matches,
    hash_password,
    new_key,
    new_token,
    password_matches,
    public_part,
    totp_address,
    totp_step,
)

# RFC 6238, appendix B: the secret "12345678901234567890", and the last six digits of its codes for SHA-1.
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
CODES = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC)


def test_a_password_matches_its_hash_and_no_other_and_no_hash_matches_any():
    kept = hash_password("correct horse battery")
    assert kept.startswith("$argon2id$")
    assert kept != hash_password("correct horse battery")
    assert password_matches(kept, "correct horse battery")
    assert not password_matches(kept, "correct horse batterz")
    assert not password_matches(None, "correct horse battery")
    assert not password_matches("no hash", "correct horse battery")


def test_to_guess_a_password_is_dear():
    # As it is outside the tests, which make it cheap: RFC 9106, section 4, the second recommended choice.
    found = importlib.util.find_spec(credentials.__name__)
    as_it_is = importlib.util.module_from_spec(found)
    found.loader.exec_module(as_it_is)
    assert as_it_is.hash_password("correct horse battery").startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.parametrize("password", ["", "x" * 11, "x" * 201])
def test_a_password_too_short_or_too_long_is_refused(password):
    with pytest.raises(ValueError, match="12 to 200"):
        hash_password(password)


@pytest.mark.parametrize(("seconds", "code"), CODES)
def test_codes_are_those_of_the_standard(seconds, code):
    assert totp_step(SECRET, code, at(seconds), after=0) == seconds // 30


@pytest.mark.parametrize(("steps_off", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
@pytest.mark.parametrize("second", [0, 29])
def test_one_step_of_clock_error_is_forgiven_and_no_more(steps_off, taken, second):
    now = at(1234567890 - 1234567890 % 30 + second)
    code = pyotp.TOTP(SECRET).at(now + timedelta(seconds=30 * steps_off))
    step = totp_step(SECRET, code, now, after=0)
    assert step == (1234567890 // 30 + steps_off if taken else None)


def test_no_code_is_taken_twice_nor_one_before_it():
    now = at(1234567890)
    step = totp_step(SECRET, "005924", now, after=0)
    assert totp_step(SECRET, "005924", now, after=step) is None
    assert totp_step(SECRET, pyotp.TOTP(SECRET).at(now - timedelta(seconds=30)), now, after=step) is None
    assert totp_step(SECRET, pyotp.TOTP(SECRET).at(now + timedelta(seconds=30)), now, after=step) == step + 1


@pytest.mark.parametrize("code", ["", "05924", "0005924", "00592a", " 005924", "００５９２４", "005924\n", "-05924"])
def test_what_is_no_code_is_none(code):
    assert totp_step(SECRET, code, at(1234567890), after=0) is None


def test_an_authenticator_can_read_the_address():
    read = pyotp.parse_uri(totp_address(SECRET, "wang.fang"))
    assert (read.secret, read.name, read.issuer) == (SECRET, "wang.fang", "stroke_map")


def test_a_key_is_named_by_its_public_part_and_holds_256_random_bits():
    made = [new_key() for _ in range(50)]
    assert len({public for public, _ in made}) == len({whole for _, whole in made}) == 50
    for public, whole in made:
        assert public_part(whole) == public
        assert len(whole.removeprefix(f"sm_{public}_")) == 43
    assert len({new_token() for _ in range(50)}) == 50


@given(st.text())
def test_text_that_is_no_key_has_no_public_part_and_is_compared_without_failing(text):
    assert public_part(text) is None
    assert not digest_matches(digest("sm_x"), text) or text == "sm_x"
    assert not csrf_matches("token", text)


def test_a_csrf_token_is_of_its_session_alone():
    assert csrf_matches("token", csrf_token("token"))
    assert not csrf_matches("other", csrf_token("token"))
    assert not csrf_matches("token", "")


@pytest.mark.parametrize("function", [digest_matches, csrf_matches, totp_step])
def test_secrets_are_compared_in_constant_time_alone(function):
    tree = ast.parse(inspect.getsource(function))
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert "hmac.compare_digest" in called
    compared = [node for node in ast.walk(tree) if isinstance(node, ast.Compare)]
    assert all(isinstance(node.ops[0], ast.Gt) for node in compared)  # of steps, which are no secret
    assert credentials.hmac.compare_digest("a", "a")
