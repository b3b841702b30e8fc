"""Generation in full against the stock generators run one after the other on the same schemas, and unchanged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from typedpipes_codegen.apis import Api, load_apis
from typedpipes_codegen.effective import effective_document

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "schemas"
ROUNDS = 3


def _timed(command: list[str], cwd: Path) -> float:
    started = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{command} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return time.perf_counter() - started


def _tool(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def _stock(api: Api, folder: Path) -> float:
    """One stock generator run, as its user would start it."""
    if api.generator == "openapi":
        document = folder / f"{api.package}.yaml"
        effective = effective_document(api.schema, api.overlays)
        document.write_text(yaml.safe_dump(effective, sort_keys=False), encoding="utf-8")
        command = [_tool("openapi-python-client"), "generate", "--path", document.name, "--meta", "none", "--overwrite"]
        return _timed([*command, "--output-path", f"{api.package}_stock"], folder)
    config = folder / f"{api.package}.toml"
    config.write_text(
        "[tool.ariadne-codegen]\n"
        f'schema_path = "{api.schema}"\nqueries_path = "{api.operations}"\n'
        f'target_package_name = "{api.package}_stock"\n'
        "async_client = true\n",
        encoding="utf-8",
    )
    return _timed([_tool("ariadne-codegen"), "--config", config.name], folder)


def _ours(target: Path) -> float:
    code = (
        "import sys; from pathlib import Path; from typedpipes_codegen.generate import generate;"
        "generate(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    return _timed([sys.executable, "-c", code, str(SCHEMAS), str(target)], ROOT)


def main() -> None:
    """Interleave ours and stock; print the medians' ratio."""
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    apis = load_apis(SCHEMAS)
    ours, stock, unchanged = [], [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            stock.append(sum(_stock(api, folder) for api in apis))
            target = folder / "generated" / "typedpipes_api"
            ours.append(_ours(target))
            unchanged.append(_ours(target))
    middle = ROUNDS // 2
    mine, theirs, nothing = sorted(ours)[middle], sorted(stock)[middle], sorted(unchanged)[middle]
    print(f"{'generation in full':28}{mine:8.1f} s   stock in sequence {theirs:8.1f} s   ratio {mine / theirs:.2f}")
    print(f"{'unchanged, process start in':28}{nothing:8.2f} s")
    noisy = max(ours) > 1.5 * min(ours) or max(stock) > 1.5 * min(stock)
    if noisy:
        print("the machine was too noisy to trust these ratios: a round took more than 1.5 × the fastest")
    for row in (
        {"name": "generate.full", "ours": mine, "peer": theirs, "limit": None, "ratio": mine / theirs, "n": ROUNDS},
        {"name": "generate.unchanged", "ours": nothing, "peer": None, "limit": 1.0, "ratio": nothing, "n": ROUNDS},
    ):
        print(json.dumps(row))


if __name__ == "__main__":
    main()
