"""`listrak-sync auth test`: does Listrak let this integration in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from listrak_sync.cli import options
from listrak_sync.cli.console import Messages, Output, counted, printable
from listrak_sync.errors import StoppedError
from listrak_sync.listrak import credentials
from listrak_sync.listrak.addresses import API_URL, AUTH_URL, Addresses
from listrak_sync.listrak.verdicts import NotFound, words_of
from listrak_sync.mapping.file import Mapping, load
from listrak_sync.mapping.values import parse_id

app = typer.Typer(
    help="Check credentials.", no_args_is_help=True, add_completion=False, rich_markup_mode=None
)


@app.callback()
def _group() -> None:
    """Check credentials."""


@app.command("test")
def auth_test(
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--mapping",
            "-m",
            readable=False,
            metavar="FILE",
            envvar="LISTRAK_SYNC_MAPPING",
            help="Ask for each list of this mapping file, too.",
            show_default=False,
        ),
    ] = None,
    api_url: options.ApiUrl = API_URL,
    auth_url: options.AuthUrl = AUTH_URL,
    client_secret_file: options.SecretFile = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Get a token, call the API and, with a mapping, ask for each of its lists."""
    from listrak_sync.delivery.access import answered, ask, check_access  # noqa: PLC0415 - slow
    from listrak_sync.listrak.api import Api  # noqa: PLC0415 - loads httpx

    messages, output = Messages(quiet=quiet), Output()
    wanted = _list_ids(load(mapping)) if mapping else ()
    addresses = Addresses(api_url, auth_url)
    names: dict[int, str | None] = {}
    missing: list[str] = []
    with Api(addresses, credentials.read(os.environ, client_secret_file)) as api:
        check_access(api)
        count = len(answered(ask(api.lists)))
        for list_id in wanted:
            found = ask(lambda wanted=list_id: api.list(wanted))  # type: ignore[misc]  # bound now
            if isinstance(found, NotFound):
                missing.append(f"list {list_id}: {words_of(found)}")
            else:
                names[list_id] = answered(found).list_name
    if as_json:
        record = {
            "token": True,
            "account_lists": count,
            "lists": {str(list_id): name for list_id, name in names.items()},
            "missing": missing,
        }
        output.line(msgspec.json.encode(record))
    elif not messages.quiet:
        output.line(b"token: received")
        output.line(f"API: answers, the account has {counted(count, 'list')}".encode())
        for list_id, name in names.items():
            output.line(printable(f"list {list_id}: {name}").encode())
    output.flush()
    if missing:
        hint = "Correct list_id in the mapping; ids are under Help & Support > API ID Information."
        raise StoppedError("\n".join(missing), hint)


def _list_ids(mappings: tuple[Mapping, ...]) -> tuple[int, ...]:
    """Return the lists that the enabled mappings name, each once."""
    ids = [parse_id(mapping.list_id.constant) for mapping in mappings if mapping.enabled]
    return tuple(dict.fromkeys(list_id for list_id in ids if list_id is not None))
