"""What is in the wheel and the sdist."""

from __future__ import annotations

import hashlib
import re
import tarfile
import zipfile
from email import message_from_string
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

import pytest

from tests.packaging.environments import ROOT, build, sources
from typedpipes import __version__

LARGEST = 2_500_000
"""Bytes of the wheel."""
PACKAGES = {"typedpipes", "typedpipes_api", "typedpipes_codegen", "typedpipes_sandbox"}


def digests(wheel: Path) -> dict[str, str]:
    """The files of a wheel, by name."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}


def test_the_wheel_is_small_and_holds_the_four_packages_only(wheel: Path) -> None:
    assert wheel.stat().st_size <= LARGEST
    tops = {name.partition("/")[0] for name in digests(wheel)}
    assert tops == {*PACKAGES, f"typedpipes-{__version__}.dist-info"}


def test_every_package_tells_type_checkers_that_it_is_typed(wheel: Path) -> None:
    names = set(digests(wheel))
    generated = {name.rpartition("/")[0] for name in names if re.fullmatch(r"typedpipes_api/\w+/__init__.py", name)}
    assert len(generated) == 6
    for package in {"typedpipes", "typedpipes_sandbox", *generated}:
        assert f"{package}/py.typed" in names, package


def test_the_sdist_builds_the_same_wheel(wheel: Path, sdist: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(tmp_path / "source")
    (source,) = (tmp_path / "source").iterdir()
    assert digests(build("wheel", source, tmp_path / "wheel")) == digests(wheel)


def test_the_sdist_holds_what_its_tests_need_and_no_stray_file(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    tops = {name.partition("/")[0] for name in names}
    wanted = {"generated", "locks", "overrides", "schemas", "tests"}
    wanted |= {"noxfile.py", "hatch_build.py", "release.py", "pyproject.toml", "README.md", "LICENSE"}
    assert wanted <= tops
    allowed = {*wanted, ".gitignore", "PKG-INFO", "docs", "mkdocs.yml"}
    allowed |= {"CHANGELOG.md", "CONTRIBUTING.md", "DEPENDENCIES.md", "SECURITY.md"}
    assert tops <= allowed, tops - allowed


REPOSITORY = "https://host.example/owner/typedpipes"


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it is built once the repository has an address."""
    folder = sources(tmp_path_factory.mktemp("published"))
    text = (folder / "pyproject.toml").read_text(encoding="utf-8")
    assert '\nrepository = ""\n' in text
    named = text.replace('\nrepository = ""\n', f'\nrepository = "{REPOSITORY}/"\n')
    (folder / "pyproject.toml").write_text(named, encoding="utf-8")
    return build("wheel", folder, tmp_path_factory.mktemp("published-wheel"))


def described(wheel: Path) -> tuple[Message, list[str]]:
    """The metadata, and what the links and pictures of the description lead to."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = message_from_string(archive.read(name).decode())
    return metadata, re.findall(r"\]\(([^)\s]+)\)", str(metadata.get_payload()))


def test_the_readme_leads_nowhere_a_registry_cannot(wheel: Path) -> None:
    metadata, targets = described(wheel)
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert str(metadata.get_payload()).startswith("# typedpipes\n")
    assert [target for target in targets if not target.startswith("https://")] == []
    assert metadata.get_all("Project-URL") is None, "there is no address yet that could be named"


def test_with_an_address_the_links_lead_into_the_repository(published: Path) -> None:
    metadata, targets = described(published)
    ours = [target for target in targets if target.startswith(REPOSITORY)]
    assert len(ours) > 20
    assert [target for target in targets if not target.startswith("https://")] == []
    for target in ours:
        kind, branch, path = target.removeprefix(f"{REPOSITORY}/").split("/", 2)
        assert (kind in ("blob", "raw"), branch) == (True, "main")
        assert (ROOT / path.partition("#")[0]).exists(), path
    named = dict(line.split(", ") for line in metadata.get_all("Project-URL") or ())
    assert set(named) == {"Source", "Documentation", "Changelog", "Issues", "Security"}


def test_the_version_stands_in_one_file_only(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = HeaderParser().parsestr(archive.read(f"typedpipes-{__version__}.dist-info/METADATA").decode())
    assert metadata["Version"] == __version__
    assert metadata["License-Expression"] == "MIT"
    holders = [
        path.relative_to(ROOT).as_posix()
        for folder in ("overrides", "generated")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(rf"[\"']{re.escape(__version__)}[\"']", path.read_text(encoding="utf-8"))
    ]
    assert holders == ["overrides/typedpipes/__init__.py"]
    assert "version =" not in (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.")[0]
