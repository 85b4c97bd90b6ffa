"""What is said of a store that cannot be used, and what to do then."""

from __future__ import annotations

import errno
import os
from typing import Final

from listrak_sync.errors import ListrakSyncError, SettingsError, UnreachableError, UsageError
from listrak_sync.listrak.addresses import is_loopback
from listrak_sync.stores.addresses import Address
from listrak_sync.stores.messages import Failure, Why

_CREDENTIALS: Final = {
    "s3": (
        "AWS_ACCESS_KEY_ID",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_SKIP_SIGNATURE",
    ),
    "gs": (
        "GOOGLE_APPLICATION_CREDENTIALS",
        "GOOGLE_SERVICE_ACCOUNT",
        "GOOGLE_SERVICE_ACCOUNT_PATH",
        "GOOGLE_SERVICE_ACCOUNT_KEY",
        "GOOGLE_BEARER_TOKEN",
        "GOOGLE_SKIP_SIGNATURE",
    ),
    "az": ("AZURE_STORAGE_ACCOUNT_NAME",),
}
"""The variables of which one is set where credentials are given by the environment."""

_SET: Final = {
    "s3": "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "gs": "Set GOOGLE_APPLICATION_CREDENTIALS",
    "az": "Set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY (or _SAS_TOKEN)",
}
_ALLOW: Final = {
    "s3": "Allow s3:ListBucket and s3:GetObject, or give other credentials: AWS_ACCESS_KEY_ID.",
    "gs": "Allow storage.objects.list and .get, or name another account with "
    "GOOGLE_APPLICATION_CREDENTIALS.",
    "az": "Allow reading and listing, or give another key: AZURE_STORAGE_ACCOUNT_KEY.",
}
_REGIONS: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")


def error_of(failure: Failure, address: Address, url: str, tries: int) -> Exception:
    """Return the error that says why a store cannot be used, or an object not be read.

    An OSError is about the one object, a ListrakSyncError about the store.
    """
    match failure:
        case Failure(Why.missing):
            return OSError(errno.ENOENT, "there is no such object (any more)", url)
        case Failure(Why.replaced):
            return OSError(errno.EIO, "the object was replaced meanwhile: push it again", url)
        case Failure(Why.bad_name, detail):
            return OSError(errno.EINVAL, detail, url)
        case Failure(Why.denied):
            return SettingsError(f"{url}: the store refuses access", _ALLOW[address.scheme])
        case Failure(Why.no_listing, detail):
            what = f"the store has no bucket {address.bucket}, or does not list it"
            message = f"{url}: {what}: {detail}"
            return UsageError(message, f"Correct its name, or where it is: {_place(address)}.")
        case Failure(_, detail):
            return _unreached(detail, address, url, tries)


def _unreached(detail: str, address: Address, url: str, tries: int) -> ListrakSyncError:
    if not any(os.environ.get(name) for name in _CREDENTIALS[address.scheme]):
        message = (
            f"{url}: no credentials in the environment, and the store gave no answer: {detail}"
        )
        return SettingsError(message, f"{_SET[address.scheme]}.")
    message = f"{url}: the store gave no answer, asked {tries} times: {detail}"
    return UnreachableError(message, f"Run it again, or correct where it is: {_place(address)}.")


def _place(address: Address) -> str:
    """Return the settings that say where a bucket is, for a message."""
    if address.scheme != "s3":
        return "AZURE_STORAGE_ACCOUNT_NAME" if address.scheme == "az" else "the name"
    region = next(filter(None, map(os.environ.get, _REGIONS)), None)
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    if endpoint and endpoint.startswith("http://") and not is_loopback(endpoint):
        return f"AWS_ENDPOINT_URL, https in place of {_shown(endpoint)}, or set AWS_ALLOW_HTTP=true"
    of_region = f"AWS_REGION, which is {region or 'not set'}"
    return f"AWS_ENDPOINT_URL, which is {_shown(endpoint)}; {of_region}" if endpoint else of_region


def _shown(endpoint: str) -> str:
    """Return an endpoint without what may be a secret in it."""
    scheme, _, place = endpoint.partition("?")[0].rpartition("://")
    return f"{scheme}://{place.rpartition('@')[2]}" if scheme else endpoint
