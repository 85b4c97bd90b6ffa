"""Pages of the documentation site that are made of other files: a hook of MkDocs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOT: Final = Path(__file__).parent.parent
WHOLE_FILES: Final = {
    "index.md": "README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
}
"""Pages, and the files at the top of the project that they are made of."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made of the files at the top of the project."""
    for page, source in WHOLE_FILES.items():
        content = as_page((ROOT / source).read_text("utf-8"))
        files.append(File.generated(config, page, content=content))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Return a page of docs/ with links to the files at the top of the project as pages."""
    for page, source in WHOLE_FILES.items():
        markdown = markdown.replace(f"](../{source}", f"]({page}")
    return markdown


def as_page(markdown: str) -> str:
    """Return a file at the top of the project as a page: its links lead to other pages."""
    for page, source in WHOLE_FILES.items():
        markdown = markdown.replace(f"]({source}", f"]({page}")
    markdown = re.sub(r"\]\(docs/", "](", markdown)
    return re.sub(r"\[([^\]]+)\]\((?:LICENSE|SECURITY\.md)\)", r"\1", markdown)
