"""What a command costs that does nothing."""

from __future__ import annotations

import subprocess
import sys

SLOW = ("delivery", "listrak", "mapping", "input", "evaluation", "sync", "run_settings")


def test_what_is_imported() -> None:
    """The list of commands imports none of them, nor what they import."""
    script = "import sys, listrak_sync.cli; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )
    loaded = set(done.stdout.split())
    assert not loaded & {"httpx", "yaml", "rich", *(f"listrak_sync.{name}" for name in SLOW)}


def test_commands_import_httpx_late() -> None:
    """No command imports httpx before it talks to Listrak."""
    commands = ("auth", "check", "dry_run", "lookups", "mapping", "push", "runs", "sandbox")
    imports = ", ".join(f"listrak_sync.cli.{command}" for command in commands)
    script = f"import sys, {imports}; print('httpx' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )
    assert done.stdout == "False\n"
