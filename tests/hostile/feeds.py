"""Made-up events in order of time, a mapping file of every kind of field, and the account."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random
from typing import Final

from listrak_sync.sandbox import Account, AccountField, AccountFieldGroup, MailingList
from tests.faults.inputs import KEYS, PIECES, Values, event
from tests.hostile.ground import Ground
from tests.hostile.invariants import SECRET, folded

LISTS: Final = (11, 12)
NOTE: Final = 4
JOURNAL: Final = ("--journal", "private/journal")
REJECTS: Final = ("--rejects", "private/r.ndjson")


def mapping_file() -> str:
    """Return a mapping for each audience: its check box on one list, and a note on both."""
    mappings = [
        {
            "name": f"{key} {list_id}",
            "trigger": f'type = "track" and context.personas.computation_key = "{key}"',
            "list_id": list_id,
            "profile_field_values": {
                str(number): "useAudienceKey",
                str(NOTE): {"@path": "$.properties.note"},
            },
        }
        for number, key in enumerate(KEYS, 1)
        for list_id in LISTS[: 1 + number % 2]
    ]
    return json.dumps({"mappings": mappings})


@dataclass(frozen=True)
class Feed:
    """Lines of events, and what contacts hold before."""

    lines: tuple[str, ...]
    before: Values
    way: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return the lines as a file has them."""
        return "".join(f"{line}\n" for line in self.lines)

    def account(self, *, beta_route: bool = True) -> Account:
        """Return the account with these contacts on every list."""
        fields = [
            AccountField(id=number, name=f"Box {number}", data_type="CheckBox")
            for number in range(1, NOTE)
        ]
        group = AccountFieldGroup(
            id=1, name="Audiences", fields=(*fields, AccountField(id=NOTE, name="Note"))
        )
        lists = tuple(
            MailingList(id=each, name=f"List {each}", groups=(group,), contacts=self.before[each])
            for each in LISTS
        )
        return Account(lists=lists, client_secret=SECRET, beta_route=beta_route)


def feed(random: Random, events: int = 60, contacts: int = 12) -> Feed:
    """Return events of some contacts; some of the contacts have values already."""
    lines = tuple(
        event(
            number,
            f"c{random.randrange(contacts)}@example.com",
            random.choice(KEYS),
            member=random.random() < 0.6,
            second=number,
            note=f"{random.choice(PIECES)}{number}" if random.random() < 0.7 else "",
        )
        for number in range(random.randrange(events // 2, events))
    )
    before: Values = {
        each: {
            f"c{number}@example.com": {1: "on"} if random.random() < 0.3 else {}
            for number in range(contacts + 4)
        }
        for each in LISTS
    }
    window, batch = str(random.randint(3, 20)), str(random.randint(1, 5))
    return Feed(lines, before, ("--window", window, "--batch-contacts", batch))


def set_up(ground: Ground, given: Feed) -> Values:
    """Write a feed's files; return what its contacts are to hold in the end, as dry-run says."""
    ground.write("e.ndjson", given.text)
    ground.write("m.yaml", mapping_file())
    shown = ground.run(
        *("dry-run", "e.ndjson", "-m", "m.yaml", "--format", "updates", "-q", *given.way),
        allowed={0},
    )
    return folded(shown.out, given.before)


def push(given: Feed, *more: str, events: str = "e.ndjson") -> tuple[str, ...]:
    """Return the arguments of a push of a feed."""
    return ("push", events, "-m", "m.yaml", "-q", *given.way, *JOURNAL, *REJECTS, *more)


RESUME: Final = ("push", "--resume", "-q", *JOURNAL, *REJECTS)


def finish(ground: Ground, given: Feed, *more: str) -> None:
    """Carry on until nothing is left, with a new push where nothing was begun."""
    for _ in range(6):
        if ground.has_run() and not ground.unfinished():
            return
        way = RESUME if ground.has_run() else push(given)
        ground.run(*way, *more, allowed={0, 5, 6})  # 5: three passing faults in a row at the start
    raise AssertionError("it does not come to an end")
