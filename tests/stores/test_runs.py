"""A run over a bucket does what it does over the same files, whatever happens on the way."""

from __future__ import annotations

import bz2
import gzip
import json
import threading
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import TIMEOUT, Cli, Start, event
from tests.stores.bucket import Bucket, Fault

if TYPE_CHECKING:
    from pathlib import Path

DRY = ("dry-run", "-m", "m.yaml", "--format", "updates", "--rejects", "r.ndjson")


def logs(count: int = 12, lines: int = 400) -> dict[str, bytes]:
    """Return files of events: compressed in different ways, one cut off, some with rejects."""
    chance, files = Random(4), dict[str, bytes]()  # noqa: S311 - chance, not a secret
    for number in range(count):
        data = "".join(event(f"c{chance.randrange(1500)}@example.com") for _ in range(lines))
        data += event("nobody") * (number % 3) + "{" * (number == 5)
        packed = (gzip.compress, bz2.compress, bytes)[number % 3](data.encode())
        files[f"day{number // 4}/{number}.json"] = packed[: -40 if number == 3 else None]
    files["day1/empty.gz"] = gzip.compress(b"")
    files["large.ndjson"] = "".join(event(f"l{n}@example.com") for n in range(8000)).encode()
    return files


def put(bucket: Bucket, folder: Path, files: dict[str, bytes]) -> None:
    """Put files into a folder, and below `logs` into the bucket."""
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
        bucket.put(f"logs/{name}", data)


def seen(cli: Cli, events: str, *more: str) -> tuple[int, str, str]:
    """Return the status, updates and rejects of a dry-run, as if all were from one place."""
    ran = cli.run(*DRY, "--force", "--jobs", "2", events, *more)
    rejects = (cli.folder / "r.ndjson").read_text().replace(events, "logs/")
    return ran.status, ran.out.replace(events, "logs/"), rejects


def test_same_results(reaching: Cli, bucket: Bucket) -> None:
    """From the bucket come the same updates and rejects as from files, also with faults."""
    put(bucket, reaching.folder / "logs", logs())
    expected = seen(reaching, "logs/")
    assert expected[0] == 6
    assert expected[1].count("\n") > 8000
    assert seen(reaching, "s3://events/logs/") == expected
    bucket.faults += [
        Fault(r"list-type", status=500),
        Fault(r"day0/0.*bytes=0", 2, cut=300),
        Fault(r"large.*bytes=[1-9]", cut=5000),
        Fault(r"day1/4.*bytes", 2, status=503),
        Fault(r"day2/9.*bytes", 2, ignores_range=True),
        Fault(r"bytes", 5, delay=0.1),
    ]
    assert seen(reaching, "s3://events/logs/") == expected
    assert not any(each.times for each in bucket.faults)
    ran = reaching.run("dry-run", "-m", "m.yaml", "s3://events/logs/large.ndjson", "--jobs", "1")
    assert "8,000" in ran.out


def test_retries_are_told(reaching: Cli, bucket: Bucket) -> None:
    """How often ranges were asked for again is in the report."""
    data = "".join(event(f"c{n}@example.com") for n in range(5000)).encode()
    for name in ("1", "2"):
        bucket.put(f"a/{name}", data)
    bucket.faults.append(Fault(r"a/2 bytes=65536", 2, cut=5))
    ran = reaching.run("dry-run", "-m", "m.yaml", "s3://events/a/", "--jobs", "2", "--json")
    warning = "ranges of objects that did not come whole were asked for again: 2"
    assert ran.json()["warnings"] == [warning]


def pushed(cli: Cli, bucket: Bucket, start: Start) -> dict[str, Any]:
    """Push the logs in one go; return what the sandbox holds then."""
    put(bucket, cli.folder / "logs", logs())
    sandbox = start()
    assert cli.run("push", "-m", "m.yaml", "logs/").status == 6
    return sandbox.values()[12345]


def test_killed_and_resumed(reaching: Cli, bucket: Bucket, start: Start) -> None:
    """Killed while it reads and resumed, a push ends as one that nothing happened to."""
    expected = pushed(reaching, bucket, start)
    sandbox = start()
    reached, go = threading.Event(), threading.Event()

    def hold() -> None:
        reached.set()
        go.wait(TIMEOUT)

    bucket.faults += [Fault("day2/9"), Fault("day2/9", first=hold)]  # first it is only looked at
    way = ("--window", "500", "--journal", "j", "--jobs", "2")
    push = reaching.start("push", "-m", "m.yaml", "s3://events/logs/", *way)
    assert reached.wait(TIMEOUT)
    while not sandbox.values()[12345]:
        assert push.poll() is None
    push.kill()
    push.wait(TIMEOUT)
    go.set()
    bucket.faults.append(Fault("day2.*bytes=0", 2, cut=100))
    ran = reaching.run("push", "--resume", "--journal", "j", "--jobs", "2")
    assert ran.status == 6, ran.err
    assert sandbox.values()[12345] == expected
    listed = json.loads(reaching.run("runs", "--journal", "j", "--json").out)
    assert "a secret of the tests" not in json.dumps(listed) + ran.err + ran.out


def broken_off(cli: Cli, bucket: Bucket) -> None:
    """Break a push off within an object, which is read by small ranges."""
    small = cli.folder / ".small"
    small.mkdir()
    (small / "sitecustomize.py").write_text(
        "from listrak_sync.stores import reader\nreader.RANGE_BYTES = 50_000\n"
    )
    cli.environment["PYTHONPATH"] = str(small)
    bucket.put("a/2", "".join(event(f"c{n}@example.com") for n in range(3000)).encode())
    bucket.faults.append(Fault("bytes=165536", 99, status=403))
    way = ("--window", "500", "--journal", "j", "--jobs", "1")
    ran = cli.run("push", "-m", "m.yaml", "s3://events/a/", *way)
    assert ran.status == 3
    assert "s3://events/a/2: the store refuses access" in ran.err
    assert "listrak-sync push --resume" in ran.err
    bucket.faults.clear()


def test_broken_off_by_the_store(reaching: Cli, bucket: Bucket, start: Start) -> None:
    """A run that the store breaks off can be resumed within an object."""
    sandbox = start()
    broken_off(reaching, bucket)
    assert 0 < len(sandbox.values()[12345]) < 3000
    assert reaching.run("push", "--resume", "--journal", "j").status == 0
    assert len(sandbox.values()[12345]) == 3000


@pytest.mark.parametrize("replaced", [True, False])
def test_changed_before_it_is_resumed(
    reaching: Cli, bucket: Bucket, start: Start, *, replaced: bool
) -> None:
    """A run is not resumed within an object that is another by then, or gone."""
    start()
    broken_off(reaching, bucket)
    if replaced:
        bucket.put("a/2", event("other@example.com").encode() * 3000)
    else:
        bucket.delete("a/2")
    ran = reaching.run("push", "--resume", "--journal", "j")
    assert ran.status == 2
    assert "s3://events/a/2: " + ("was replaced since run" if replaced else "no object") in ran.err


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_replaced_while_it_is_read(reaching: Cli, bucket: Bucket, jobs: str) -> None:
    """An object that is replaced is a reject that says so; the others are read all the same."""
    one, other = (
        "".join(event(f"{name}{n}@example.com") for n in range(3000)).encode() for name in "ab"
    )
    for name in ("1", "2", "3"):
        bucket.put(f"a/{name}", one)
    bucket.faults.append(Fault("a/2 bytes=65536", first=lambda: bucket.put("a/2", other)))
    ran = reaching.run(*DRY, "s3://events/a/", "--jobs", jobs)
    assert ran.status == 6
    assert '"b' not in ran.out
    assert ran.out.count("\n") == 3000
    (reject,) = reaching.rejects()
    assert (reject["file"], reject["reason"]) == ("s3://events/a/2", "unreadable_file")
    assert reject["detail"] == "the object was replaced meanwhile: push it again"


def test_once(reaching: Cli, bucket: Bucket, start: Start) -> None:
    """With --once, an object is read again only if it is another."""
    start()
    once = ("push", "-m", "m.yaml", "s3://events/a/", "--once", "--json")
    lines = []
    for content in ("a", "a", "b"):
        bucket.put("a/1", event(f"{content}@example.com").encode())
        lines.append(reaching.run(*once).json()["lines"])
    assert lines == [1, 0, 1]


def test_plan_and_stdin(reaching: Cli, bucket: Bucket, start: Start) -> None:
    """Plan reads objects as well, and a command takes them beside files and a pipe."""
    start()
    url = bucket.put("a/1.gz", gzip.compress(event("a@example.com").encode()))
    plan = ("plan", "-m", "m.yaml", url, "e.ndjson", "-", "--json")
    assert reaching.run(*plan, stdin=event("b@example.com").encode()).json()["lines"] == 5


@pytest.mark.parametrize(
    ("changed", "status", "words"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, 5, "the store gave no answer, asked 3 times"),
        ({"AWS_ENDPOINT_URL": "nonsense"}, 5, "which is nonsense"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, 3, "no credentials"),
    ],
)
def test_store_cannot_be_used(
    reaching: Cli, changed: dict[str, str], status: int, words: str
) -> None:
    """A store that cannot be used is said in one line, with what to do in another."""
    ran = reaching.run("dry-run", "-m", "m.yaml", "s3://events/a/", changed=changed)
    assert ran.status == status
    assert words in ran.err
    assert ran.err.count("\n") == 2
    assert "a secret of the tests" not in ran.err
