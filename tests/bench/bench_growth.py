"""What an API that grows costs: Pipedrive v2's document with every path, tag and component once, twice, four times.

Generation: CPU seconds of our renderer, beside the stock generator. Import: CPU seconds of a fresh interpreter that
imports the package and one resource. mypy: CPU seconds over the whole package, without a cache. Ratios are 4 x against
1 x, divided by 4 where linear is the goal.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from tests.bench.figures import Figure, Samples, report
from tests.bench.folder import ROOT, document, folder, ours_openapi, tool
from tests.bench.fresh import cpu_of, environment, starts

SIZES, ROUNDS = (1, 2, 4), 2
LINEAR = 1.15
FLAT = 1.1

_RENDER = """
import json, sys
from pathlib import Path
from typedpipes_codegen import openapi
document = json.loads(Path(sys.argv[1]).read_text())
openapi.render(document, Path(sys.argv[2]), package='typedpipes_api.grown', api='grown',
               header='Generated for a benchmark.', options_type='CallOptions')
"""


def grown(times: int) -> dict[str, object]:
    """The document with ``times`` copies of everything, each under names and tags of its own."""
    base = cast("dict[str, Any]", document("pipedrive_v2"))
    paths: dict[str, object] = dict(base["paths"])
    schemas: dict[str, object] = dict(base["components"]["schemas"])
    for number in range(2, times + 1):
        for path, item in base["paths"].items():
            paths[f"/area{number}{path}"] = _renamed(item, number)
        for name, schema in base["components"]["schemas"].items():
            schemas[f"Area{number}{name}"] = _renamed(schema, number)
    return {**base, "paths": paths, "components": {**base["components"], "schemas": schemas}}


def _renamed(value: Any, number: int) -> Any:
    if isinstance(value, list):
        return [_renamed(item, number) for item in value]
    if not isinstance(value, Mapping):
        return value
    made: dict[str, Any] = {}
    for key, item in value.items():
        if key == "$ref" and item.startswith("#/components/schemas/"):
            made[key] = re.sub(r"schemas/", f"schemas/Area{number}", item)
        elif key == "operationId" and isinstance(item, str):
            made[key] = f"area{number}{item[0].upper()}{item[1:]}"
        elif key == "tags" and isinstance(item, list):
            made[key] = [f"Area{number} {tag}" for tag in item]
        elif key == "x-method" and isinstance(item, str):
            made[key] = f"area{number}_{item}"
        else:
            made[key] = _renamed(item, number)
    return made


def main() -> int:
    """Print the figures; the exit code tells whether a goal was missed."""
    workspace = folder() / "growth"
    shutil.rmtree(workspace, ignore_errors=True)
    workspace.mkdir(parents=True)
    generation = _generation(workspace)
    roots = {size: ours_openapi(f"grown_{size}", grown(size)) for size in SIZES}
    imports, _ = starts(
        {
            str(size): (
                f"import httpx, typedpipes_api; typedpipes_api.__path__.append({str(root)!r}); "
                f"from typedpipes_api.grown_{size} import Grown{size}Api; "
                f"from typedpipes_api.grown_{size}.deals import Deals",
                [],
            )
            for size, root in roots.items()
        },
        rounds=9,
    )
    checked: dict[str, list[float]] = {}
    for size, root in roots.items():
        checked[str(size)] = [_mypy(root / f"grown_{size}", workspace)]
    return report(
        [
            _figure("generation", "generation, linear", generation, 4, LINEAR, peer="stock"),
            _figure("import", "import of the package and one resource, flat", imports, 1, FLAT),
            _figure("mypy", "mypy --strict over the package, linear", Samples(checked), 4, LINEAR),
        ]
    )


def _generation(workspace: Path) -> Samples:
    taken: dict[str, list[float]] = {}
    for size in SIZES:
        source = workspace / f"{size}.json"
        source.write_text(json.dumps(grown(size)), encoding="utf-8")
        (workspace / f"{size}.yaml").write_text(yaml.safe_dump(grown(size), sort_keys=False), encoding="utf-8")
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for number in range(ROUNDS):
        for size in SIZES:
            target = workspace / f"grown-{size}-{number}"
            target.mkdir()
            command = [sys.executable, "-c", _RENDER, f"{size}.json", target.name]
            taken.setdefault(str(size), []).append(cpu_of(command, workspace, env)[0])
    for size in (1, 4):
        command = [tool("openapi-python-client"), "generate", "--path", f"{size}.yaml", "--meta", "none"]
        command += ["--output-path", f"stock_{size}"]
        taken[f"stock {size}"] = [cpu_of(command, workspace, env)[0]] * ROUNDS
    return Samples(taken)


def _mypy(package: Path, workspace: Path) -> float:
    path = os.pathsep.join(str(ROOT / part) for part in ("overrides", "generated"))
    tree = workspace / "checked" / "typedpipes_api" / package.name
    shutil.copytree(package, tree)
    command = [tool("mypy"), "--strict", "--config-file=", "--namespace-packages", "--explicit-package-bases"]
    command += ["--cache-dir", os.devnull, "--follow-imports=silent", "-p", f"typedpipes_api.{package.name}"]
    env = {**environment(), "MYPYPATH": os.pathsep.join([str(tree.parents[1]), path])}
    return cpu_of(command, workspace, env)[0]


def _figure(name: str, what: str, samples: Samples, divisor: int, goal: float, peer: str | None = None) -> Figure:
    return Figure(
        name=f"growth.{name}",
        what=f"{what}: 4 × the operations against 1 ×" + (f", divided by {divisor}" if divisor > 1 else ""),
        unit="s",
        ours=samples["4"],
        peer=samples[f"{peer} 4"] if peer else None,
        peer_name="stock openapi-python-client at 4 ×" if peer else "",
        limit=samples["1"],
        limit_name="ours at 1 ×",
        ratio=samples.ratio("4", "1") / divisor,
        goal=goal,
        n=samples.n,
        spread=samples.spread("1"),
        remark=f"2 ×: {samples['2']:.3g} s" + (f"; stock at 1 ×: {samples[f'{peer} 1']:.3g} s" if peer else ""),
    )


if __name__ == "__main__":
    sys.exit(main())
