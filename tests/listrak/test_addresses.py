"""What may be reached, and what only with encryption."""

from __future__ import annotations

import pytest

from listrak_sync.errors import SettingsError
from listrak_sync.listrak.addresses import API_URL, AUTH_URL, Addresses, is_loopback

REFUSED = [
    ("http://api.example.com/v1", "loopback"),
    ("http://localhost.example.com/v1", "loopback"),
    ("http://127.0.0.1.example.com/v1", "loopback"),
    ("http://10.0.0.1/v1", "loopback"),
    ("http://0.0.0.0/v1", "loopback"),
    ("http://localhost./v1", "loopback"),
    ("http://127.0.0.1./v1", "loopback"),
    ("http://127.1/v1", "loopback"),
    ("http://2130706433/v1", "loopback"),
    ("http://0x7f000001/v1", "loopback"),
    ("http://0177.0.0.1/v1", "loopback"),
    ("http://[::ffff:192.0.2.1]/v1", "loopback"),
    ("http://[::]/v1", "loopback"),
    ("http://[::2]/v1", "loopback"),
    ("http://localhost%2eexample.com/v1", "loopback"),
    ("http://\uff4cocalhost/v1", "loopback"),
    ("http://①27.0.0.1/v1", "loopback"),
    ("HTTP://API.EXAMPLE.COM/v1", "loopback"),
    ("http://localhost@example.com/v1", "only a host and a path"),
    ("http://localhost:@example.com/v1", "only a host and a path"),
    ("http://@localhost/v1", "only a host and a path"),
    ("http://localhost#@example.com/v1", "only a host and a path"),
    ("http://localhost?@example.com/v1", "only a host and a path"),
    ("http://localhost\\@example.com/v1", "not a valid address"),
    ("http://localhost\\.example.com/v1", "not a valid address"),
    ("http://localhost\t.example.com/v1", "not a valid address"),
    ("https://exam\nple.com/v1", "not a valid address"),
    ("https://example.com/\x00v1", "not a valid address"),
    ("https://exa mple.com/v1", "not a valid address"),
    (" https://example.com/v1", "not a valid address"),
    ("file:///etc/passwd", "not a valid address"),
    ("//example.com", "not a valid address"),
    ("http://localhost:pw@api.example.com/v1", "only a host and a path"),
    ("https://ann:pw@api.example.com/v1", "only a host and a path"),
    ("https://api.example.com/v1?key=pw", "only a host and a path"),
    ("https://api.example.com/v1#pw", "only a host and a path"),
    ("ftp://127.0.0.1/v1", "not a valid address"),
    ("api.example.com/v1", "not a valid address"),
    ("https://", "not a valid address"),
    ("", "not a valid address"),
    ("http://[::1", "not a valid address"),
    ("https://api.example.com:99999/v1", "not a valid address"),
    ("https://api.example.com:port/v1", "not a valid address"),
    ("https://ann:pw@api.example.com:port/v1", "not a valid address"),
    ("ann:pw@api.example.com/v1", "not a valid address"),
]


@pytest.mark.parametrize(("url", "words"), REFUSED)
@pytest.mark.parametrize("which", ["api_url", "auth_url"])
def test_refused(url: str, words: str, which: str) -> None:
    """Either address is refused where credentials would travel in clear, or stand in it."""
    with pytest.raises(SettingsError, match=words) as caught:
        Addresses(**{which: url})
    assert "pw" not in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/v1",
        "https://api.example.com:8443/v1",
        "http://127.0.0.1:8080/v1",
        "http://127.9.9.9/v1",
        "http://localhost:8080/v1",
        "http://[::1]:8080/v1",
        "http://[::ffff:127.0.0.1]/v1",
        "HTTP://LOCALHOST/v1",
    ],
)
def test_taken(url: str) -> None:
    """Encryption goes anywhere, plain text to this machine alone."""
    assert Addresses(url, url).api == url
    assert is_loopback(url) is not url.startswith("https")


def test_defaults() -> None:
    """Without settings, Listrak's published addresses are used."""
    assert Addresses() == Addresses(API_URL, AUTH_URL)
    assert API_URL.startswith("https://api.listrak.com/")
    assert AUTH_URL.startswith("https://auth.listrak.com/")


@pytest.mark.parametrize("slashes", ["", "/", "//"])
def test_profile_fields_url(slashes: str) -> None:
    """A slash at the end of the API's address makes no other request of it."""
    addresses = Addresses(api_url=f"https://api.example.com/v1{slashes}")
    expected = "https://api.example.com/v1/List/7/Contact/SegmentationField"
    assert addresses.profile_fields_url(7) == expected
