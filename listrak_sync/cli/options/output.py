"""Options that say what is printed and written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar, Final

import typer

from listrak_sync.cli.messages import LogFormat, Messages
from listrak_sync.cli.options.values import choice, count
from listrak_sync.errors import UsageError
from listrak_sync.report.rejects_file import ExistingRejects

ONE_OUTPUT: Final = "Leave one out: each prints on standard output."

Json = Annotated[
    bool, typer.Option("--json", help="Print the report as one JSON object on standard output.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only errors and data.")]
LogFormatOption = Annotated[
    LogFormat,
    typer.Option(
        "--log-format", **choice(LogFormat), help="How messages on standard error are written."
    ),
]


ReportPage = Annotated[
    Path | None,
    typer.Option(
        "--report",
        readable=False,
        metavar="FILE.html",
        help="Write a page about the run that colleagues can read. Only you can open it.",
        show_default=False,
    ),
]


class Progress(StrEnum):
    """How a run's progress is shown."""

    auto = "auto"
    bar = "bar"
    text = "text"
    none = "none"


class DryRunFormat(StrEnum):
    """What of a dry-run is printed."""

    summary = "summary"
    requests = "requests"
    updates = "updates"


class PlanFormat(StrEnum):
    """What of a plan is printed."""

    summary = "summary"
    changes = "changes"


@dataclass(frozen=True)
class OutputOptions:
    """What is printed, and where rejects go."""

    PANEL: ClassVar = "Output"

    rejects: Annotated[
        Path | None,
        typer.Option(
            readable=False,
            metavar="FILE",
            help="Write what is rejected to this file, to be fixed and fed back. Only you can read "
            "it. - is standard output.",
            show_default=False,
        ),
    ] = None
    append: Annotated[
        bool, typer.Option("--append", help="Add to the rejects file if it holds rejects already.")
    ] = False
    force: Annotated[
        bool, typer.Option("--force", help="Replace the rejects that the file holds.")
    ] = False
    report: ReportPage = None
    report_samples: Annotated[
        int,
        typer.Option(
            metavar="N",
            parser=count(0, 1000),
            help="Rejects of each reason to show on the page; 0 keeps addresses out of it.",
        ),
    ] = 10
    as_json: Json = False
    progress: Annotated[
        Progress,
        typer.Option(
            "--progress",
            **choice(Progress),
            help="auto: a bar on a terminal, else a line for each phase every 30 seconds.",
        ),
    ] = Progress.auto
    log_format: LogFormatOption = LogFormat.text
    quiet: Quiet = False
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", "-v", help="Tell which files are read, and how each request ended."
        ),
    ] = False

    @property
    def prints_rejects(self) -> bool:
        """Say whether rejects go to standard output."""
        return str(self.rejects) == "-"

    def printed(self) -> list[str]:
        """Return the options by which data is printed on standard output."""
        given = (("--json", self.as_json), ("--rejects -", self.prints_rejects))
        return [option for option, is_given in given if is_given]

    def check(self) -> None:
        """Raise UsageError where two kinds of data would go to standard output."""
        if len(printed := self.printed()) > 1:
            raise UsageError(f"{' and '.join(printed)} exclude each other", ONE_OUTPUT)

    def messages(self) -> Messages:
        """Return what tells people and logs what goes on."""
        return Messages(quiet=self.quiet, verbose=self.verbose, log_format=self.log_format)

    def existing_rejects(self) -> ExistingRejects:
        """Return what becomes of a rejects file that holds rejects. Raises UsageError."""
        if self.append and self.force:
            raise UsageError("--append and --force exclude each other", "Leave one out.")
        if self.append:
            return ExistingRejects.APPEND
        return ExistingRejects.REPLACE if self.force else ExistingRejects.REFUSE


@dataclass(frozen=True)
class SparkOutput:
    """What a run on Spark prints and writes."""

    PANEL: ClassVar = "Output"

    to: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="The folder for updates, rejects and counts, which must not exist.",
            show_default=False,
        ),
    ]
    as_json: Json = False
    log_format: LogFormatOption = LogFormat.text
    quiet: Quiet = False
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Let Spark log more than errors.")
    ] = False

    def messages(self) -> Messages:
        """Return what tells people and logs what goes on."""
        return Messages(quiet=self.quiet, verbose=self.verbose, log_format=self.log_format)


@dataclass(frozen=True)
class PushOutput(OutputOptions):
    """What a push prints and writes."""

    metrics_file: Annotated[
        Path | None,
        typer.Option(
            readable=False,
            metavar="FILE",
            help="Write numbers for Prometheus to this file at the end, also of a run that fails.",
            show_default=False,
        ),
    ] = None


@dataclass(frozen=True)
class DryRunOutput(OutputOptions):
    """What a dry-run prints."""

    format_: Annotated[
        DryRunFormat,
        typer.Option(
            "--format",
            **choice(DryRunFormat),
            help="summary: counts. requests: each request that push would send. "
            "updates: the final values of each contact. The last two are JSON lines.",
        ),
    ] = DryRunFormat.summary
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Tell for each event and mapping why it matched or not: as text on a terminal, "
            "else as JSON lines.",
        ),
    ] = False

    def printed(self) -> list[str]:
        """Return the options by which data is printed on standard output."""
        is_given = self.format_ is not DryRunFormat.summary
        format_ = [f"--format {self.format_}"] if is_given else []
        return [*super().printed(), *format_, *(["--explain"] if self.explain else [])]


@dataclass(frozen=True)
class PlanOutput(OutputOptions):
    """What a plan prints."""

    format_: Annotated[
        PlanFormat,
        typer.Option(
            "--format",
            **choice(PlanFormat),
            help="summary: counts by list and field. changes: a JSON line for each contact of "
            "which something is not right.",
        ),
    ] = PlanFormat.summary
    detailed_exitcode: Annotated[
        bool,
        typer.Option(
            "--detailed-exitcode", help="End with status 8 where there is something to change."
        ),
    ] = False

    def printed(self) -> list[str]:
        """Return the options by which data is printed on standard output."""
        is_given = self.format_ is PlanFormat.changes
        return [*super().printed(), *([f"--format {self.format_}"] if is_given else [])]
