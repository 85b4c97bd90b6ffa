"""`listrak-sync auth test`: checks whether Listrak lets this integration in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from listrak_sync.cli.answers import answering
from listrak_sync.cli.command import Command, Group
from listrak_sync.cli.messages import Messages
from listrak_sync.cli.options.delivery import ApiUrl, AuthUrl, SecretFile
from listrak_sync.cli.options.mapping import mapping_file
from listrak_sync.cli.options.output import Json, Quiet
from listrak_sync.cli.output import print_json, print_text
from listrak_sync.delivery.destination import open_listrak
from listrak_sync.delivery.outcomes import answered, check_access
from listrak_sync.delivery.sending import look_up
from listrak_sync.errors import StoppedError
from listrak_sync.listrak.addresses import API_URL, AUTH_URL, Addresses
from listrak_sync.listrak.verdicts import NotFound, words_of
from listrak_sync.mapping.files import load_all
from listrak_sync.mapping.model import Mapping, list_id_of
from listrak_sync.text import counted, one_line

app = typer.Typer(
    help="Check credentials.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    cls=Group,
)


@app.callback()
def _group() -> None:
    """Check credentials."""


@app.command("test", cls=Command)
def auth_test(
    mapping: Annotated[
        list[Path] | None,
        mapping_file("Also ask for each list of this mapping file."),
    ] = None,
    api_url: ApiUrl = API_URL,
    auth_url: AuthUrl = AUTH_URL,
    client_secret_file: SecretFile = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Get a token, call the API and, with a mapping, ask for each of its lists.

    Example: listrak-sync auth test -m mappings.yaml
    """
    messages = Messages(quiet=quiet)
    names: dict[int, str | None] = {}
    missing: list[str] = []
    with answering("auth test", messages, as_json=as_json):
        wanted = _list_ids(load_all(mapping)) if mapping else ()
        with open_listrak(Addresses(api_url, auth_url), client_secret_file) as api:
            check_access(api)
            count = len(answered(look_up(api.lists)))
            for each in wanted:
                found = look_up(lambda wanted=each: api.list(wanted))  # type: ignore[misc]  # bound now
                if isinstance(found, NotFound):
                    missing.append(f"list {each}: {words_of(found)}")
                else:
                    names[each] = answered(found).list_name
    if as_json:
        lists = {str(list_id): name for list_id, name in names.items()}
        print_json({"token": True, "account_lists": count, "lists": lists, "missing": missing})
    elif not quiet:
        shown = (one_line(f"list {list_id}: {name}") for list_id, name in names.items())
        account = f"API: answers, the account has {counted(count, 'list')}"
        print_text(["token: received", account, *shown])
    if missing:
        hint = "Correct list_id in the mapping; ids are under Help & Support > API ID Information."
        raise StoppedError("\n".join(missing), hint)


def _list_ids(mappings: tuple[Mapping, ...]) -> tuple[int, ...]:
    """Return the ids of the lists that the enabled mappings name, each once."""
    ids = (list_id_of(mapping) for mapping in mappings if mapping.enabled)
    return tuple(dict.fromkeys(list_id for list_id in ids if list_id is not None))
