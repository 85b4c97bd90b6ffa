"""URLs of objects are taken as they are written, and secrets in them are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_sync.errors import UsageError
from listrak_sync.stores.addresses import Address, address_of, is_url


@given(
    st.sampled_from(["s3", "gs", "az"]),
    st.text("abc.-_7", min_size=1),
    st.text("aä/ ?%#@=\n.", max_size=20),
)
def test_parts(scheme: str, bucket: str, key: str) -> None:
    """A key is everything behind the bucket, without escapes, and gives the same URL again."""
    address = address_of(f"{scheme}://{bucket}/{key}")
    assert address == Address(scheme, bucket, key)
    assert address.url_of(key) == f"{scheme}://{bucket}/{key}"


@pytest.mark.parametrize("name", ["-", "s3:/b/k", "S3.ndjson", "https://b/k", "./s3://b/k"])
def test_what_is_no_url(name: str) -> None:
    """Everything else is the name of a file."""
    assert not is_url(name)


@pytest.mark.parametrize("url", ["s3://", "gs:///key"])
def test_no_bucket(url: str) -> None:
    """A URL names a bucket."""
    with pytest.raises(UsageError, match="names no bucket"):
        address_of(url)


@pytest.mark.parametrize(
    "url",
    [
        "s3://user:hush@bucket/key",
        "az://hush@account/key",
        "az://container/key?sv=1&sig=hush",
        "s3://bucket/key?X-Amz-Signature=hush",
    ],
)
def test_secrets(url: str) -> None:
    """A URL with a secret is refused without showing it."""
    with pytest.raises(UsageError, match="not belong in a URL") as caught:
        address_of(url)
    assert "hush" not in caught.value.message + caught.value.hint
