"""Where the id and the secret come from, and where they never go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from listrak_sync.errors import SettingsError
from listrak_sync.listrak.credentials import Credentials, read

if TYPE_CHECKING:
    from pathlib import Path

ID = {"LISTRAK_CLIENT_ID": "ann"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give a file that holds a secret."""
    path = tmp_path / "secret"
    path.write_text("from the file\n")
    return path


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Give systemd's directory with a secret in it."""
    path = tmp_path / "credentials"
    path.mkdir()
    (path / "listrak_client_secret").write_text("from systemd\n")
    return path


def test_order(file: Path, directory: Path) -> None:
    """The file option comes before systemd's directory, and that before the environment."""
    environment = {**ID, "LISTRAK_CLIENT_SECRET": "from the environment"}
    with_systemd = {**environment, "CREDENTIALS_DIRECTORY": str(directory)}
    assert read(with_systemd, file).client_secret == "from the file"
    assert read(with_systemd).client_secret == "from systemd"
    assert read(environment).client_secret == "from the environment"


def test_other_credentials_of_systemd(tmp_path: Path) -> None:
    """A systemd directory without Listrak's secret is passed over."""
    environment = {**ID, "LISTRAK_CLIENT_SECRET": "s", "CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert read(environment).client_secret == "s"


def test_space_around() -> None:
    """Space and line ends around id and secret do not belong to them."""
    environment = {"LISTRAK_CLIENT_ID": " ann\n", "LISTRAK_CLIENT_SECRET": "\tsecret \n"}
    assert read(environment) == Credentials("ann", "secret")


@pytest.mark.parametrize(
    ("environment", "missing"),
    [
        ({}, "LISTRAK_CLIENT_ID and LISTRAK_CLIENT_SECRET: not set"),
        ({"LISTRAK_CLIENT_ID": " "}, "LISTRAK_CLIENT_ID and LISTRAK_CLIENT_SECRET: not set"),
        (ID, "LISTRAK_CLIENT_SECRET: not set"),
        ({"LISTRAK_CLIENT_SECRET": "s3cret"}, "LISTRAK_CLIENT_ID: not set"),
    ],
)
def test_missing(environment: dict[str, str], missing: str) -> None:
    """Everything that is missing is named at once, with what to do, and no secret."""
    with pytest.raises(SettingsError) as caught:
        read(environment)
    assert caught.value.message == missing
    assert "--client-secret-file" in caught.value.hint
    assert "s3cret" not in str(caught.value) + caught.value.hint


@pytest.mark.parametrize("secret", ["\ufeffs3cret", "s3cret\udcff", "s3\ncret", "s3cret\0"])
def test_no_text(secret: str) -> None:
    """A secret that no form can carry is refused without being shown."""
    with pytest.raises(SettingsError, match="characters that are not text") as caught:
        read({**ID, "LISTRAK_CLIENT_SECRET": secret})
    assert "cret" not in caught.value.message.replace("secret", "")
    assert caught.value.__context__ is None


def test_file_before_environment_even_if_empty(tmp_path: Path) -> None:
    """An empty secret file is refused by its name: the environment does not stand in for it."""
    empty = tmp_path / "empty"
    empty.write_text("\n")
    with pytest.raises(SettingsError, match="empty: the file is empty"):
        read({**ID, "LISTRAK_CLIENT_SECRET": "other"}, empty)


def test_unreadable_file(tmp_path: Path) -> None:
    """A secret file that is absent, a folder or not text is refused by its name."""
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "absent", tmp_path, binary):
        with pytest.raises(SettingsError) as caught:
            read(ID, path)
        assert caught.value.message.startswith(f"{path}: ")


def test_no_representation() -> None:
    """The secret is in no representation of credentials."""
    credentials = Credentials("ann", "s3cret")
    assert "ann" in repr(credentials)
    assert "s3cret" not in f"{credentials!r} {credentials} {[credentials]}"
