"""Objects whose schema allows further properties: these are no drift, and are read by name."""

from __future__ import annotations

from typing import ClassVar

import pytest

from typedpipes import from_wire, to_wire
from typedpipes._core.decoding.model import Model, OpenModel
from typedpipes._core.redaction import MASK
from typedpipes.errors import ResponseMismatch
from typedpipes_api.connect import Account


class Credentials(OpenModel):
    _secret_: ClassVar[frozenset[str]] = frozenset(("token",))
    token: str | None = None


class Closed(Model):
    token: str | None = None


def test_further_properties_are_no_drift_and_are_read_by_name() -> None:
    made = from_wire(Credentials, {"token": "t", "api_key": "k", "nested": {"a": 1}}, strict=True)

    assert made["api_key"] == "k"
    assert made.additional_properties == {"api_key": "k", "nested": {"a": 1}}
    assert ("api_key" in made, "token" in made) == (True, False)
    assert to_wire(made) == {"token": "t", "api_key": "k", "nested": {"a": 1}}
    with pytest.raises(KeyError, match="other"):
        made["other"]
    with pytest.raises(ResponseMismatch):
        from_wire(Closed, {"api_key": "k"}, strict=True)


def test_further_properties_of_an_object_with_secrets_are_masked_in_reprs() -> None:
    made = from_wire(Credentials, {"token": "planted", "api_key": "planted"}, strict=True)

    assert "planted" not in repr(made) + repr(made.additional_properties) + str(made.additional_properties)
    assert MASK in repr(made.additional_properties)


def test_the_credentials_of_an_app_with_a_key_are_read_when_strict() -> None:
    account = from_wire(Account, {"id": "apn_1", "credentials": {"api_key": "planted"}}, strict=True)

    assert account.credentials is not None
    assert account.credentials["api_key"] == "planted"
    assert "planted" not in repr(account)
