"""The output as a whole: the same bytes everywhere, clean for mypy and ruff, strict about misuse."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.mypy import mypy
from tests.typedpipes_codegen.openapi.rendering import SHOP, render_into, shop

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys, yaml
from pathlib import Path
from typedpipes_codegen.openapi import render
document = yaml.safe_load(Path(sys.argv[1]).read_text(encoding="utf-8"))
out = Path(sys.argv[2])
out.mkdir(parents=True)
render(document, out, package="shop", api="shop", header="Generated.", options_type="CallOptions")
"""


def run_elsewhere(folder: Path, **environment: str) -> None:
    places = os.pathsep.join(str(ROOT / name) for name in ("overrides", "generated"))
    subprocess.run(
        [sys.executable, "-c", PROGRAM, str(SHOP), str(folder)],
        env={**os.environ, "PYTHONPATH": places, **environment},
        umask=0o077,
        check=True,
        timeout=120,
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_bytes_do_not_depend_on_the_machine(tmp_path: Path) -> None:
    run_elsewhere(tmp_path / "a" / "shop", PYTHONHASHSEED="1", TZ="Asia/Kathmandu", LC_ALL="C")
    run_elsewhere(tmp_path / "elsewhere" / "b" / "shop", PYTHONHASHSEED="77", TZ="America/Lima", LC_ALL="C.UTF-8")
    first = contents(tmp_path / "a" / "shop")
    assert first == contents(tmp_path / "elsewhere" / "b" / "shop")
    assert set(first) == {
        "__init__.py",
        "_components.py",
        "_shared.py",
        "files.py",
        "orders.py",
        "py.typed",
    }
    assert all(text.startswith(b"# Generated.\n") for name, text in first.items() if name.endswith(".py"))
    assert not any(b"\r" in text for text in first.values())


USER = """
from __future__ import annotations

import attrs
import shop
from typing import Any, assert_type
from typedpipes import evolve
from typedpipes.runtime import ApiResponse, CustomField, Pages


def good(api: shop.ShopApi, line: shop.LineInput, key: str) -> None:
    page = api.orders.list(status="open", archived=1, fields=["id", "class", CustomField(key)], timeout=2)
    assert_type(page, shop.OrderList)
    assert_type(api.orders.raw.list(status=shop.OrderStatus.OPEN), ApiResponse[shop.OrderList])
    assert_type(api.orders.iter(status="paid", max_items=5), Pages[shop.Order])
    for order in api.orders.iter():
        assert_type(order.id, int)
        assert_type(order.code_raw, str | None)
        assert_type(order.status, shop.OrderStatus)
        if order.payment is not None and order.payment.kind == "card":
            assert_type(order.payment, shop.Card)
    made = api.orders.create(id=1, class_="c", lines=[line], status="open", payment=shop.CardInput(kind="card"))
    assert_type(made, shop.Order | None)
    assert_type(api.orders.raw.create(id=1, class_="c", lines=[], status="open"), ApiResponse[shop.Order | None])
    body = shop.OrderInput(id=1, class_="c", lines=[], status="open")
    api.orders.create(body=body, deadline=5)
    assert_type(api.orders.raw.create(body=body), ApiResponse[shop.Order | None])
    assert_type(api.orders.notes.update(1, "n", text="t"), list[shop.Line])
    assert_type(api.files.download("f"), bytes)
    assert_type(api.files.delete("f"), None)
    assert_type(evolve(line, sku="x"), shop.LineInput)
    assert_type(attrs.asdict(line), dict[str, Any])


async def twin(api: shop.AsyncShopApi) -> None:
    assert_type(await api.orders.list(status="open"), shop.OrderList)
    assert_type(await api.orders.raw.list(status="open"), ApiResponse[shop.OrderList])
    assert_type(await api.orders.raw.create(id=1, class_="c", lines=[], status="open"), ApiResponse[shop.Order | None])
    async for order in api.orders.iter(status="open"):
        assert_type(order, shop.Order)


def bad(api: shop.ShopApi) -> None:
    api.orders.list(statu="open")  # E: call-arg
    api.orders.list(status="opne")  # E: arg-type
    api.orders.list(archived=2)  # E: arg-type
    api.orders.list(fields=["titel"])  # E: list-item
    api.orders.list("open")  # E: call-arg, arg-type
    api.orders.list(timeout="soon")  # E: arg-type
    api.orders.create(id=1, class_="c", lines=[])  # E: call-overload
    api.orders.create()  # E: call-overload
    api.orders.iter(start=3)  # E: call-arg
    api.orders.raw.list(statu="open")  # E: call-arg
    api.orders.raw.create(id=1)  # E: call-overload
    api.orders.search(q="x")  # E: deprecated
    api.files.download(3)  # E: arg-type
    api.order.list()  # E: attr-defined
    shop.LineInput()  # E: call-arg
    shop.LineInput(sku="s", amout=3)  # E: call-arg
    api.orders.list().data[0].id  # E: index
"""


@pytest.mark.mypy
def test_the_package_is_strict_clean_and_mistakes_are_errors(tmp_path: Path) -> None:
    render_into(shop(), tmp_path / "shop")
    user = tmp_path / "user.py"
    user.write_text(USER, encoding="utf-8")
    done = mypy("shop", "user.py", cwd=tmp_path, path=[tmp_path])
    found = {
        (line.split(":")[0], int(line.split(":")[1]), line.rpartition("[")[2].rstrip("]"))
        for line in done.stdout.splitlines()
        if ": error:" in line
    }
    expected = {
        ("user.py", number, code.strip())
        for number, line in enumerate(USER.splitlines(), 1)
        if "# E: " in line
        for code in line.partition("# E: ")[2].split(",")
    }
    assert found == expected, done.stdout
    assert len(expected) > 15


@pytest.mark.parametrize("line", ["Any", "kwargs"])
def test_no_public_signature_takes_anything(line: str, tmp_path: Path) -> None:
    render_into(shop(), tmp_path / "shop")
    for path in (tmp_path / "shop").glob("*.py"):
        for text in path.read_text(encoding="utf-8").splitlines():
            # The bodies behind overloads are invisible to callers.
            if line in text and "import" not in text:
                assert text.strip().endswith("(self, *args: Any, **arguments: Any) -> Any: ...")
