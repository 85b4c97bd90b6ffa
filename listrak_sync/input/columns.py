"""The header row of a CSV file: which of its columns holds what."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum, auto
from typing import Final

from listrak_sync.errors import UsageError
from listrak_sync.input.sources import RowOptions

DELIMITERS: Final = ",;\t|"

_SEPARATOR_LINE: Final = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)
_HASH: Final = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")
_PART_OF_HASH: Final = re.compile(r"[0-9a-fA-F]+")
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_SHOWN_COLUMNS: Final = 30


class Role(Enum):
    """What a column holds."""

    USER = auto()
    ANONYMOUS = auto()
    EMAIL = auto()
    EXTERNAL_IDS = auto()
    TRAITS = auto()
    VALUE = auto()
    TRAIT = auto()
    NOTHING = auto()


_ROLES: Final = (
    (Role.USER, re.compile(r"key|userkey|userid|user")),
    (Role.ANONYMOUS, re.compile(r"anonymousid")),
    (Role.EMAIL, re.compile(r"e?mail(address)?\d*")),
    (Role.EXTERNAL_IDS, re.compile(r"externalids?")),
    (Role.TRAITS, re.compile(r"traits")),
    (Role.NOTHING, re.compile(r"")),
)
"""The names of columns, without blanks, `_` and `-`, in lower case. Others are names of traits.

Segment does not publish the names that its exports have.
"""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a CSV file: how they are divided, their names, and what each holds.

    `header` is the header row as it was read, and `lines` how many lines of the file it ends.
    """

    delimiter: str
    names: tuple[str, ...]
    roles: tuple[Role, ...]
    header: bytes
    lines: int
    options: RowOptions

    def of(self, role: Role) -> tuple[int, ...]:
        """Return the indices of the columns that hold something."""
        return tuple(index for index, each in enumerate(self.roles) if each is role)


@dataclass(frozen=True, slots=True)
class _Header:
    """A header row as it was found: its cells, its lines, and the first rows below it."""

    delimiter: str
    cells: tuple[str, ...]
    first: int
    end: int
    below: tuple[tuple[str, ...], ...]


def read_columns(file: str, head: bytes, options: RowOptions) -> Columns:
    """Return the columns of a file that begins so.

    Raises UsageError where its rows cannot become events.
    """
    if b"\r" in head.rstrip(b"\r") and b"\n" not in head:
        hint = "Convert it: tr '\\r' '\\n' < FILE"
        raise UsageError(f"{file}: its lines end in a carriage return alone", hint)
    lines = head.split(b"\n")
    texts = [f"{line.decode(errors='replace')}\n" for line in lines]
    header = _header(texts)
    names = tuple(cell.strip() for cell in header.cells)
    roles = _roles(file, names, options)
    _check(file, header, names, roles)
    raw = b"\n".join(lines[header.first : header.end]).rstrip(b"\r\n")
    return Columns(header.delimiter, names, roles, raw, header.end, options)


def looks_like_rows(head: bytes) -> bool:
    """Say whether a file that does not begin with a brace begins with a header row.

    The first row names a column that exports have, or it has several cells and so many has the
    row below it.
    """
    # Where no line ends otherwise, a carriage return does: that is told later.
    lines = head.split(b"\n" if b"\n" in head else b"\r")
    header = _header([f"{line.decode(errors='replace')}\n" for line in lines])
    names = [cell.strip() for cell in header.cells]
    if any(_role(name) in {Role.EMAIL, Role.EXTERNAL_IDS} for name in names):
        return True
    if any(map(_ADDRESS.fullmatch, names)):
        return True
    is_row = len(names) > 1 and all(re.fullmatch(r"[A-Za-z][\w .()-]*", name) for name in names)
    return is_row and bool(header.below) and len(header.below[0]) == len(names)


def _header(texts: Sequence[str]) -> _Header:
    """Find the first row that is not blank, and what divides its cells."""
    first = next((index for index, text in enumerate(texts) if text.strip()), 0)
    delimiters = DELIMITERS
    if separator := _SEPARATOR_LINE.fullmatch(texts[first]):  # as Excel writes it
        delimiters, first = separator[1], first + 1
    found = (_divided(texts, first, delimiter) for delimiter in delimiters)
    return max(found, key=lambda header: len(header.cells))


def _divided(texts: Sequence[str], first: int, delimiter: str) -> _Header:
    reader = csv.reader(texts[first:], delimiter=delimiter, skipinitialspace=True)
    rows: list[tuple[str, ...]] = []
    end = first + 1
    try:
        for row in reader:
            if not rows:
                end = first + reader.line_num
            if row:
                rows.append(tuple(row))
            if len(rows) > 100:
                break
    except csv.Error:  # the rows say so when they are read
        pass
    cells, *below = rows or [()]
    return _Header(delimiter, cells, first, end, tuple(below))


def _role(name: str) -> Role:
    plain = re.sub(r"[\s_-]", "", name).lower()
    return next((role for role, form in _ROLES if form.fullmatch(plain)), Role.TRAIT)


def _roles(file: str, names: Sequence[str], options: RowOptions) -> tuple[Role, ...]:
    """Return what the columns hold. Raises UsageError where addresses or values are not there."""
    roles = [_role(name) for name in names]
    wanted = options.email_column
    if wanted is not None:
        if wanted not in names:
            near = get_close_matches(wanted, names, 1)
            instead = f'did you mean "{near[0]}"? ' if near else ""
            raise UsageError(f"{file}: no column {wanted!r}", f"{instead}{_columns(names)}")
        roles = [Role.TRAIT if role in _WITH_ADDRESSES else role for role in roles]
        roles[names.index(wanted)] = Role.EMAIL
    if options.trait is not None:
        values = [index for index, name in enumerate(names) if name.lower() == "value"]
        if not values:
            hint = f"--trait takes the trait's value from it. {_columns(names)}"
            raise UsageError(f"{file}: no column named value", hint)
        roles[values[0]] = Role.VALUE
    elif {role for role in roles if role is not Role.TRAIT} <= _OF_TRAIT_EXPORT and [
        name.lower() for name, role in zip(names, roles, strict=True) if role is Role.TRAIT
    ] == ["value"]:
        hint = "Give --trait KEY instead of --audience."
        raise UsageError(f"{file}: its rows hold the value of a computed trait", hint)
    return tuple(roles)


_WITH_ADDRESSES: Final = frozenset({Role.EMAIL})
_OF_TRAIT_EXPORT: Final = frozenset({Role.USER, Role.EXTERNAL_IDS})


def _check(file: str, header: _Header, names: Sequence[str], roles: Sequence[Role]) -> None:
    """Raise UsageError where a file has no header row, no addresses, or repeats a column."""
    if any(map(_ADDRESS.fullmatch, names)):
        hint = "Put a row with the names of the columns on top, for example: email"
        raise UsageError(f"{file}: its first row holds an address, not the names of columns", hint)
    if not {Role.EMAIL, Role.EXTERNAL_IDS, Role.TRAITS} & set(roles):
        hint = f"{_columns(names)}\nName the one that holds the address: --email-column NAME"
        raise UsageError(f"{file}: no column holds e-mail addresses", hint)
    counts = Counter(
        name for name, role in zip(names, roles, strict=True) if role not in _MAY_REPEAT
    )
    repeated = [name for name, count in counts.items() if count > 1]
    if repeated:
        hint = f"Rename or take out all but one of each. {_columns(names)}"
        raise UsageError(f"{file}: columns with the same name: {', '.join(repeated)}", hint)
    for index, role in enumerate(roles):
        cells = [row[index].strip() for row in header.below if index < len(row)]
        *whole, last = list(filter(None, cells)) or [""]
        # The last may be cut off, as only the beginning of the file is looked at.
        is_like = _HASH.fullmatch if not whole else _PART_OF_HASH.fullmatch
        if role is Role.EMAIL and all(map(_HASH.fullmatch, whole)) and is_like(last):
            hint = "Download it unhashed: a hash cannot be turned into an address."
            raise UsageError(f"{file}: the column {names[index]} holds hashes", hint)


_MAY_REPEAT: Final = frozenset({Role.EMAIL, Role.NOTHING})


def _columns(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN_COLUMNS
    shown = ", ".join(name or "''" for name in names[:_SHOWN_COLUMNS])
    return f"Its columns: {shown}{f' and {more} more' if more > 0 else ''}"
