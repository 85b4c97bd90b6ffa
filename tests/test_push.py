"""A push is opened, run and resumed by one call."""

from __future__ import annotations

import json
import os
import signal
import stat
import threading
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from listrak_sync.delivery.journal import Journal
from listrak_sync.errors import OutputError, SettingsError, StoppedError, UsageError
from listrak_sync.guards import Guards
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.push import EarlierRun, NewRun, PushCallbacks, PushRequest, PushResult, run_push
from listrak_sync.report.rejects_file import ExistingRejects
from listrak_sync.run_settings import Order, RouteChoice, RunOptions
from listrak_sync.sandbox import Account, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from listrak_sync.delivery.delivery import Phases
    from listrak_sync.input.sources import Source

LIST = 12345
OPTIONS = RunOptions(
    ignore_integrations=False,
    order=Order.timestamp,
    window=2,
    route=RouteChoice.auto,
    batch_contacts=None,
    batch_bytes=None,
)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Run a sandbox that knows the list."""
    with Sandbox(Account.of_fields({LIST: {789: None}})) as running:
        yield running


@pytest.fixture
def new_run(tmp_path: Path) -> NewRun:
    """Write a mapping and five events, one of them without an address."""
    (tmp_path / "m.yaml").write_text(
        "mappings:\n  - name: VIP\n    trigger: type = 'track'\n"
        f"    list_id: {LIST}\n    profile_field_values: {{789: on}}\n".replace("'", '"')
    )
    lines = [
        json.dumps(
            {"type": "track", "context": {"traits": {"email": f"c{n}@example.com"} if n else {}}}
        )
        for n in range(5)
    ]
    (tmp_path / "e.ndjson").write_text("\n".join(lines))
    return NewRun([tmp_path / "m.yaml"], [str(tmp_path / "e.ndjson")], OPTIONS)


@pytest.fixture
def push(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PushTo:
    """Push to the sandbox with a journal of the test's own."""
    monkeypatch.setenv("LISTRAK_CLIENT_ID", "sandbox")
    monkeypatch.setenv("LISTRAK_CLIENT_SECRET", "sandbox")
    return PushTo(Addresses(sandbox.api_url, sandbox.auth_url), tmp_path)


class PushTo:
    """Pushes to one place; keeps what is told."""

    def __init__(self, addresses: Addresses, folder: Path) -> None:
        self.addresses = addresses
        self.folder = folder
        self.told: list[str] = []
        self.read: list[str] = []
        self.secret_file: Path | None = None

    def __call__(
        self, run: NewRun | EarlierRun, guards: Guards | None = None, *, rejects: str = "r.ndjson"
    ) -> PushResult:
        """Run a push."""
        request = PushRequest(
            run=run,
            addresses=self.addresses,
            secret_file=self.secret_file,
            guards=guards or Guards(),
            jobs=1,
            rejects=self.folder / rejects,
            existing_rejects=ExistingRejects.REPLACE,
            journal=self.folder / "j.sqlite3",
        )
        return run_push(request, PushCallbacks(self.told.append, self._reading))

    def _reading(self, sources: Sequence[Source]) -> AbstractContextManager[None]:
        self.read += [source.name for source in sources]
        return nullcontext()


def test_to_its_end(push: PushTo, new_run: NewRun, sandbox: Sandbox) -> None:
    """A push that ends leaves nothing to resume; its rejects are in their file."""
    result = push(new_run)
    assert result.run.error is None
    assert result.way_on is None
    assert len(sandbox.values()[LIST]) == 4
    assert len((push.folder / "r.ndjson").read_text().splitlines()) == 1
    assert push.read == [str(push.folder / "e.ndjson")]


def test_resumed(push: PushTo, new_run: NewRun, sandbox: Sandbox) -> None:
    """A run that a guard stopped is resumed under the same guards, or under those given anew."""
    stopped = push(new_run, Guards(max_contacts=2))
    assert isinstance(stopped.run.error, StoppedError)
    assert stopped.way_on is not None
    run = stopped.way_on.rpartition(" ")[2]
    assert stopped.way_on == (
        "the journal knows the rest; its guards still hold, unless wider ones are given: "
        f"listrak-sync push --resume {run}"
    )
    again = push(EarlierRun(run))
    assert isinstance(again.run.error, StoppedError)
    assert len(sandbox.values()[LIST]) == 2
    resumed = push(EarlierRun(run), Guards(max_contacts=4))
    assert resumed.run.error is None
    assert resumed.way_on is None
    assert len(sandbox.values()[LIST]) == 4


def test_nothing_to_resume(push: PushTo, new_run: NewRun) -> None:
    """Without an unfinished run there is nothing to resume, and nothing is read."""
    push(new_run)
    push.read.clear()
    with pytest.raises(UsageError, match="no unfinished run"):
        push(EarlierRun(None))
    assert push.read == []


@pytest.mark.parametrize("without", [{"no_journal": True}, {"sandbox": True}])
def test_resume_without_a_journal(without: dict[str, bool]) -> None:
    """Resuming needs a journal: what leaves it out is named."""
    request = PushRequest(
        run=EarlierRun(None),
        addresses=Addresses(),
        guards=Guards(),
        no_journal=without.get("no_journal", False),
        sandbox=without.get("sandbox", False),
    )
    with pytest.raises(UsageError, match="needs a journal") as caught:
        run_push(request, PushCallbacks())
    (name,) = without
    assert name.replace("_", "-") in caught.value.hint


def test_full_rejects_file(push: PushTo, new_run: NewRun, sandbox: Sandbox) -> None:
    """Where rejects cannot be written, the run stops and is read again by the next."""
    (push.folder / "full").symlink_to("/dev/full")
    stopped = push(new_run, rejects="full")
    assert isinstance(stopped.run.error, OutputError)
    assert stopped.way_on is not None
    assert push(EarlierRun(None)).run.error is None
    assert len(sandbox.values()[LIST]) == 4
    assert len((push.folder / "r.ndjson").read_text().splitlines()) == 1


@pytest.mark.parametrize("name", ["secret", "systemd", "certificates", "read before", "j.lock"])
def test_rejects_in_place_of_what_the_run_needs(
    push: PushTo, new_run: NewRun, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """No file that a run needs is taken for its rejects, by no way in which it is named."""
    push.folder.joinpath("listrak_client_secret").write_text("sandbox")
    certificates = push.folder / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(certificates))
    run: NewRun | EarlierRun = new_run
    file = "listrak_client_secret"
    match name:
        case "secret":
            push.secret_file = push.folder / file
        case "systemd":
            monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(push.folder))
        case "certificates":
            monkeypatch.setenv("SSL_CERT_FILE", str(certificates))
            file = "ca.pem"
        case "read before":
            push(new_run, Guards(max_contacts=2))
            run, file = EarlierRun(None), "e.ndjson"
        case _:
            file = "j.sqlite3.lock"
    before = (push.folder / file).read_bytes() if name != "j.lock" else b"process "
    with pytest.raises(UsageError, match="overwrite what the run needs"):
        push(run, rejects=file)
    assert (push.folder / file).read_bytes().startswith(before)


def test_half_a_reject_before_resuming(push: PushTo, new_run: NewRun) -> None:
    """What a full disk left of a reject is told, and the rejects of --resume follow it."""
    push(new_run, Guards(max_rejects=0))
    (push.folder / "r.ndjson").write_bytes(b'{"reason":"inva')
    push(EarlierRun(None), Guards(max_rejects=9))
    assert any("r.ndjson: its last line was cut off" in each for each in push.told)
    half, *rejects = (push.folder / "r.ndjson").read_bytes().splitlines()
    assert half == b'{"reason":"inva'
    assert len([json.loads(each) for each in rejects]) == 1


def test_an_input_that_has_become_a_folder(push: PushTo, new_run: NewRun) -> None:
    """Where a file of the input has become a folder, nothing in it is read in its place."""
    several = replace(new_run, events=[*new_run.events, str(push.folder / "f.ndjson")])
    (push.folder / "f.ndjson").write_text("{}\n")
    for run in (new_run, several):
        push(run, Guards(max_contacts=1))
        (push.folder / "e.ndjson").rename(push.folder / "kept")
        (push.folder / "e.ndjson").mkdir()
        (push.folder / "e.ndjson" / "other").write_text("{}\n")
        with pytest.raises(UsageError, match=r"e\.ndjson: is not a file any more"):
            push(EarlierRun(None))
        (push.folder / "e.ndjson" / "other").unlink()
        (push.folder / "e.ndjson").rmdir()
        (push.folder / "kept").rename(push.folder / "e.ndjson")


def test_a_journal_that_others_could_read(push: PushTo, new_run: NewRun) -> None:
    """A journal whose mode was widened is narrowed again, and so are the files beside it."""
    push(new_run, Guards(max_contacts=2))
    journal = push.folder / "j.sqlite3"
    journal.chmod(0o644)
    with Journal(journal) as held:
        held.begin(b"{}")
        modes = [stat.S_IMODE(Path(f"{journal}{end}").stat().st_mode) for end in ("", "-wal")]
        assert modes == [0o600, 0o600]


def test_a_mapping_from_a_pipe(push: PushTo, new_run: NewRun, sandbox: Sandbox) -> None:
    """A mapping that comes from a pipe is read once; its run cannot be resumed, and says so."""
    pipe = push.folder / "pipe"
    os.mkfifo(pipe)
    data = new_run.mappings[0].read_bytes()
    threading.Thread(target=pipe.write_bytes, args=(data,), daemon=True).start()
    signal.alarm(120)  # who reads it twice waits for ever
    try:
        stopped = push(replace(new_run, mappings=[pipe]), Guards(max_contacts=2))
    finally:
        signal.alarm(0)
    assert isinstance(stopped.run.error, StoppedError)
    with pytest.raises(SettingsError, match="pipe: is not a file"):
        push(EarlierRun(None))


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_a_secret_that_others_can_read(push: PushTo, new_run: NewRun, mode: int) -> None:
    """That others can read the file of the secret is told, and the run goes on."""
    push.secret_file = push.folder / "secret"
    push.secret_file.write_text("sandbox")
    push.secret_file.chmod(mode)
    assert push(new_run).run.error is None
    told = [each for each in push.told if "others can read the client secret" in each]
    assert len(told) == (mode == 0o644)


def test_rejects_before_the_position(
    push: PushTo, new_run: NewRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loss of power cannot lose a reject whose line the journal has passed over."""
    order: list[str] = []
    sync, plan = os.fsync, Journal.plan
    rejects = push.folder / "r.ndjson"

    def synced(descriptor: int) -> None:
        if rejects.exists() and os.path.samestat(os.fstat(descriptor), rejects.stat()):
            order.append(f"{rejects.read_bytes().count(b'reason')} rejects")
        sync(descriptor)

    def planned(*arguments: Any) -> Phases:
        order.append("plan")
        return plan(*arguments)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Journal, "plan", planned)
    assert push(new_run).run.error is None
    assert order == ["1 rejects", "plan"] * 3
