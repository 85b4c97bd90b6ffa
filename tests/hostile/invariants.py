"""What holds whatever happens: the end, the words, the files and the sums of every run."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.cli.test_output import check_sums

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.faults.inputs import Values

SECRET: Final = "canary-secret-7f3a"
TOKEN: Final = "canary-token-91be"
STATUSES: Final = frozenset({0, 2, 3, 4, 5, 6, 7, 8, 75, 130, 143})
"""Every documented exit status but 1, which is a bug."""


def check_end(status: int, shown: str, allowed: Iterable[int] = STATUSES) -> None:
    """Check how a process ended, and all that it printed: no bug, no traceback, no secret."""
    for word in ("Traceback", "Exception ignored", "Fatal Python", SECRET, TOKEN):
        assert word not in shown, f"{word!r} is in what it printed:\n{shown[-6000:]}"
    assert status in allowed, f"status {status}:\n{shown[-3000:]}"


def check_record(out: str) -> dict[str, Any]:
    """Return the report on standard output, of which every sum must agree."""
    record: dict[str, Any] = json.loads(out)
    check_sums(record)
    for entry in record["lists"]:
        ended = entry["accepted"] + entry["refused"] + entry["unsent"]
        assert ended in {0, entry["contacts"]} or record["exit_status"], entry
        assert ended <= entry["contacts"] or "compared" in record, entry
    return record


def check_files(private: Path, folder: Path) -> int:
    """Check that no file holds a secret, and those in `private` are their owner's; count them."""
    checked = 0
    for path in folder.rglob("*"):
        if path.is_symlink() or not path.is_file():
            continue
        checked += 1
        content = path.read_bytes()
        for canary in (SECRET, TOKEN):
            assert canary.encode() not in content or path.name == "secret", f"{canary} is in {path}"
        if path.is_relative_to(private):
            mode = stat.S_IMODE(path.stat().st_mode)
            assert mode == 0o600, f"{path.name} has the permissions {mode:o}"
    return checked


def folded(updates: str, values: Values, known: bool = True) -> Values:  # noqa: FBT001, FBT002
    """Return what contacts hold once the lines of `dry-run --format updates` are applied in order.

    Where they are `known`, contacts that are not on a list stay off it.
    """
    held = {one: {email: dict(got) for email, got in all_.items()} for one, all_ in values.items()}
    for line in updates.splitlines():
        update = json.loads(line)
        contacts, email = held[update["list_id"]], update["email_address"].lower()
        if known and email not in contacts:
            continue
        fields = {int(field): value for field, value in update["fields"].items()}
        contacts.setdefault(email, {}).update(fields)
    return held


def switched_on(values: Values) -> Values:
    """Return values without boxes that are off: Listrak tells these from unset ones by no means."""
    return {
        each: {
            email: {field: value for field, value in held.items() if value != "off"}
            for email, held in contacts.items()
        }
        for each, contacts in values.items()
    }


def difference(found: Values, expected: Values) -> str:
    """Say in which contacts two accounts differ, in a few lines."""
    lines = []
    for list_id in expected:
        for email in sorted(found[list_id].keys() | expected[list_id].keys()):
            has, should = found[list_id].get(email), expected[list_id].get(email)
            if has != should:
                lines.append(f"list {list_id}, {email}: holds {has}, should hold {should}")
    return "\n".join(lines[:12])
