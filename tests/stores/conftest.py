"""A bucket on loopback, and the command in an environment that finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from listrak_sync.stores import client
from tests.cli.conftest import Cli, cli, start
from tests.stores.bucket import Bucket, started

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["cli", "start"]


@pytest.fixture(scope="session")
def server() -> Iterator[Bucket]:
    """Give a bucket that all tests share, and which this process finds."""
    with pytest.MonkeyPatch.context() as patch:
        for bucket in started():
            for name, value in bucket.environment.items():
                patch.setenv(name, value)
            yield bucket
        client.close()


@pytest.fixture
def bucket(server: Bucket) -> Bucket:
    """Give an empty bucket without faults."""
    server.clear()
    return server


@pytest.fixture
def reaching(cli: Cli, bucket: Bucket) -> Cli:
    """Give the command with the variables by which the bucket is found."""
    cli.environment |= bucket.environment
    return cli
