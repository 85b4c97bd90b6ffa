"""Data as the lines of a block."""

from __future__ import annotations

from io import BytesIO


def lines_of(data: bytes) -> list[bytes]:
    """Return data line by line, each line with its newline."""
    return BytesIO(data).readlines()
