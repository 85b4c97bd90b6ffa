"""Files, folders and standard input are found, or every problem is told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from listrak_sync.errors import UsageError
from listrak_sync.input import blocks
from listrak_sync.input.blocks import read
from listrak_sync.input.sources import Source, expand


def test_folders(tmp_path: Path) -> None:
    """A folder's files come sorted, those nested too, what is hidden left out."""
    for name in ["b/2", "b/10", "a", "c.gz", ".hidden", ".git/config", "b/.x/y", "b/c/d", "b-a"]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    (tmp_path / "empty").mkdir()
    found = expand([str(tmp_path)])
    names = [Path(source.file).relative_to(tmp_path).as_posix() for source in found]
    assert names == ["a", "b/10", "b/2", "b/c/d", "b-a", "c.gz"]
    assert [source.size for source in found] == [len(name) for name in names]


def test_links(tmp_path: Path) -> None:
    """Links in a folder are followed, to the same folder once; pipes are left out."""
    folder, other = tmp_path / "a", tmp_path / "b"
    (other / "inner").mkdir(parents=True)
    folder.mkdir()
    (other / "inner" / "f").write_bytes(b"x\n")
    (folder / "file").symlink_to(other / "inner" / "f")
    (folder / "one").symlink_to(other)
    (folder / "two").symlink_to(other)
    os.mkfifo(folder / "pipe")
    names = [Path(each.file).relative_to(folder).as_posix() for each in expand([str(folder)])]
    assert names == ["file", "one/inner/f"]


@pytest.mark.parametrize(
    ("name", "target", "problem"),
    [
        ("gone", "nowhere", "No such file or directory"),
        ("self", "self", "Too many levels of symbolic links"),
        ("loop", ".", "this link leads back to a folder above it"),
        ("b/loop", "..", "this link leads back to a folder above it"),
        ("b/loop", "../../c", "this link leads back to a folder above it"),
    ],
)
def test_links_that_lead_nowhere(tmp_path: Path, name: str, target: str, problem: str) -> None:
    """A link in a folder that leads nowhere, or round in circles, is told: nothing is lost."""
    folder = tmp_path / "a"
    (folder / "b").mkdir(parents=True)
    (folder / "fine").write_bytes(b"x\n")
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "back").symlink_to(folder)
    (folder / name).symlink_to(target)
    with pytest.raises(UsageError) as caught:
        expand([str(folder)])
    told = caught.value.message.removesuffix(f": {problem}")
    assert told != caught.value.message
    assert told.startswith(str(folder / name))


@pytest.mark.parametrize("locked", ["a/b", "a/b/f"])
def test_locked_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locked: str) -> None:
    """A folder or file in a folder that cannot be read is told by its own name."""
    path = tmp_path / "a" / "b" / "f"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x\n")
    iterate, opened = Path.iterdir, Path.open

    def refused(self: Path) -> None:
        if self == tmp_path / locked:
            raise PermissionError(13, "Permission denied", str(self))

    def iterdir(self: Path) -> Iterator[Path]:
        refused(self)
        return iterate(self)

    def open_(self: Path, mode: str = "r") -> object:
        refused(self)
        return opened(self, mode)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    monkeypatch.setattr(Path, "open", open_)
    with pytest.raises(UsageError) as caught:
        expand([str(tmp_path / "a"), "gone"])
    assert caught.value.message.splitlines() == [
        f"{tmp_path / locked}: Permission denied",
        "gone: No such file or directory",
    ]


def test_name_that_is_no_text(tmp_path: Path) -> None:
    """A file's name that is not UTF-8 is shown with its bytes escaped, wherever it is shown."""
    path = tmp_path / os.fsdecode(b"e\xff")
    path.write_bytes(b"x\n%b\n" % (b"y" * (blocks.MAX_LINE_BYTES + 1)))
    (source,) = expand([str(tmp_path)])
    assert source.file == str(path)
    missing = Source(str(tmp_path / os.fsdecode(b"g\xfe")))
    names = [Path(unit.file).name for unit in read([source, missing])]
    assert names == [r"e\xff", r"e\xff", r"g\xfe"]
    assert source.name == str(tmp_path / r"e\xff")


def test_hidden_parent(tmp_path: Path) -> None:
    """A folder that is named is read though it, or one above it, is hidden."""
    folder = tmp_path / ".cache" / "events"
    folder.mkdir(parents=True)
    (folder / "a").write_bytes(b"")
    (folder / ".b").write_bytes(b"")
    assert expand([str(folder), str(folder / ".b")]) == (
        Source(str(folder / "a"), 0),
        Source(str(folder / ".b"), 0),
    )


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_no_argument(arguments: list[str]) -> None:
    """No argument and `-` both are standard input."""
    assert expand(arguments) == (Source("-"),)


def test_all_problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that cannot be read is told at once, before anything is read."""
    monkeypatch.chdir(tmp_path)
    Path("fine").write_bytes(b"x\n")
    Path("locked").write_bytes(b"x\n")
    Path("empty").mkdir()
    opened = Path.open

    def refuse(self: Path, mode: str = "r") -> object:
        if self.name == "locked":
            raise PermissionError(13, "Permission denied", str(self))
        return opened(self, mode)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UsageError) as caught:
        expand(["gone", "fine", "locked", "empty", "-", "-", "n" * 300, "fine/below"])
    assert caught.value.message.splitlines() == [
        "gone: No such file or directory",
        "locked: Permission denied",
        "empty: no file to read in this folder",
        "-: standard input can be read only once",
        f"{'n' * 300}: File name too long",
        "fine/below: Not a directory",
    ]
    assert caught.value.hint


def test_empty_name() -> None:
    """An empty argument, as from an unset variable, is an error, not a folder."""
    with pytest.raises(UsageError) as caught:
        expand([""])
    assert "an empty name" in caught.value.message


def test_deep_folders(tmp_path: Path) -> None:
    """Folders may lie in one another as deep as the system lets them."""
    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        for _ in range(1500):
            Path("d").mkdir()
            os.chdir("d")
        Path("e.ndjson").write_text("{}\n")
        (source,) = expand([str(tmp_path / "d")])
        assert source.file.endswith("/d/e.ndjson")
    finally:
        # pytest removes folders recursively, and not as many in one another.
        Path("e.ndjson").unlink(missing_ok=True)
        while Path.cwd() != tmp_path:
            os.chdir("..")
            Path("d").rmdir()
        os.chdir(before)


def test_doubled_links(tmp_path: Path) -> None:
    """A folder is visited once, however many links lead to it."""
    for level in range(24):
        (tmp_path / f"{level}").mkdir()
        if level:
            for name in ("a", "b"):
                (tmp_path / f"{level}" / name).symlink_to(tmp_path / f"{level - 1}")
    (tmp_path / "0" / "e.ndjson").write_text("{}\n")
    (source,) = expand([str(tmp_path / "23")])
    assert source.file == str(tmp_path / "23" / "/".join(["a"] * 23) / "e.ndjson")


def test_unfinished_output(tmp_path: Path) -> None:
    """A folder that Spark has not finished writing is not read: what is there is not all."""
    part = tmp_path / "updates" / "_temporary" / "0" / "part-0.gz"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"")
    with pytest.raises(UsageError, match="updates: who writes it has not finished, or was stopped"):
        expand([str(tmp_path / "updates")])
