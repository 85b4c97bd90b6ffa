"""What a push tells while it waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from listrak_sync.cli.messages import Messages
from listrak_sync.cli.narration import LONG_WAIT, tell_wait
from listrak_sync.delivery.sending import Waiting
from listrak_sync.sandbox import Behaviour, Sandbox
from tests.cli.conftest import ACCOUNT, Cli

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def slow(cli: Cli) -> Iterator[None]:
    """Let imports take a while."""
    with Sandbox(ACCOUNT, Behaviour(import_delay=0.6)) as sandbox:
        cli.reach(sandbox)
        yield


def test_long_wait(capsys: pytest.CaptureFixture[str]) -> None:
    """That it takes long is told once, whatever the pauses are."""
    messages, waited = Messages(), 0.0
    for pause in (0.25, 0.5, 1, 2, 4, 8, 15, 15, 15):
        tell_wait(Waiting(2, waited, pause), messages)
        waited += pause
    assert waited > LONG_WAIT
    assert capsys.readouterr().err == "waiting until Listrak has applied 2 imports\n"


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("options", [("--wait",), ("--window", "1")])
def test_waiting_in_detail(cli: Cli, options: tuple[str, ...]) -> None:
    """With --verbose, each pause is told: at the end, and before a window that has to wait."""
    told = "1 import not applied yet, asking again in 0.2 s"
    ran = cli.run("push", "e.ndjson", "-m", "m.yaml", "--verbose", *options)
    assert ran.status == 0
    assert told in ran.err
    assert told not in cli.run("push", "e.ndjson", "-m", "m.yaml", *options).err
