"""Deliveries are trusted only if key, body and time are right; nothing tells how close a forged one came."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from typedpipes.errors import ConfigurationError, SignatureMismatch
from typedpipes.pipedream import verify_signature

KEY = "whsec_planted"
NOW = 1_790_000_000


def signed(body: bytes, key: str = KEY, at: int = NOW) -> str:
    digest = hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def now() -> float:
    return NOW


def test_a_known_delivery_is_accepted() -> None:
    """A vector made with openssl, so that signing and checking cannot be wrong together."""
    digest = "eb8290e330bf8401069d994986a056a9d691bb03abb211cc05e995e253327926"
    verify_signature('{"a":1}', f"t=1790000000,v1={digest}", "k", now=now)


@given(st.binary(max_size=200), st.text(min_size=1, max_size=40, alphabet=st.characters(codec="utf-8")))
def test_what_was_signed_is_accepted_and_any_other_body_or_key_is_not(body: bytes, key: str) -> None:
    verify_signature(body, signed(body, key), key, now=now)
    for other, used in ((body + b" ", key), (body, key + "x")):
        with pytest.raises(SignatureMismatch, match="not that of this signing key"):
            verify_signature(other, signed(body, key), used, now=now)


@pytest.mark.parametrize("seconds", [-301, 301, 10**9])
def test_a_delivery_of_another_time_is_refused(seconds: int) -> None:
    with pytest.raises(SignatureMismatch, match="300 s from now"):
        verify_signature(b"x", signed(b"x", at=NOW + seconds), KEY, now=now)


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_a_delivery_within_the_tolerance_is_accepted(seconds: int) -> None:
    verify_signature(b"x", signed(b"x", at=NOW + seconds), KEY, now=now)


def test_the_time_itself_is_signed() -> None:
    moved = signed(b"x", at=NOW - 1000).replace(f"t={NOW - 1000}", f"t={NOW}")
    with pytest.raises(SignatureMismatch, match="not that of this signing key"):
        verify_signature(b"x", moved, KEY, now=now)


def test_either_of_two_signatures_is_enough_while_a_key_is_changed() -> None:
    old = signed(b"x", "old").partition(",")[2]
    verify_signature(b"x", f"{signed(b'x')},{old}", KEY, now=now)
    verify_signature(b"x", f"{signed(b'x')}, {old}", "old", now=now)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "v1=00",
        "t=1",
        f"t={NOW},v1=",
        f"t={NOW},v1=zz",
        f"t=x,v1={'0' * 64}",
        f"t={NOW},t=1,v1={'0' * 64}",
        "ü",
    ],
)
def test_a_missing_or_malformed_signature_is_refused(header: str | None) -> None:
    with pytest.raises(SignatureMismatch, match="no signature of the form") as caught:
        verify_signature(b"x", header, KEY, now=now)
    assert KEY not in str(caught.value)


def test_an_empty_key_and_an_impossible_tolerance_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="signing_key is empty"):
        verify_signature(b"x", signed(b"x", ""), "", now=now)
    for tolerance in (0.0, -1.0, float("nan")):
        with pytest.raises(ConfigurationError, match="tolerance"):
            verify_signature(b"x", signed(b"x"), KEY, tolerance=tolerance, now=now)
