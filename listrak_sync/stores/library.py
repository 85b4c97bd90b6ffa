"""Calls the library that talks to the stores; imported only in a process of its own."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Final, TypeVar

import obstore
from obstore.exceptions import (
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import AzureStore, GCSStore, S3Store

from listrak_sync.listrak.addresses import is_loopback
from listrak_sync.stores.addresses import Address
from listrak_sync.stores.messages import (
    DescribeObjects,
    Failure,
    ListObjects,
    ReadRange,
    ReadRanges,
    Request,
    StoredObject,
    Why,
)

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

_SIDE_BY_SIDE: Final = 16
"""How many small requests are under way at a time."""

_TIMEOUT: Final = timedelta(seconds=60)
"""How long a request may take as a whole: a range of 8 MiB, or a page of a listing."""

_CONNECT_TIMEOUT: Final = timedelta(seconds=10)

# We ask again ourselves: what was asked again is told, and it is we who say how often.
_ASK_ONCE: Final[RetryConfig] = {"max_retries": 0, "retry_timeout": _TIMEOUT}

_PROBE: Final = "listrak-sync-is-this-bucket-there"
"""The key of an object that nobody has: how a store refuses it tells why it does not list."""

_ENDPOINTS: Final = (
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT",
    "AZURE_STORAGE_ENDPOINT",
    "AZURE_ENDPOINT",
)

_LEAD: Final = re.compile(r"(Generic \w+ error|Error performing list request): ")
_SECRETS: Final = re.compile(r"\?\S*|(?<=//)[^/\s]*@")
_BODY: Final = re.compile(r":? *[<{].*")
_DETAIL: Final = 240

_Answer = TypeVar("_Answer")


def answer(request: Request) -> object:
    """Return the answer to a request, a Failure where there is none."""
    match request:
        case ListObjects(address):
            found = _tried(lambda: _below(address))
            return _why_not_listed(address, found) if isinstance(found, Failure) else found
        case DescribeObjects(addresses):
            return _each(addresses, _described)
        case ReadRange():
            return _tried(lambda: _bytes_of(request))
        case ReadRanges(ranges):
            return _each(ranges, _bytes_of)


_Item = TypeVar("_Item")


def _each(
    items: Sequence[_Item], function: Callable[[_Item], _Answer]
) -> tuple[_Answer | Failure, ...]:
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        return tuple(pool.map(lambda item: _tried(lambda: function(item)), items))


def _below(address: Address) -> tuple[StoredObject, ...]:
    prefix = address.key.rstrip("/") or None
    pages = obstore.list(_store(address.scheme, address.bucket), prefix, chunk_size=1000)
    return tuple(_stored(each) for page in pages for each in page)


def _described(address: Address) -> StoredObject:
    return _stored(obstore.head(_store(address.scheme, address.bucket), address.key))


def _bytes_of(wanted: ReadRange) -> bytes | Failure:
    store = _store(wanted.address.scheme, wanted.address.bucket)
    result = obstore.get(
        store,
        wanted.address.key,
        options={"range": (wanted.start, wanted.end), "if_match": wanted.etag or None},
    )
    # Not every store honours If-Match, and what answers in its place need not be a store.
    if (result.meta["e_tag"] or "") != wanted.etag:
        return Failure(Why.replaced)
    found = bytes(result.bytes())
    if len(found) != wanted.end - wanted.start:
        return Failure(Why.failed, f"{len(found)} bytes came of {wanted.end - wanted.start}")
    return found


def _stored(meta: ObjectMeta) -> StoredObject:
    return StoredObject(meta["path"], meta["size"], meta["e_tag"] or "")


def _tried(function: Callable[[], _Answer]) -> _Answer | Failure:
    """Return what a function of the library's returns, a Failure where it raises."""
    try:
        return function()
    except (NotFoundError, FileNotFoundError):
        return Failure(Why.missing)
    except PreconditionError:
        return Failure(Why.replaced)
    except (PermissionDeniedError, UnauthenticatedError, PermissionError):
        return Failure(Why.denied)
    except ValueError as error:
        return Failure(Why.bad_name, _brief(error))
    except BaseException as error:  # noqa: BLE001 - it also panics, over settings for example
        return Failure(Why.failed, _brief(error))


def _why_not_listed(address: Address, failure: Failure) -> Failure:
    """Return why a bucket is not listed, by how the store refuses an object: that has a class."""
    if failure.why is not Why.failed:
        return failure
    probe = _tried(lambda: _described(Address(address.scheme, address.bucket, _PROBE)))
    match probe:
        case Failure(Why.denied):
            return probe
        case Failure(Why.missing):
            return Failure(Why.no_listing, failure.detail)
        case _:
            return failure


def _brief(error: BaseException) -> str:
    """Return an error's first line: no body of a reply, and no secrets of URLs."""
    line = _LEAD.sub("", str(error).split("\n", 1)[0])
    return _BODY.sub("", _SECRETS.sub("", line))[:_DETAIL]


@cache
def _store(scheme: str, bucket: str) -> ObjectStore:
    """Return a bucket; the library takes credentials, region and endpoint from the environment."""
    options: ClientConfig = {"timeout": _TIMEOUT, "connect_timeout": _CONNECT_TIMEOUT}
    if any(is_loopback(os.environ.get(name, "")) for name in _ENDPOINTS):
        options["allow_http"] = True  # beyond this machine, AWS_ALLOW_HTTP has to say so
    match scheme:
        case "s3":
            return S3Store(bucket, client_options=options, retry_config=_ASK_ONCE)
        case "gs":
            return GCSStore(bucket, client_options=options, retry_config=_ASK_ONCE)
        case _:
            return AzureStore(bucket, client_options=options, retry_config=_ASK_ONCE)
