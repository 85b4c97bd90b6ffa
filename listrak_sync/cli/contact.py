"""`listrak-sync contact`: shows what Listrak holds for one contact."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from listrak_sync.account.contacts import contact as look_up_contact
from listrak_sync.cli.answers import answering
from listrak_sync.cli.messages import Messages
from listrak_sync.cli.options.delivery import ApiUrl, AuthUrl, SecretFile
from listrak_sync.cli.options.values import parse_id
from listrak_sync.cli.output import print_json, print_table, print_text
from listrak_sync.delivery.destination import open_listrak
from listrak_sync.errors import SOME_REJECTED, UsageError
from listrak_sync.listrak.addresses import API_URL, AUTH_URL, Addresses
from listrak_sync.mapping.file import load
from listrak_sync.mapping.model import list_id_of
from listrak_sync.mapping.values import is_email_address
from listrak_sync.text import one_line

if TYPE_CHECKING:
    from listrak_sync.account.contacts import FoundContact

NOT_ON_LIST = "not_on_list"


def contact(
    email: Annotated[
        str, typer.Argument(metavar="EMAIL", help="The contact's address.", show_default=False)
    ],
    list_id: Annotated[
        int, typer.Option("--list", metavar="ID", parser=parse_id, help="The list's id.")
    ],
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--mapping",
            "-m",
            readable=False,
            metavar="FILE",
            help="Show the fields that this mapping file sets on the list, not all of them.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help='Print one JSON object: {"list_id", "email_address", "state", "fields": [{"id", '
            '"name", "group_id", "group", "data_type", "value"}, …]}. state: subscribed, '
            "unsubscribed or not_on_list; value: null where Listrak tells none.",
        ),
    ] = False,
    api_url: ApiUrl = API_URL,
    auth_url: AuthUrl = AUTH_URL,
    client_secret_file: SecretFile = None,
) -> None:
    """Show what Listrak holds for a contact of a list.

    That is whether it is subscribed, and the values of its profile fields.

    The exit status is 6 where the contact is not on the list. The integration needs the areas
    Contact, List and Segmentation.

    Example: listrak-sync contact ann@example.com --list 12345
    """
    messages = Messages()
    address = email.strip()
    with answering("contact", messages, as_json=as_json):
        if not is_email_address(address):
            raise UsageError(
                f"EMAIL: {email!r} is not a valid e-mail address", "Write name@example.com."
            )
        only = None if mapping is None else _field_ids(mapping, list_id)
        with open_listrak(Addresses(api_url, auth_url), client_secret_file) as api:
            found = look_up_contact(api, list_id, address, only)
    if as_json:
        print_json(_record(list_id, address, found))
    elif found:
        state = one_line(found.state or "its state is not told").lower()
        print_text([f"{one_line(address)} on list {list_id}: {state}"])
        if found.fields:
            rows = (
                (each.field.id, each.field.name, each.group.name, each.value)
                for each in found.fields
            )
            print_table(("field id", "name", "group", "value"), rows)
        else:
            messages.info(f"List {list_id} has no profile fields.")
    if found is None:
        messages.info(f"{address} is not on list {list_id}.")
        raise typer.Exit(SOME_REJECTED)
    for field_id in found.unknown:
        messages.warning(f"{mapping}: list {list_id} has no profile field {field_id}")


def _field_ids(file: Path, list_id: int) -> tuple[int, ...]:
    """Return the fields that a mapping file sets on a list. Raises UsageError for none."""
    ids = dict.fromkeys(
        field.id
        for mapping in load(file)
        if mapping.enabled and list_id_of(mapping) in {None, list_id}
        for field in mapping.fields
    )
    if not ids:
        hint = "Name another list with --list, or leave out -m to see all fields."
        raise UsageError(f"{file}: no mapping sets fields of list {list_id}", hint)
    return tuple(ids)


def _record(list_id: int, address: str, found: FoundContact | None) -> dict[str, object]:
    """Return the object that --json prints."""
    state = found.state and found.state.lower() if found else NOT_ON_LIST
    fields = [
        {
            "id": each.field.id,
            "name": each.field.name,
            "group_id": each.group.id,
            "group": each.group.name,
            "data_type": each.field.data_type,
            "value": each.value,
        }
        for each in (found.fields if found else ())
    ]
    return {"list_id": list_id, "email_address": address, "state": state, "fields": fields}
