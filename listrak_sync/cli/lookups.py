"""`listrak-sync lists`, `listrak-sync fields`: the ids that a mapping file names."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from listrak_sync.cli import options
from listrak_sync.cli.console import Messages, Output, printable
from listrak_sync.listrak import credentials
from listrak_sync.listrak.addresses import API_URL, AUTH_URL, Addresses
from listrak_sync.mapping.values import MAX_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from listrak_sync.listrak.api import Api

ListId = Annotated[int, typer.Argument(metavar="LIST_ID", min=1, max=MAX_ID, help="The list's id.")]
ListsJson = Annotated[
    bool,
    typer.Option("--json", help='Print one JSON object: {"lists": [{"id", "name"}, …]}.'),
]
FieldsJson = Annotated[
    bool,
    typer.Option(
        "--json",
        help='Print one JSON object: {"list_id", "fields": [{"id", "name", "group_id", "group", '
        '"data_type", "max_length"}, …]}.',
    ),
]


def lists(
    as_json: ListsJson = False,
    api_url: options.ApiUrl = API_URL,
    auth_url: options.AuthUrl = AUTH_URL,
    client_secret_file: options.SecretFile = None,
) -> None:
    """Show the id and name of every list of the account.

    The integration needs the area List.
    """
    from listrak_sync import online  # noqa: PLC0415 - loads httpx

    with listrak(api_url, auth_url, client_secret_file) as api:
        found = online.lists(api)
    if as_json:
        records = [{"id": each.list_id, "name": each.list_name} for each in found]
        print_lines([msgspec.json.encode({"lists": records})])
    elif found:
        _table(("list id", "name"), ((each.list_id, each.list_name) for each in found))
    else:
        Messages().info("The account has no lists.")


def fields(
    list_id: ListId,
    as_json: FieldsJson = False,
    api_url: options.ApiUrl = API_URL,
    auth_url: options.AuthUrl = AUTH_URL,
    client_secret_file: options.SecretFile = None,
) -> None:
    """Show the profile fields of a list, with what each can hold.

    The integration needs the areas List and Segmentation.
    """
    from listrak_sync import online  # noqa: PLC0415 - loads httpx

    with listrak(api_url, auth_url, client_secret_file) as api:
        found = online.fields(api, list_id)
    if as_json:
        records = [
            {
                "id": field.id,
                "name": field.name,
                "group_id": group.id,
                "group": group.name,
                "data_type": field.data_type,
                "max_length": field.max_length,
            }
            for group, field in found
        ]
        print_lines([msgspec.json.encode({"list_id": list_id, "fields": records})])
    elif found:
        rows = (
            (field.id, field.name, group.name, field.data_type, field.max_length or None)
            for group, field in found
        )
        _table(("field id", "name", "group", "data type", "max length"), rows)
    else:
        Messages().info(f"List {list_id} has no profile fields.")


@contextmanager
def listrak(api_url: str, auth_url: str, client_secret_file: Path | None) -> Iterator[Api]:
    """Open Listrak's API with the credentials of the environment."""
    from listrak_sync.listrak.api import Api  # noqa: PLC0415 - loads httpx

    addresses = Addresses(api_url, auth_url)
    with Api(addresses, credentials.read(os.environ, client_secret_file)) as api:
        yield api


def print_lines(lines: Iterable[bytes]) -> None:
    """Print data on standard output, for as long as somebody reads it."""
    output = Output()
    try:
        for line in lines:
            output.line(line)
    except BrokenPipeError:
        return
    output.flush()


def _table(names: tuple[str, ...], rows: Iterable[tuple[str | int | None, ...]]) -> None:
    """Print rows as a table; None is an empty cell."""
    from rich import box  # noqa: PLC0415 - slow, and only needed at the end
    from rich.table import Table  # noqa: PLC0415 - slow, and only needed at the end
    from rich.text import Text  # noqa: PLC0415 - slow, and only needed at the end

    table = Table(box=box.SIMPLE_HEAD)
    for name in names:
        is_number = name.endswith(("id", "length"))
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        cells = ("" if cell is None else printable(str(cell)) for cell in row)
        table.add_row(*(Text(cell.replace("\n", "\\n")) for cell in cells))
    Messages().table(table, data=True)
