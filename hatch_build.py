"""What a build adds to the package's metadata: the README for an index, and addresses where they are known.

On an index there are no files beside the README. With the environment variable `REPOSITORY`, the address of a
repository on a host with GitHub's paths, its links and pictures lead there, to the tag of this version; without, links
to files become plain text and pictures are left out.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

PAPER = "https://arxiv.org/abs/2205.12934"
_BESIDE = r"\((?!https?:|#)([^)]+)\)"
_PICTURE = re.compile(r"!\[([^\]]*)\]" + _BESIDE)
_PICTURE_AND_CAPTION = re.compile(_PICTURE.pattern + r"\n\n(\*[^\n]*\*\n\n)?")
_LINK = re.compile(r"(?<!!)\[([^\[\]]*)\]" + _BESIDE)


class Addresses(MetadataHookInterface):
    """Sets `readme` and `urls`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set them in the metadata of a build."""
        address = os.environ.get("REPOSITORY", "").rstrip("/")
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        text = readme(text, address, metadata["version"])
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
        metadata["urls"] = {"Paper": PAPER}
        if address:
            metadata["urls"] |= {
                "Repository": address,
                "Changelog": f"{address}/blob/main/CHANGELOG.md",
                "Issues": f"{address}/issues",
            }


def readme(text: str, address: str, version: str) -> str:
    """The README without links to files beside it."""
    if not address:
        return _LINK.sub(r"\1", _PICTURE_AND_CAPTION.sub("", text))
    text = _PICTURE.sub(rf"![\1]({address}/raw/v{version}/\2)", text)
    return _LINK.sub(rf"[\1]({address}/blob/v{version}/\2)", text)
