"""Generation in full against the stock generators run one after the other on the same schemas, and unchanged."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from tests.bench.figures import Figure, report
from typedpipes_codegen.documents.apis import Api, load_apis
from typedpipes_codegen.documents.overlay import effective_document

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "schemas"
ROUNDS = 2


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
        "import sys; from pathlib import Path; from typedpipes_codegen.output.generate import generate;"
        "generate(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    return _timed([sys.executable, "-c", code, str(SCHEMAS), str(target)], ROOT)


def main() -> int:
    """Interleave ours and stock; the exit code tells whether a goal was missed."""
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
    return report(
        [
            Figure(
                name="generation.full",
                what="generation of all six packages; stock: the same schemas, one after the other",
                unit="s",
                ours=mine,
                peer=theirs,
                peer_name="stock generators",
                ratio=mine / theirs,
                against="peer",
                goal=1.2,
                n=ROUNDS,
                spread=max(stock) / min(stock) - 1,
            ),
            Figure(
                name="generation.unchanged",
                what="the same, nothing changed, process start included",
                unit="s",
                ours=nothing,
                ratio=nothing,
                against="ours",
                goal=1.0,
                n=ROUNDS,
                spread=max(unchanged) / min(unchanged) - 1,
            ),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
