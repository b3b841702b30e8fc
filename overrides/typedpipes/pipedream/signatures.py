"""Whether a delivery of a deployed trigger's event comes from Pipedream.

The vendor's pages say that such deliveries are signed by HMAC-SHA256 with the webhook's signing key (API reference,
"Regenerate webhook signing key"). The form of the header, ``x-pd-signature: t=SECONDS,v1=HEX`` over ``SECONDS.BODY``,
is as one public integration reads it. The vendor does not publish it, and it was not tried against the service. Any
other form is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable
from typing import Final

from typedpipes._core.redaction import Secret, secret
from typedpipes.errors import ConfigurationError, SignatureMismatch

TOLERANCE: Final = 300.0
"""Seconds a delivery's time may be off, either way."""

_SECONDS: Final = re.compile(r"[0-9]{1,15}")
_DIGEST: Final = re.compile(r"[0-9a-fA-F]{64}")


def verify_signature(
    body: bytes | str,
    signature: str | None,
    signing_key: str | Secret,
    *,
    tolerance: float = TOLERANCE,
    now: Callable[[], float] = time.time,
) -> None:
    """Check a delivery before you trust it; raises `SignatureMismatch` if it is not what the key's owner sent.

    ``body`` is the body as received, before any parsing; ``signature`` the header ``x-pd-signature`` (None if there is
    none); ``signing_key`` that of the trigger's webhook or of the project environment's. Several signatures in one
    header are alternatives, as while a key is changed. A delivery more than ``tolerance`` seconds old or ahead is
    refused, so that a recorded one cannot be sent again later; within that time remember what you have handled.
    """
    key = secret(signing_key)
    if key is None or not key.reveal():
        raise ConfigurationError("signing_key is empty", setting="signing_key")
    if not tolerance > 0:
        raise ConfigurationError(f"tolerance is a number of seconds above 0, not {tolerance!r}", setting="tolerance")
    parts = [part.strip().partition("=") for part in (signature or "").split(",")]
    times = [value for name, _, value in parts if name == "t" and _SECONDS.fullmatch(value)]
    digests = [value.lower() for name, _, value in parts if name == "v1" and _DIGEST.fullmatch(value)]
    if len(times) != 1 or not digests:
        raise SignatureMismatch("the delivery has no signature of the form t=SECONDS,v1=HEX")
    data = body.encode() if isinstance(body, str) else body
    expected = hmac.new(key.reveal().encode(), times[0].encode() + b"." + data, hashlib.sha256).hexdigest()
    same = [hmac.compare_digest(expected, digest) for digest in digests]  # each one, so that the time tells nothing
    if not any(same):
        raise SignatureMismatch("the delivery's signature is not that of this signing key and body")
    if abs(now() - int(times[0])) > tolerance:
        raise SignatureMismatch(f"the delivery was signed more than {tolerance:g} s from now")


__all__ = ["TOLERANCE", "verify_signature"]
