"""The integration's id and secret, from the environment or a file."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from listrak_sync.errors import SettingsError

_HINT: Final = (
    "Create an integration of type Email under Integration Management in Listrak, then set\n"
    "LISTRAK_CLIENT_ID and LISTRAK_CLIENT_SECRET, or name the secret's file with\n"
    "--client-secret-file. To try without credentials: push --sandbox."
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """A client id and its secret, which `repr` does not show."""

    client_id: str
    client_secret: str = field(repr=False)


def read(environment: Mapping[str, str], secret_file: Path | None = None) -> Credentials:
    """Return the credentials. Raises SettingsError, which names everything that is missing.

    The secret comes from the first of these that is given: the file, `listrak_client_secret` in
    systemd's $CREDENTIALS_DIRECTORY, $LISTRAK_CLIENT_SECRET.
    """
    client_id = environment.get("LISTRAK_CLIENT_ID", "").strip()
    secret = _secret(environment, secret_file)
    missing = [
        name
        for name, value in (
            ("LISTRAK_CLIENT_ID", client_id),
            ("LISTRAK_CLIENT_SECRET", secret),
        )
        if not value
    ]
    if missing:
        raise SettingsError(f"{' and '.join(missing)}: not set", _HINT)
    if not (client_id + secret).isprintable():
        hint = "Look for a byte order mark, a line end or another encoding than UTF-8."
        raise SettingsError("the client id or its secret has characters that are not text", hint)
    return Credentials(client_id, secret)


def secret_file_of(environment: Mapping[str, str], named: Path | None) -> Path | None:
    """Return the file that holds the secret: the one named, or that of systemd if it is there."""
    directory = environment.get("CREDENTIALS_DIRECTORY")
    if named is None and directory:
        candidate = Path(directory) / "listrak_client_secret"
        return candidate if candidate.exists() else None
    return named


def is_read_by_others(file: Path) -> bool:
    """Say whether others than the owner and the group can read a file."""
    try:
        return bool(file.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


def _secret(environment: Mapping[str, str], named: Path | None) -> str:
    secret_file = secret_file_of(environment, named)
    if secret_file is None:
        return environment.get("LISTRAK_CLIENT_SECRET", "").strip()
    hint = "Name a file that holds the client secret and nothing else."
    try:
        secret = secret_file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        problem = getattr(error, "strerror", None) or "not UTF-8 text"
        raise SettingsError(f"{secret_file}: {problem}", hint) from error
    if not secret:
        raise SettingsError(f"{secret_file}: the file is empty", hint)
    return secret
