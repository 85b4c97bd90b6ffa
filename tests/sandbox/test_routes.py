"""The table of routes."""

from __future__ import annotations

import pytest

from listrak_sync.sandbox.routes import kind_of
from listrak_sync.sandbox.wire import Request
from tests.sandbox.conftest import IMPORT, PUSH


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/OAuth2/Token", "token"),
        ("POST", "/email/v1" + PUSH, "profile-fields"),
        ("POST", "/email/v1" + IMPORT, "list-import"),
        ("GET", "/email/v1/List", "lookups"),
        ("GET", "/email/v1" + IMPORT + "/1/Status", "status"),
        ("PUT", "/email/v1/List", None),
        ("GET", "/", None),
    ],
)
def test_kinds(method: str, path: str, kind: str | None) -> None:
    """Every route is of the kind by which a fault rule names it."""
    assert kind_of(Request(method, path, "", {}, b"", 0)) == kind
