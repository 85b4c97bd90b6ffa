"""How Spark fails, in our own exceptions."""

from __future__ import annotations

import re
from typing import Final

from listrak_sync.errors import ListrakSyncError

_CAUSE: Final = re.compile(r"(?:Caused by: )?[\w.]+(?:Error|Exception)\b")
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
    """Return the error that the user is told: the first line, and the last cause in the traces."""
    lines = [line.strip() for line in str(failure).splitlines() if line.strip()]
    cause = next((line for line in reversed(lines) if _CAUSE.match(line)), "")
    message = "\n".join(dict.fromkeys(filter(None, (*lines[:1], cause))))
    return ListrakSyncError(f"Spark: {message}", _HINT.format(to=to))
