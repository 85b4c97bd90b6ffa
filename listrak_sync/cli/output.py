"""Data on standard output, until nobody reads it any more."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import msgspec

from listrak_sync.cli.startup import silence
from listrak_sync.cli.terminal import bold, width
from listrak_sync.errors import OutputError

if TYPE_CHECKING:
    from listrak_sync.cli.columns import Cell, Table


_FLAG: Final = re.compile("\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f")
"""The flag of a part of a country: a black flag, and letters that are not shown."""

_JOINER: Final = "\u200d"
_VARIANT: Final = "\ufe0f"


def printable(text: str) -> str:
    """Return text that cannot control a terminal: control characters are shown as escapes.

    Emoji of several characters stay as they are.
    """
    return escaped(text, lambda character: ascii(character)[1:-1])


def escaped(text: str, escape: Callable[[str], str]) -> str:
    """Return text in which everything but line ends that is not printable is escaped."""
    if text.isprintable():
        return text
    flags = [match.span() for match in _FLAG.finditer(text)]
    is_flag = {place for start, end in flags for place in range(start, end)}
    return "".join(
        character
        if character.isprintable()
        or character == "\n"
        or place in is_flag
        or (character == _JOINER and _joins(text, place))
        else escape(character)
        for place, character in enumerate(text)
    )


def _joins(text: str, place: int) -> bool:
    """Say whether a joiner stands between two pictures."""
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    is_tone = "\U0001f3fb" <= before <= "\U0001f3ff"
    return _is_picture(after) and (is_tone or before == _VARIANT or _is_picture(before))


def _is_picture(character: str) -> bool:
    return bool(character) and unicodedata.category(character) == "So"


def one_line(text: str) -> str:
    """Return text that can neither control a terminal nor leave its line."""
    return printable(text).replace("\n", "\\n")


def counted(count: int, what: str) -> str:
    """Return a count with its noun: 1 list, 2 lists."""
    return f"{count:,} {what}{'s' * (count != 1)}"


def json_line(record: object) -> bytes:
    """Return a record as JSON, the same way everywhere: on one line, without blanks, in UTF-8."""
    try:
        return msgspec.json.encode(record)
    except UnicodeEncodeError:  # a name of a file that is not UTF-8
        return json.dumps(msgspec.to_builtins(record), separators=(",", ":")).encode()


def printable_json(line: str) -> str:
    """Return the same JSON with escapes for what could control a terminal."""
    return escaped(line, lambda character: json.dumps(character)[1:-1])


def write_line(data: bytes) -> None:
    """Write a line. Raises BrokenPipeError once nobody reads any more, else OutputError."""
    if sys.stdout.isatty():
        data = printable_json(data.decode(errors="backslashreplace")).encode()
    with _standard_output():
        sys.stdout.buffer.write(data + b"\n")


def flush() -> None:
    """Flush what is written; a closed pipe is ignored. Raises OutputError."""
    with suppress(BrokenPipeError), _standard_output():
        sys.stdout.buffer.flush()


def print_lines(lines: Iterable[bytes]) -> None:
    """Print lines while somebody reads them. Raises OutputError."""
    with suppress(BrokenPipeError):
        for line in lines:
            write_line(line)
        flush()


def print_json(record: object) -> None:
    """Print one JSON object. Raises OutputError."""
    print_lines([json_line(record)])


def print_text(lines: Iterable[str]) -> None:
    """Print lines for people, in the encoding of standard output. Raises OutputError."""
    with suppress(BrokenPipeError), _standard_output():
        for line in lines:
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def draw(table: Table) -> None:
    """Draw a table as wide as the terminal, or as 80 columns. Raises OutputError."""
    print_text(table.lines(width(sys.stdout), bold(sys.stdout)))


def print_table(names: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Print rows below names: folded on a terminal, one line for each row elsewhere."""
    from listrak_sync.cli.columns import Table  # noqa: PLC0415 - only for people

    columns = width(sys.stdout) if sys.stdout.isatty() else None
    print_text(Table(list(rows), names).lines(columns, bold(sys.stdout)))


@contextmanager
def _standard_output() -> Iterator[None]:
    """Give up standard output where it cannot be written. Raises OutputError or BrokenPipeError."""
    try:
        yield
    except BrokenPipeError:
        silence(sys.stdout)
        raise
    except OSError as error:
        raise unwritable(error) from error


def unwritable(error: OSError) -> OutputError:
    """Give up standard output; return the error that says why."""
    silence(sys.stdout)
    hint = "Make room, or send it elsewhere; then run it again."
    return OutputError(f"standard output: {error.strerror or error}", hint)
