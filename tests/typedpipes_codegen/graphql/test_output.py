"""The rendered tree: same bytes everywhere, typed strictly, cheap to import."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.mypy import mypy
from tests.typedpipes_codegen.graphql.packages import LIBRARY, SCHEMAS, render_to, write

ROOT = Path(__file__).parents[3]

RENDER = """
import sys
from pathlib import Path
from typedpipes_codegen.graphql import render
folder, output = Path(sys.argv[1]), Path(sys.argv[2])
output.mkdir(parents=True)
render(
    folder / "schema.graphql", folder / "operations", output, package="rendered.pipefy", header="Generated from live."
)
"""


@pytest.fixture(scope="module")
def pipefy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render_to(tmp_path_factory.mktemp("imports") / "pipefy", SCHEMAS / "live")


def digest(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    }


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


def test_the_bytes_do_not_depend_on_hash_seed_time_zone_locale_umask_or_path(tmp_path: Path, pipefy: Path) -> None:
    """A process under strange settings writes what this one wrote."""
    output = tmp_path / ("x" * 31) / "out"
    settings = {"PYTHONHASHSEED": "31337", "TZ": "Asia/Tokyo", "LC_ALL": "tr_TR.UTF-8", "PYTHONUTF8": "0"}
    done = run("-c", f"import os; os.umask(0o077)\n{RENDER}", str(SCHEMAS / "live"), str(output), **settings)
    assert done.returncode == 0, done.stderr
    written = digest(output)
    assert len(written) > 180
    assert written == digest(pipefy)


def test_every_file_says_what_made_it_and_nothing_says_when_or_where(tmp_path: Path) -> None:
    output = render_to(tmp_path / "out", LIBRARY)
    assert (output / "py.typed").read_bytes() == b""
    files = sorted(output.rglob("*.py"))
    assert files
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert text.startswith("# Generated from library.\n")
        assert str(tmp_path) not in text
        assert str(ROOT) not in text
        assert "\r" not in text


def test_a_second_run_is_formatted_already(tmp_path: Path) -> None:
    output = render_to(tmp_path / "out", LIBRARY)
    command = ["-m", "ruff", "format", "--isolated", "--check", "--line-length=120", "--target-version=py311"]
    assert run(*command, str(output)).returncode == 0


PROGRAM = """
from {name} import AddBookInput, AsyncClient, Book, Client, Filter, Genre


def use(client: Client, book: Book) -> None:
    page = client.books(filter={{"genre": "novel", "and": [{{"limit": 3}}]}}, first=5, timeout=2.0)
    if page is not None and page.nodes is not None:
        names: list[str | None] = [node.name for node in page.nodes if node is not None]
        print(names)
    client.add_book(input=AddBookInput(author_id_2=1, name="x", genre="poetry", filters=[Filter(genre=Genre.novel)]))
    client.add_book(input={{"authorId": "1", "name": "x", "details": {{"any": ["thing", None]}}}})
    every: list[str | None] = [node.name for node in client.iter_books(filter={{"genre": "novel"}}, max_items=3)]
    print(every)
    total: int = client.count()
    print(total, book.genre == Genre.novel)


async def use_async(client: AsyncClient) -> int:
    async for node in client.iter_author(id="1", page_size=5, timeout=2.0):
        print(node.pages)
    return await client.count()
"""

WRONG = {
    "client.books(frist=5)  # 1": "call-arg",
    'client.books(filter={"genre": "nvoel"})  # 2': "arg-type",
    'client.books(filter={"gnere": "novel"})  # 3': "arg-type",
    "client.author()  # 4": "call-arg",
    'client.author("1")  # 5': "call-arg",
    'client.author(id="1", timeuot=3.0)  # 6': "call-arg",
    'client.author(id="1", timeout="3")  # 7': "arg-type",
    'client.add_book(input={"name": "x"})  # 8': "arg-type",
    "book.titel  # 9": "attr-defined",
    "book.pages + 1  # 10": "operator",
    "client.old_books()  # 11": "deprecated",
    "from {name} import Bok  # 12": "attr-defined",
    "client.iter_books(after='x')  # 13": "call-arg",
    "client.iter_books(page_size='5')  # 14": "arg-type",
    "next(iter(client.iter_books())).titel  # 15": "attr-defined",
}


@pytest.mark.mypy
def test_output_is_strictly_typed_and_mistakes_are_found_by_mypy(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    name = "typed_library"
    render_to(tmp_path / "src" / name, LIBRARY)
    right = tmp_path / "right.py"
    right.write_text(PROGRAM.format(name=name), encoding="utf-8")
    wrong = tmp_path / "wrong.py"
    lines = [f"    {line.replace('{name}', name)}" for line in WRONG]
    wrong.write_text(
        f"from {name} import Book, Client\n\ndef use(client: Client, book: Book) -> None:\n" + "\n".join(lines) + "\n",
        encoding="utf-8",
    )
    good = mypy(tmp_path / "src" / name, right, cwd=tmp_path, path=[tmp_path / "src"])
    assert good.returncode == 0, good.stdout
    bad = mypy(wrong, cwd=tmp_path, path=[tmp_path / "src"])
    for number, (line, code) in enumerate(WRONG.items(), 4):
        found = [report for report in bad.stdout.splitlines() if f"wrong.py:{number}:" in report]
        assert any(f"[{code}]" in report for report in found), (line, found)


IMPORTS = """
import sys
sys.path.insert(0, sys.argv[1])
from pipefy import Client
from typedpipes._core.decoding import Decoding
assert "pydantic" not in sys.modules, "importing the client must not import pydantic"
class Canned(Client):
    def _run(self, operation, variables, options):
        return operation.decode({"card": None}, Decoding("Card"))
assert Canned().card(id="1") is None
print(sum(name.split(".")[0] in {"typedpipes", "pipefy"} for name in sys.modules))
print(sorted(name for name in sys.modules if name.startswith("pipefy.operations.")))
print("graphql" in sys.modules, "ariadne_codegen" in sys.modules)
"""


def test_one_call_loads_few_modules_and_only_its_own_operation(pipefy: Path) -> None:
    done = run("-c", IMPORTS, str(pipefy.parent))
    assert done.returncode == 0, done.stderr
    count, operations, libraries = done.stdout.splitlines()
    assert int(count) <= 40
    assert operations == "['pipefy.operations.card']"
    assert libraries == "False False"


def test_fragments_become_one_module_per_file_even_when_files_use_each_other(tmp_path: Path) -> None:
    write(
        tmp_path / "in",
        "type Query { a: A }\ntype A { id: ID b: B }\ntype B { id: ID a: A c: C }\ntype C { id: ID }",
        Q="query Q { a { ...A } }",
        first="fragment A on A { id b { ...B } }\nfragment ARef on A { id }",
        second="fragment B on B { id a { ...ARef } c { ...C } }",
        third="fragment C on C { id }",
    )
    output = render_to(tmp_path / "out" / "circles", tmp_path / "in")
    assert sorted(path.stem for path in (output / "models").glob("*.py")) == ["__init__", "first", "third"]
    code = "import circles; print(circles.A.model_validate({'id': '1', 'b': None}).id, circles.B.__module__)"
    done = run("-c", f"import sys; sys.path.insert(0, {str(output.parent)!r}); {code}")
    assert done.stdout == "1 circles.models.first\n", done.stderr
