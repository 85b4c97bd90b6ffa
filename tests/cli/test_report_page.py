"""`--report` writes a page about a run, and `runs show --report` makes it later."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import events

if TYPE_CHECKING:
    from tests.cli.conftest import Cli, Start

BAD = '{"type":"track","event":"Entered","context":{"traits":{"email":"ann@"}}}\n'


def command(name: str) -> tuple[str, ...]:
    """Return a command that writes a page."""
    return (name, "e.ndjson", "-m", "m.yaml", "--report", "r.html")


@pytest.mark.parametrize("name", ["dry-run", "plan", "push"])
def test_page(cli: Cli, start: Start, name: str) -> None:
    """Each command that reads events writes it, with samples of rejects unless told not to."""
    start()
    (cli.folder / "e.ndjson").write_text(events(3) + BAD)
    assert cli.run(*command(name)).status == 6
    path = cli.folder / "r.html"
    text = path.read_text("utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert f"<title>listrak-sync {name}</title>" in text
    assert "VIP" in text
    assert "event = &#34;Entered&#34;" in text
    assert "is not a valid e-mail address" in text
    assert cli.run(*command(name), "--report-samples", "0").status == 6
    assert "ann@" not in path.read_text("utf-8")


def test_change(cli: Cli, start: Start) -> None:
    """The page tells how each audience has changed since the last finished run of its mapping."""
    start()
    assert cli.run(*command("push")).status == 0
    assert "Change" not in (cli.folder / "r.html").read_text("utf-8")
    (cli.folder / "e.ndjson").write_text(events(5))
    for name in ("dry-run", "push"):
        assert cli.run(*command(name)).status == 0
        assert "+2 (+66.7%)" in (cli.folder / "r.html").read_text("utf-8")


def test_later(cli: Cli, start: Start) -> None:
    """The page of an earlier run can be made from the journal, then without samples."""
    start()
    (cli.folder / "e.ndjson").write_text(events(3) + BAD)
    assert cli.run("push", "e.ndjson", "-m", "m.yaml").status == 6
    ran = cli.run("runs", "show", "--report", "r.html")
    assert (ran.status, ran.err) == (0, "")
    text = (cli.folder / "r.html").read_text("utf-8")
    assert "Events with an e-mail address that is not valid: 1" in text
    assert "ann@" not in text


def test_not_to_be_made(cli: Cli, start: Start) -> None:
    """2, before anything is sent: another file stands there, or the package is missing."""
    sandbox = start()
    (cli.folder / "r.html").write_text("mine")
    ran = cli.run(*command("push"))
    assert (ran.status, "r.html: this is not a report" in ran.err) == (2, True)
    assert (cli.folder / "r.html").read_text() == "mine"
    (cli.folder / "r.html").unlink()
    (cli.folder / "jinja2.py").write_text("raise ImportError\n")
    missing = cli.run_fresh(*command("push"), changed={"PYTHONPATH": str(cli.folder)})
    assert (missing.status, "pip install 'listrak-sync[report]'" in missing.err) == (2, True)
    assert not sandbox.requests
