"""Whether the version in the code can be released, and its tag. `nox -s release` builds in between.

``python release.py check`` looks at the checkout, ``python release.py tag`` at the checkout and at ``dist/``, and tags.
Both change nothing outside this repository: uploading and pushing are a person's steps.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from email.parser import HeaderParser
from pathlib import Path

ROOT = Path(__file__).parent


class Refused(Exception):
    """The version cannot be released; the message says why and what to do."""


def version(root: Path) -> str:
    """The version that the code names."""
    text = (root / "overrides" / "typedpipes" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__[^=\n]*= "([^"]*)"$', text, re.MULTILINE)
    if found is None or not re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", found[1]):
        raise Refused("__version__ in overrides/typedpipes/__init__.py is no version such as 1.2.3 or 1.2.3rc1")
    return found[1]


def check(root: Path) -> str:
    """The version, if it can be released. Raises `Refused`."""
    wanted = version(root)
    if _git(root, "status", "--porcelain"):
        raise Refused("the checkout has uncommitted changes: commit or remove them")
    if _git(root, "tag", "--list", f"v{wanted}"):
        raise Refused(f"the tag v{wanted} exists: give __version__ the next number")
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    entry = re.search(
        rf"^## {re.escape(wanted)} \(\d{{4}}-\d\d-\d\d\)\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL
    )
    if entry is None or not entry[1].strip():
        raise Refused(f"CHANGELOG.md has no entry '## {wanted} (YYYY-MM-DD)' with text below it: write it")
    return wanted


def built(root: Path, wanted: str) -> list[Path]:
    """The wheel and the sdist of a version in ``dist/``. Raises `Refused` if they are not there, or not alone."""
    files = sorted((root / "dist").glob("*"))
    wheel, sdist = f"typedpipes-{wanted}-py3-none-any.whl", f"typedpipes-{wanted}.tar.gz"
    if [path.name for path in files] != [wheel, sdist]:
        names = ", ".join(path.name for path in files) or "nothing"
        raise Refused(f"dist/ is to hold {wheel} and {sdist}, and holds {names}: build again")
    with zipfile.ZipFile(files[0]) as archive:
        metadata = archive.read(f"typedpipes-{wanted}.dist-info/METADATA").decode()
    named = HeaderParser().parsestr(metadata)["Version"]
    if named != wanted:
        raise Refused(f"the wheel is of version {named}, not {wanted}: build again")
    return files


def tag(root: Path) -> str:
    """Tag the commit as the version, with the digests of what was built. Raises `Refused` before anything is done."""
    wanted = check(root)
    digests = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in built(root, wanted)]
    _git(root, "tag", "--annotate", f"v{wanted}", "--message", "\n".join([f"typedpipes {wanted}", "", *digests]))
    return wanted


def main(words: Sequence[str], root: Path = ROOT) -> int:
    """The command; 1 if the version is refused."""
    if list(words) not in (["check"], ["tag"]):
        print("usage: python release.py check|tag", file=sys.stderr)
        return 2
    try:
        if list(words) == ["check"]:
            print(f"{check(root)} can be released")
        else:
            done = tag(root)
            print(
                f"tagged v{done} in this repository. What is left is yours: push the commit and the tag "
                f"(git push origin HEAD v{done}), and upload dist/ with your own credentials"
            )
    except Refused as error:
        print(f"not released: {error}", file=sys.stderr)
        return 1
    return 0


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=root, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise Refused(f"git {words[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
