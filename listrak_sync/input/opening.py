"""Opens an input: a file, an object of a store, or standard input."""

from __future__ import annotations

import fcntl
import os
import sys
from contextlib import suppress
from io import BufferedReader
from pathlib import Path
from typing import IO, Final

from listrak_sync.input.sources import STANDARD_INPUT, Source
from listrak_sync.stores.reader import ObjectReader

PIPE_BYTES: Final = 1 << 20
"""How much a pipe is asked to hold, so that its two ends take fewer turns."""

_BUFFER_BYTES: Final = 64 << 10


def open_source(source: Source) -> IO[bytes]:
    """Open an input. Raises OSError."""
    if source.version is not None:
        return BufferedReader(ObjectReader(source.version), _BUFFER_BYTES)
    if source.file != STANDARD_INPUT:
        return Path(source.file).open("rb")
    descriptor = os.dup(sys.stdin.fileno())
    with suppress(AttributeError, OSError):  # only a pipe of Linux can be widened
        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return os.fdopen(descriptor, "rb")
