"""No secret survives redaction, whatever surrounds it."""

from __future__ import annotations

import base64
import json
import logging
import pickle
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from typedpipes._core.redaction import MASK, SHORTEST, RedactingFilter, Redactor, Secret

secrets = st.lists(st.text(min_size=SHORTEST, max_size=40), min_size=1, max_size=4)


@given(known=secrets, around=st.lists(st.text(max_size=20), min_size=1, max_size=6), data=st.data())
def test_known_secrets_never_survive(known: list[str], around: list[str], data: st.DataObject) -> None:
    redactor = Redactor()
    for value in known:
        redactor.add(Secret(value))
    pieces = [piece + data.draw(st.sampled_from(known)) for piece in around]
    text = "".join(pieces)
    assert not any(value in redactor.text(text) for value in known)
    assert not any(value in redactor.text(text, 50) for value in known)
    assert not any(value in redactor.path(text) for value in known)
    if text.isprintable() and text.isascii():
        assert not any(value in redactor.data(text.encode()) for value in known)


@given(data=st.binary(), limit=st.one_of(st.none(), st.integers(0, 100)), cut=st.booleans())
def test_total_on_any_bytes(data: bytes, limit: int | None, cut: bool) -> None:
    redactor = Redactor()
    redactor.add(Secret("hunter2-hunter2"))
    text = redactor.data(data, limit, cut=cut)
    assert limit is None or len(text) <= limit + 1


@given(length=st.integers(4, 29))
def test_a_secret_cut_off_at_the_end_of_what_was_read_is_masked(length: int) -> None:
    value = "s3cr3t-s3cr3t-s3cr3t-s3cr3t-!!"
    redactor = Redactor()
    redactor.add(Secret(value))
    assert value[:length] not in redactor.text(f"error near {value[:length]}", cut=True)


@pytest.mark.parametrize(
    "form",
    [
        lambda value: quote(value, safe=""),
        lambda value: json.dumps(value),
        lambda value: base64.b64encode(value.encode()).decode(),
        lambda value: f"Bearer {value}",
    ],
)
def test_encoded_forms_are_known(form: object) -> None:
    value = 'pa/ss "w\\ord" ü€+='
    redactor = Redactor()
    redactor.add(Secret(value))
    text = form(value)  # type: ignore[operator]  # a lambda
    assert text.strip('"') not in redactor.text(f"before {text} after")


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ('{"access_token": "abc.def", "x": 1}', "abc.def"),
        ('{"access_token": "abc.de', "abc.de"),
        ("{'client_secret': 'zzz'}", "zzz"),
        ('{"oauth_refresh_token":"oaaLa2"}', "oaaLa2"),
        ('{\\"api_key\\": \\"k1k1\\"}', "k1k1"),
        ("grant_type=x&client_secret=zzz&y=1", "zzz"),
        ("Authorization: Bearer abcdef", "abcdef"),
        ("x-api-token: 0123", "0123"),
        ("https://user:pw@host/", "pw@"),
        ("GET /v1/connect/tokens/ctok_1234/validate", "ctok_1234"),
        ("token eyJhbGciOi.eyJzdWIi.c2ln", "eyJzdWIi"),
        ('{"signing_key": "whsec"}', "whsec"),
        ("bearer abcd1234", "abcd1234"),
        ("GET https://b.s3.amazonaws.com/f?X-Amz-Date=1&X-Amz-Signature=5a1f%2B&x=1", "5a1f%2B"),
        ("https://h/f?X-Amz-Credential=AKIA0%2F2026&X-Amz-Expires=900", "AKIA0"),
        ("https://h/f?X-Amz-Security-Token=FwoG/+=", "FwoG"),
        ('{"fileUrl":"https://h/f?x=1\\u0026X-Amz-Signature=5a1f"}', "5a1f"),
        ("<a href='https://h/f?x=1&amp;X-Amz-Signature=5a1f'>", "5a1f"),
        ("next=https%3A%2F%2Fh%2Ff%3Fx%3D1%26X-Amz-Signature%3D5a1f", "5a1f"),
        ("https://storage.googleapis.com/f?X-Goog-Signature=77aa&X-Goog-Date=1", "77aa"),
        ("https://h/f?AWSAccessKeyId=AKIA9&Expires=1&Signature=vjby%2F", "vjby"),
        ("https://h/f?AWSAccessKeyId=AKIA9&Expires=1&Signature=vjby%2F", "AKIA9"),
        ("https://b.blob.core.windows.net/f?sv=2022&sig=Zx12%3D", "Zx12"),
        ("https://cdn.example.com/f?Policy=eyabc_&Key-Pair-Id=K2J", "eyabc_"),
        ("https://cdn.example.com/f?Policy=eyabc_&Key-Pair-Id=K2J", "K2J"),
    ],
)
def test_shapes_of_secrets_nobody_announced(text: str, hidden: str) -> None:
    clean = Redactor().text(text)
    assert hidden not in clean
    assert MASK in clean


def test_ordinary_text_stays() -> None:
    text = '{"error": "Card not found", "path": ["card"], "tokens_left": 5, "author": "ann"}'
    assert Redactor().text(text) == text


def test_a_signed_link_stays_recognizable_without_what_makes_it_work() -> None:
    link = "https://app-storage.pipefy.com/exports/jobs.csv?X-Amz-Date=20261121T065000Z&X-Amz-Expires=900"
    assert Redactor().text(f"{link}&X-Amz-Signature=5a1f") == f"{link}&X-Amz-Signature={MASK}"
    prose = "the signature of the policy: sig=1 is not a link"
    assert Redactor().text(prose) == prose


def test_a_secret_shows_in_nothing() -> None:
    value = Secret("hunter2-hunter2")
    for shown in (repr(value), str(value), f"{value}", f"{value!r}", str([value]), str({"a": value})):
        assert "hunter2" not in shown
    with pytest.raises(TypeError):
        pickle.dumps(value)
    assert value == Secret("hunter2-hunter2")
    assert value != Secret("other")
    assert value.reveal() == "hunter2-hunter2"
    assert "hunter2" not in value.fingerprint()


def test_the_log_of_the_http_library_is_masked(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("test.http.library")
    logger.addFilter(RedactingFilter())
    with caplog.at_level(logging.INFO, "test.http.library"):
        logger.info("HTTP Request: %s %s", "GET", "https://h/v1/connect/tokens/ctok_99/validate?access_token=aa")
    assert "ctok_99" not in caplog.text
    assert "aa" not in caplog.text.partition("access_token")[2][:5]
