"""`listrak-sync dry-run`: what a push would send."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Final

import msgspec
import typer

from listrak_sync.cli import options
from listrak_sync.cli.answers import answering, conclude, warn
from listrak_sync.cli.messages import LogFormat, Messages
from listrak_sync.cli.output import flush, one_line, write_line
from listrak_sync.cli.progress import ProgressDisplay, announce
from listrak_sync.cli.run_outputs import RunOutputs
from listrak_sync.delivery.journal import default_journal
from listrak_sync.delivery.stop import Stop, interruptible
from listrak_sync.errors import UsageError
from listrak_sync.evaluation.explain import Explanation
from listrak_sync.events.key_paths import Json
from listrak_sync.guards import Guards
from listrak_sync.input.choice import FileChoice
from listrak_sync.input.sources import Source
from listrak_sync.last_run import last_run_at, not_compared
from listrak_sync.listrak.addresses import API_URL, Addresses
from listrak_sync.mapping.model import Mapping, field_names
from listrak_sync.report.reject_samples import RejectSamples
from listrak_sync.report.rejects_file import RejectsFile
from listrak_sync.run import RunCallbacks, both
from listrak_sync.run_settings import (
    DEFAULT_WINDOW,
    DEFAULT_WINDOW_BYTES,
    Order,
    RouteChoice,
    Undated,
)
from listrak_sync.sync import dry_run as run_dry
from listrak_sync.tasks import new_task, settings_of

SHOWN_CONDITION: Final = 240
"""How many characters of a condition a terminal shows."""

SHOWN_VALUE: Final = 60
"""How many characters of a value a terminal shows; the JSON lines have all."""


class Format(StrEnum):
    """What of a run is printed."""

    summary = "summary"
    requests = "requests"
    updates = "updates"


def dry_run(
    mapping: options.MappingFiles = None,
    events: options.Events = None,
    format_: Annotated[
        Format,
        typer.Option(
            "--format",
            help="summary: counts. requests: each request that push would send. "
            "updates: the final values of each contact. The last two are JSON lines.",
        ),
    ] = Format.summary,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Tell for each event and mapping why it matched or not: as text on a terminal, "
            "else as JSON lines.",
        ),
    ] = False,
    previous: options.Previous = None,
    only: options.Only = None,
    since: options.Since = None,
    until: options.Until = None,
    undated: options.UndatedOption = Undated.keep,
    include: options.Include = None,
    exclude: options.Exclude = None,
    audience: options.Audience = None,
    trait: options.Trait = None,
    email_column: options.EmailColumn = None,
    format_in: options.FormatIn = None,
    rejects: options.Rejects = None,
    append: options.Append = False,
    force: options.Force = False,
    max_rejects: options.MaxRejects = None,
    max_contacts: options.MaxContacts = None,
    min_contacts: options.MinContacts = None,
    max_off_ratio: options.MaxOffRatio = None,
    max_change: options.MaxChange = None,
    strict: options.Strict = False,
    ignore_integrations: options.IgnoreIntegrations = False,
    order: options.OrderOption = Order.timestamp,
    window: options.WindowSize = DEFAULT_WINDOW,
    window_bytes: options.WindowBytes = DEFAULT_WINDOW_BYTES,
    jobs: options.Jobs = None,
    route: options.RouteOption = RouteChoice.auto,
    batch_contacts: options.BatchContacts = None,
    batch_bytes: options.BatchBytes = None,
    journal: options.JournalPath = None,
    api_url: options.ApiUrl = API_URL,
    report: options.ReportPage = None,
    report_samples: options.ReportSamples = 10,
    as_json: options.Json = False,
    progress: options.ProgressOption = options.Progress.auto,
    log_format: options.LogFormatOption = LogFormat.text,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Do everything that push does, except talk to Listrak."""
    given = locals()
    messages = Messages(quiet=quiet, verbose=verbose, log_format=log_format)
    printed = [
        option
        for option, is_given in (
            ("--json", as_json),
            (f"--format {format_}", format_ is not Format.summary),
            ("--explain", explain),
            ("--rejects -", str(rejects) == "-"),
        )
        if is_given
    ]
    samples = RejectSamples(report_samples)
    outputs = RunOutputs(rejects, report, samples=samples, explains=explain)
    with answering("dry-run", messages, as_json=as_json, is_run=True):
        outputs.check()
        if len(printed) > 1:
            raise UsageError(f"{' and '.join(printed)} exclude each other", options.ONE_OUTPUT)
        addresses = Addresses(api_url=api_url)
        run_options = options.run_options(given)
        files = mapping or ()
        own = [*files, *([rejects] if rejects else [])]
        choice = FileChoice(include or (), exclude or (), own, messages.info)
        guards = Guards(max_rejects, max_contacts, max_off_ratio, min_contacts, max_change)
        task = new_task(files, events or (), run_options, guards, choice)
        settings = settings_of(
            task,
            jobs=jobs,
            strict=strict,
            on_remarks=lambda file, found: warn(messages, file, found),
        )
        if max_change is not None or report is not None:
            last = last_run_at(journal or default_journal(), task.options, addresses.api)
            settings = replace(settings, last_run=last)
            for note in not_compared(last, settings.mappings) if max_change is not None else ():
                messages.info(note)
        settings = replace(settings, samples_funnels=report is not None)
        existing = options.existing_rejects(append=append, force=force)
        if printed and sys.stdout.isatty() and progress is options.Progress.auto:
            progress = options.Progress.none  # a bar would stand between the lines of data
        announce(settings.sources, messages)
        stop = Stop()
        try:
            with (
                interruptible(stop),
                RejectsFile(
                    rejects,
                    (
                        *settings.sources,
                        *settings.previous,
                        *(Source(str(file)) for file in files),
                    ),
                    existing,
                ) as rejects_file,
                ProgressDisplay(progress, settings.sources, messages, sends=False) as display,
            ):
                result = run_dry(
                    settings,
                    RunCallbacks(
                        both(rejects_file.write, outputs.on_reject),
                        display,
                        on_explanation=_explainer(settings.mappings) if explain else None,
                        on_note=messages.info,
                    ),
                    stop=stop,
                    on_request=write_line if format_ is Format.requests else None,
                    on_contact=write_line if format_ is Format.updates else None,
                    addresses=addresses,
                )
                result = result.or_else(rejects_file.close())
            flush()
        except BrokenPipeError:  # who reads the data has seen enough
            raise typer.Exit from None
        raise typer.Exit(
            conclude(
                "dry-run",
                result,
                messages,
                as_json=as_json,
                outputs=outputs,
                table_is_data=not printed,
            )
        )


def _explainer(mappings: Sequence[Mapping]) -> Callable[[Explanation], None]:
    """Return a function that prints an explanation: as text on a terminal, else as JSON."""
    if sys.stdout.isatty():
        names = field_names(mappings)
        return lambda explanation: write_line(readable(explanation, names).encode())
    return lambda explanation: write_line(msgspec.json.encode(explanation))


def readable(explanation: Explanation, names: dict[int, str]) -> str:
    """Return an explanation as a line, with its details below it; `names` are those of fields."""
    where = f"{explanation.file}:{explanation.line}"
    who = f" {explanation.mapping}:" if explanation.mapping else ""
    why = f": {explanation.reason}" if explanation.reason else ""
    lines = (
        f"{where}:{who} {explanation.outcome}{why}",
        *(f"    {line}" for line in _details(explanation, names)),
    )
    return "\n".join(map(one_line, lines))


def _details(explanation: Explanation, names: dict[int, str]) -> Iterator[str]:
    if explanation.detail:
        yield explanation.detail
    if explanation.fields is not None:
        values = _values(
            {
                f"{field} ({name})" if (name := names.get(int(field))) else field: value
                for field, value in explanation.fields.items()
            },
            " = ",
        )
        yield f"list {explanation.list_id}, {explanation.email_address}: {values}"
    if explanation.condition is not None:
        yield f"{explanation.at}: {_cut(explanation.condition, SHOWN_CONDITION)}"
        expected = f"expected {_cut(explanation.expected or '', SHOWN_CONDITION)}, "
        found = f"found {_values(explanation.found or {}, ': ')}"
        yield found if explanation.expected == explanation.condition else expected + found


def _values(values: dict[str, str] | dict[str, Json], joiner: str) -> str:
    return ", ".join(f"{name}{joiner}{_value(value)}" for name, value in values.items())


def _value(value: Json) -> str:
    """Return a value as shortened JSON; a missing value or null is called nothing."""
    return "nothing" if value is None else _cut(msgspec.json.encode(value).decode(), SHOWN_VALUE)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
