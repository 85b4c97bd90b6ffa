"""Killed while it compares, mirrors or verifies, and resumed, a push leaves the same state."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

import pytest

from listrak_sync.sandbox import (
    Account,
    AccountField,
    AccountFieldGroup,
    Behaviour,
    MailingList,
    Sandbox,
)
from tests.faults.conftest import KILLED, Pushes
from tests.faults.inputs import Inputs, Values
from tests.faults.sandboxes import Holding
from tests.launcher import Call

if TYPE_CHECKING:
    from pathlib import Path

    from listrak_sync.sandbox.behaviour import RouteKind
    from tests.processes import Launcher

FIELDS = (AccountField(id=1, data_type="CheckBox"), AccountField(id=2))
PEOPLE = {f"c{number}@example.com": {1: ("on", "off")[number % 2]} for number in range(12)}
ACCOUNT = Account(
    lists=(
        MailingList(id=11, groups=(AccountFieldGroup(id=1, fields=FIELDS),), contacts={**PEOPLE}),
    )
)
MEMBERS = [f"c{number}@example.com" for number in range(8)] + ["new@example.com"]
OPTIONS = ("--only-changes", "--mirror", "--verify", "20s", "--max-off-ratio", "1")
MAPPINGS = {
    "mappings": [{"name": "on", "list_id": 11, "profile_field_values": {"1": "on", "2": "member"}}]
}


def given() -> Inputs:
    """Return an input of members, in batches of three."""
    lines = [json.dumps({"type": "identify", "traits": {"email": email}}) for email in MEMBERS]
    return Inputs(tuple(lines), json.dumps(MAPPINGS), window=100, batch=3)


EXPECTED: Values = {
    11: {email: {1: "on", 2: "member"} if email in MEMBERS else {1: "off"} for email in PEOPLE}
}
JOURNAL = "listrak_sync.delivery.journal:Journal"
API = "listrak_sync.listrak.api:Api"
CALLS = [
    Call("before", 1, f"{API}.contacts"),
    Call("after", 1, f"{API}.contacts"),
    Call("before", 1, f"{JOURNAL}.plan"),
    Call("after", 1, f"{JOURNAL}.plan"),
    Call("after", 2, f"{API}.update_profile_fields"),
    Call("after", 1, f"{JOURNAL}.answer"),
    Call("before", 1, f"{JOURNAL}.end"),
    Call("before", 2, f"{API}.contacts"),
]


@pytest.mark.parametrize("call", CALLS)
def test_killed_by_itself(tmp_path: Path, launcher: Launcher, call: Call) -> None:
    """Killed before or after any step, the run that carries on ends as an undisturbed one."""
    pushes = Pushes(launcher, tmp_path, given(), options=OPTIONS)
    with Sandbox(ACCOUNT, Behaviour(show_delay=0.05)) as sandbox:
        pushes.reach(sandbox)
        assert pushes.push(kill=call).end() == KILLED
        if not pushes.is_finished():
            pushes.finish()
        assert sandbox.values() == EXPECTED


@pytest.mark.parametrize("seed", range(4))
def test_killed_at_a_random_request(tmp_path: Path, launcher: Launcher, seed: int) -> None:
    """Killed at any request, and at another one when it is resumed, the end is the same."""
    chance = Random(seed)  # noqa: S311 - chance, not a secret
    pushes = Pushes(launcher, tmp_path, given(), options=OPTIONS)
    kinds: list[RouteKind] = ["contacts", "profile-fields", "lookups"]
    kind, number = chance.choice(kinds), chance.randint(1, 2)
    with Holding(ACCOUNT, Behaviour(), kind=kind, number=number, applied=True) as sandbox:
        pushes.reach(sandbox)
        pushes.push().kill_at(sandbox.held)
        sandbox.let_go.set()
        if not pushes.is_finished():
            pushes.finish()
        assert sandbox.values() == EXPECTED
