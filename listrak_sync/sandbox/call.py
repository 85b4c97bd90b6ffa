"""A request that has found its route, with what a route may ask of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote

from listrak_sync.sandbox.wire import invalid, not_found

if TYPE_CHECKING:
    from collections.abc import Mapping

    from listrak_sync.sandbox.account import Account, Field, FieldGroup, MailingList
    from listrak_sync.sandbox.behaviour import Behaviour
    from listrak_sync.sandbox.imports import Imports
    from listrak_sync.sandbox.wire import Request

_START = "Start"
_DIGITS = re.compile(r"[0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class Known:
    """A list of the account with its fields by id, each after its group."""

    list: MailingList
    fields: Mapping[int, Field]
    groups: Mapping[int, FieldGroup]

    @classmethod
    def of(cls, mailing_list: MailingList) -> Known:
        """Index a list's fields, and the groups they stand in, by field id."""
        pairs = list(mailing_list.fields())
        return cls(
            mailing_list,
            {field.id: field for _, field in pairs},
            {field.id: group for group, field in pairs},
        )


@dataclass(frozen=True, slots=True)
class Call:
    """A request, its place names by the template's names, and the account it speaks to."""

    request: Request
    path: Mapping[str, str]
    account: Account
    behaviour: Behaviour
    imports: Imports
    lists: Mapping[int, Known]

    def id(self, name: str) -> int:
        """Return an id of the path; raise Refusal unless it is an int32 from 1."""
        return _int32(unquote(self.path[name]), name)

    def known(self) -> Known:
        """Return the list the path names; raise Refusal where there is none."""
        list_id = self.id("listId")
        if list_id not in self.lists:
            raise not_found(f"list {list_id}")
        return self.lists[list_id]

    def query(self, name: str) -> str:
        """Return a query parameter, empty where it is not given."""
        return parse_qs(self.request.query).get(name, [""])[-1]

    def ids(self, name: str, most: int) -> list[int]:
        """Return a comma-separated query parameter of at most so many ids; raise Refusal."""
        text = self.query(name)
        parts = text.split(",") if text else []
        if len(parts) > most:
            raise invalid(name)
        return [_int32(part, name) for part in parts]

    def page(self, length: int) -> tuple[slice, str | None]:
        """Return which of `length` members the page holds, and the next page's cursor or address.

        Reads `cursor` (`Start` by default) and `count` (1000 by default, 5000 at most); raises
        Refusal.
        """
        count = _int32(self.query("count") or "1000", "count")
        if count > 5000:
            raise invalid("count")
        cursor = self.query("cursor") or _START
        start = 0 if cursor == _START else _int32(cursor.removeprefix("from-"), "cursor")
        end = start + count
        if end >= length:
            return slice(start, end), None
        return slice(start, end), self._next(f"from-{end}", count)

    def _next(self, cursor: str, count: int) -> str:
        match self.behaviour.next_page:
            case "cursor":
                return cursor
            case "address":
                host = self.request.headers.get("host", "")
                return f"http://{host}{self.request.path}?cursor={cursor}&count={count}"


def _int32(text: str, name: str) -> int:
    if _DIGITS.fullmatch(text) is None or not 1 <= int(text) < 2**31:
        raise invalid(name)
    return int(text)
