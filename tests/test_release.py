"""What `nox -s release` refuses, and what it tags, in real repositories."""

from __future__ import annotations

import hashlib
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import release

CHANGES = "# Changelog\n\n## 1.2.3 (2026-12-01)\n\n- A line.\n\n## 1.2.2 (2026-11-01)\n\n- Another.\n"


def git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", name)


def build(root: Path, version: str, named: str) -> None:
    """What a build of ``version`` leaves in dist/, with ``named`` in the wheel's metadata."""
    (root / "dist").mkdir(exist_ok=True)
    with zipfile.ZipFile(root / "dist" / f"typedpipes-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"typedpipes-{version}.dist-info/METADATA", f"Metadata-Version: 2.4\nVersion: {named}\n")
    (root / "dist" / f"typedpipes-{version}.tar.gz").write_bytes(b"sdist")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A clean repository whose version 1.2.3 can be released."""
    git(tmp_path, "init", "--quiet")
    for name, value in (("user.name", "n"), ("user.email", "n@example.com"), ("tag.gpgSign", "false")):
        git(tmp_path, "config", name, value)
    commit(tmp_path, ".gitignore", "dist/\n")
    commit(tmp_path, "overrides/typedpipes/__init__.py", '__version__: Final = "1.2.3"\n')
    commit(tmp_path, "CHANGELOG.md", CHANGES)
    return tmp_path


def test_a_clean_checkout_is_tagged_with_the_digests_of_what_was_built(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert release.main(["check"], root) == 0
    assert git(root, "tag") == ""
    build(root, "1.2.3", "1.2.3")
    assert release.main(["tag"], root) == 0
    assert "git push origin HEAD v1.2.3" in capsys.readouterr().out
    assert git(root, "rev-parse", "v1.2.3^{commit}") == git(root, "rev-parse", "HEAD")
    message = git(root, "tag", "--list", "--format=%(contents)", "v1.2.3")
    for path in (root / "dist").iterdir():
        assert f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" in message


def unclean(root: Path) -> None:
    (root / "new.txt").write_text("not committed")


def tagged(root: Path) -> None:
    git(root, "tag", "v1.2.3")


def without_entry(root: Path) -> None:
    commit(root, "CHANGELOG.md", CHANGES.replace("1.2.3", "1.2.4"))


def unreleased(root: Path) -> None:
    commit(root, "CHANGELOG.md", CHANGES.replace("2026-12-01", "unreleased"))


def empty_entry(root: Path) -> None:
    commit(root, "CHANGELOG.md", CHANGES.replace("- A line.\n", ""))


def no_version(root: Path) -> None:
    commit(root, "overrides/typedpipes/__init__.py", '__version__: Final = "next"\n')


REFUSED = {
    unclean: "uncommitted changes",
    tagged: "the tag v1.2.3 exists",
    without_entry: "no entry '## 1.2.3 (YYYY-MM-DD)'",
    unreleased: "no entry '## 1.2.3 (YYYY-MM-DD)'",
    empty_entry: "no entry '## 1.2.3 (YYYY-MM-DD)'",
    no_version: "is no version",
}


@pytest.mark.parametrize("command", ["check", "tag"])
@pytest.mark.parametrize(("spoil", "why"), REFUSED.items(), ids=[spoil.__name__ for spoil in REFUSED])
def test_what_cannot_be_released_is_refused_and_not_tagged(
    root: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[Path], None], why: str, command: str
) -> None:
    build(root, "1.2.3", "1.2.3")
    spoil(root)
    before = git(root, "tag")
    assert release.main([command], root) == 1
    assert why in capsys.readouterr().err
    assert git(root, "tag") == before


@pytest.mark.parametrize(
    ("version", "named", "why"),
    [
        ("1.2.2", "1.2.2", "holds typedpipes-1.2.2-py3-none-any.whl, typedpipes-1.2.2.tar.gz"),
        ("1.2.3", "1.2.2", "the wheel is of version 1.2.2"),
    ],
)
def test_only_what_was_built_of_the_version_is_tagged(
    root: Path, capsys: pytest.CaptureFixture[str], version: str, named: str, why: str
) -> None:
    assert release.main(["tag"], root) == 1
    assert "holds nothing" in capsys.readouterr().err
    build(root, version, named)
    assert release.main(["tag"], root) == 1
    assert why in capsys.readouterr().err
    assert git(root, "tag") == ""
