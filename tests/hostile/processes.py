"""Attacks on the process: kills, races."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final

from listrak_sync.sandbox import Behaviour, Drop, Reply, Rule, Sandbox
from tests.faults.inputs import Values
from tests.hostile.attack import Attack
from tests.hostile.feeds import JOURNAL, RESUME, Feed, feed, finish, push, set_up
from tests.hostile.ground import Ground, Running

KILLS: Final = 3
WAYS: Final[Sequence[tuple[str, ...]]] = (
    (),
    ("--wait",),
    ("--verify",),
    ("--mirror", "--window", "1000"),
    ("--only-changes",),
    ("--route", "list-import"),
    ("--route", "list-import", "--wait"),
    ("--jobs", "2", "--report", "private/page.html", "--metrics-file", "metrics.prom", "--force"),
)


def passing_faults(random: Random) -> tuple[Rule, ...]:
    """Return a few faults that pass, before and after a request is carried out."""
    actions = (Drop(), Drop("after"), Reply(status=503), Reply(status=500, when="after"))
    return tuple(
        Rule(action=random.choice(actions), after=random.randrange(8), times=random.randint(1, 2))
        for _ in range(random.randrange(3))
    )


def kill_at_random(running: Running, sandbox: Sandbox, random: Random) -> bool:
    """Kill a process a moment after some number of requests; say whether it still ran."""
    target = len(sandbox.requests) + random.choice((0, 1, 2, random.randrange(40)))
    end = time.monotonic() + random.uniform(0.2, 20)
    while len(sandbox.requests) < target and running.is_running() and time.monotonic() < end:
        time.sleep(0.001)
    time.sleep(random.choice((0.0, random.uniform(0.0, 0.01), random.uniform(0.0, 0.2))))
    if not running.is_running():
        return False
    running.process.kill()
    running.process.wait()
    return True


def undisturbed(ground: Ground, given: Feed, way: Sequence[str]) -> Values:
    """Return what an undisturbed push of a feed leaves."""
    with Sandbox(given.account()) as twin:
        ground.reach(twin)
        ground.run("push", "e.ndjson", "-m", "m.yaml", "-q", "--no-journal", *given.way, *way)
        return twin.values()


def kills(ground: Ground) -> None:
    """Kill a push again and again, resume it, and look at the runs meanwhile."""
    random = ground.random
    given, way = feed(random), WAYS[ground.number % len(WAYS)]
    expected = set_up(ground, given)
    if "--mirror" in way:
        expected = undisturbed(ground, given, way)
    behaviour = Behaviour(
        faults=passing_faults(random),
        resource_ids=random.choice(("one", "several", "empty")),
        import_delay=random.choice((0.0, 0.05)),
    )
    with Sandbox(given.account(beta_route=random.random() < 0.8), behaviour) as sandbox:
        ground.reach(sandbox)
        for _ in range(random.randint(1, KILLS)):
            if ground.has_run():
                if not ground.unfinished():
                    break
                running = ground.start(*RESUME)
            else:
                running = ground.start(*push(given, *way))
            if random.random() < 0.3:
                look(ground)
            if kill_at_random(running, sandbox, random):
                ground.faults += 1
            else:
                ground.end(running, allowed={0, 5, 6})
            look(ground)
        finish(ground, given)
        sandbox.settle()
        by_boxes = bool({"--mirror", "--only-changes"} & {*way})
        ground.check_values(sandbox.values(), expected, by_boxes=by_boxes)


def look(ground: Ground) -> None:
    """Look at the runs of the journal, whatever happens to it just now."""
    shown = ground.run("runs", "--json", *JOURNAL, allowed={0, 2, 3} if not ground.runs else {0, 3})
    for line in shown.out.splitlines()[:1]:
        run = json.loads(line)["run"]
        ground.run("runs", "show", run, "--json", *JOURNAL, allowed={0})


def kills_of_a_pipe(ground: Ground) -> None:
    """Kill a push of a pipe as it is flushed; what was not gathered is fed again."""
    random = ground.random
    given = feed(random)
    expected = set_up(ground, given)
    left = list(given.lines)
    with Sandbox(given.account()) as sandbox:
        ground.reach(sandbox)
        for each in range(KILLS + 1):
            before = len(runs := ground.known_runs())
            running = ground.start(*push(given, "--flush-every", "0.05s", events="-"), stdin=-1)
            stdin = running.process.stdin
            assert stdin is not None
            try:
                for line in left:
                    stdin.write(f"{line}\n".encode())
                    stdin.flush()
                    time.sleep(0.01)
                    if each < KILLS and random.random() < 0.05:
                        running.process.kill()
                        ground.faults += 1
                        break
                stdin.close()
            except BrokenPipeError:
                pass
            running.process.wait(60)
            runs = ground.known_runs()
            if len(runs) > before:
                left = left[runs[0].position.line :]
            if not running.process.returncode:
                break
        ground.end(running, allowed={0})
        if ground.unfinished():
            finish(ground, given)
        ground.check_values(sandbox.values(), expected)


def races(ground: Ground) -> None:
    """Start several runs on one journal at once; each does all of its work, or none."""
    random = ground.random
    given = feed(random, events=20, contacts=5)
    expected = set_up(ground, given)
    patient = ground.number % 3 == 0
    with Sandbox(given.account()) as sandbox:
        ground.reach(sandbox)
        more = ("--lock-wait", "1m") if patient else ()
        racing = [
            ground.start(*push(given, *more, "--rejects", f"private/r{each}.ndjson"))
            for each in range(6 if ground.number % 15 == 0 else 2)
        ]
        ground.faults += len(racing)
        statuses = [ground.end(each, allowed={0} if patient else {0, 75}).status for each in racing]
        assert 0 in statuses
        assert not ground.unfinished()
        assert len(ground.known_runs()) == statuses.count(0)
        ground.check_values(sandbox.values(), expected)


def signals(ground: Ground) -> None:
    """Send SIGINT or SIGTERM, once or twice, at any moment; what is left is resumed."""
    random = ground.random
    given = feed(random)
    way = random.choice([each for each in WAYS if "--mirror" not in each])
    expected = set_up(ground, given)
    with Sandbox(given.account()) as sandbox:
        ground.reach(sandbox)
        running = ground.start(*push(given, *way))
        for number in random.choices((signal.SIGINT, signal.SIGTERM), k=random.randint(1, 3)):
            time.sleep(random.uniform(0.0, 0.6))
            if number == signal.SIGINT:  # not while it is still Python's own start
                ground.until(lambda: has_begun(running))
            if running.is_running():
                running.process.send_signal(number)
                ground.faults += 1
        ground.end(running, allowed={0, 130, 143, -2, -15})
        finish(ground, given)
        ground.check_values(sandbox.values(), expected, by_boxes=True)


def has_begun(running: Running) -> bool:
    """Say whether a process has come to modules of ours, or has ended."""
    try:
        maps = Path(f"/proc/{running.process.pid}/maps").read_text()
    except OSError:
        return True
    return "msgspec" in maps or not running.is_running()


ATTACKS: Final = (
    Attack("process", "kills", 100, kills),
    Attack("process", "kills of a pipe", 20, kills_of_a_pipe),
    Attack("process", "races", 100, races),
    Attack("process", "signals", 40, signals),
)
