"""The names of fields: the plainest one for each, and none that surprises."""

from __future__ import annotations

from typedpipes_codegen.openapi.naming import attributes


def test_a_sign_before_a_number_is_a_word() -> None:
    assert attributes(["+1", "-1", "1", "@odata.type", "$top", "codeRaw"]) == {
        "+1": "plus_1",
        "-1": "minus_1",
        "1": "field_1",
        "@odata.type": "odata_type",
        "$top": "top",
        "codeRaw": "code_raw",
    }


def test_whoever_has_a_plain_name_keeps_it() -> None:
    assert attributes(["codeRaw", "code_raw", "code-raw"]) == {
        "codeRaw": "code_raw_2",
        "code_raw": "code_raw",
        "code-raw": "code_raw_3",
    }
