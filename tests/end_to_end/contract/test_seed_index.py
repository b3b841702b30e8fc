"""The list of the pages' examples is complete and points at operations that exist."""

from __future__ import annotations

import json
import tomllib

from tests.end_to_end.contract.effective import PACKAGES, ROOT, named

FOLDER = ROOT / "tests" / "end_to_end" / "contract" / "seed_examples"
EXAMPLES = tomllib.loads((FOLDER / "index.toml").read_text(encoding="utf-8"))["example"]
KEYS = {"file", "seed", "heading", "api", "operation", "form", "mended"}


def test_every_file_is_listed_once_and_is_json() -> None:
    listed = [example["file"] for example in EXAMPLES]
    assert sorted(listed) == sorted(path.name for path in FOLDER.glob("*.json"))
    for name in listed:
        json.loads((FOLDER / name).read_text(encoding="utf-8"))


def test_every_row_says_where_the_example_comes_from_and_what_it_answers() -> None:
    """25 examples of Pipedream REST, 3 of Connect, 2 of the Pipefy export guide (counted by hand)."""
    for example in EXAMPLES:
        assert set(example) == KEYS, example
        assert example["form"] in ("documented", "live"), example
        if example["api"] in PACKAGES:
            named(example["api"], example["operation"])
        else:
            assert example["api"] == "pipefy_documented"
            assert example["operation"] in ("createAutomationJobsExport", "automationJobsExport")
    seeds = [example["seed"] for example in EXAMPLES]
    assert {seed: seeds.count(seed) for seed in set(seeds)} == {"001": 25, "002": 3, "004": 2}
