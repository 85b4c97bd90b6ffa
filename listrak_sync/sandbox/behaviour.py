"""How the stand-in behaves and misbehaves, as plain data."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from listrak_sync.errors import SettingsError
from listrak_sync.sandbox.account import Account

RouteKind: TypeAlias = Literal[
    "token", "profile-fields", "list-import", "lookups", "contacts", "making", "status"
]
When: TypeAlias = Literal["before", "after"]
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
Seconds: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=1e8)]
HttpStatus: TypeAlias = Annotated[int, msgspec.Meta(ge=200, le=599)]


class Reply(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="reply"):
    """Answer this instead of the true answer, before or after applying the request.

    `body` is sent as it is, as HTML unless `headers` say otherwise. Without it, the answer is an
    error document of `error` and `message`, or empty where `error` is empty as well.
    """

    status: HttpStatus
    error: str = ""
    message: str = ""
    headers: dict[str, str] = {}
    body: str | None = None
    when: When = "before"


class Delay(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="delay"):
    """Wait this many seconds, then go on; if the caller waits less, this is a stall."""

    seconds: Seconds


class Drop(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="drop"):
    """Close the connection without an answer, before or after applying the request."""

    when: When = "before"


Action: TypeAlias = Reply | Delay | Drop


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a fault happens: on which route, after how many requests, how often, how likely.

    A rule counts the requests of its route that reach it. It lets the first `after` of them pass,
    and acts at most `times` times (None: for ever).
    """

    action: Action
    route: RouteKind | Literal["any"] = "any"
    after: Count = 0
    times: Count | None = None
    probability: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0


class Behaviour(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Faults, delays and limits; the defaults are an API that does everything at once.

    faults            evaluated in order for each request: delays add up, a reply or drop ends it
    seed              of every chance taken here
    token_lifetime    seconds for which a token is honoured
    token_uses        requests for which a token is honoured, None: no limit
    expires_in        what the token answer says: the lifetime, another number, or nothing
    import_delay      seconds from an import's acceptance until it is applied
    import_jitter     more seconds at most, drawn for each import: they end out of order
    resource_ids      `resourceId` of an accepted import: one id, two with a comma, or empty
    show_delay        seconds from an import's end until the values of contacts show it
    next_page         `nextPageCursor` as a bare cursor, or as the address of the next page
    box_on            how a check box that is on reads back
    box_off           how one that is off reads back, None: it is left out
    box_unset         how one that was never set reads back, None: it is left out
    body_limit        bytes of a POST to the API; the default is the published limit of imports
    body_limit_status the answer to a longer body
    beta_status       the answer where the account may not use the profile-fields route
    poisoned          addresses for which a whole import is refused
    least_rows        contacts that the file of a list import must hold
    group_limit       groups of profile fields that a list may have
    """

    faults: tuple[Rule, ...] = ()
    seed: int = 0
    token_lifetime: Seconds = 900.0
    token_uses: Count | None = None
    expires_in: int | Literal["lifetime", "omitted"] = "lifetime"
    import_delay: Seconds = 0.0
    import_jitter: Seconds = 0.0
    show_delay: Seconds = 0.0
    resource_ids: Literal["one", "several", "empty"] = "empty"
    next_page: Literal["cursor", "address"] = "cursor"
    box_on: str = "on"
    box_off: str | None = "off"
    box_unset: str | None = None
    body_limit: Count = 250_000_000
    body_limit_status: Literal[404, 413] = 413
    beta_status: HttpStatus = 403
    poisoned: frozenset[str] = frozenset()
    least_rows: Count = 1
    group_limit: Count = 100


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The shape of the document: `{"account": {…}, "behaviour": {…}}`, both optional."""

    account: Account = Account()
    behaviour: Behaviour = Behaviour()


_SHAPE: Final = 'Write one JSON object: {"account": {…}, "behaviour": {…}}.'


def load_script(document: bytes) -> tuple[Account, Behaviour]:
    """Read a script. Raises SettingsError, which says which part of it cannot be used."""
    try:
        # Checked here: msgspec's error for it, and its words, depend on its version.
        document.decode()
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"the sandbox script is not UTF-8 at byte {error.start}", _SHAPE
        ) from error
    try:
        script = msgspec.json.decode(document, type=Script)
    except (msgspec.DecodeError, RecursionError) as error:
        raise SettingsError(
            f"the sandbox script cannot be used: {error}",
            f"{_SHAPE} `$` in the message is its top, and a dotted path leads to the place.",
        ) from error
    return script.account, script.behaviour
