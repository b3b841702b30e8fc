"""The metadata of the distribution that depends on where the repository is: the README for a registry's page, links.

A registry shows the README away from its files, so relative links lead nowhere there. With ``repository`` set in
pyproject.toml (``[tool.hatch.metadata.hooks.custom]``), they become links into it, and the project has its links;
without it, they become plain text.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?!https?:|mailto:|#)([^)\s]+)\)")
"""A Markdown link or picture whose target is a file beside the README."""


def for_registry(text: str, repository: str) -> str:
    """``text`` with relative links made absolute, or without them if there is no ``repository``."""

    def replaced(found: re.Match[str]) -> str:
        picture, label, target = found.groups()
        if not repository:
            return "" if picture else label
        return f"{picture}[{label}]({repository}/{'raw' if picture else 'blob'}/main/{target})"

    return LINK.sub(replaced, text)


def links(repository: str) -> dict[str, str]:
    """The project's links."""
    if not repository:
        return {}
    return {
        "Source": repository,
        "Documentation": f"{repository}/blob/main/docs/index.md",
        "Changelog": f"{repository}/blob/main/CHANGELOG.md",
        "Issues": f"{repository}/issues",
        "Security": f"{repository}/blob/main/SECURITY.md",
    }


class CustomMetadataHook(MetadataHookInterface):
    """Fills in ``readme`` and ``urls``."""

    def update(self, metadata: dict[str, Any]) -> None:
        """See `MetadataHookInterface`."""
        repository = str(self.config.get("repository", "")).rstrip("/")
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": for_registry(text, repository)}
        metadata["urls"] = links(repository)
