"""What comes from outside stays what it is: no way out of JSON, CSV, the terminal or a file."""

from __future__ import annotations

import json
import os
import re
import stat
import traceback
import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listrak_sync.batching.batches import LIST_IMPORT, PROFILE_FIELDS, Limits, Route, batches
from listrak_sync.batching.window import Contact
from listrak_sync.delivery.outcomes import check_access
from listrak_sync.errors import AccessRefusedError, ListrakSyncError
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.listrak.api import Api
from listrak_sync.listrak.auth import ClientCredentials, TokenError
from listrak_sync.listrak.credentials import Credentials
from listrak_sync.listrak.verdicts import Accepted
from listrak_sync.sandbox import Account, Behaviour, Reply, Sandbox
from tests.cli.conftest import ACCOUNT, Cli, Start, cli, event, faulty, start
from tests.cli.terminal import on_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["cli", "start"]  # fixtures

SECRET = "a-secret-of-some-length"
STEERING = "\x1b[31m\x1b]0;owned\x07\r\nerror: forged\x7f\x9b1m\u202e\u2028"
"""Colours, a title, a line that looks like one of ours, C1 controls, a change of direction."""
ALLOWED = {"\n"}
VALUES = ("=1+1", "@SUM(1)", '"', '","', "a\r\nb", "'; --", "\\", "\u2028", "\0", "😀", " ")


def steering(text: str) -> set[str]:
    """Return the characters of a text that steer a terminal."""
    return {each for each in text if unicodedata.category(each) in {"Cc", "Cf", "Zl"}} - ALLOWED


@pytest.mark.parametrize("options", [(), ("--verbose",), ("--log-format", "json", "--verbose")])
def test_terminal(cli: Cli, start: Start, options: tuple[str, ...]) -> None:
    """Names, file names and Listrak's words cannot steer a terminal or forge a line."""
    words = Reply(status=400, error=f"ERROR{STEERING}", message=f"No.{STEERING}")
    start(faulty(words))
    mapping = (cli.folder / "m.yaml").read_text()
    name = json.dumps(f"VIP [/] [bold] {STEERING}")
    (cli.folder / "m.yaml").write_text(mapping.replace("name: VIP", f"name: {name}"))
    folder = cli.folder / f"in{STEERING}".replace("/", "")
    folder.mkdir()
    (folder / f"e{STEERING}").write_text("x\n" + event("c1@example.com"))
    ran = cli.run("push", folder.name, "-m", "m.yaml", "--rejects", "r.ndjson", *options)
    assert ran.status == 6
    assert "Traceback" not in ran.err
    assert steering(ran.err) == set()
    assert not re.search(r"^error: forged", ran.err, re.MULTILINE)
    if "json" in options:
        for line in ran.err.splitlines():
            json.loads(line)
    refused = cli.rejects()[-1]
    assert refused["reason"] == "refused_by_listrak"
    assert refused["mapping"] == f"VIP [/] [bold] {STEERING}"


@pytest.mark.parametrize("options", ["--json", "--format requests", "--format updates"])
def test_data_on_a_terminal(cli: Cli, options: str) -> None:
    """Data on a terminal cannot steer it, and is the same JSON as anywhere else."""
    text = STEERING.replace("\x1b", "")  # which msgspec escapes anywhere
    mapping = (cli.folder / "m.yaml").read_text()
    mapping = mapping.replace("name: VIP", f"name: {json.dumps(f'VIP {text}')}")
    mapping = mapping.replace("789: on", f"789: {json.dumps(text)}")
    (cli.folder / "m.yaml").write_text(mapping)
    command = ("dry-run", "e.ndjson", "-m", "m.yaml", "-q", *options.split())
    status, shown = on_terminal(cli.launcher, cli.folder, cli.environment, *command)
    piped = cli.run(*command)
    assert (status, piped.status) == (0, 0)
    assert steering(shown) == set()
    lines = zip(shown.splitlines(), piped.out.split("\n"), strict=False)
    for on_it, elsewhere in lines:
        one, other = json.loads(on_it), json.loads(elsewhere)
        for each in (one, other):
            if options == "--json":
                each.pop("seconds"), each.pop("lines_per_second", None)
        assert one == other


def test_terminal_of_an_error(cli: Cli, start: Start) -> None:
    """An error that ends a run cannot steer a terminal, and its report is one JSON object."""
    start(faulty(Reply(status=403, error=f"ERROR{STEERING}", message=STEERING)))
    ran = cli.run("push", "e.ndjson", "-m", "m.yaml", "--json")
    assert ran.status == ran.json()["exit_status"] == 4
    assert steering(ran.err) == set()
    assert "\n" not in ran.json()["error"]


def test_ids_that_steer(cli: Cli, start: Start) -> None:
    """An import id that Listrak names cannot steer a terminal, in a summary or a list of runs."""
    body = json.dumps({"resourceId": f"7{STEERING}"})
    start(faulty(Reply(status=201, body=body)))
    ran = cli.run("push", "e.ndjson", "-m", "m.yaml", "--verbose")
    listed = cli.run("runs")
    assert (ran.status, listed.status) == (0, 0)
    assert steering(ran.err + listed.out) == set()


CELLS = st.sampled_from(VALUES) | st.text(
    st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8
)


@settings(max_examples=30)
@given(
    st.sampled_from([PROFILE_FIELDS, LIST_IMPORT]),
    st.lists(CELLS, min_size=1, max_size=4),
    st.sampled_from(["=1+1@example.com", "+a@example.com", "o'b@example.com", 'é"@example.com']),
)
def test_values_stay_values(route: Route, values: list[str], email: str) -> None:
    """Whatever stands in a value or an address, that and nothing else is set, by either route."""
    fields = tuple(enumerate(values, 1))
    contact = Contact(7, email, fields, (0,), 0, 1)
    account = Account.of_fields({7: dict.fromkeys(range(1, 5))})
    (batch,) = batches(lambda: [contact], route, Limits(10, 1_000_000))
    with (
        Sandbox(account) as sandbox,
        Api(Addresses(sandbox.api_url, sandbox.auth_url), Credentials("sandbox", "sandbox")) as api,
    ):
        send = api.update_profile_fields if route == PROFILE_FIELDS else api.start_list_import
        assert isinstance(send(7, batch.body), Accepted)
        assert sandbox.values()[7] == {email.lower(): dict(fields)}


def test_files_are_the_owners(cli: Cli, start: Start) -> None:
    """Journal, lock and rejects are readable by their owner alone, from their first moment on."""
    gate = start.gate()
    before = os.umask(0)
    try:
        process = cli.start("push", "e.ndjson", "-m", "m.yaml", "--rejects", "r.ndjson")
    finally:
        os.umask(before)
    assert gate.begun.wait(60)
    (journal,) = cli.folder.rglob("journal.sqlite3")
    files = [cli.folder / "r.ndjson", *journal.parent.iterdir()]
    assert len(files) >= 4
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(journal.parent.stat().st_mode) == 0o700
    gate.go.set()
    process.communicate(timeout=60)
    assert process.returncode == 0


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and all that it came from."""
    while error is not None:
        yield error
        yield from chain(error.__cause__)
        error = error.__context__


def shown(error: BaseException) -> str:
    """Return everything that an exception and those behind it show of themselves."""
    words = "".join(traceback.format_exception(error))
    for each in chain(error):
        words += f"{each!r} {each} {each.args!r} {getattr(each, '__notes__', ())!r}"
        words += repr({name: repr(value) for name, value in vars(each).items()})
    return words


@pytest.mark.parametrize(
    "behaviour",
    [
        faulty(Reply(status=400, error="ERROR_X", message=SECRET), "token"),
        faulty(Reply(status=503, body=SECRET, headers={"Retry-After": "0"}), "token"),
        faulty(Reply(status=302, headers={"Location": f"/{SECRET}"}), "token"),
        faulty(Reply(status=200, body=f'{{"access_token": "{SECRET}\\n"}}'), "token"),
        faulty(Reply(status=200, body=f'{{"access_token": {{"{SECRET}": 1}}}}'), "token"),
    ],
)
def test_exceptions(behaviour: Behaviour) -> None:
    """No exception, nor any that it came from, holds the secret in what it shows."""
    account = Account(lists=ACCOUNT.lists, client_secret=SECRET)
    with (
        Sandbox(account, behaviour) as sandbox,
        Api(Addresses(sandbox.api_url, sandbox.auth_url), Credentials("sandbox", SECRET)) as api,
        pytest.raises(ListrakSyncError) as caught,
    ):
        check_access(api)
    assert SECRET not in shown(caught.value)


def test_exceptions_of_the_flow() -> None:
    """The exception of a token that is refused shows neither secret nor form."""
    with Sandbox(Account(client_secret="other")) as sandbox:
        flow = ClientCredentials(Credentials("sandbox", SECRET), sandbox.auth_url)
        import httpx  # noqa: PLC0415 - only here

        with httpx.Client(auth=flow) as client, pytest.raises(TokenError) as caught:
            client.get(sandbox.api_url)
    assert SECRET not in shown(caught.value)


def test_a_bug_shows_no_secret(cli: Cli, start: Start) -> None:
    """Not even the traceback of a bug in the middle of a request shows secret or token."""
    start(None, Account(lists=ACCOUNT.lists, open_lists=True, client_secret=SECRET))
    (cli.folder / "sitecustomize.py").write_text(
        "import listrak_sync.listrak.api as api\n"
        "def broken(reply, now=None): raise KeyError(reply)\n"
        "api.judge = broken\n"
    )
    ran = cli.run(
        *("push", "e.ndjson", "-m", "m.yaml", "--verbose"),
        changed={"LISTRAK_CLIENT_SECRET": SECRET, "PYTHONPATH": str(cli.folder)},
    )
    assert ran.status == 1
    assert "KeyError" in ran.err
    assert SECRET not in ran.out + ran.err
    assert "Bearer" not in ran.err


def test_refused_access_is_an_error_of_its_own() -> None:
    """A denial ends in the error whose status says so, however it came about."""
    with (
        Sandbox(Account(client_secret="other")) as sandbox,
        Api(Addresses(sandbox.api_url, sandbox.auth_url), Credentials("sandbox", SECRET)) as api,
        pytest.raises(AccessRefusedError) as caught,
    ):
        check_access(api)
    assert SECRET not in shown(caught.value)
