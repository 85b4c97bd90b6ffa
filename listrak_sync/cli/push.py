"""`listrak-sync push`: send what the events ask for."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from listrak_sync.cli.answers import answering, conclude, warn
from listrak_sync.cli.options.delivery import PushDeliveryOptions
from listrak_sync.cli.options.guarding import GuardOptions
from listrak_sync.cli.options.input import InputOptions
from listrak_sync.cli.options.journal import JournalOptions
from listrak_sync.cli.options.mapping import MappingOptions
from listrak_sync.cli.options.output import PushOutput
from listrak_sync.cli.options.run import run_options
from listrak_sync.cli.options.sent import PushedOptions
from listrak_sync.cli.options.spread import spread
from listrak_sync.cli.progress import ProgressDisplay
from listrak_sync.cli.run_messages import announce, tell
from listrak_sync.cli.run_outputs import RunOutputs
from listrak_sync.errors import UsageError
from listrak_sync.input.sources import Source
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.push import EarlierRun, NewRun, PushCallbacks, PushRequest, run_push
from listrak_sync.report.reject_samples import RejectSamples
from listrak_sync.tasks import PushOptions


@spread
def push(
    context: typer.Context,
    read: InputOptions,
    mappings: MappingOptions,
    sent: PushedOptions,
    guarding: GuardOptions,
    delivery: PushDeliveryOptions,
    journal: JournalOptions,
    output: PushOutput,
) -> None:
    """Send what the events ask for, and answer for every contact.

    Credentials: LISTRAK_CLIENT_ID and LISTRAK_CLIENT_SECRET, or --client-secret-file.

    Example: listrak-sync push exports/ -m mappings.yaml --rejects rejects.ndjson
    """
    messages = output.messages()
    display = ProgressDisplay(
        output.progress,
        messages,
        prints=bool(output.printed()),
        as_it_runs=output.prints_rejects,
    )

    def show_reading(sources: Sequence[Source]) -> ProgressDisplay:
        announce(sources, messages)
        return display

    outputs = RunOutputs(
        output.rejects,
        output.report,
        output.metrics_file,
        RejectSamples(output.report_samples),
        is_part=journal.resume,
    )
    with answering("push", messages, as_json=output.as_json, is_run=True):
        outputs.check_metrics()
    with answering("push", messages, as_json=output.as_json, is_run=True, outputs=outputs):
        outputs.check()
        output.check()
        if journal.resume:
            _refuse_what_the_journal_has(context, read.events or ())
            run: NewRun | EarlierRun = EarlierRun(read.events[0] if read.events else None)
        else:
            run = _new_run(read, mappings, sent, delivery, journal)
        request = PushRequest(
            run=run,
            addresses=Addresses(delivery.api_url, delivery.auth_url),
            secret_file=delivery.client_secret_file,
            guards=guarding.guards,
            strict=mappings.strict,
            jobs=delivery.jobs,
            flush_every=delivery.flush_every,
            in_flight=delivery.in_flight,
            wait=delivery.wait,
            verify=delivery.verify,
            rejects=output.rejects,
            existing_rejects=output.existing_rejects(),
            journal=journal.journal,
            no_journal=journal.no_journal,
            lock_wait=journal.lock_wait or 0.0,
            retry_for=delivery.retry_for,
            samples_funnels=output.report is not None,
            sandbox=delivery.sandbox,
        )
        callbacks = PushCallbacks(
            on_note=messages.info,
            on_detail=messages.detail,
            on_remarks=lambda file, found: warn(messages, file, found),
            on_reading=show_reading,
            on_reject=outputs.on_reject,
            on_receipt=lambda receipt: tell(receipt, messages),
            on_retry=display.retry,
            on_progress=display,
            on_signal=display.stopping,
        )
        result = run_push(request, callbacks)
    try:
        status = conclude(
            "push",
            result.run,
            messages,
            as_json=output.as_json,
            outputs=outputs,
            title="push to the sandbox" if delivery.sandbox else None,
        )
    finally:
        # Even where the report cannot be printed: the run is resumed all the same.
        if result.way_on is not None:
            messages.info(result.way_on)
    raise typer.Exit(status)


def _new_run(
    read: InputOptions,
    mappings: MappingOptions,
    sent: PushedOptions,
    delivery: PushDeliveryOptions,
    journal: JournalOptions,
) -> NewRun:
    """Return a run over new input. Raises UsageError for options that cannot go together."""
    options = run_options(read, mappings, sent, delivery)
    if sent.reject_unknown and not sent.only_changes:
        hint = "Give --only-changes as well: without it, the lists are not read."
        raise UsageError("--reject-unknown needs --only-changes", hint)
    if journal.once and (sent.mirror or sent.previous):
        hint = "Leave out --once: who is in a file that is read already stays on."
        raise UsageError("--mirror and --previous need the whole input", hint)
    return NewRun(
        mappings.mapping or (),
        read.events or (),
        options,
        include=read.include or (),
        exclude=read.exclude or (),
        once=journal.once,
        times=[each.text if each else None for each in (read.since, read.until)],
    )


def _refuse_what_the_journal_has(context: typer.Context, events: Sequence[str]) -> None:
    """Raise UsageError for options beside --resume that it would ignore."""
    names = {*PushOptions.__struct_fields__, "include", "exclude", "once"} - {"events"}
    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name in names
        # A mapping that the environment names is not refused: it is meant for other runs as well.
        and (source := context.get_parameter_source(parameter.name)) is not None
        and source.name == "COMMANDLINE"
    ]
    if surplus := [*given, *events[1:]]:
        hint = "Leave that out, or start a new push without --resume."
        raise UsageError(f"--resume takes it from the journal: {', '.join(surplus)}", hint)
