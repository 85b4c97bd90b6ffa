"""`listrak-sync push`: send what the events ask for."""

from __future__ import annotations

from typing import Annotated

import typer

from listrak_sync.cli import options
from listrak_sync.cli.answers import answering
from listrak_sync.cli.destination import destination
from listrak_sync.cli.ending import conclude
from listrak_sync.cli.journal_file import files_of, opened
from listrak_sync.cli.messages import Messages
from listrak_sync.cli.narration import announce, tell, tell_retry, tell_wait
from listrak_sync.cli.options import parse_duration
from listrak_sync.cli.progress import ProgressDisplay
from listrak_sync.cli.push_task import new_task, written
from listrak_sync.cli.reject_file import RejectFile
from listrak_sync.cli.resume import (
    carried_on,
    check_destination,
    elsewhere,
    refuse_what_is_journalled,
    way_on,
)
from listrak_sync.cli.run_settings import RunOptions
from listrak_sync.cli.signals import interruptible
from listrak_sync.delivery.sending import DeliveryOptions
from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import UsageError
from listrak_sync.guards import Guards
from listrak_sync.input.sources import Source
from listrak_sync.listrak.addresses import API_URL, AUTH_URL, Addresses
from listrak_sync.report.counts import Report
from listrak_sync.run import DEFAULT_WINDOW, RunCallbacks
from listrak_sync.sync import push as run_push


def push(
    context: typer.Context,
    mapping: options.OptionalMappingFile = None,
    events: options.Events = None,
    rejects: options.Rejects = None,
    max_rejects: options.MaxRejects = None,
    max_contacts: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            help="Send nothing more once a window brings more contacts than this in all.",
            show_default=False,
        ),
    ] = None,
    max_off_ratio: Annotated[
        float | None,
        typer.Option(
            metavar="R",
            min=0,
            max=1,
            help="Send nothing of a window in which more than this share of the values is off.",
            show_default=False,
        ),
    ] = None,
    ignore_integrations: options.IgnoreIntegrations = False,
    order: options.OrderOption = options.Order.timestamp,
    window: options.WindowSize = DEFAULT_WINDOW,
    jobs: options.Jobs = None,
    flush_every: Annotated[
        float | None,
        typer.Option(
            metavar="DURATION",
            parser=parse_duration,
            help="Send what has gathered every so often: for pipes that never end.",
            show_default=False,
        ),
    ] = None,
    route: options.RouteOption = options.RouteChoice.auto,
    batch_contacts: options.BatchContacts = None,
    batch_bytes: options.BatchBytes = None,
    in_flight: Annotated[
        int, typer.Option(metavar="N", min=1, max=64, help="Requests at the same time, at most.")
    ] = 4,
    wait: Annotated[
        float | None,
        typer.Option(
            metavar="[DURATION]",
            parser=parse_duration,
            help="Follow the imports to their end, 10m if no other time is given, and report "
            "what they did.",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Carry on with the run named in place of EVENTS, or with the last unfinished "
            "one; its mapping, input and options come from the journal.",
        ),
    ] = False,
    journal: options.JournalPath = None,
    no_journal: Annotated[
        bool,
        typer.Option("--no-journal", help="Write nothing down; a kill may lose what is unsent."),
    ] = False,
    sandbox: Annotated[
        bool,
        typer.Option(
            "--sandbox", help="Send to a stand-in on this machine, not to Listrak; no journal."
        ),
    ] = False,
    api_url: options.ApiUrl = API_URL,
    auth_url: options.AuthUrl = AUTH_URL,
    client_secret_file: options.SecretFile = None,
    as_json: options.Json = False,
    progress: options.ProgressOption = options.Progress.auto,
    log_format: options.LogFormatOption = options.LogFormats.text,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Send what the events ask for, and answer for every contact.

    Credentials: LISTRAK_CLIENT_ID and LISTRAK_CLIENT_SECRET, or --client-secret-file.
    """
    messages = Messages(quiet=quiet, verbose=verbose, log_format=log_format.value)
    settings = RunOptions(
        ignore_integrations=ignore_integrations,
        order=order,
        window=window,
        route=route,
        batch_contacts=batch_contacts,
        batch_bytes=batch_bytes,
    )
    with (
        answering("push", messages, as_json=as_json, report=Report([]).as_json()),
        opened(journal, wanted=not (no_journal or (sandbox and journal is None))) as book,
    ):
        if resume:
            refuse_what_is_journalled(context, events or ())
            if book is None:
                hint = f"Leave out {'--no-journal' if no_journal else '--sandbox'}."
                raise UsageError("--resume needs a journal", hint)
            task = carried_on(book, events[0] if events else None)
            if task.lost is not None:
                messages.info(task.lost)
        elif mapping is None:
            raise UsageError("no mapping file", "Name one with -m FILE or LISTRAK_SYNC_MAPPING.")
        else:
            task = new_task(mapping, events or (), settings)
        plan = task.plan(Guards(max_rejects, max_contacts, max_off_ratio), jobs, flush_every)
        ways = DeliveryOptions(
            in_flight,
            fall_back=task.settings.route is options.RouteChoice.auto,
            on_retry=lambda retry: tell_retry(retry, messages),
            on_wait=lambda waiting: tell_wait(waiting, messages),
        )
        with destination(
            plan.mappings, Addresses(api_url, auth_url), client_secret_file, sandbox=sandbox
        ) as (addresses, access):
            from listrak_sync.delivery.access import check_access  # noqa: PLC0415 - loads httpx
            from listrak_sync.listrak.api import Api  # noqa: PLC0415 - loads httpx

            if book is not None and resume:
                check_destination(book, addresses)
            stop = Stop()
            with Api(addresses, access, in_flight) as api, interruptible(stop, messages):
                with stop.breaking_off():
                    check_access(api)
                needed = (*plan.sources, Source(task.settings.mapping), *files_of(book))
                with RejectFile(rejects, needed, append=resume) as reject_file:
                    if book is not None and not resume:
                        book.begin(written(task.settings, addresses))
                    for told in () if book is None else elsewhere(book, addresses):
                        messages.info(told)
                    announce(plan.sources, messages)
                    with ProgressDisplay(progress, plan.sources, messages, sends=True) as display:
                        watchers = RunCallbacks(
                            reject_file.write, display, lambda receipt: tell(receipt, messages)
                        )
                        outcome = reject_file.close(
                            run_push(plan, watchers, api, ways, journal=book, wait=wait, stop=stop)
                        )
        left = way_on(book, outcome, task.settings)
    try:
        status = conclude(
            "push",
            outcome,
            messages,
            as_json=as_json,
            keeps_rejects=rejects is not None,
            title="push to the sandbox" if sandbox else None,
        )
    finally:
        if left is not None:
            messages.info(left)
    raise typer.Exit(status)
