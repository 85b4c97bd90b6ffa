"""Instants as people and programs read them."""

from __future__ import annotations

from datetime import UTC, datetime


def utc(seconds: float) -> str:
    """Return an instant, in seconds since 1970, as a text with its zone: 2026-01-31T23:59:59Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
