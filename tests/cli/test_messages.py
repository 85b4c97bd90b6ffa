"""Messages on standard error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from listrak_sync.cli.messages import LogFormat, Messages
from listrak_sync.errors import StoppedError

if TYPE_CHECKING:
    from listrak_sync.cli.messages import LogFormat

ERROR = StoppedError("too many\x1b[31m", "Allow more.")


@pytest.mark.parametrize("quiet", [False, True])
@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_levels(
    capsys: pytest.CaptureFixture[str], *, quiet: bool, verbose: bool, log_format: LogFormat
) -> None:
    """Errors are always shown, what goes on unless quiet, details with --verbose alone."""
    messages = Messages(quiet=quiet, verbose=verbose, log_format=log_format)
    messages.info("goes on", count=3)
    messages.detail("a detail")
    messages.error(ERROR)
    out, err = capsys.readouterr()
    assert out == ""
    assert ("goes on" in err) is not quiet
    assert ("a detail" in err) is (verbose and not quiet)
    assert "too many\\x1b[31m" in err.replace("\\u001b", "\\x1b")
    assert "Allow more." in err


def test_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """A JSON line holds level, message, time and details, whatever stands in them."""
    messages = Messages(log_format=LogFormat.json)
    messages.info("two\nlines", name='é\x1b"')
    messages.error(ERROR)
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first["level"], first["message"], first["name"]) == ("info", "two\nlines", 'é\x1b"')
    assert (second["level"], second["exit_status"], second["hint"]) == ("error", 7, "Allow more.")
    assert second["message"] == ERROR.message
