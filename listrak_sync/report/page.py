"""A report as one HTML page, for colleagues who do not read JSON."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

from listrak_sync.errors import UsageError
from listrak_sync.report.page_view import page_view
from listrak_sync.report.page_words import duration, moment, reason_words
from listrak_sync.report.record import RunRecord
from listrak_sync.report.reject_samples import RejectSamples
from listrak_sync.report.whole_file import WholeFile
from listrak_sync.text import counted, printable

MARK: Final = b"<!-- listrak-sync report -->"


def check_page(path: Path) -> None:
    """Raise UsageError where the page cannot be made, before a run begins."""
    try:
        import jinja2  # noqa: F401, PLC0415 - may be missing
    except ImportError:
        hint = "pip install 'listrak-sync[report]'"
        raise UsageError("--report needs the package Jinja2", hint) from None
    _file(path).check()
    if not path.parent.is_dir():
        raise UsageError(f"{path}: its folder does not exist", "Name another with --report.")


def write_page(
    path: Path, record: RunRecord, samples: RejectSamples | None = None, *, is_part: bool = False
) -> None:
    """Write the page of a run, readable by its owner only, in place of an earlier one.

    `is_part` says that the record is only of the last part of a run. Raises OutputError.
    """
    text = page(record, samples or RejectSamples(0), is_part=is_part)
    _file(path).write(text.encode(errors="backslashreplace"))


def page(record: RunRecord, samples: RejectSamples, *, is_part: bool = False) -> str:
    """Return the page of a run as HTML, whatever its names hold."""
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - slow, and may be missing

    environment = Environment(autoescape=True, undefined=StrictUndefined)
    environment.filters |= {
        "shown": lambda value: printable(str(value)),
        "number": "{:,}".format,
        "counted": counted,
        "capitalize": lambda words: words[:1].upper() + words[1:],
        "moment": moment,
        "duration": duration,
        "words": reason_words,
    }
    template = files("listrak_sync.report").joinpath("page.html.jinja").read_text("utf-8")
    made = page_view(record, samples, is_part=is_part)
    return environment.from_string(template).render(record=record, page=made)


def _file(path: Path) -> WholeFile:
    return WholeFile(path, "--report", "a report of a run", MARK)
