"""`listrak-sync push`: send what the events ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer

from listrak_sync.cli import options
from listrak_sync.cli.console import Messages
from listrak_sync.cli.progress import ProgressDisplay
from listrak_sync.cli.reject_file import RejectFile
from listrak_sync.cli.runs import Ending, announce, conclude, interruptible
from listrak_sync.delivery.deliver import Delivered, Receipt, Undelivered, Unsent
from listrak_sync.delivery.stop import Stop
from listrak_sync.events.sources import expand
from listrak_sync.listrak import credentials
from listrak_sync.listrak.addresses import API_URL, AUTH_URL, Addresses
from listrak_sync.listrak.credentials import Credentials
from listrak_sync.mapping.file import Mapping, load
from listrak_sync.mapping.values import parse_id
from listrak_sync.sync import DEFAULT_WINDOW, Plan, Watchers
from listrak_sync.sync import push as run_push
from listrak_sync.updates.batches import DEFAULT_BYTES, DEFAULT_CONTACTS, Limits


def push(
    mapping: options.MappingFile,
    events: options.Events = None,
    rejects: options.Rejects = None,
    max_rejects: options.MaxRejects = None,
    ignore_integrations: options.IgnoreIntegrations = False,
    order: options.OrderOption = options.Order.timestamp,
    window: options.WindowSize = DEFAULT_WINDOW,
    batch_contacts: options.BatchContacts = DEFAULT_CONTACTS,
    batch_bytes: options.BatchBytes = DEFAULT_BYTES,
    in_flight: Annotated[
        int, typer.Option(metavar="N", min=1, max=64, help="Requests at the same time, at most.")
    ] = 4,
    sandbox: Annotated[
        bool,
        typer.Option("--sandbox", help="Send to a stand-in on this machine, not to Listrak."),
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
    plan = Plan(
        mappings=load(mapping),
        sources=expand(events or ()),
        ignore_integrations=ignore_integrations,
        by_timestamp=order is options.Order.timestamp,
        window=window,
        limits=Limits(batch_contacts, batch_bytes),
        max_rejects=max_rejects,
    )
    with RejectFile(rejects, plan.sources) as reject_file:
        if sandbox:
            destination = _sandbox(plan.mappings)
        else:
            access = credentials.read(os.environ, client_secret_file)
            destination = _listrak(Addresses(api_url, auth_url), access)
        with destination as (addresses, access):
            from listrak_sync.delivery.access import check_access  # noqa: PLC0415 - loads httpx
            from listrak_sync.listrak.api import Api  # noqa: PLC0415 - loads httpx

            stop = Stop()
            with Api(addresses, access, in_flight) as api, interruptible(stop):
                check_access(api)
                announce(plan.sources, messages)
                with ProgressDisplay(progress, plan.sources, messages) as display:
                    watchers = Watchers(
                        reject_file.write, display, lambda receipt: _tell(receipt, messages)
                    )
                    report, error = run_push(plan, watchers, api, in_flight=in_flight, stop=stop)
    title = "push to the sandbox" if sandbox else "push"
    raise typer.Exit(conclude(title, Ending(report, error), messages, as_json=as_json))


@contextmanager
def _listrak(addresses: Addresses, access: Credentials) -> Iterator[tuple[Addresses, Credentials]]:
    yield addresses, access


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
