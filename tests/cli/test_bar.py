"""How far a run is, on real terminals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from listrak_sync.sandbox import Account, Behaviour, Delay, Reply, Rule
from listrak_sync.sandbox.account import AccountField, AccountFieldGroup, MailingList
from tests.cli.conftest import LIST, events
from tests.cli.screen import Screen

if TYPE_CHECKING:
    from tests.cli.conftest import Cli, Start

MANY = 12_000
PHASES = ("reading", "evaluating", "comparing", "sending", "waiting", "verifying", "pause")
PUSH = "$LS push many.ndjson -m m.yaml --batch-contacts 3000 --in-flight 1"
SLOWLY = "(cat many.ndjson; sleep 1)"
GROUP = AccountFieldGroup(id=1, fields=(AccountField(id=789, data_type="CheckBox"),))
HOLDS_MANY = Account(
    lists=(
        MailingList(
            id=LIST,
            groups=(GROUP,),
            contacts={f"c{number}@example.com": {} for number in range(MANY)},
        ),
    )
)


def slow(seconds: float) -> Behaviour:
    """Return a behaviour in which all that is shown of Listrak takes its time."""
    routes = ("profile-fields", "contacts")
    faults = [Rule(action=Delay(seconds), route=route) for route in routes]  # type: ignore[arg-type]
    return Behaviour(faults=tuple(faults), resource_ids="one", import_delay=0.8, show_delay=0.4)


@pytest.fixture(autouse=True)
def many(cli: Cli) -> None:
    """Write so many events that a run takes a while."""
    (cli.folder / "many.ndjson").write_text(events(MANY))


def bars(frame: list[str]) -> list[str]:
    """Return the lines of a screen that tell of a phase."""
    return [line for line in frame if line.startswith(PHASES)]


@pytest.mark.parametrize("columns", [40, 80, 140])
def test_every_phase(cli: Cli, start: Start, columns: int) -> None:
    """Each phase has a line of its own, none is folded, and none remains at the end."""
    start(slow(0.25), HOLDS_MANY)
    with Screen(cli, f"{PUSH} --only-changes --verify --wait", columns) as screen:
        status, last = screen.end()
    assert status == 0
    shown = [line for frame in screen.frames for line in bars(frame)]
    assert {line.split()[0] for line in shown} >= {"comparing", "sending", "waiting", "verifying"}
    assert max(map(len, shown)) <= columns - 3
    assert any(re.match(r"sending .*50%  (6,000 of 12,000|6.0k of 12k)", line) for line in shown)
    assert any("5,000 contacts read" in line for line in shown if line.startswith("comparing"))
    for frame in screen.frames:
        assert len({line.split()[0] for line in bars(frame)}) == len(bars(frame)) <= 3
    assert not bars(last)
    assert "━" not in "".join(last[:2])
    assert not screen.cursor_is_hidden


def test_an_unknown_end(cli: Cli, start: Start) -> None:
    """Of a pipe no share and no rest is told, only what is read."""
    start()
    with Screen(cli, f"{SLOWLY} | {PUSH.replace('many.ndjson', '-')}") as screen:
        status, last = screen.end()
    assert status == 0
    reading = [line for frame in screen.frames for line in bars(frame) if line.startswith("read")]
    assert any(f"{MANY:,} lines" in line for line in reading)
    assert not re.search(r"%|\?|left| of ", "".join(reading))
    assert not bars(last)


def test_a_pause(cli: Cli, start: Start) -> None:
    """Why nothing goes on is told in the line of the phase that has to wait."""
    busy = Reply(status=429, headers={"Retry-After": "2"})
    start(Behaviour(faults=(Rule(action=busy, route="profile-fields", after=2, times=1),)))
    with Screen(cli, PUSH) as screen:
        status, last = screen.end()
    assert status == 0
    assert screen.shows("pause 2 s: ")
    paused = [line for frame in screen.frames for line in bars(frame) if "pause" in line]
    assert all(line.startswith("sending  ") and " 50% " in line for line in paused)
    assert not any("asks for a pause" in line for line in last)


@pytest.mark.parametrize("signals", [1, 2])
def test_interrupted(cli: Cli, start: Start, signals: int) -> None:
    """Ctrl-C takes the bar away at once; a second one leaves nothing of it either."""
    start(slow(1.5))
    with Screen(cli, f"{PUSH}; echo ended", 60, 50) as screen:
        screen.until(lambda frame: any(line.startswith("sending") for line in frame))
        for _ in range(signals):
            screen.type("\x03")
            screen.until(lambda frame: any(line.startswith("stopping: ") for line in frame))
        _, last = screen.end()
    assert not bars(last)
    assert not screen.cursor_is_hidden
    assert any(line.startswith("stopping: what is in flight is finished") for line in last)
    assert any("error: interrupted" in line for line in last) is (signals == 1)


def test_a_pager(cli: Cli, start: Start) -> None:
    """Where a pager shows the data, nothing is painted over it."""
    start()
    script = "$LS dry-run many.ndjson -m m.yaml --explain | less"
    with Screen(cli, script, changed={"LESS": "", "LESSHISTFILE": "-"}) as screen:
        screen.until(lambda frame: "matched" in "".join(frame))
        screen.type("G")
        screen.until(lambda frame: f'"line":{MANY}' in "".join(frame).replace(" ", ""))
        screen.type("q")
        status, _ = screen.end()
    assert status == 0
    assert not any(bars(frame) for frame in screen.frames)


@pytest.mark.parametrize("option", ["--format updates", "--explain"])
def test_data_on_the_terminal(cli: Cli, option: str) -> None:
    """No line of a bar stands between lines of data on the terminal."""
    (cli.folder / "few.ndjson").write_text(events(9))
    with Screen(cli, f"$LS dry-run few.ndjson -m m.yaml {option}") as screen:
        status, last = screen.end()
    assert status == 0
    assert "c8@example.com" in "".join(last)
    assert not any(bars(frame) for frame in screen.frames)


def test_an_object_at_the_end(cli: Cli) -> None:
    """A report that is printed as JSON leaves the terminal to the bar until then."""
    with Screen(cli, f"{SLOWLY} | $LS dry-run -m m.yaml --json") as screen:
        status, last = screen.end()
    assert status == 0
    assert screen.shows("reading")
    assert not bars(last)


def test_a_mirror(cli: Cli, start: Start) -> None:
    """That a list is read from end to end is told as well."""
    start(slow(0.4), HOLDS_MANY)
    with Screen(cli, "$LS plan many.ndjson -m m.yaml --mirror") as screen:
        status, last = screen.end()
    assert status == 0
    assert screen.shows("comparing  list 12345, 5,000 contacts read")
    assert not bars(last)


@pytest.mark.parametrize(
    ("changed", "has_bar", "has_colours"),
    [({}, True, True), ({"NO_COLOR": "1"}, True, False), ({"TERM": "dumb"}, False, False)],
)
def test_colours(
    cli: Cli, start: Start, changed: dict[str, str], *, has_bar: bool, has_colours: bool
) -> None:
    """NO_COLOR leaves out every colour; a terminal that cannot paint gets lines."""
    start(slow(0.2))
    with Screen(cli, f"{PUSH} -v", changed=changed) as screen:
        status, _ = screen.end()
    assert status == 0
    coloured = re.search(rb"\x1b\[(?:\d+;)*[349]\d", screen.raw) is not None
    assert coloured is has_colours
    assert any(bars(frame) for frame in screen.frames) is has_bar


@pytest.mark.parametrize("option", ["--progress none", "--progress text", "--quiet"])
def test_no_bar_where_none_is_wanted(cli: Cli, start: Start, option: str) -> None:
    """No bar is shown on a terminal where none is wanted."""
    start(slow(0.2))
    with Screen(cli, f"{PUSH} {option}") as screen:
        status, _ = screen.end()
    assert status == 0
    assert not any(bars(frame) for frame in screen.frames)
