"""Makes the README's links absolute in the metadata of wheel and sdist, for the project's page on PyPI."""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"\]\((?!https?:|#)([^)]+)\)")


class ReadmeLinks(MetadataHookInterface):
    """Sets the readme of the project."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Sets the readme, whose links lead to the repository."""
        text = Path(self.root, "README.md").read_text("utf-8")
        repository = metadata["urls"]["Repository"]
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": _LINK.sub(rf"]({repository}/blob/main/\1)", text),
        }
