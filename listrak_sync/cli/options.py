"""Options that commands share."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from listrak_sync.cli.messages import LogFormat
from listrak_sync.errors import UsageError
from listrak_sync.events.timestamps import NEVER, instant
from listrak_sync.input.sources import InputFormat
from listrak_sync.report.rejects_file import ExistingRejects
from listrak_sync.run_settings import Order, RouteChoice, RunOptions, Undated

_AGO: Final = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d|w)(?: ago)?", re.ASCII)
_LONGEST_AGO: Final = 200 * 366 * 86_400
"""How many seconds ago a time may be: instants have 64 bits, and begin in 1677."""

_SHOWN: Final = 40
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


@dataclass(frozen=True, slots=True)
class Moment:
    """A time in nanoseconds since 1970, and how it was written: 7d is another one tomorrow."""

    instant: int
    text: str


def parse_moment(text: str) -> Moment:
    """Return a time that is given, or how long ago it is. Raises typer.BadParameter."""
    return Moment(_instant(text), text.strip())


def _instant(text: str) -> int:
    if ago := _AGO.fullmatch(text.strip()):
        seconds = float(ago[1]) * _SECONDS[ago[2]]
        if seconds > _LONGEST_AGO:
            shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
            raise typer.BadParameter(f"{shown!r} is too long ago; write 7d, or 2026-03-01")
        return time.time_ns() - round(seconds * 1_000_000_000)
    found = instant(text.strip())
    if found == NEVER:
        hint = "write 2026-03-01, 2026-03-01T12:00:00Z, 36h or 7d"
        raise typer.BadParameter(f"{text!r} is not a valid time; {hint}")
    return found


EVENTS = typer.Argument(
    metavar="EVENTS",
    help="Files, folders, or - for standard input (also when nothing is given). "
    "gzip, zstd and bzip2 are recognised.",
    show_default=False,
)
Events = Annotated[list[str] | None, EVENTS]


def mapping_file(what: str) -> Any:  # noqa: ANN401 - typer keeps the type of an option to itself
    """Return the option that names a mapping file, with its help."""
    return typer.Option(
        "--mapping",
        "-m",
        readable=False,
        metavar="FILE",
        envvar="LISTRAK_SYNC_MAPPING",
        help=what,
        show_default=False,
    )


ONE_OUTPUT: Final = "Leave one out: each prints on standard output."


def existing_rejects(*, append: bool, force: bool) -> ExistingRejects:
    """Return what becomes of a rejects file that holds rejects. Raises UsageError."""
    if append and force:
        raise UsageError("--append and --force exclude each other", "Leave one out.")
    if append:
        return ExistingRejects.APPEND
    return ExistingRejects.REPLACE if force else ExistingRejects.REFUSE


def single(option: str, given: Sequence[str] | None) -> str | None:
    """Return the value of an option that has one in a run. Raises UsageError for several."""
    values = list(dict.fromkeys(given or ()))
    if len(values) > 1:
        raise UsageError(
            f"{option} is given several times: {', '.join(values)}",
            "A run takes one. Give each file a run of its own.",
        )
    return values[0] if values else None


def run_options(given: Mapping[str, Any]) -> RunOptions:
    """Return the options of a run by what a command was given, by the names of its parameters.

    Raises UsageError for several values of an option that takes one.
    """
    found = {name: given[name] for name in RunOptions.__struct_fields__ if name in given}
    for name in ("only", "previous"):
        found[name] = tuple(given[name] or ())
    for name in ("audience", "trait", "email_column"):
        found[name] = single(f"--{name.replace('_', '-')}", given[name])
    for name in ("since", "until"):
        found[name] = given[name] and given[name].instant
    return RunOptions(**found)


OptionalMappingFile = Annotated[Path | None, mapping_file("The mapping file, YAML.")]
MappingFiles = Annotated[
    list[Path] | None,
    mapping_file("A mapping file, YAML; may be given several times. Updates as input need none."),
]
JournalPath = Annotated[
    Path | None,
    typer.Option(
        readable=False,
        metavar="PATH",
        help="The journal, if not the one in the user's state directory.",
        show_default=False,
    ),
]
IgnoreIntegrations = Annotated[
    bool,
    typer.Option(
        "--ignore-integrations", help="Take events that their integrations object filters out."
    ),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        metavar="MAPPING",
        help="Use only the mappings of this name, or like this pattern (VIP*); may be given "
        "several times.",
        show_default=False,
    ),
]
_WHEN = "A date, an ISO 8601 time, or how long ago: 36h, 7d."
Since = Annotated[
    Moment | None,
    typer.Option(
        metavar="TIME",
        parser=parse_moment,
        help=f"Take only events from this time on. {_WHEN}",
        show_default=False,
    ),
]
Until = Annotated[
    Moment | None,
    typer.Option(
        metavar="TIME",
        parser=parse_moment,
        help="Take only events before this time.",
        show_default=False,
    ),
]
UndatedOption = Annotated[
    Undated,
    typer.Option("--undated", help="With --since or --until: take events without a time or not."),
]
Include = Annotated[
    list[str] | None,
    typer.Option(
        metavar="GLOB",
        help="Of folders, read only files like this; may be given several times.",
        show_default=False,
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        metavar="GLOB",
        help="Of folders, leave out files like this.  [default: without --include, _SUCCESS, "
        "*.tmp, *.crc, *.md]",
        show_default=False,
    ),
]
Audience = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY[=false]",
        help="The rows of CSV are the members of this audience; with =false, those who left it.",
        show_default=False,
    ),
]
Trait = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY",
        help="The rows of CSV hold this computed trait, in the column value.",
        show_default=False,
    ),
]
EmailColumn = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="The column of CSV that holds the address.  [default: email, email_1, …, and the "
        "external ids]",
        show_default=False,
    ),
]
FormatIn = Annotated[
    InputFormat | None,
    typer.Option(
        help="What the input is.  [default: each file's beginning tells]",
        show_default=False,
    ),
]
Rejects = Annotated[
    Path | None,
    typer.Option(
        readable=False,
        metavar="FILE",
        help="Write what is rejected to this file, to be fixed and fed back. Only you can read it. "
        "- is standard output.",
        show_default=False,
    ),
]
MaxRejects = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=0,
        help="Stop, before anything more is sent, once more than this is rejected.",
        show_default=False,
    ),
]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict",
        envvar="LISTRAK_SYNC_STRICT",
        show_envvar=True,
        help="Refuse a mapping file with remarks, which otherwise are warnings.",
    ),
]
ReportPage = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="FILE.html",
        help="Write a page about the run that colleagues can read. Only you can open it.",
        show_default=False,
    ),
]
ReportSamples = Annotated[
    int,
    typer.Option(
        "--report-samples",
        metavar="N",
        min=0,
        max=1000,
        help="Rejects of each reason to show on the page; 0 keeps addresses out of it.",
    ),
]
Append = Annotated[
    bool, typer.Option("--append", help="Add to the rejects file if it holds rejects already.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace the rejects that the file holds.")]
MinContacts = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=0,
        help="Send nothing, or nothing more, where the whole input has fewer contacts than this.",
        show_default=False,
    ),
]
MaxContacts = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=0,
        help="Send nothing more once a window brings the run to more contacts than this.",
        show_default=False,
    ),
]
MaxOffRatio = Annotated[
    float | None,
    typer.Option(
        metavar="R",
        min=0,
        max=1,
        help="Send nothing of a window in which more than this share of the values is off.",
        show_default=False,
    ),
]
MaxChange = Annotated[
    float | None,
    typer.Option(
        metavar="R",
        min=0,
        help="Send nothing, or nothing more, where a mapping's number of values that are on "
        "differs by more than this share from that of its last finished run in the journal.",
        show_default=False,
    ),
]
BatchContacts = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Contacts in a request, at most.  [default: 10000; by list import 500000]",
        show_default=False,
    ),
]
BatchBytes = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Bytes in a request's body, or in its file, at most.  "
        "[default: 1000000; by list import 100000000]",
        show_default=False,
    ),
]
WindowSize = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=1,
        help="Contacts gathered before sending; of their values, only the newest are sent.",
    ),
]
WindowBytes = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=1,
        help="Bytes of values gathered, at most: a window with long values goes out earlier.",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        max=256,
        help="Processes that evaluate.  [default: as many as there are cores to use]",
        show_default=False,
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print the report as one JSON object on standard output.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only errors and data.")]
Verbose = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Tell which files are read, and how each request ended."),
]
ApiUrl = Annotated[
    str,
    typer.Option(metavar="URL", envvar="LISTRAK_API_URL", help="Listrak's API."),
]
AuthUrl = Annotated[
    str,
    typer.Option(metavar="URL", envvar="LISTRAK_AUTH_URL", help="Where Listrak gives tokens."),
]
SecretFile = Annotated[
    Path | None,
    typer.Option(
        readable=False,
        metavar="FILE",
        help="Read the client secret from here instead of LISTRAK_CLIENT_SECRET.",
        show_default=False,
    ),
]


Mirror = Annotated[
    bool,
    typer.Option(
        "--mirror",
        help="Switch off who reads on at Listrak and is not on by this input, in the check boxes "
        "that the mappings switch on. The input must be whole.",
    ),
]
Previous = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILE",
        help="Switch off who was on by this earlier input and is not in today's. May be given "
        "several times.",
        show_default=False,
    ),
]
RejectUnknown = Annotated[
    bool,
    typer.Option(
        "--reject-unknown",
        help="Reject contacts that are not on the list, or unsubscribed, instead of counting them.",
    ),
]
InFlight = Annotated[
    int, typer.Option(metavar="N", min=1, max=64, help="Requests at the same time, at most.")
]
RouteOption = Annotated[
    RouteChoice,
    typer.Option(
        "--route", help="auto: profile fields, or list imports where that route is closed."
    ),
]


class Progress(StrEnum):
    """How a run's progress is shown."""

    auto = "auto"
    bar = "bar"
    text = "text"
    none = "none"


OrderOption = Annotated[
    Order,
    typer.Option(
        "--order",
        help="Which value wins within a window: that of the newest event, or the last in the "
        "input.",
    ),
]
LogFormatOption = Annotated[
    LogFormat, typer.Option("--log-format", help="How messages on standard error are written.")
]
ProgressOption = Annotated[
    Progress,
    typer.Option("--progress", help="auto: a bar on a terminal, else a line every 30 seconds."),
]
