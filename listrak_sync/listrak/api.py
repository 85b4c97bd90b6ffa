"""A method for each route of Listrak's API that we use."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final, Generic, Self, TypeVar
from urllib.parse import quote, unquote, urlencode, urlsplit

import httpx
import msgspec

from listrak_sync import __version__
from listrak_sync.errors import SettingsError
from listrak_sync.listrak.addresses import Addresses, is_loopback
from listrak_sync.listrak.auth import ClientCredentials, TokenError
from listrak_sync.listrak.connections import Connections
from listrak_sync.listrak.credentials import Credentials
from listrak_sync.listrak.replies import UNREADABLE, judge, judge_failure
from listrak_sync.listrak.verdicts import (
    Accepted,
    ContactPage,
    Failure,
    FieldGroup,
    HeldContact,
    ImportStatus,
    ImportSummary,
    ListInfo,
    NewFieldGroup,
    NewProfileField,
    ProfileField,
    SubscriptionState,
    Unavailable,
    Verdict,
)

TIMEOUT: Final = httpx.Timeout(connect=10, read=120, write=120, pool=10)
"""How many seconds each step of a request may take."""

LONGEST_WORDS: Final = 500
"""How many characters of a reply's message are kept."""

_HEADERS: Final = {
    "User-Agent": f"listrak-sync/{__version__}",
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
}
_JSON: Final = {"Content-Type": "application/json"}
_T = TypeVar("_T")
FIRST_PAGE: Final = "Start"
PAGE: Final = 5000
"""How many contacts a page holds, at most. Source: `GET /List/{listId}/Contact`."""
MOST_FIELDS: Final = 30
"""How many fields one request may ask for. Source: as above."""


class _Reply(msgspec.Struct, Generic[_T]):
    """The object that wraps the answer of every look-up."""

    data: _T


class _Page(msgspec.Struct):
    """The object that wraps a page."""

    data: tuple[HeldContact, ...] | None
    nextPageCursor: str | None = None  # noqa: N815 - Listrak's name


class Api:
    """Listrak's API for one integration; its methods return what was asked for, or a verdict.

    They retry nothing and raise nothing: both are left to the caller. The constructor raises
    SettingsError where the environment names a proxy or certificates that cannot be used.
    """

    def __init__(self, addresses: Addresses, credentials: Credentials) -> None:
        urls = (addresses.api_url, addresses.auth_url)
        # This machine's own addresses are never reached by a proxy.
        own = [url for url in urls if is_loopback(url)]
        self._addresses = addresses
        self._auth = ClientCredentials(credentials, addresses.auth_url)
        try:
            # With trust_env off, httpx would not look at SSL_CERT_FILE.
            trust = httpx.create_ssl_context()
            self._connections = Connections(
                lambda: httpx.Client(
                    auth=self._auth,
                    follow_redirects=False,
                    headers=_HEADERS,
                    timeout=TIMEOUT,
                    verify=trust,
                    mounts={f"all://{urlsplit(url).netloc}": None for url in own},
                    trust_env=len(own) < len(urls),
                )
            )
        except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
            hint = "Correct SSL_CERT_FILE, SSL_CERT_DIR, HTTPS_PROXY and ALL_PROXY, or unset them."
            # httpx quotes the address, which may hold the proxy's password
            words = "an address is not valid" if isinstance(error, httpx.InvalidURL) else error
            raise SettingsError(f"the environment's proxy or certificates: {words}", hint) from None

    def __enter__(self) -> Self:
        """Return the open API."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close its connections."""
        self._connections.close()

    def update_profile_fields(self, list_id: int, body: bytes) -> Verdict:
        """Start imports that set profile fields: `POST /List/{listId}/Contact/SegmentationField`.

        The body is a JSON array of contacts with their values.
        """
        return self._post(self._addresses.profile_fields_url(list_id), body)

    def start_list_import(self, list_id: int, body: bytes) -> Verdict:
        """Start the import of a file: `POST /List/{listId}/ListImport`."""
        return self._post(self._addresses.list_import_url(list_id), body)

    def import_finished(self, list_id: int, import_id: int) -> bool | Failure:
        """Say whether an import has ended: `GET /List/{listId}/ListImport/{id}/Status`."""
        path = f"/List/{list_id}/ListImport/{import_id}/Status"
        status = self._get(path, ImportStatus)
        return bool(status.end_date) if isinstance(status, ImportStatus) else status

    def import_summary(self, list_id: int, import_id: int) -> ImportSummary | Failure:
        """Return what became of an import: `GET /List/{listId}/ListImport/{id}/Summary`."""
        return self._get(f"/List/{list_id}/ListImport/{import_id}/Summary", ImportSummary)

    def authenticate(self) -> Failure | None:
        """Get a token; return why there is none: `POST /OAuth2/Token`."""
        return self._guarded(
            lambda client: self._auth.authenticate(lambda request: client.send(request, auth=None))
        )

    def lists(self) -> tuple[ListInfo, ...] | Failure:
        """Return every list of the account: `GET /List`."""
        return self._get("/List", tuple[ListInfo, ...])

    def list(self, list_id: int) -> ListInfo | Failure:
        """Return one list: `GET /List/{listId}`."""
        return self._get(f"/List/{list_id}", ListInfo)

    def field_groups(self, list_id: int) -> tuple[FieldGroup, ...] | Failure:
        """Return the groups of a list's fields: `GET /List/{listId}/SegmentationFieldGroup`."""
        return self._get(f"/List/{list_id}/SegmentationFieldGroup", tuple[FieldGroup, ...])

    def fields(self, list_id: int, group_id: int) -> tuple[ProfileField, ...] | Failure:
        """Return a group's fields: `GET …/SegmentationFieldGroup/{groupId}/SegmentationField`."""
        path = f"/List/{list_id}/SegmentationFieldGroup/{group_id}/SegmentationField"
        return self._get(path, tuple[ProfileField, ...])

    def contacts(
        self, list_id: int, state: SubscriptionState, fields: Sequence[int], cursor: str
    ) -> ContactPage | Failure:
        """Return a page of a list's contacts with up to 30 fields: `GET /List/{listId}/Contact`."""
        query = urlencode(
            {
                "subscriptionState": state,
                "segmentationFieldIds": ",".join(map(str, fields)),
                "cursor": cursor,
                "count": PAGE,
            },
            safe=",",
        )
        page = self._decoded(f"/List/{list_id}/Contact?{query}", _Page)
        if not isinstance(page, _Page):
            return page
        return ContactPage(page.data or (), cursor_of(page.nextPageCursor))

    def contact(self, list_id: int, email: str, fields: Sequence[int]) -> HeldContact | Failure:
        """Return a contact with up to 30 fields: `GET /List/{listId}/Contact/{email}`."""
        asked = ",".join(map(str, fields))
        query = f"?segmentationFieldIds={asked}" if asked else ""
        return self._get(f"/List/{list_id}/Contact/{quote(email, safe='')}{query}", HeldContact)

    def make_field_group(self, list_id: int, group: NewFieldGroup) -> Verdict:
        """Make a group of profile fields: `POST /List/{listId}/SegmentationFieldGroup`."""
        url = f"{self._addresses.api}/List/{list_id}/SegmentationFieldGroup"
        return self._post(url, msgspec.json.encode(group))

    def make_field(self, list_id: int, group_id: int, field: NewProfileField) -> Verdict:
        """Make a profile field: `POST …/SegmentationFieldGroup/{groupId}/SegmentationField`."""
        groups = f"{self._addresses.api}/List/{list_id}/SegmentationFieldGroup"
        return self._post(f"{groups}/{group_id}/SegmentationField", msgspec.json.encode(field))

    def _post(self, url: str, body: bytes) -> Verdict:
        reply = self._send("POST", url, body)
        return self._judge(reply) if isinstance(reply, httpx.Response) else reply

    def _get(self, path: str, shape: type[_T]) -> _T | Failure:
        reply = self._decoded(path, _Reply[shape])  # type: ignore[valid-type]  # bound now
        return reply.data if isinstance(reply, _Reply) else reply

    def _decoded(self, path: str, shape: type[_T]) -> _T | Failure:
        """Return the body of a good answer."""
        reply = self._send("GET", f"{self._addresses.api}{path}")
        if not isinstance(reply, httpx.Response):
            return reply
        verdict = self._judge(reply)
        if not isinstance(verdict, Accepted):
            return verdict
        try:
            text = reply.content.decode()
            if "\\" in text:
                # Written anew, so that no escape keeps a secret that the reply repeats from being
                # seen.
                text = msgspec.json.encode(msgspec.json.decode(text)).decode()
            return msgspec.json.decode(self._auth.hide(text), type=shape)
        except UNREADABLE:
            path = path.partition("?")[0]
            return Unavailable(f"the answer of {path} does not have the shape of Listrak's")

    def _send(self, method: str, url: str, body: bytes | None = None) -> httpx.Response | Failure:
        headers = _JSON if body is not None else None
        return self._guarded(
            lambda client: client.request(method, url, content=body, headers=headers)
        )

    def _guarded(self, request: Callable[[httpx.Client], _T]) -> _T | Failure:
        """Return the result of a request, or the verdict on its failure."""
        try:
            with self._connections.client() as client:
                return request(client)
        except TokenError as error:
            return self._hidden(error.failure)
        except httpx.HTTPError as error:
            return self._hidden(judge_failure(error))
        except (httpx.InvalidURL, UnicodeError) as error:
            return Unavailable(f"the address cannot be reached: {error}")

    def _judge(self, reply: httpx.Response) -> Verdict:
        verdict = judge(reply)
        if isinstance(verdict, Accepted):
            return Accepted(tuple(map(self._auth.hide, verdict.resource_ids)))
        return self._hidden(verdict)

    def _hidden(self, failure: Failure) -> Failure:
        """Return a failure with its words shortened, and without the secret and the tokens."""

        def shown(words: str) -> str:
            # In this order: a secret that is cut in two would not be found.
            return self._auth.hide(words)[:LONGEST_WORDS]

        if isinstance(failure, Unavailable):
            return dataclasses.replace(failure, reason=shown(failure.reason))
        return dataclasses.replace(
            failure, code=shown(failure.code), message=shown(failure.message)
        )


def cursor_of(following: str | None) -> str | None:
    """Return the cursor in `nextPageCursor`, None where there is no next page.

    It may be the cursor itself, or the address of the next page. That address is never asked.
    """
    if not following:
        return None
    found = re.search(r"[?&]cursor=([^&#]*)", following, re.IGNORECASE)
    return (unquote(found[1]) or None) if found else following
