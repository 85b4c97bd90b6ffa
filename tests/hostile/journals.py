"""Attacks on the journal: flipped bits, odd rows, a clock that is set."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from typing import Final

from listrak_sync.sandbox import Behaviour, Reply, Rule, Sandbox
from tests.hostile.attack import Attack
from tests.hostile.feeds import JOURNAL, NOTE, RESUME, feed, finish, push, set_up
from tests.hostile.ground import Ground
from tests.hostile.processes import kill_at_random
from tests.hostile.servers import hasten


def damaged_journal(ground: Ground) -> None:
    """Flip bits of a journal with unsent batches: it is refused, or nothing of it is invented."""
    hasten(ground)
    random = ground.random
    given = feed(random)
    set_up(ground, given)
    events = [json.loads(line) for line in given.lines]
    known: set[tuple[object, ...]] = {
        (email, str(NOTE), event["properties"].get("note"))
        for event in events
        for email in (event["context"]["traits"]["email"],)
    } | {
        (event["context"]["traits"]["email"], str(box), value)
        for event in events
        for box in range(1, NOTE)
        for value in ("on", "off")
    }
    rule = Rule(action=Reply(status=503), route="profile-fields", after=random.randrange(5))
    with Sandbox(given.account(), Behaviour(faults=(rule,))) as sandbox:
        ground.reach(sandbox)
        ground.run(*push(given), allowed={0, 5})
        port = int(sandbox.api_url.split(":")[2].partition("/")[0])
    whole = (ground.private / "journal").read_bytes()
    for _ in range(3):
        shutil.rmtree(ground.private)
        ground.private.mkdir()
        flipped = bytearray(whole)
        bodies = [each.start() for each in re.finditer(rb"@example\.com", whole)]
        for _ in range(random.choice((1, 1, 8))):
            place = random.randrange(len(flipped))
            if bodies and random.random() < 0.7:
                place = random.choice(bodies) + random.randrange(-4, 90)
            flipped[place % len(flipped)] ^= 1 << random.randrange(8)
            ground.faults += 1
        path = ground.write("private/journal", bytes(flipped))
        path.chmod(0o600)
        with Sandbox(given.account(), port=port, keep_bodies=True) as sandbox:
            ground.run("runs", "--json", *JOURNAL)
            ground.run(*RESUME, "--wait", "1s")
            ground.checks += check_origin(known, sandbox)


def check_origin(known: set[tuple[object, ...]], sandbox: Sandbox) -> int:
    """Check that every value that was sent comes from an event; count them."""
    sent = 0
    for one in sandbox.requests:
        if not one.path.endswith("/Contact/SegmentationField"):
            continue
        for contact in json.loads(one.body):
            for value in contact["segmentationFieldValues"]:
                email, field = contact["emailAddress"], value["segmentationFieldId"]
                update = (email, str(field), value["value"])
                assert update in known, f"invented: {update}"
                sent += 1
    return sent


SKEWED: Final = """\
import os, time
real, skew = time.time, float(os.environ["SKEW"])
time.time = lambda: real() + skew
"""


def clock(ground: Ground) -> None:
    """Set the clock back or forward by up to ten days between the kills of a push."""
    random = ground.random
    (ground.folder / "late").mkdir()
    ground.write("late/sitecustomize.py", SKEWED)
    ground.environment |= {"PYTHONPATH": str(ground.folder / "late"), "SKEW": "0"}
    given = feed(random)
    expected = set_up(ground, given)
    late = {"resource_ids": "one", "import_delay": 0.3, "import_jitter": 0.7}
    with Sandbox(given.account(), Behaviour(**late)) as sandbox:  # type: ignore[arg-type]
        ground.reach(sandbox)
        for _ in range(3):
            ground.environment["SKEW"] = str(random.uniform(-9e5, 9e5))
            if ground.has_run() and not ground.unfinished():
                break
            kill_at_random(
                ground.start(*(RESUME if ground.has_run() else push(given))), sandbox, random
            )
            ground.faults += 1
        finish(ground, given)
        assert sandbox.settle()
        ground.check_values(sandbox.values(), expected)


def odd_database(ground: Ground) -> None:
    """Put rows of the wrong types, or another file altogether, in the place of the journal."""
    random = ground.random
    given = feed(random, events=20)
    set_up(ground, given)
    with Sandbox(given.account()) as sandbox:
        ground.reach(sandbox)
        gone = {"LISTRAK_AUTH_URL": "http://127.0.0.1:1/"}
        rule = Rule(action=Reply(status=403), route="profile-fields", after=1)
        with Sandbox(given.account(), Behaviour(faults=(rule,))) as failing:
            ground.reach(failing)
            ground.run(*push(given))
        path = ground.private / "journal"
        with sqlite3.connect(path) as db:
            tables = {
                table: [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
                for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
            for _ in range(random.randint(1, 3)):
                table = random.choice(sorted(tables))
                column = random.choice(tables[table])
                value = random.choice(VALUES)
                try:
                    db.execute(f"UPDATE {table} SET {column} = ?", (value,))  # noqa: S608 - names it has
                except sqlite3.Error:
                    continue
                ground.faults += 1
        db.close()
        for way in (("runs", "--json"), ("runs", "--all-unfinished"), ("push", "--resume", "-q")):
            shown = ground.run(*way, *JOURNAL, changed=gone if random.random() < 0.2 else {})
            for line in shown.out.splitlines()[:1]:
                if "--json" in way:
                    ground.run("runs", "show", json.loads(line)["run"], "--json", *JOURNAL)
        ground.run(*push(given, "--max-change", "0.5", "--once"))


VALUES: Final = (
    None,
    "",
    "x",
    b"",
    b"\xff",
    -1,
    0,
    2**62,
    1e308,
    "null",
    b"[]",
    b"{}",
    b"\x80",
    "9",
)


ATTACKS: Final = (
    Attack("machine", "flipped journal", 30, damaged_journal),
    Attack("machine", "odd journal", 40, odd_database),
    Attack("machine", "clock", 16, clock),
)
