"""The addresses of Listrak, which need encryption except on this machine."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from listrak_sync.errors import SettingsError

API_URL: Final = "https://api.listrak.com/email/v1"
AUTH_URL: Final = "https://auth.listrak.com/OAuth2/Token"


@dataclass(frozen=True, slots=True)
class Addresses:
    """The address of the API and the one that gives tokens; http only on loopback."""

    api_url: str = API_URL
    auth_url: str = AUTH_URL

    def __post_init__(self) -> None:
        for option, url in (
            ("--api-url or LISTRAK_API_URL", self.api_url),
            ("--auth-url or LISTRAK_AUTH_URL", self.auth_url),
        ):
            parts = _parts(url)
            if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
                shown = url.rpartition("@")[2]
                raise SettingsError(
                    f"{option}: {shown} is not a valid address", "Write https:// and a host."
                )
            if "@" in parts.netloc or parts.query or parts.fragment:
                hint = "Set credentials in the environment, and leave out the query."
                raise SettingsError(
                    f"{option}: {parts.hostname}: an address has only a host and a path", hint
                )
            if parts.scheme == "http" and not is_loopback(url):
                hint = "Credentials are never sent in the clear: write https://."
                raise SettingsError(f"{option}: {url}: http is for loopback addresses only", hint)

    @property
    def api(self) -> str:
        """The API's address, without a slash at its end."""
        return self.api_url.rstrip("/")

    def list_import_url(self, list_id: int) -> str:
        """Return the address that takes files of contacts."""
        return f"{self.api}/List/{list_id}/ListImport"

    def url_of(self, list_id: int, *, by_list_import: bool) -> str:
        """Return the address that a batch goes to."""
        if by_list_import:
            return self.list_import_url(list_id)
        return self.profile_fields_url(list_id)

    def profile_fields_url(self, list_id: int) -> str:
        """Return the address that takes contacts' profile field values."""
        return f"{self.api}/List/{list_id}/Contact/SegmentationField"


def _parts(url: str) -> SplitResult | None:
    """Return the parts of an address, None where it is not valid."""
    # Parsers disagree about line ends, spaces and backslashes: one would check another host than
    # the other connects to.
    if not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def is_loopback(url: str) -> bool:
    """Say whether an address leads to this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
