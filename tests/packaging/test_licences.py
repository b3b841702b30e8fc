"""What users install along with us is listed, and its licences are permissive."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.packaging.environments import Environment
from tests.packaging.licences import TARGET, collect, page, permissive


def test_every_dependency_is_listed_with_a_licence_we_accept(install: Callable[[str], Environment]) -> None:
    found = collect(install)
    refused = [(each.name, each.expression) for each in found if not each.accepted]
    assert refused == []
    assert TARGET.read_text(encoding="utf-8") == page(found), "out of date: nox -s packaging -- --write"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("MIT", True),
        ("MIT OR GPL-3.0-only", True),
        ("BSD-3-Clause AND Apache-2.0", True),
        ("MIT AND GPL-3.0-only", False),
        ("LGPL-3.0-or-later", False),
        ("", False),
    ],
)
def test_permissive_means_every_duty_is(expression: str, expected: bool) -> None:
    assert permissive(expression) is expected
