"""Attacks on secrets: every failing path, with every file that a run can write."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from listrak_sync.sandbox import Sandbox
from tests.cli.conftest import MAPPING, event
from tests.cli.test_canary import PATHS
from tests.hostile.attack import Attack
from tests.hostile.ground import BOUND, Ground
from tests.hostile.invariants import SECRET, STATUSES, TOKEN, check_end
from tests.hostile.servers import hasten

FORMATS: Final = ((), ("--json",), ("--log-format", "json"))


def failing_paths(ground: Ground) -> None:
    """Fail in one way, told all there is to tell: no secret is shown, written or left in /proc."""
    secrets.token_urlsafe = lambda _=None: TOKEN  # type: ignore[assignment]  # as replies repeat it
    hasten(ground)
    number = ground.number
    behaviour, account, _ = list(PATHS.values())[number % len(PATHS)]
    ground.write("e.ndjson", "".join(event(f"c{each}@example.com") for each in range(3)) + "x\n")
    ground.write("m.yaml", MAPPING)
    given: tuple[str, ...] = ()
    if number % 3 == 1:
        ground.write("secret", ground.environment.pop("LISTRAK_CLIENT_SECRET") + "\n")
        given = ("--client-secret-file", "secret")
    elif number % 3 == 2:
        (ground.folder / "credentials").mkdir()
        ground.write("credentials/listrak_client_secret", SECRET).rename(ground.folder / "secret")
        os.link(ground.folder / "secret", ground.folder / "credentials" / "listrak_client_secret")
        ground.environment["CREDENTIALS_DIRECTORY"] = str(ground.folder / "credentials")
        del ground.environment["LISTRAK_CLIENT_SECRET"]
    ground.faults += 1
    with Sandbox(account, behaviour) as sandbox:
        ground.reach(sandbox)
        ways: tuple[tuple[str, ...], ...] = (
            ("push", "e.ndjson", "--wait=1s", "--report", "private/page.html"),
            ("push", "e.ndjson", "--verify=1s", "--metrics-file", "metrics.prom", "--force"),
        )
        for way in ways:
            running = ground.start(
                *(*way, "-m", "m.yaml", "-v", "--rejects", "private/r.ndjson", *given),
                *("--journal", "private/journal"),
                *FORMATS[number % len(FORMATS)],
            )
            look_into(ground, running.process.pid, within_environment=bool(given))
            running.process.wait(BOUND)
            shown = running.ran()
            check_end(shown.status, shown.out + shown.err, STATUSES | {1})
            ground.checks += 1
        for way in (("lists",), ("contact", "c1@example.com", "--list", "12345"), ("auth", "test")):
            ground.run(*way, *given, allowed=STATUSES | {1})
    if (ground.folder / "credentials").exists():
        (ground.folder / "credentials" / "listrak_client_secret").unlink()


def look_into(ground: Ground, process: int, *, within_environment: bool) -> None:
    """Look for the secret in what other users, or the owner, can see of a process."""
    for name in ("cmdline", "comm", "environ") if within_environment else ("cmdline", "comm"):
        try:
            content = Path(f"/proc/{process}/{name}").read_bytes()
        except OSError:
            continue
        ground.checks += 1
        for canary in (SECRET, TOKEN):
            assert canary.encode() not in content, f"{canary} is in /proc/…/{name}"


ATTACKS: Final = (Attack("secrets", "failing paths", 2 * len(PATHS), failing_paths),)
