"""What the process that uses the library is asked, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from listrak_sync.stores.addresses import Address


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as the store knows it: its key, size in bytes, and entity tag."""

    key: str
    size: int
    etag: str


@dataclass(frozen=True, slots=True)
class ListObjects:
    """Asks for all objects below a prefix, a tuple of StoredObject."""

    address: Address


@dataclass(frozen=True, slots=True)
class DescribeObjects:
    """Asks for what the store knows of objects: for each a StoredObject or a Failure."""

    addresses: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class ReadRange:
    """Asks for bytes of an object of this entity tag, from `start` to before `end`."""

    address: Address
    etag: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ReadRanges:
    """Asks for ranges of several objects: for each its bytes or a Failure."""

    ranges: tuple[ReadRange, ...]


Request: TypeAlias = ListObjects | DescribeObjects | ReadRange | ReadRanges


class Why(StrEnum):
    """Why a store gives no answer."""

    missing = "missing"
    replaced = "replaced"
    denied = "denied"
    no_listing = "no listing"
    """The store answers, but does not list the bucket: mostly there is none of this name."""
    bad_name = "bad name"
    failed = "failed"
    """Everything else, which may pass: it was not reached, was too slow, or answered nonsense."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer, and the library's words for it, without secrets."""

    why: Why
    detail: str = ""
