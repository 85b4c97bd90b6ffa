"""`listrak-sync sandbox`: runs a stand-in for Listrak on this machine."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import msgspec
import typer

from listrak_sync.cli.messages import Messages
from listrak_sync.cli.options.mapping import mapping_file
from listrak_sync.cli.options.values import count
from listrak_sync.cli.output import print_text
from listrak_sync.delivery.destination import known_fields
from listrak_sync.delivery.stop import Stop, interruptible
from listrak_sync.errors import OutputError, SettingsError
from listrak_sync.mapping.files import load_all

if TYPE_CHECKING:
    from listrak_sync.sandbox import Account, Behaviour, Exchange


def sandbox(
    mapping: Annotated[
        list[Path] | None,
        mapping_file("Know the lists and fields of this mapping file; every contact is on them."),
    ] = None,
    script: Annotated[
        Path | None,
        typer.Option(
            readable=False,
            metavar="FILE",
            help="JSON: the account's lists and contacts, and how the sandbox misbehaves.",
            show_default=False,
        ),
    ] = None,
    dump: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the values that contacts hold to this file at the end, as JSON: by list, "
            "address and field.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[int, typer.Option(metavar="N", parser=count(0, 65535), help="0: any.")] = 0,
) -> None:
    """Run a stand-in for Listrak on this machine until Ctrl-C.

    It enforces Listrak's published contract and keeps the values that are sent to it.

    Example: listrak-sync sandbox -m mappings.yaml --port 8765
    """
    from listrak_sync.sandbox import Sandbox  # noqa: PLC0415 - only here

    account, behaviour = _account(mapping, script)
    messages = Messages()

    def tell(exchange: Exchange) -> None:
        status = exchange.status or "no answer"
        messages.info(f"{status} {exchange.method} {exchange.path} {exchange.body_size} bytes")

    stop = Stop()
    dumped = _open(dump)
    with interruptible(stop), Sandbox(account, behaviour, port=port, on_request=tell) as stand_in:
        print_text(
            (
                f"export LISTRAK_API_URL={stand_in.api_url}",
                f"export LISTRAK_AUTH_URL={stand_in.auth_url}",
                f"export LISTRAK_CLIENT_ID={account.client_id}",
                f"export LISTRAK_CLIENT_SECRET={account.client_secret}",
            )
        )
        messages.info("the sandbox listens; set these where you run listrak-sync. Ctrl-C ends it.")
        while not stop.event.wait(threading.TIMEOUT_MAX):
            pass
        values = stand_in.values()
        for list_id, contacts in values.items():
            messages.info(f"list {list_id}: {len(contacts)} contacts have values")
    if dump is not None and dumped is not None:
        try:
            with dumped:
                dumped.write(msgspec.json.format(msgspec.json.encode(values), indent=1) + b"\n")
        except OSError as error:
            raise _unwritable(dump, error) from error


def _open(dump: Path | None) -> BinaryIO | None:
    """Open the file of the values, which only its owner can read. Raises OutputError."""
    if dump is None:
        return None
    try:
        return os.fdopen(os.open(dump, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
    except OSError as error:
        raise _unwritable(dump, error) from error


def _unwritable(dump: Path, error: OSError) -> OutputError:
    return OutputError(f"{dump}: {error.strerror or error}", "Name another file with --dump.")


def _account(mapping: list[Path] | None, script: Path | None) -> tuple[Account, Behaviour | None]:
    """Return what the sandbox knows and how it behaves."""
    from listrak_sync.sandbox import Account, load_script  # noqa: PLC0415 - only here

    if script is not None:
        try:
            return load_script(script.read_bytes())
        except OSError as error:
            hint = "Name a file with --script."
            raise SettingsError(f"{script}: {error.strerror or error}", hint) from error
    if mapping:
        return Account.of_fields(known_fields(load_all(mapping))), None
    hint = "Name a mapping file with -m, or a script with --script."
    raise SettingsError("the sandbox needs lists to know", hint)
