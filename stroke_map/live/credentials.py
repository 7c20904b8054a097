"""Passwords, one-time codes, keys and session tokens: made and checked here, and kept nowhere as they are.

Passwords are few and guessable, so argon2id makes each guess dear. Keys and tokens hold 256 random bits that nobody can guess, so
one SHA-256 is enough, and takes a microsecond where argon2 takes a tenth of a second.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from functools import cache
from typing import TYPE_CHECKING, Final

import argon2
import pyotp

if TYPE_CHECKING:
    from datetime import datetime

LEAST_PASSWORD, MOST_PASSWORD = 12, 200  # characters
TOTP_STEP_S: Final = 30
#: Clocks of telephones go wrong by seconds, and people type slowly: one step before and one after are taken too (RFC 6238, 5.2).
TOTP_SKEW_STEPS: Final = 1
KEY_PREFIX: Final = "sm_"  # so that a key is known as one where it turns up, in a log or a repository
_KEY = re.compile(KEY_PREFIX + r"([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_CODE = re.compile(r"\d{6}", re.ASCII)
_READABLE: Final = "abcdefghjkmnpqrstuvwxyz23456789"


@cache
def _hasher() -> argon2.PasswordHasher:
    # RFC 9106, section 4: the second recommended choice, for machines that do more than this.
    return argon2.PasswordHasher.from_parameters(argon2.profiles.RFC_9106_LOW_MEMORY)


def hash_password(password: str) -> str:
    """The argon2id hash of a password, with its parameters and salt.

    Raises
    ------
    ValueError
        It is too short or too long.
    """
    return _hasher().hash(check_password(password))


def check_password(password: str) -> str:
    """The password, as it may be.

    Raises
    ------
    ValueError
        It is too short or too long.
    """
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        raise ValueError(f"has {len(password)} characters; right would be {LEAST_PASSWORD} to {MOST_PASSWORD}")
    return password


def new_password() -> str:
    """A password that can be read aloud and typed: 16 letters and digits, of which none looks like another (79 random bits)."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(4))


@cache
def _nobody() -> str:
    return _hasher().hash(secrets.token_urlsafe())


def password_matches(password_hash: str | None, password: str) -> bool:
    """Whether this is the password; None, nobody's hash, takes as long and never matches."""
    try:
        _hasher().verify(password_hash or _nobody(), password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False
    return password_hash is not None


def new_totp_secret() -> str:
    """A secret for an authenticator app, in Base32."""
    return pyotp.random_base32()


def totp_address(secret: str, name: str) -> str:
    """The `otpauth:` address that an authenticator app reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="stroke_map")


def totp_step(secret: str, code: str, now: datetime, *, after: int) -> int | None:
    """The time step whose code this is, None where it is none.

    Parameters
    ----------
    now
        The moment of asking; the steps before and after are taken too.
    after
        The step of the last code that was taken: neither that one nor any before it is taken again.
    """
    if not _CODE.fullmatch(code):
        return None
    totp, present = pyotp.TOTP(secret, interval=TOTP_STEP_S), int(now.timestamp()) // TOTP_STEP_S
    found = None
    for step in range(present - TOTP_SKEW_STEPS, present + TOTP_SKEW_STEPS + 1):
        if hmac.compare_digest(totp.generate_otp(step), code) and step > after:
            found = step
    return found


def new_key() -> tuple[str, str]:
    """A key: its public part, by which it is named, and the whole, which is shown once."""
    public = secrets.token_hex(6)
    return public, f"{KEY_PREFIX}{public}_{secrets.token_urlsafe(32)}"


def public_part(key: str) -> str | None:
    """The public part of a key, None where it is not of the form of one."""
    found = _KEY.fullmatch(key)
    return found and found[1]


def new_token() -> str:
    """A token for a browser to hold: 256 random bits."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of a key or a token."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def digest_matches(kept: str, secret: str) -> bool:
    """Whether `kept` is the digest of `secret`; takes as long whatever the difference is."""
    return hmac.compare_digest(kept, digest(secret))


def csrf_token(token: str) -> str:
    """What a page must send with everything that changes something; who can read it is of this site."""
    return hmac.new(token.encode("utf-8", "replace"), b"stroke_map csrf", hashlib.sha256).hexdigest()


def csrf_matches(token: str, given: str) -> bool:
    """Whether this was sent by a page that knows the token of this session."""
    return hmac.compare_digest(csrf_token(token).encode(), given.encode("utf-8", "replace"))
