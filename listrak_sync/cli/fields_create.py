"""`listrak-sync fields create`: makes profile fields at Listrak."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from listrak_sync.account.making import WantedFields, make_fields
from listrak_sync.cli.answers import answering
from listrak_sync.cli.messages import Messages
from listrak_sync.cli.options.delivery import ApiUrl, AuthUrl, SecretFile
from listrak_sync.cli.options.values import choice, count, parse_id
from listrak_sync.cli.output import print_json, print_table
from listrak_sync.delivery.destination import open_listrak
from listrak_sync.errors import UsageError
from listrak_sync.listrak.addresses import API_URL, AUTH_URL, Addresses
from listrak_sync.mapping.field_types import CHECK_BOX, DATA_TYPES
from listrak_sync.mapping.values import MAX_ID

if TYPE_CHECKING:
    from listrak_sync.account.making import ThereField

DataType = StrEnum("DataType", [(name, name) for name in DATA_TYPES])  # type: ignore[misc]  # the names are Listrak's
_CHECK_BOX = DataType(CHECK_BOX)


def create(
    list_id: Annotated[
        int, typer.Argument(metavar="LIST_ID", parser=parse_id, help="The list's id.")
    ],
    names: Annotated[
        list[str], typer.Argument(metavar="NAME", help="Names of the fields.", show_default=False)
    ],
    group: Annotated[
        str,
        typer.Option(
            metavar="GROUP",
            help="The group they belong to; it is made where the list has none of this name.",
            show_default=False,
        ),
    ],
    data_type: Annotated[
        DataType, typer.Option("--type", **choice(DataType), help="What they can hold.")
    ] = _CHECK_BOX,
    max_length: Annotated[
        int,
        typer.Option(
            metavar="N", parser=count(0, MAX_ID), help="Characters they take, 0 for any number."
        ),
    ] = 0,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help='Print one JSON object: {"list_id", "fields": [{"id", "name", "group_id", '
            '"group", "data_type", "max_length", "created"}, …]}.',
        ),
    ] = False,
    api_url: ApiUrl = API_URL,
    auth_url: AuthUrl = AUTH_URL,
    client_secret_file: SecretFile = None,
) -> None:
    """Make profile fields on a list, and the group they belong to; print their ids.

    What is there already stays as it is, so running it twice makes nothing twice. Names are
    compared without case. The integration needs the areas List and Segmentation.

    Example: listrak-sync fields create 12345 "VIP shoppers" --group "Engage Audiences"
    """
    messages = Messages()
    with answering("fields create", messages, as_json=as_json):
        wanted = WantedFields(
            list_id,
            one_name(group, "--group"),
            unique([one_name(name, "NAME") for name in names]),
            data_type.value,
            max_length,
        )
        with open_listrak(Addresses(api_url, auth_url), client_secret_file) as api:
            made = make_fields(api, wanted)
    if as_json:
        print_json({"list_id": list_id, "fields": [_record(each) for each in made]})
    else:
        rows = (
            (
                each.field.id,
                each.field.name,
                each.group.name,
                each.field.data_type,
                "made" if each.is_new else "is there",
            )
            for each in made
        )
        print_table(("field id", "name", "group", "data type", ""), rows)
    tell_other_groups(messages, wanted.group, made)


def one_name(text: str, what: str) -> str:
    """Return a name without blanks around it. Raises UsageError where it cannot be one."""
    name = text.strip()
    if not name or not name.isprintable():
        raise UsageError(f"{what}: {text!r} is not a name", "Write a name of visible characters.")
    return name


def unique(names: list[str]) -> tuple[str, ...]:
    """Return names, each once whatever its case."""
    return tuple({name.casefold(): name for name in reversed(names)}.values())[::-1]


def tell_other_groups(messages: Messages, group: str, made: tuple[ThereField, ...]) -> None:
    """Tell of fields that were there already, in another group."""
    for each in made:
        name = each.group.name or ""
        if not each.is_new and name.casefold() != group.casefold():
            messages.info(f"{each.field.name} was there already, in the group {name}")


def _record(each: ThereField) -> dict[str, object]:
    """Return a field as --json shows it."""
    return {
        "id": each.field.id,
        "name": each.field.name,
        "group_id": each.group.id,
        "group": each.group.name,
        "data_type": each.field.data_type,
        "max_length": each.field.max_length,
        "created": each.is_new,
    }
