"""Every kind of change with its rating and what to do about it: the whole policy in one table.

How the ratings were chosen, where one could choose:

- *Request*. What is sent: a narrowing breaks, a widening is safe. A property or parameter that is taken away breaks
  even if the server would ignore it, because the generated argument goes, and with it every call that names it.
- *Response*. What is read: whatever is taken away breaks, required or not, because code reads it. What is added is
  safe: generated models keep unknown properties in ``extras``.
- A required property of a response that becomes optional or nullable breaks: the generated attribute turns from ``T``
  into ``T | None``, which mypy refuses in code without a check and which is None at run time. One that was
  ``T | None`` already and only gains the other reason for None is dangerous: the code holds, ``is_set`` may differ.
- An enum value a response may newly carry is dangerous: generated enums are open and keep it, code that lists all
  values misses it. One that no longer comes is safe on the wire; that its constant goes from the generated class is
  found by comparing the generated surface, not here.
- A number type that narrows in a response (number to integer) is safe, one that widens breaks.
- An error response (not 2xx) is raised as ``APIError`` with its body undecoded. What would break in an answer is
  dangerous there, since only hand-written inspection of the body can notice.
- Credentials and addresses: one that is no longer accepted or answered breaks those who use it, even if others stay.
- A parameter or property with a default that becomes required breaks: generated code asks for it in every call.
- Pages of another size, another token cost, other limit buckets are dangerous; a cost that falls is safe.
- Deprecation is dangerous: everything works, but generated methods carry ``@deprecated``, which type checkers report.
- A withdrawn operation (``x-withdrawn``: the vendor's newest document no longer has it) breaks, exactly as the same
  change does when the two vendor documents are compared.
"""

from __future__ import annotations

from typing import Final

import attrs

from typedpipes_codegen.diff.change import Rating


@attrs.frozen
class Rule:
    """The rating of a kind of change, and the advice that ends its message."""

    rating: Rating
    advice: str


NOTHING: Final = "nothing to do"
_TABLE: Final[dict[Rating, dict[str, str]]] = {
    "breaking": {
        # Operations.
        "operation-removed": "stop calling it",
        "operation-withdrawn": "move to its replacement before the vendor switches it off",
        "operation-moved": "regenerate; the old address stops answering",
        "method-renamed": "rename the calls, or keep the old name with x-method",
        "path-parameter-renamed": "rename the argument in calls",
        # Requests.
        "request-parameter-removed": "drop the argument from calls",
        "request-required-parameter-added": "give the argument in every call",
        "request-parameter-became-required": "give the argument in every call",
        "request-parameter-moved": "regenerate; the old place is no longer read",
        "request-parameter-style-changed": "regenerate; the value is written differently on the wire",
        "request-client-default-removed": "give the argument in every call",
        "request-body-removed": "drop the body from calls",
        "request-required-body-added": "give a body in every call",
        "request-body-became-required": "give a body in every call",
        "request-media-type-removed": "regenerate; the server no longer takes this form",
        "request-encoding-changed": "regenerate; the parts of the body are written differently",
        "request-property-removed": "drop the argument from calls",
        "request-required-property-added": "give it in every call",
        "request-property-became-required": "give it in every call",
        "request-property-became-read-only": "stop sending it",
        "request-type-changed": "send the new type",
        "request-null-refused": "send a value, or leave it out",
        "request-enum-value-removed": "stop sending the value",
        "request-enum-introduced": "send only the values listed",
        "request-constraint-tightened": "check that what is sent still fits",
        "request-format-changed": "send the new format",
        "request-condition-changed": "check that what is sent still fits",
        "request-extra-properties-refused": "send only the properties listed",
        "request-variant-removed": "send one of the remaining forms",
        "request-discriminator-changed": "regenerate; the forms are told apart differently",
        "request-discriminator-value-removed": "send one of the remaining forms",
        "request-model-renamed": "rename the class in code, or keep the old name with x-class",
        # Responses.
        "response-property-removed": "stop reading it",
        "response-property-became-optional": "handle None",
        "response-property-became-write-only": "stop reading it",
        "response-null-added": "handle None",
        "response-type-changed": "handle the new type",
        "response-format-changed": "parse the new format",
        "response-became-union": "handle each form",
        "response-extra-properties-changed": "handle the new type of the extra properties",
        "response-discriminator-changed": "regenerate; the forms are told apart differently",
        "response-body-removed": "stop reading the result",
        "response-success-removed": "handle the answers that remain",
        "response-media-type-removed": "regenerate; the answer comes in another form",
        "response-binary-changed": "handle bytes where there was data, or the other way round",
        "response-model-renamed": "rename the class in code, or keep the old name with x-class",
        "response-methods-removed": "stop calling the methods this x-mixin gave",
        # Addresses and credentials.
        "security-alternative-removed": "use one of the remaining credentials",
        "security-required": "configure a credential",
        "security-scope-added": "ask for the scope and authorise again",
        "security-scheme-changed": "regenerate; the credential is sent or fetched differently",
        "server-changed": "call the new address",
        "server-removed": "call another address",
        # Ours.
        "paging-removed": "read pages by hand; iter() goes",
        "field-selector-removed": "drop fields= from calls",
        "result-form-changed": "handle the new form of the result",
        # GraphQL.
        "field-removed": "stop selecting it",
        "field-type-changed": "handle the new type",
        "argument-removed": "drop the argument from calls",
        "required-argument-added": "give the argument in every call",
        "argument-type-changed": "send the new type",
        "required-input-field-added": "give it in every call",
        "input-field-removed": "drop it from calls",
        "input-field-type-changed": "send the new type",
        "input-enum-value-removed": "stop sending the value",
        "input-one-of-introduced": "send exactly one of its fields",
        "type-removed": "stop using it",
        "type-kind-changed": "rewrite what uses it",
        "union-member-removed": "drop its fragment",
        "interface-removed": "drop the fragments on it",
        "root-type-changed": "regenerate; the operations of this kind have another root",
        "directive-removed": "stop using the directive",
        "directive-argument-removed": "stop giving the argument",
        "required-directive-argument-added": "give the argument",
        "directive-location-removed": "stop using the directive there",
        "directive-repeatable-removed": "use the directive once",
        "saved-operation-invalid": "correct the document",
    },
    "dangerous": {
        "operation-deprecated": "plan to leave it",
        "operation-superseded": "prefer the operation named",
        "replay-safety-changed": "check what a retry does",
        "limit-buckets-changed": "check the limits you plan with",
        "token-cost-raised": "check your daily budget",
        "paging-changed": "check code that sets page size or resumes pages",
        "omittable-changed": "check code that leaves fields out",
        "extension-changed": "check what relies on it",
        "overlay-action-unmatched": "correct the overlay; our correction no longer applies",
        "request-parameter-deprecated": "stop giving it",
        "request-property-deprecated": "stop sending it",
        "request-default-changed": "say the value you mean where you relied on the default",
        "request-client-default-changed": "say the value you mean where you relied on the default",
        "request-type-specified": "send what the new schema describes",
        "response-property-deprecated": "stop reading it",
        "response-nullable-property-became-optional": "handle None as before; is_set() may now be false",
        "response-optional-null-added": "handle None as before; is_set() may now be true with None",
        "response-type-specified": "read attributes where there was plain JSON",
        "response-enum-value-added": "handle the new value",
        "response-enum-dropped": "handle any value",
        "response-constraint-loosened": "check what relies on the old bound",
        "response-format-removed": "check what parses it",
        "response-condition-changed": "check what relies on it",
        "response-variant-added": "handle the new form",
        "response-discriminator-value-added": "handle the new form",
        "response-extra-properties-refused": "check what reads extras()",
        "response-secrecy-changed": "check what prints or stores it",
        "request-secrecy-changed": "check what prints or stores it",
        "response-status-changed": "any 2xx is success for generated code; check code that looks at the status",
        "response-success-added": "handle the new answer",
        "response-media-type-added": "handle the new form of the answer",
        "response-header-removed": "stop reading it",
        "server-default-changed": "both addresses are listed; check which one you mean",
        # GraphQL.
        "output-enum-value-added": "handle the new value",
        "union-member-added": "handle the new member",
        "interface-added": "check fragments on the interface: they match more",
        "argument-default-changed": "say the value you mean where you relied on the default",
        "input-field-default-changed": "say the value you mean where you relied on the default",
        "field-deprecated": "stop selecting it",
        "argument-deprecated": "stop giving it",
        "input-field-deprecated": "stop sending it",
        "enum-value-deprecated": "stop using the value",
        "scalar-specification-changed": "check how its values are written",
        "field-secrecy-changed": "check what prints or stores it",
    },
    "safe": dict.fromkeys(
        (
            "operation-added operation-restored operation-undeprecated operation-id-changed operation-tags-changed "
            "token-cost-lowered paging-added field-selector-added "
            "request-optional-parameter-added request-parameter-became-optional request-parameter-undeprecated "
            "request-client-default-added request-body-became-optional request-optional-body-added "
            "request-media-type-added request-optional-property-added request-property-became-optional "
            "request-property-undeprecated request-property-became-writable request-type-widened request-null-allowed "
            "request-enum-value-added request-enum-dropped request-constraint-loosened request-format-removed "
            "request-extra-properties-allowed request-variant-added request-discriminator-value-added "
            "request-methods-changed request-enum-names-changed response-enum-names-changed "
            "response-property-added response-property-became-required response-property-undeprecated "
            "response-property-became-readable response-null-removed response-type-narrowed "
            "response-enum-value-removed response-enum-introduced response-constraint-tightened "
            "response-format-added response-default-changed response-extra-properties-allowed "
            "response-variant-removed response-discriminator-value-removed response-body-added "
            "response-methods-added response-header-added error-response-added error-response-removed "
            "security-scheme-described security-alternative-added security-dropped security-scope-removed server-added "
            "type-added field-added field-type-narrowed optional-argument-added argument-type-widened "
            "optional-input-field-added input-field-type-widened input-enum-value-added output-enum-value-removed "
            "input-one-of-dropped directive-added optional-directive-argument-added directive-location-added "
            "directive-repeatable-added field-undeprecated argument-undeprecated input-field-undeprecated "
            "enum-value-undeprecated"
        ).split(),
        NOTHING,
    ),
}

RULES: Final[dict[str, Rule]] = {
    kind: Rule(rating, advice) for rating, kinds in _TABLE.items() for kind, advice in kinds.items()
}
"""By kind of change."""


def sentence(kind: str, what: str) -> str:
    """The message of a change: what changed, and what to do about it if there is anything."""
    advice = RULES[kind].advice
    return f"{what}." if advice == NOTHING else f"{what}: {advice}."


def rating_of(kind: str, *, error: bool = False) -> Rating:
    """The rating of a kind; ``error`` says that it lies in an error response, where nothing is worse than dangerous."""
    rating = RULES[kind].rating
    return "dangerous" if error and rating == "breaking" else rating
