"""`listrak-sync lists` and `listrak-sync fields`: show the ids that a mapping file needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from listrak_sync.account import ids
from listrak_sync.cli.answers import answering
from listrak_sync.cli.messages import Messages
from listrak_sync.cli.options.delivery import ApiUrl, AuthUrl, SecretFile
from listrak_sync.cli.options.values import parse_id
from listrak_sync.cli.output import print_json, print_table, print_text
from listrak_sync.delivery.destination import open_listrak
from listrak_sync.errors import UsageError
from listrak_sync.listrak.addresses import API_URL, AUTH_URL, Addresses
from listrak_sync.mapping.field_types import DATA_TYPES, DescribedField

if TYPE_CHECKING:
    from listrak_sync.listrak.verdicts import ProfileField

ListId = Annotated[int, typer.Argument(metavar="LIST_ID", parser=parse_id, help="The list's id.")]
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


FieldsYaml = Annotated[
    bool,
    typer.Option(
        "--yaml", help="Print them as profile_fields: of a mapping file, which checks values then."
    ),
]


def lists(
    as_json: ListsJson = False,
    api_url: ApiUrl = API_URL,
    auth_url: AuthUrl = AUTH_URL,
    client_secret_file: SecretFile = None,
) -> None:
    """Show the id and name of every list of the account.

    The integration needs the area List.

    Example: listrak-sync lists
    """
    messages = Messages()
    with (
        answering("lists", messages, as_json=as_json),
        open_listrak(Addresses(api_url, auth_url), client_secret_file) as api,
    ):
        found = ids.lists(api)
    if as_json:
        records = [{"id": each.list_id, "name": each.list_name} for each in found]
        print_json({"lists": records})
    elif found:
        print_table(("list id", "name"), ((each.list_id, each.list_name) for each in found))
    else:
        messages.info("The account has no lists.")


def fields(
    list_id: ListId,
    as_json: FieldsJson = False,
    as_yaml: FieldsYaml = False,
    api_url: ApiUrl = API_URL,
    auth_url: AuthUrl = AUTH_URL,
    client_secret_file: SecretFile = None,
) -> None:
    """Show the profile fields of a list, with what each can hold; fields create makes some.

    The integration needs the areas List and Segmentation. To make fields, see:
    listrak-sync fields create --help

    Example: listrak-sync fields 12345
    """
    messages = Messages()
    with answering("fields", messages, as_json=as_json):
        if as_json and as_yaml:
            hint = "Leave one out: each prints on standard output."
            raise UsageError("--json and --yaml exclude each other", hint)
        with open_listrak(Addresses(api_url, auth_url), client_secret_file) as api:
            found = ids.fields(api, list_id)
    if as_yaml and found:
        print_text(profile_fields_yaml(list_id, [field for _, field in found]))
    elif as_json:
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
        print_json({"list_id": list_id, "fields": records})
    elif found:
        rows = (
            (field.id, field.name, group.name, field.data_type, field.max_length or None)
            for group, field in found
        )
        print_table(("field id", "name", "group", "data type", "max length"), rows)
    else:
        messages.info(f"List {list_id} has no profile fields.")


def profile_fields_yaml(list_id: int, fields: Sequence[ProfileField]) -> list[str]:
    """Return the lines of `profile_fields:` in a mapping file."""
    from listrak_sync.mapping.profile_fields import profile_fields_entry  # noqa: PLC0415 - only here
    from listrak_sync.segment_import.yaml_writer import comment, entry  # noqa: PLC0415 - only here

    described: list[DescribedField] = []
    remarks = [f"The profile fields of list {list_id}."]
    for field in fields:
        data_type = field.data_type if field.data_type in DATA_TYPES else None
        described.append(DescribedField(field.id, field.name, data_type, field.max_length or 0))
        if field.data_type not in {data_type, ""}:
            remarks.append(
                f"Field {field.id} is of type {field.data_type}, whose values are not checked."
            )
    return [
        *(line for remark in remarks for line in comment(remark)),
        *entry("profile_fields", profile_fields_entry(described)),
    ]
