"""An object is read by ranges, whatever the way to it does, and as one version or not at all."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from listrak_sync.delivery.sending import ignore
from listrak_sync.errors import SettingsError, UnreachableError
from listrak_sync.stores import reader
from listrak_sync.stores.objects import PAUSES, ObjectVersion, versions_of
from listrak_sync.stores.reader import ObjectReader
from tests.stores.bucket import Bucket, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Random(1).randbytes(10_000)  # noqa: S311 - chance, not a secret


@pytest.fixture(autouse=True)
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask for little at a time."""
    monkeypatch.setattr(reader, "FIRST_BYTES", 500)
    monkeypatch.setattr(reader, "RANGE_BYTES", 3000)


def opened(bucket: Bucket, key: str = "o") -> ObjectReader:
    """Put the data, and return a reader of it."""
    (version,) = versions_of([bucket.put(key, DATA)])
    assert isinstance(version, ObjectVersion)
    bucket.requests.clear()
    return ObjectReader(version, pause=ignore)


def test_ranges(bucket: Bucket) -> None:
    """The first range is short, and all together are the object."""
    assert opened(bucket, "a b?/ä+%.gz").read() == DATA
    starts = [each.partition("bytes=")[2] for each in bucket.requests]
    assert starts == ["0-499", "500-3499", "3500-6499", "6500-9499", "9500-9999"]


def test_any_place(bucket: Bucket) -> None:
    """It can be read from any place, in any order."""
    chance, file = Random(2), opened(bucket)  # noqa: S311 - chance, not a secret
    for _ in range(30):
        place = chance.randrange(len(DATA) + 5)
        assert file.seek(place) == file.tell() == place
        assert file.read(100) == DATA[place : place + 100]
    assert file.seek(-7, 2) == len(DATA) - 7
    assert file.read() == DATA[-7:]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("bytes=3500", cut=1000, times=2),
        Fault("bytes=3500", status=503, times=len(PAUSES)),
        Fault("bytes=3500", status=500),
        Fault("bytes=0-", cut=0),
        Fault("bytes=500", ignores_range=True),
        Fault("bytes=500", ignores_range=True, cut=700),
    ],
)
def test_asked_again(bucket: Bucket, fault: Fault) -> None:
    """A range that does not come whole is asked for again, and that is counted."""
    file, times = opened(bucket), fault.times
    bucket.faults.append(fault)
    assert file.read() == DATA
    assert file.retries == times


def test_given_up(bucket: Bucket) -> None:
    """A range is asked for so many times, then the store is unreachable."""
    file = opened(bucket)
    bucket.faults.append(Fault("bytes=3500", status=503, times=99))
    with pytest.raises(UnreachableError, match=f"asked {len(PAUSES) + 1} times"):
        file.read()


def test_denied(bucket: Bucket) -> None:
    """What is refused is not asked for again."""
    file = opened(bucket)
    bucket.faults.append(Fault("bytes=3500", status=403))
    with pytest.raises(SettingsError, match="refuses access"):
        file.read()


def changes(bucket: Bucket) -> Iterator[tuple[Fault, str]]:
    """Yield what happens to an object while it is read, and what is said of that."""
    again = DATA[::-1]
    yield Fault("bytes=3500", first=lambda: bucket.put("o", again)), "was replaced meanwhile"
    yield Fault("bytes=3500", status=404), "no such object"
    yield Fault("bytes=3500", status=412), "was replaced meanwhile"


@pytest.mark.parametrize("index", range(3))
def test_replaced(bucket: Bucket, index: int) -> None:
    """An object that is another or gone is an error that says so."""
    file = opened(bucket)
    fault, words = list(changes(bucket))[index]
    bucket.faults.append(fault)
    taken = b""
    while len(taken) < 3500:
        taken += file.read(500)
    assert taken == DATA[:3500]
    with pytest.raises(OSError, match=words):
        file.read(1)


def test_replaced_where_the_condition_is_ignored(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that ignores If-Match is not believed: the tag of what comes counts."""
    monkeypatch.setattr(bucket, "drops", "if-match")
    file = opened(bucket)
    bucket.put("o", DATA[::-1])
    with pytest.raises(OSError, match="was replaced meanwhile"):
        file.read()
