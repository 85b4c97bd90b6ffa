"""`listrak-sync mapping new`: prints the mapping of an Engage audience."""

from __future__ import annotations

import os
import stat
import sys
from io import UnsupportedOperation
from typing import TYPE_CHECKING, Annotated

import typer

from listrak_sync.cli.fields_create import one_name
from listrak_sync.cli.messages import Messages
from listrak_sync.cli.options.delivery import ApiUrl, AuthUrl, SecretFile
from listrak_sync.cli.options.values import parse_id
from listrak_sync.cli.output import print_lines
from listrak_sync.delivery.destination import open_listrak
from listrak_sync.errors import UsageError
from listrak_sync.listrak.addresses import API_URL, AUTH_URL, Addresses
from listrak_sync.mapping.field_types import CHECK_BOX

if TYPE_CHECKING:
    from listrak_sync.account.making import Making


def new(
    audience_key: Annotated[
        str,
        typer.Argument(
            metavar="AUDIENCE_KEY",
            help="The audience's key, as its settings in Segment and its events have it.",
            show_default=False,
        ),
    ],
    list_id: Annotated[
        int, typer.Option("--list", metavar="ID", parser=parse_id, help="The list's id.")
    ],
    field: Annotated[
        int | None,
        typer.Option(
            metavar="ID",
            parser=parse_id,
            help="The check box that the audience switches.",
            show_default=False,
        ),
    ] = None,
    create: Annotated[
        str | None,
        typer.Option(
            "--create",
            metavar="NAME",
            help="Make the check box at Listrak, where it is missing, instead of --field.",
            show_default=False,
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            metavar="GROUP",
            help="The group of the check box for --create, made where it is missing.",
            show_default=False,
        ),
    ] = None,
    separate: Annotated[
        bool,
        typer.Option(
            "--separate", help="Print two mappings: one for who enters, one for who leaves."
        ),
    ] = False,
    api_url: ApiUrl = API_URL,
    auth_url: AuthUrl = AUTH_URL,
    client_secret_file: SecretFile = None,
) -> None:
    """Print the mapping of an Engage audience, ready to be pasted or appended to a mapping file.

    Into a new file, it goes with the line that begins one: mapping new … > mappings.yaml. To a file
    whose last key is mappings, it can be appended with >>. Listrak is asked only with --create.

    Example: listrak-sync mapping new vip_shoppers --list 12345 --field 789
    """
    from listrak_sync.segment_import.audience_mapping import (  # noqa: PLC0415 - only here
        AudienceField,
        audience_mapping,
        separate_mappings,
    )

    key = one_name(audience_key, "AUDIENCE_KEY")
    if (field is None) == (create is None):
        hint = f"Show the fields with: listrak-sync fields {list_id}"
        raise UsageError("give either --field ID or --create NAME", hint)
    if (create is None) != (group is None):
        raise UsageError("--create NAME and --group GROUP go together", "Give both, or neither.")
    switched = AudienceField(list_id, field or 0)
    if create is not None and group is not None:
        names = one_name(create, "--create"), one_name(group, "--group")
        with open_listrak(Addresses(api_url, auth_url), client_secret_file) as api:
            switched = AudienceField(list_id, *_made(api, list_id, *names))
    lines = (separate_mappings if separate else audience_mapping)(key, switched)
    print_lines(line.encode() for line in (*_head(), *lines))


def _made(api: Making, list_id: int, name: str, group: str) -> tuple[int, str]:
    """Return the id and the name of a check box, which is made where it is missing."""
    from listrak_sync.account.making import WantedFields, make_fields  # noqa: PLC0415 - only here

    (made,) = make_fields(api, WantedFields(list_id, group, (name,), CHECK_BOX))
    is_there = "made" if made.is_new else "is there already"
    Messages().info(f"field {made.field.id}, {made.field.name}, in {made.group.name}: {is_there}")
    return made.field.id, made.field.name or ""


def _head() -> tuple[str, ...]:
    """Return what comes before the mapping: for an empty file its first line, else a blank one.

    Elsewhere than in a file, nothing does.
    """
    try:
        output = os.fstat(sys.stdout.fileno())
    except (OSError, UnsupportedOperation):
        return ()
    if not stat.S_ISREG(output.st_mode):
        return ()
    # The blank line also ends the last one of the file, where it has no end.
    return ("",) if output.st_size else ("mappings:",)
