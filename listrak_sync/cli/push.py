"""`listrak-sync push`: send what the events ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from listrak_sync.cli import options
from listrak_sync.cli.console import Messages
from listrak_sync.cli.durations import parse_duration
from listrak_sync.cli.progress import ProgressDisplay
from listrak_sync.cli.reject_file import RejectFile
from listrak_sync.cli.resume import PushSettings, absolute, digest, resumed
from listrak_sync.cli.runs import announce, conclude, first_route, interruptible, limits_of
from listrak_sync.delivery.deliver import Ways
from listrak_sync.delivery.journal import Journal
from listrak_sync.delivery.receipts import Delivered, Receipt, Undelivered, Unsent
from listrak_sync.delivery.stop import Stop
from listrak_sync.errors import UsageError
from listrak_sync.events.positions import Position
from listrak_sync.events.sources import STANDARD_INPUT, expand
from listrak_sync.listrak import credentials
from listrak_sync.listrak.addresses import API_URL, AUTH_URL, Addresses
from listrak_sync.listrak.credentials import Credentials
from listrak_sync.mapping.file import Mapping, load
from listrak_sync.mapping.values import parse_id
from listrak_sync.run import DEFAULT_WINDOW, Guards, Plan, Watchers
from listrak_sync.sync import Outcome
from listrak_sync.sync import push as run_push
from listrak_sync.updates.workers import usable_cores


def push(
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
    with _journal(journal, wanted=not (no_journal or (sandbox and journal is None))) as book:
        start = Position()
        if resume:
            if book is None:
                raise UsageError("--resume needs a journal", "Leave out --no-journal.")
            info, settings = resumed(book, events[0] if events else None)
            start, book.run = info.position, info.id
            sources = expand(settings.events) if not start.done else ()
            mappings = load(Path(settings.mapping))
            if any(source.file == STANDARD_INPUT for source in sources):
                sources, start = (), Position(done=True)
        elif mapping is None:
            raise UsageError("no mapping file", "Name one with -m FILE or LISTRAK_SYNC_MAPPING.")
        else:
            mappings, sources = load(mapping), expand(events or ())
            settings = PushSettings(
                str(mapping.absolute()),
                digest(mapping),
                absolute(sources),
                ignore_integrations,
                order,
                window,
                route,
                batch_contacts,
                batch_bytes,
            )
        plan = Plan(
            mappings=mappings,
            sources=sources,
            ignore_integrations=settings.ignore_integrations,
            by_timestamp=settings.order is options.Order.timestamp,
            window=settings.window,
            limits=limits_of(settings.route, settings.batch_contacts, settings.batch_bytes),
            route=first_route(settings.route),
            guards=Guards(max_rejects, max_contacts, max_off_ratio),
            flush_every=flush_every,
            start=start,
            jobs=jobs or usable_cores(),
        )
        ways = Ways(in_flight, fall_back=settings.route is options.RouteChoice.auto)
        with (
            RejectFile(rejects, plan.sources, append=resume) as reject_file,
            _destination(
                plan.mappings, Addresses(api_url, auth_url), client_secret_file, sandbox=sandbox
            ) as (addresses, access),
        ):
            from listrak_sync.delivery.access import check_access  # noqa: PLC0415 - loads httpx
            from listrak_sync.listrak.api import Api  # noqa: PLC0415 - loads httpx

            stop = Stop()
            with Api(addresses, access, in_flight) as api, interruptible(stop):
                check_access(api)
                if book is not None and not resume:
                    book.begin(msgspec.json.encode(settings))
                announce(plan.sources, messages)
                with ProgressDisplay(progress, plan.sources, messages) as display:
                    watchers = Watchers(
                        reject_file.write, display, lambda receipt: _tell(receipt, messages)
                    )
                    outcome = run_push(
                        plan, watchers, api, ways, journal=book, wait=wait, stop=stop
                    )
        _point_to_journal(book, outcome, messages)
    title = "push to the sandbox" if sandbox else "push"
    raise typer.Exit(conclude(title, outcome, messages, as_json=as_json))


@contextmanager
def _journal(path: Path | None, *, wanted: bool) -> Iterator[Journal | None]:
    """Open the journal, if one is wanted."""
    if not wanted:
        yield None
        return
    with Journal(path or default_journal()) as journal:
        yield journal


def default_journal() -> Path:
    """Return where the user's journal is."""
    from platformdirs import user_state_path  # noqa: PLC0415 - only where a journal is used

    return user_state_path("listrak-sync") / "journal.sqlite3"


def _destination(
    mappings: Sequence[Mapping], addresses: Addresses, secret_file: Path | None, *, sandbox: bool
) -> AbstractContextManager[tuple[Addresses, Credentials]]:
    if sandbox:
        return _sandbox(mappings)
    return nullcontext((addresses, credentials.read(os.environ, secret_file)))


@contextmanager
def _sandbox(mappings: Sequence[Mapping]) -> Iterator[tuple[Addresses, Credentials]]:
    """Run a stand-in that knows the lists and fields of the mappings, for this run alone."""
    from listrak_sync.sandbox import Account, Sandbox  # noqa: PLC0415 - only with --sandbox

    with Sandbox(Account.of_fields(known_fields(mappings))) as stand_in:
        access = Credentials("sandbox", "sandbox")
        yield Addresses(stand_in.api_url, stand_in.auth_url), access


def known_fields(mappings: Sequence[Mapping]) -> dict[int, dict[int, None]]:
    """Return the lists and fields that the mappings name; data types are not known."""
    fields: dict[int, dict[int, None]] = {}
    for mapping in mappings:
        list_id = parse_id(mapping.list_id.constant)
        if list_id is not None:
            fields.setdefault(list_id, {}).update({field.id: None for field in mapping.fields})
    return fields


def _tell(receipt: Receipt, messages: Messages) -> None:
    """Say how a request ended, for --verbose."""
    batch = receipt.batch
    what = f"list {batch.list_id}, batch {batch.id}, {len(batch.contacts)} contacts"
    match receipt:
        case Delivered(imports=imports):
            messages.detail(f"{what}: accepted, imports {', '.join(imports) or 'unnamed'}")
        case Undelivered(reason=reason, detail=detail):
            messages.detail(f"{what}: {reason}: {detail}")
        case Unsent(detail=detail):
            messages.detail(f"{what}: not sent: {detail}")


def _point_to_journal(journal: Journal | None, outcome: Outcome, messages: Messages) -> None:
    """Say where what is unsent is kept, and how to carry on."""
    if outcome.report.fell_back:
        messages.info("the profile-fields route is closed: the rest went by list import")
    if journal is not None and outcome.error is not None:
        messages.info(f"what is unsent is in the journal: listrak-sync push --resume {journal.run}")
