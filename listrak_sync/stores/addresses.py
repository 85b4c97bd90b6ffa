"""The URLs of objects: `s3://BUCKET/KEY`, `gs://BUCKET/KEY`, `az://CONTAINER/KEY`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from listrak_sync.errors import UsageError

_URL: Final = re.compile(r"(s3|gs|az)://([^/]*)/?(.*)", re.DOTALL)
_SIGNATURE: Final = re.compile(r"[?&](sig|x-(amz|goog)-signature)=", re.IGNORECASE)
_HINT: Final = "Write s3://BUCKET/KEY; credentials come from the environment, see docs/inputs.md."


@dataclass(frozen=True, slots=True)
class Address:
    """Where objects are: the scheme of a store, a bucket, and a key or the beginning of keys."""

    scheme: str
    bucket: str
    key: str

    def url_of(self, key: str) -> str:
        """Return the URL of an object in the same bucket."""
        return f"{self.scheme}://{self.bucket}/{key}"


def is_url(name: str) -> bool:
    """Say whether the name of an input is a URL of a store."""
    return _URL.match(name) is not None


def address_of(url: str) -> Address:
    """Return the parts of a URL; a key is taken as it is, without escapes.

    Raises UsageError for a URL without a bucket, and for one with secrets, which are not shown.
    """
    found = _URL.fullmatch(url)
    if found is None or not found[2]:
        raise UsageError(f"{url}: this URL names no bucket", _HINT)
    scheme, bucket, key = found.groups()
    if "@" in bucket:
        shown = f"{scheme}://…@{bucket.rpartition('@')[2]}/{key}"
        raise UsageError(f"{shown}: credentials do not belong in a URL", _HINT)
    if _SIGNATURE.search(key):
        shown = f"{scheme}://{bucket}/{key.partition('?')[0]}?…"
        raise UsageError(f"{shown}: a signature does not belong in a URL", _HINT)
    return Address(scheme, bucket, key)
