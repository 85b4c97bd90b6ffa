"""What the stand-in's Listrak account holds, as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, get_args

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Id: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
DataType: TypeAlias = Literal[
    "Text", "Numeric", "RadioButton", "CheckBox", "CommentArea", "Date", "ContentBlock"
]
Area: TypeAlias = Literal["Contact", "Event", "List", "Message", "Report", "Segmentation"]

ALL_AREAS: frozenset[Area] = frozenset(get_args(Area))


class AccountField(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A profile field; `max_length` counts characters, 0 means no limit."""

    id: Id
    name: str = ""
    data_type: DataType = "Text"
    max_length: Annotated[int, msgspec.Meta(ge=0)] = 0


class AccountFieldGroup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named group of profile fields, as the application shows them."""

    id: Id
    name: str = ""
    fields: tuple[AccountField, ...] = ()


class MailingList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list with its fields, and its contacts: address -> field id -> value.

    The `unsubscribed` addresses are on the list as well, but get no updates. Raises ValueError
    where a group id or a field id is given twice.
    """

    id: Id
    name: str = ""
    groups: tuple[AccountFieldGroup, ...] = ()
    contacts: dict[str, dict[int, str]] = {}
    unsubscribed: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        refuse_twice("group", self.id, [group.id for group in self.groups])
        refuse_twice("field", self.id, [field.id for _, field in self.fields()])

    def fields(self) -> Iterator[tuple[AccountFieldGroup, AccountField]]:
        """Yield every field after the group it belongs to."""
        return ((group, field) for group in self.groups for field in group.fields)


class Account(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An integration's credentials and what it may reach.

    With `open_lists`, every address counts as a contact of every list. Imports skip `suppressed`
    addresses. Without `beta_route`, the profile-fields route is closed. With `paused`, access is
    paused in the application. Raises ValueError where a list id is given twice.
    """

    client_id: str = "sandbox"
    client_secret: str = "sandbox"  # noqa: S105 - the made-up secret of a made-up account
    lists: tuple[MailingList, ...] = ()
    open_lists: bool = False
    areas: frozenset[Area] = ALL_AREAS
    suppressed: frozenset[str] = frozenset()
    beta_route: bool = True
    paused: bool = False

    def __post_init__(self) -> None:
        refuse_twice("list", None, [mailing_list.id for mailing_list in self.lists])

    @classmethod
    def of_fields(
        cls, lists: Mapping[int, Mapping[int, AccountField | DataType | None]]
    ) -> Account:
        """Build an account from list id -> field id -> field, its type, or None if that is unknown.

        A field of unknown type takes any text, and every address counts as a contact.
        """
        return cls(
            lists=tuple(
                MailingList(
                    id=list_id,
                    name=f"List {list_id}",
                    groups=(
                        AccountFieldGroup(
                            id=1,
                            name="Profile fields",
                            fields=tuple(
                                known
                                if isinstance(known, AccountField)
                                else AccountField(
                                    id=field_id, name=f"Field {field_id}", data_type=known or "Text"
                                )
                                for field_id, known in fields.items()
                            ),
                        ),
                    ),
                )
                for list_id, fields in lists.items()
            ),
            open_lists=True,
        )


def refuse_twice(what: str, list_id: int | None, ids: list[int]) -> None:
    """Raise ValueError with the first id that `ids` holds twice."""
    seen: set[int] = set()
    for one in ids:
        if one in seen:
            where = "" if list_id is None else f" in list {list_id}"
            raise ValueError(f"{what} {one} is given twice{where}")
        seen.add(one)
