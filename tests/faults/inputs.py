"""Made-up events and mappings whose values tell a late one from an early one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from listrak_sync.batching.batches import Limits
from listrak_sync.delivery.journal import Journal
from listrak_sync.delivery.receipts import Receipt
from listrak_sync.delivery.sending import DeliveryOptions
from listrak_sync.errors import UnreachableError
from listrak_sync.evaluation.compiled import EvaluationRules
from listrak_sync.evaluation.updates import FieldValues
from listrak_sync.events.rejects import RefusedContact, Reject
from listrak_sync.input.sources import Source
from listrak_sync.listrak.addresses import Addresses
from listrak_sync.listrak.api import Api
from listrak_sync.listrak.credentials import Credentials
from listrak_sync.mapping.file import parse
from listrak_sync.report.counts import Report
from listrak_sync.run_callbacks import RunCallbacks
from listrak_sync.run_settings import RunSettings
from listrak_sync.sandbox import Account, Sandbox
from listrak_sync.sync import push

Mapping = dict[str, Any]
Values = dict[int, dict[str, dict[int, str]]]

LISTS = (11, 12)
FIELDS = (1, 2, 3)
ACCOUNT = Account.of_fields({one: dict.fromkeys(FIELDS) for one in LISTS})
KEYS = ("vip", "new", "old")
PIECES = ("", "a,b", 'say "a"', "two\nlines", "=1+1", "näte", "🙂", " space ")


@dataclass(frozen=True)
class Inputs:
    """Lines of events and a mapping file, to be put into windows and batches of some size."""

    lines: tuple[str, ...]
    mappings: str
    window: int = 6
    batch: int = 2
    by_timestamp: bool = True

    @property
    def text(self) -> str:
        """Return the lines as a file has them."""
        return "".join(f"{line}\n" for line in self.lines)

    def settings(self, file: str, **more: Any) -> RunSettings:
        """Return the settings of a push of a file with these lines."""
        return RunSettings(
            sources=[Source(file)],
            mappings=parse("m.yaml", self.mappings),
            window=self.window,
            limits=Limits(self.batch, 1_000_000),
            rules=EvaluationRules(by_timestamp=self.by_timestamp),
            **more,
        )


def mapping(number: int, key: str, list_id: int, fields: Sequence[int], *, alone: bool) -> Mapping:
    """Return a mapping of an audience that sets one field by membership, one by a note."""
    return {
        "name": f"{key} {number}",
        "trigger": f'context.personas.computation_key = "{key}"',
        "list_id": list_id,
        "enable_batching": not alone,
        "profile_field_values": {
            str(fields[0]): "useAudienceKey",
            str(fields[1]): {"@path": "$.properties.note"},
        },
    }


def mapping_file(mappings: Sequence[Mapping]) -> str:
    """Return mappings as a file has them; JSON is YAML."""
    return json.dumps({"mappings": mappings})


def random_mappings(random: Random) -> str:
    """Return mappings that meet in some lists and fields; a few of them go out alone."""
    return mapping_file(
        [
            mapping(
                number,
                key,
                random.choice(LISTS),
                random.sample(FIELDS, 2),
                alone=random.random() < 0.2,
            )
            for number, key in enumerate((*KEYS, random.choice(KEYS)))
        ]
    )


def event(number: int, email: str, key: str, *, member: bool, second: int, note: str) -> str:
    """Return an event as a line; a note may be empty, which leaves its field alone."""
    made = {
        "type": "track",
        "event": "Audience",
        "context": {
            "traits": {"email": email},
            "personas": {"computation_class": "audience", "computation_key": key},
        },
        "properties": {"audience_key": key, key: member} | ({"note": note} if note else {}),
        "timestamp": f"2026-03-01T00:{second // 60:02}:{second % 60:02}Z",
        "messageId": f"m{number}",
    }
    return json.dumps(made)


def inputs(random: Random, *, events: int, contacts: int, in_order: bool = True) -> Inputs:
    """Return random events of some contacts, in their order of time or in any."""
    lines = []
    for number in range(events):
        email = f"c{random.randrange(contacts)}@example.com"
        lines.append(
            event(
                number,
                random.choice((email, email, email.title())),
                random.choice(KEYS),
                member=random.random() < 0.5,
                second=number if in_order else random.randrange(events),
                note=f"{random.choice(PIECES)}{number}" if random.random() < 0.8 else "",
            )
        )
    return Inputs(
        tuple(lines),
        random_mappings(random),
        window=random.randint(3, 20),
        batch=random.randint(1, 5),
        by_timestamp=random.random() < 0.8,
    )


@dataclass(frozen=True)
class Pushed:
    """What a push in this process came to: its report, receipts, rejects and contacts' values."""

    report: Report
    receipts: tuple[Receipt, ...]
    rejects: tuple[Reject | RefusedContact, ...]
    values: Values

    def answers(self) -> Counter[tuple[int, str, FieldValues]]:
        """Return what was answered for, and how often: lists, addresses and values."""
        return Counter(
            (one.list_id, one.email_address, one.fields)
            for receipt in self.receipts
            for one in receipt.batch.contacts
        )


def push_all(
    given: Inputs,
    sandbox: Sandbox,
    options: DeliveryOptions,
    *,
    journalled: bool = False,
    **more: Any,
) -> Pushed:
    """Push an input to a sandbox; nothing may end it early, or be left over in a journal."""
    receipts: list[Receipt] = []
    rejects: list[Reject | RefusedContact] = []
    callbacks = RunCallbacks(on_receipt=receipts.append, on_reject=rejects.append)
    addresses = Addresses(sandbox.api_url, sandbox.auth_url)
    access = Credentials("sandbox", "sandbox")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        (folder / "e.ndjson").write_text(given.text)
        settings = given.settings(str(folder / "e.ndjson"), **more)
        api = stack.enter_context(Api(addresses, access))
        journal = stack.enter_context(Journal(folder / "journal")) if journalled else None
        if journal is not None:
            journal.begin(b"{}")
        ended = push(settings, callbacks, api, options, journal=journal)
        assert journal is None or all(run.is_finished for run in journal.runs())
    assert ended.error is None, ended.error
    return Pushed(ended.report, tuple(receipts), tuple(rejects), sandbox.values())


def push_until_done(given: Inputs, sandbox: Sandbox, options: DeliveryOptions, **more: Any) -> None:
    """Push an input, and carry on where Listrak is given up, until all is sent."""
    addresses = Addresses(sandbox.api_url, sandbox.auth_url)
    access = Credentials("sandbox", "sandbox")
    with TemporaryDirectory() as folder, Journal(Path(folder) / "journal") as journal:
        (Path(folder) / "e.ndjson").write_text(given.text)
        settings = given.settings(str(Path(folder) / "e.ndjson"), **more)
        journal.begin(b"{}")
        for _ in range(1_000):
            with Api(addresses, access) as api:
                ended = push(settings, RunCallbacks(), api, options, journal=journal)
            assert ended.error is None or isinstance(ended.error, UnreachableError), ended.error
            (run,) = journal.runs()
            if run.is_finished:
                return
            start = run.position
            sources = () if start.done else settings.sources
            settings = replace(settings, start=start, sources=sources)
        raise AssertionError("not done")


@cache
def undisturbed(given: Inputs) -> Pushed:
    """Return what a push comes to in which nothing goes wrong."""
    with Sandbox(ACCOUNT) as sandbox:
        return push_all(given, sandbox, DeliveryOptions(1))
