"""Pages of the documentation site made of other files and of help: a hook of MkDocs."""

from __future__ import annotations

import os
import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mkdocs.structure.files import File

from listrak_sync.cli import program

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

COLUMNS: Final = "88"
"""How wide help is on a page."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Give the commands a section of their own."""
    pages = [{words: page_of(words)} for words in program.words()]
    config.nav.insert(2, {"Commands": pages})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made of the files at the top of the project, and of help."""
    for page, source in WHOLE_FILES.items():
        content = as_page((ROOT / source).read_text("utf-8"))
        files.append(File.generated(config, page, content=content))
    for words in program.words():
        files.append(File.generated(config, page_of(words), content=command_page(words)))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Return a page of docs/ with links to the files at the top of the project as pages."""
    for page, source in WHOLE_FILES.items():
        markdown = markdown.replace(f"](../{source}", f"]({page}")
    return markdown


def page_of(words: str) -> str:
    """Return the page of a command, given by the words that lead to it."""
    return f"commands/{words.replace(' ', '-')}.md"


def command_page(words: str) -> str:
    """Return what stands on the page of a command: its help."""
    before, shown = os.environ.get("COLUMNS"), StringIO()
    os.environ["COLUMNS"] = COLUMNS
    try:
        with redirect_stdout(shown):
            arguments = [*words.split(), "--help"]
            program(args=arguments, prog_name="listrak-sync", standalone_mode=False)
    finally:
        del os.environ["COLUMNS"]
        os.environ |= {} if before is None else {"COLUMNS": before}
    return f"# {words}\n\n```text\n{shown.getvalue().rstrip()}\n```\n"


def as_page(markdown: str) -> str:
    """Return a file at the top of the project as a page: its links lead to other pages."""
    for page, source in WHOLE_FILES.items():
        markdown = markdown.replace(f"]({source}", f"]({page}")
    markdown = re.sub(r"\]\(docs/", "](", markdown)
    return re.sub(r"\[([^\]]+)\]\((?:LICENSE|SECURITY\.md)\)", r"\1", markdown)
