"""Objects of a store, listed and read; what fails and may pass is asked for again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

from listrak_sync.stores.addresses import Address, address_of
from listrak_sync.stores.client import Ticket, client
from listrak_sync.stores.failures import error_of
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

RANGE_BYTES: Final = 8 << 20
"""How much is asked for at a time."""

FIRST_BYTES: Final = 64 << 10
"""How much is asked for first: it tells what an object holds, and many are not larger."""

PAUSES: Final = (0.2, 1.0, 3.0, 8.0, 15.0)
"""How long to wait before asking for a range again, in seconds: once for each, then no more."""

_PAUSES_AT_FIRST: Final = PAUSES[:2]
"""The same before anything is read: mostly it is the settings, and somebody waits."""

_TOGETHER: Final = 256
"""How many objects are looked at with one request to the process that uses the library."""

Pause: TypeAlias = Callable[[float], object]


@dataclass(frozen=True, slots=True)
class ObjectVersion:
    """An object as it was when it was listed: its URL, size in bytes, and entity tag."""

    url: str
    size: int
    etag: str


Found: TypeAlias = ObjectVersion | list[ObjectVersion] | OSError
"""What a URL names: an object, those below it, or why it can name nothing."""


def versions_of(urls: Sequence[str], pause: Pause = time.sleep) -> Iterator[Found]:
    """Yield for each URL its object; where it ends with `/` or there is none, those below it.

    Those are in the store's order, without empty ones. Raises UsageError, SettingsError or
    UnreachableError where a store cannot be used.
    """
    addresses = [address_of(url) for url in urls]
    single = [each for each in addresses if each.key and not each.key.endswith("/")]
    found: dict[Address, object] = {}
    for start in range(0, len(single), _TOGETHER):
        some = tuple(single[start : start + _TOGETHER])
        answer = _asked(DescribeObjects(some), pause)
        found |= zip(some, cast(tuple[object, ...], answer), strict=True)
    for url, address in zip(urls, addresses, strict=True):
        match found.get(address):
            case StoredObject(_, size, etag):
                yield ObjectVersion(url, size, etag)
            case None | Failure(Why.missing | Why.denied):  # who may only list is denied
                yield _below(address, url, pause)
            case Failure() as failure:
                yield _unusable(failure, address, url)


def _unusable(failure: Failure, address: Address, url: str) -> OSError:
    """Return why a URL can name nothing; raise what is about the store."""
    error = error_of(failure, address, url, len(_PAUSES_AT_FIRST) + 1)
    if isinstance(error, OSError):
        return error
    raise error


def _below(address: Address, url: str, pause: Pause) -> list[ObjectVersion] | OSError:
    answer = _asked(ListObjects(address), pause)
    if isinstance(answer, Failure):
        return _unusable(answer, address, url)
    objects = cast(tuple[StoredObject, ...], answer)
    return [
        ObjectVersion(address.url_of(each.key), each.size, each.etag)
        for each in objects
        if each.size  # others hold no lines, and mostly only stand for folders
    ]


def beginnings(objects: Sequence[ObjectVersion], pause: Pause = time.sleep) -> Iterator[bytes]:
    """Yield the first bytes of each object, nothing where they cannot be read."""
    for start in range(0, len(objects), _TOGETHER):
        some = objects[start : start + _TOGETHER]
        wanted = [range_of(each, 0, min(each.size, FIRST_BYTES)) for each in some if each.size]
        answers = iter(cast(tuple[object, ...], _asked(ReadRanges(tuple(wanted)), pause)))
        for each in some:
            answer = next(answers) if each.size else b""
            yield answer if isinstance(answer, bytes) else b""


def read_range(version: ObjectVersion, start: int, end: int, pause: Pause = time.sleep) -> bytes:
    """Return the bytes of an object from `start` to before `end`.

    Raises OSError if it is another object now, and where the store cannot be used ListrakSyncError.
    """
    return received(range_of(version, start, end), None, version.url, pause)[0]


def range_of(version: ObjectVersion, start: int, end: int) -> ReadRange:
    """Return the request for the bytes of an object from `start` to before `end`."""
    return ReadRange(address_of(version.url), version.etag, start, end)


def _asked(request: Request, pause: Pause) -> object:
    """Return the answer to a request that is made again while it fails and that may pass."""
    answer = client().send(request).wait()
    for seconds in _PAUSES_AT_FIRST:
        if not _may_pass(answer):
            break
        pause(seconds)
        answer = client().send(request).wait()
    return answer


def _may_pass(answer: object) -> bool:
    several = answer if isinstance(answer, tuple) else (answer,)
    failures = (each for each in several if isinstance(each, Failure))
    return any(each.why in {Why.failed, Why.no_listing} for each in failures)


def received(wanted: ReadRange, ticket: Ticket | None, url: str, pause: Pause) -> tuple[bytes, int]:
    """Return a range, and how often it was asked for: `ticket` is the first time."""
    tries = 1
    answer = (ticket or client().send(wanted)).wait()
    for seconds in PAUSES:
        if not _may_pass(answer):
            break
        pause(seconds)
        answer = client().send(wanted).wait()
        tries += 1
    if isinstance(answer, Failure):
        raise error_of(answer, wanted.address, url, tries)
    return cast(bytes, answer), tries
