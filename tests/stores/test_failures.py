"""What is said of a store that cannot be used."""

from __future__ import annotations

import pytest

from listrak_sync.errors import ListrakSyncError, SettingsError, UnreachableError, UsageError
from listrak_sync.stores import library
from listrak_sync.stores.addresses import address_of
from listrak_sync.stores.failures import error_of
from listrak_sync.stores.library import _brief
from listrak_sync.stores.messages import Failure, ListObjects, Why

URL = "s3://bucket/key"


@pytest.mark.parametrize("scheme", ["s3", "gs", "az"])
@pytest.mark.parametrize(
    ("why", "kind"),
    [
        (Why.denied, SettingsError),
        (Why.no_listing, UsageError),
        (Why.failed, SettingsError),
        (Why.missing, FileNotFoundError),
        (Why.replaced, OSError),
        (Why.bad_name, OSError),
    ],
)
def test_kinds(
    monkeypatch: pytest.MonkeyPatch, scheme: str, why: Why, kind: type[Exception]
) -> None:
    """One line says what is wrong with an object or a store, and another what to do."""
    for name in ("AWS_ACCESS_KEY_ID", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    url = f"{scheme}://bucket/key"
    error = error_of(Failure(why, "why"), address_of(url), url, 3)
    assert isinstance(error, kind)
    if isinstance(error, ListrakSyncError):
        assert error.message.startswith(url)
        assert "\n" not in error.message + error.hint
        assert error.hint.endswith(".")


def test_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """With credentials, the hint is where the store is looked for, without secrets of that."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://user:hush@store.example.com")
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    error = error_of(Failure(Why.failed, "timed out"), address_of(URL), URL, 6)
    assert isinstance(error, UnreachableError)
    assert error.message == f"{URL}: the store gave no answer, asked 6 times: timed out"
    assert error.hint == (
        "Run it again, or correct where it is: AWS_ENDPOINT_URL, which is "
        "https://store.example.com; AWS_REGION, which is eu-central-1."
    )


def test_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond this machine, http has to be allowed: what proves who we are would go in the clear."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://store.invalid:9000")
    library._store.cache_clear()
    answer = library.answer(ListObjects(address_of("s3://bucket/")))
    library._store.cache_clear()
    assert isinstance(answer, Failure)
    error = error_of(answer, address_of(URL), URL, 3)
    assert isinstance(error, UnreachableError)
    assert error.hint == (
        "Run it again, or correct where it is: AWS_ENDPOINT_URL, https in place of "
        "http://store.invalid:9000, or set AWS_ALLOW_HTTP=true."
    )


def test_detail_has_no_secrets() -> None:
    """Of the library's words the first line is shown: no query, no body of a reply."""
    words = (
        "Error performing GET https://me:hush@a/b?sig=hush in 2ms - 403: <Error>hush</Error>\nhush"
    )
    assert _brief(ValueError(words)) == "Error performing GET https://a/b in 2ms - 403"
