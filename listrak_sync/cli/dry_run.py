"""`listrak-sync dry-run`: what a push would send."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec
import typer

from listrak_sync.cli.answers import answering, conclude, warn
from listrak_sync.cli.options.delivery import RequestOptions
from listrak_sync.cli.options.guarding import GuardOptions
from listrak_sync.cli.options.input import InputOptions
from listrak_sync.cli.options.journal import ReadJournalOptions
from listrak_sync.cli.options.mapping import MappingOptions
from listrak_sync.cli.options.output import DryRunFormat, DryRunOutput
from listrak_sync.cli.options.run import compared, files_of, planned_task
from listrak_sync.cli.options.sent import SentOptions
from listrak_sync.cli.options.spread import spread
from listrak_sync.cli.output import flush, write_line
from listrak_sync.cli.progress import ProgressDisplay
from listrak_sync.cli.run_messages import announce
from listrak_sync.cli.run_outputs import RunOutputs
from listrak_sync.delivery.stop import Stop, interruptible
from listrak_sync.evaluation.explain import Explanation
from listrak_sync.events.key_paths import Json
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.mapping.model import Mapping, field_names
from listrak_sync.report.reject_samples import RejectSamples
from listrak_sync.report.rejects_file import RejectsFile
from listrak_sync.run_callbacks import RunCallbacks, both
from listrak_sync.sync import dry_run as run_dry
from listrak_sync.tasks import settings_of
from listrak_sync.text import json_line, one_line

SHOWN_CONDITION: Final = 240
"""How many characters of a condition a terminal shows."""

SHOWN_VALUE: Final = 60
"""How many characters of a value a terminal shows; the JSON lines have all."""


@spread
def dry_run(
    read: InputOptions,
    mappings: MappingOptions,
    sent: SentOptions,
    guarding: GuardOptions,
    requests: RequestOptions,
    journal: ReadJournalOptions,
    output: DryRunOutput,
) -> None:
    """Do everything that push does, except talk to Listrak.

    Example: listrak-sync dry-run examples/events.ndjson -m mappings.example.yaml --explain
    """
    messages, printed = output.messages(), output.printed()
    samples = RejectSamples(output.report_samples)
    outputs = RunOutputs(output.rejects, output.report, samples=samples, explains=output.explain)
    with answering("dry-run", messages, as_json=output.as_json, is_run=True):
        outputs.check()
        output.check()
        addresses = Addresses(api_url=requests.api_url)
        task = planned_task(read, mappings, sent, guarding, requests, output)
        settings = settings_of(
            task,
            jobs=requests.jobs,
            strict=mappings.strict,
            on_remarks=lambda file, found: warn(messages, file, found),
        )
        settings = compared(settings, task, journal, output, addresses.api, messages)
        existing = output.existing_rejects()
        announce(settings.sources, messages)
        as_it_runs = bool(printed) and not output.as_json
        display = ProgressDisplay(output.progress, messages, prints=True, as_it_runs=as_it_runs)
        stop = Stop()
        needed = (*settings.sources, *settings.previous, *files_of(mappings))
        try:
            with (
                interruptible(stop, display.remove),
                RejectsFile(output.rejects, needed, existing) as rejects_file,
                display,
            ):
                result = run_dry(
                    settings,
                    RunCallbacks(
                        both(rejects_file.write, outputs.on_reject),
                        display,
                        on_explanation=_explainer(settings.mappings) if output.explain else None,
                        on_note=messages.info,
                    ),
                    stop=stop,
                    on_request=write_line if output.format_ is DryRunFormat.requests else None,
                    on_contact=write_line if output.format_ is DryRunFormat.updates else None,
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
                as_json=output.as_json,
                outputs=outputs,
                table_is_data=not printed,
            )
        )


def _explainer(mappings: Sequence[Mapping]) -> Callable[[Explanation], None]:
    """Return a function that prints an explanation: as text on a terminal, else as JSON."""
    if sys.stdout.isatty():
        names = field_names(mappings)
        return lambda explanation: write_line(readable(explanation, names).encode())
    return lambda explanation: write_line(json_line(explanation))


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
