"""Objects below a prefix are the files of a folder."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from listrak_sync.delivery.sending import ignore
from listrak_sync.errors import SettingsError, UnreachableError, UsageError
from listrak_sync.input.blocks import read
from listrak_sync.input.choice import FileChoice
from listrak_sync.input.formats import check_formats
from listrak_sync.input.identity import identity_of
from listrak_sync.input.ranges import ByteRange, WholeObject, read_units
from listrak_sync.input.sources import Source, expand
from listrak_sync.stores import client, objects
from listrak_sync.stores.objects import ObjectVersion, versions_of
from tests.stores.bucket import Bucket, Fault

if TYPE_CHECKING:
    from pathlib import Path

NAMES = [
    "a/x.gz",
    "a-b.gz",
    "a.gz",
    "a/.hidden/y",
    "a/.z",
    "a/_SUCCESS",
    "b/c/d e+%.gz",
    "b/c.tmp",
    "b/ü.gz",
    "B/x.gz",
    "README.md",
]


@pytest.mark.parametrize(
    ("include", "exclude"), [((), ()), (("*.gz",), ("b/*",)), (("a/*", "*.tmp"), ())]
)
def test_same_rules(
    bucket: Bucket, tmp_path: Path, include: tuple[str, ...], exclude: tuple[str, ...]
) -> None:
    """The same are left out, told of, and the rest is in the same order."""
    for name in NAMES:
        bucket.put(f"logs/{name}", b"x")
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    bucket.put("logs-of-others/x.gz", b"x")
    told: list[list[str]] = []
    found: list[list[str]] = []
    for top in ("s3://events/logs", str(tmp_path)):
        notes: list[str] = []
        sources = expand([top], choice=FileChoice(include, exclude, on_left_out=notes.append))
        found.append([each.file.removeprefix(f"{top}/") for each in sources])
        told.append([note.removeprefix(top) for note in notes])
        assert all(each.size == 1 and each.folder == top for each in sources)
    assert found[0] == found[1]
    assert told[0] == told[1]


@pytest.mark.parametrize("url", ["s3://events/day", "s3://events/day/", "s3://events"])
def test_object_or_prefix(bucket: Bucket, url: str) -> None:
    """A URL names an object, if there is one; with a slash at its end, those below it."""
    bucket.put("day", b"itself")
    bucket.put("day/one", b"below")
    found = [each.file for each in expand([url])]
    if url.endswith("day"):
        assert found == ["s3://events/day"]
    else:
        both = ["s3://events/day", "s3://events/day/one"]
        assert found == both[url.endswith("/") :]


def test_empty_objects(bucket: Bucket) -> None:
    """Empty objects, which stand for folders, are left out below a prefix; one can be named."""
    for key in ("day/", "day/sub/", "day/empty", "day/sub/one"):
        bucket.put(key, b"x" * key.endswith("one"))
    assert [each.file for each in expand(["s3://events/day/"])] == ["s3://events/day/sub/one"]
    assert list(read(expand(["s3://events/day/empty"]))) == []


def test_twice(bucket: Bucket) -> None:
    """What is named twice is read twice."""
    url = bucket.put("day/one", b"x")
    assert len(expand([url, "s3://events/day/", url])) == 3


def test_nothing_there(bucket: Bucket) -> None:
    """Whatever names nothing is told, together with files that are missing."""
    with pytest.raises(UsageError) as caught:
        expand(["s3://events/a//b", "s3://events/none", "gone"])
    first, *others = caught.value.message.splitlines()
    assert first.startswith("s3://events/a//b: ")
    assert others == [
        "s3://events/none: no object below this prefix",
        "gone: No such file or directory",
    ]


@pytest.mark.parametrize(
    ("url", "faults", "kind", "words"),
    [
        ("s3://no-such-bucket/a/", [], UsageError, "the store has no bucket no-such-bucket"),
        ("s3://events/a/", [Fault("", 99, status=403)], SettingsError, "refuses access"),
        ("s3://events/a", [Fault("", 99, status=503)], UnreachableError, "503"),
        ("s3://events/a/", [Fault("", 99, status=500)], UnreachableError, "500"),
    ],
)
def test_store_cannot_be_used(
    bucket: Bucket, url: str, faults: list[Fault], kind: type[UsageError], words: str
) -> None:
    """A store that cannot be used ends the run with what is to be done, each in one line."""
    bucket.faults += faults
    with pytest.raises(kind, match=words) as caught:
        list(versions_of([url], ignore))
    assert caught.value.message.startswith(url)
    assert "\n" not in caught.value.message + caught.value.hint


def test_only_listing_is_allowed_at_first(bucket: Bucket) -> None:
    """A store that refuses to say whether an object is there may still list those below."""
    bucket.put("day/one", b"x")
    bucket.faults.append(Fault("HEAD", status=403))
    assert [each.file for each in expand(["s3://events/day"])] == ["s3://events/day/one"]


def test_listing_is_asked_for_again(bucket: Bucket) -> None:
    """A listing that fails once is asked for again."""
    bucket.put("day/one", b"x")
    bucket.faults.append(Fault("list-type", status=503))
    (found,) = versions_of(["s3://events/day/"], ignore)
    assert isinstance(found, list)
    assert len(found) == 1


def test_identity(bucket: Bucket) -> None:
    """For --once, another content or another name makes another object; the time does not."""

    def identity(key: str, data: bytes) -> object:
        return identity_of(expand([bucket.put(key, data)])[0])

    first = identity("a", b"one")
    assert identity("a", b"two") != first
    assert identity("b", b"one") != first
    assert identity("a", b"one") == first


def test_formats(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """What objects hold is looked at before anything is read, all of them side by side."""
    monkeypatch.setattr(objects, "FIRST_BYTES", 40)
    good = b'{"type":"track"}\n' * 2000
    for number in range(20):
        bucket.put(f"a/{number}.gz", gzip.compress(good))
    check_formats(expand(["s3://events/a/", bucket.put("a/empty", b"")]))
    bucket.put("a/s.xlsx", gzip.compress(b"PK\x03\x04" * 300))
    with pytest.raises(UsageError, match="this is a ZIP file") as caught:
        check_formats(expand(["s3://events/a/"]))
    assert caught.value.message.startswith("s3://events/a/s.xlsx: ")
    assert caught.value.hint.endswith("--exclude s.xlsx")


def test_units(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several objects each is a unit, a large plain one is cut, and the lines stay the same."""
    monkeypatch.setattr("listrak_sync.input.ranges.LARGE_OBJECT_BYTES", 1 << 20)
    line = b'{"type":"track","number":%06d}\n'
    data = b"".join(line % number for number in range(80_000))
    bucket.put("a/1.gz", gzip.compress(data[:3100]))
    bucket.put("a/2.ndjson", data)
    bucket.put("a/3", gzip.compress(data, 0))
    sources = expand(["s3://events/a/"])
    units = list(read_units(sources))
    kinds = [type(unit) for unit in units]
    assert (kinds[0], kinds[-1], {*kinds[1:-1]}) == (WholeObject, WholeObject, {ByteRange})
    assert len(kinds) > 3
    lines = [
        line
        for unit in units
        for part in unit.read()  # type: ignore[union-attr]  # of these kinds
        for line in part.lines  # type: ignore[union-attr]  # all can be read
    ]
    assert b"".join(lines) == data[:3100] + data * 2
    assert [each for unit in read(sources) for each in unit.lines] == lines  # type: ignore[union-attr]  # as above


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra it is said how to install it."""
    client.close()
    monkeypatch.setattr(client, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match="need the extra stores") as caught:
        expand(["s3://events/a"])
    assert caught.value.hint == "Install it with: pip install 'listrak-sync[stores]'"


def test_process_died(bucket: Bucket) -> None:
    """If the process that uses the library dies, that is said, and the next request starts one."""
    url = bucket.put("a", b"x")
    list(versions_of([url]))
    client.client()._process.kill()
    with pytest.raises(Exception, match="which reads from the store, died"):
        list(versions_of([url]))
    assert list(versions_of([url])) != []


def test_version() -> None:
    """Only an object has a version."""
    assert Source("s3://b/k", 3, etag="t").version == ObjectVersion("s3://b/k", 3, "t")
    assert Source("f", 3).version is None
