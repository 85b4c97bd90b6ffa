"""Where Listrak is reached, and what may be reached without encryption."""

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
    """The API's address and the one that gives tokens; http only on loopback."""

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
                    f"{option}: {shown} is no address", "Write https:// and a host."
                )
            if "@" in parts.netloc or parts.query or parts.fragment:
                hint = "Credentials go into the environment; a query has no meaning here."
                raise SettingsError(
                    f"{option}: {parts.hostname}: only host and path may stand here", hint
                )
            if parts.scheme == "http" and not is_loopback(url):
                hint = "Credentials never travel in clear: write https://."
                raise SettingsError(f"{option}: {url}: http is for loopback addresses only", hint)

    @property
    def api(self) -> str:
        """Return the API's address without a slash at its end."""
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
    """Return an address's parts, None where host or port cannot be one.

    What other parsers pass over or read otherwise (line ends, spaces, backslashes) is in none.
    """
    if not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def is_loopback(url: str) -> bool:
    """Say whether an address is this machine's own."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
