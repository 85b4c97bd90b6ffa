"""How Spark fails, in our own exceptions."""

from __future__ import annotations

import re
from typing import Final

from listrak_sync.errors import ListrakSyncError, SettingsError

_CAUSE: Final = re.compile(r"(?:Caused by: )?([\w.]+(?:Error|Exception)\b.*)")
_HINT: Final = (
    "Spark's log tells more. Each of its workers needs a Python with listrak-sync:\n"
    "PYSPARK_PYTHON names it. Remove {to} before you run it again, if it is there."
)


def failures() -> tuple[type[Exception], ...]:
    """Return the exceptions by which Spark fails."""
    from pyspark.errors import PySparkException  # noqa: PLC0415 - only where it is installed

    try:
        from py4j.protocol import Py4JError  # noqa: PLC0415 - not with Connect alone
    except ImportError:
        return (PySparkException,)
    return PySparkException, Py4JError


def failed(failure: Exception, to: str) -> ListrakSyncError:
    """Return the error that the user is told of a run."""
    return ListrakSyncError(f"Spark: {_cause(failure)}", _HINT.format(to=to))


def not_started(failure: Exception) -> SettingsError:
    """Return the error that the user is told where there is no session."""
    hint = "It needs Java 17 or newer: apt-get install default-jre-headless"
    return SettingsError(f"Spark does not start: {_cause(failure)}", hint)


def _cause(failure: Exception) -> str:
    """Return the last cause in the traces that Spark gives as a message, or its first line."""
    lines = [line.strip() for line in str(failure).splitlines() if line.strip()]
    causes = (found[1] for line in reversed(lines) if (found := _CAUSE.match(line)))
    return next(causes, lines[0] if lines else type(failure).__name__)
