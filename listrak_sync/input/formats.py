"""Recognises by its first bytes what an input holds: lines of JSON, rows of CSV, or neither."""

from __future__ import annotations

import glob
import json
import re
import shlex
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import IO, Final

import msgspec

from listrak_sync.errors import UsageError
from listrak_sync.input.columns import Columns, looks_like_rows, read_columns
from listrak_sync.input.compression import UNREADABLE, Fill, decompressed
from listrak_sync.input.opening import open_source
from listrak_sync.input.sources import InputFormat, RowOptions, Source, shown
from listrak_sync.stores.objects import beginnings

HEAD_BYTES: Final = 64 << 10
"""How much of an input is looked at, at most; a header row must end in it."""

_STEP_BYTES: Final = 8192
"""How much is looked at first; only a long header row takes more."""

BOM: Final = b"\xef\xbb\xbf"
"""The byte-order mark, which is taken off the start of a file."""

_SHOWN: Final = 5
_BLANKS: Final = b" \t\r\n"
_UTF16: Final = "UTF-16"
_CONVERT: Final = "Convert it: iconv -f UTF-16 -t UTF-8 FILE"
_EXPORT: Final = "Give it as NDJSON, one event a line: DuckDB, pandas and Spark write that."
_SIGNATURES: Final = (
    (b"PK\x03\x04", "a ZIP file or a spreadsheet", "Unpack it (unzip), or save it as CSV."),
    (b"PK\x05\x06", "a ZIP file", "Unpack it: unzip FILE"),
    (b"\xfd7zXZ\x00", "an xz file", "Unpack it: xz -dc FILE | listrak-sync …"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z file", "Unpack it: 7z x FILE"),
    (b"Rar!", "a RAR file", "Unpack it."),
    (b"\x04\x22\x4d\x18", "an lz4 file", "Unpack it: lz4 -dc FILE | listrak-sync …"),
    (b"\x1f\x9d", "a file of compress", "Unpack it: gzip -dc FILE | listrak-sync …"),
    (b"\xff\x06\x00\x00sNaPpY", "a Snappy file", "Unpack it."),
    (b"PAR1", "a Parquet file", _EXPORT),
    (b"Obj\x01", "an Avro file", _EXPORT),
    (b"ORC", "an ORC file", _EXPORT),
    (b"ARROW1", "an Arrow file", _EXPORT),
    (b"SQLite format 3\x00", "a SQLite database", _EXPORT),
    (b"\xd0\xcf\x11\xe0", "a spreadsheet", "Save it as CSV."),
    (b"%PDF-", "a PDF", "Give the events, or an exported audience."),
    (b"\xff\xfe", _UTF16, _CONVERT),
    (b"\xfe\xff", _UTF16, _CONVERT),
)
"""Beginnings of what we do not read: what it is, and what to do."""

_UTF16_TEXT: Final = re.compile(rb"(?:[!-~]\0){2}|(?:\0[!-~]){2}")
_ARRAY: Final = re.compile(rb"\[\s*\{")
_COMMA: Final = re.compile(r"\s*,\s*(?:\{|$)")
_TAKE_COMMAS: Final = (
    "Save it as JSON lines, one event a line without a comma after it. Or take the commas away:\n"
    "(echo '['; sed '$s/,[[:space:]]*$//' FILE; echo ']') | jq -c '.[]'"
)
_PRETTY: Final = re.compile(rb'\{[ \t\r]*\n\s*["}]')
_PRETTY_LATER: Final = re.compile(rb'(\{[^\n]*[,{\[:])[ \t\r]*\n[ \t]*["{\[]')


def is_enough(head: bytes) -> bool:
    """Say whether the beginning of an input tells what it holds, and has the whole header row."""
    if len(head) >= HEAD_BYTES:
        return True
    start = head.removeprefix(BOM).lstrip(_BLANKS)
    if len(head) < len(BOM) or not start:
        return False
    if start[:1] in b"{[":
        return len(start.rstrip(_BLANKS)) > 1
    ends = (found.end() for found in re.finditer(b"\n", start))
    return any(start.count(b'"', 0, end) % 2 == 0 for end in ends)


def columns_of(name: str, head: bytes, options: RowOptions) -> Columns | None:
    """Return the columns of an input that begins so, None where it holds lines of JSON.

    Raises UsageError where it is something else, or where it is not said how its rows are meant.
    """
    start = head.removeprefix(BOM).lstrip(_BLANKS)
    if not start or options.format is InputFormat.ndjson:
        return None
    if (foreign := _foreign(head)) is not None:
        what, instead = foreign
        raise UsageError(f"{name}: this is {what}, not lines of JSON", instead)
    if options.format is None:
        if start.startswith(b"{"):
            if _have_commas(start):
                what = "this is JSON objects with commas between them, not lines of JSON"
                raise UsageError(f"{name}: {what}", _TAKE_COMMAS)
            if _is_pretty(start):
                hint = "Put each event on one line: jq -c . FILE"
                raise UsageError(f"{name}: this is JSON over several lines", hint)
            return None
        if _ARRAY.match(start):
            hint = "Put each of its events on one line: jq -c '.[]' FILE"
            raise UsageError(f"{name}: this is a JSON array, not lines of JSON", hint)
        if start[:1] in b'["' and _is_json(start) and not options.are_given:
            return None
        if not options.are_given and not looks_like_rows(head.removeprefix(BOM)):
            return None
    if not options.are_given:
        hint = (
            "Say what its rows are: --audience KEY for the members of an audience,\n"
            "--audience KEY=false for those who left it, --trait KEY for a computed trait.\n"
            "If it is not CSV: --format-in ndjson"
        )
        raise UsageError(f"{name}: this is CSV: give --audience KEY", hint)
    return read_columns(name, head.removeprefix(BOM), options)


def check_formats(sources: Iterable[Source]) -> None:
    """Look at the beginning of each file.

    Raises UsageError with everything that cannot be used, also where options for CSV are given
    and no input is CSV.
    """
    problems: dict[str, list[str]] = {}
    usable, stray = False, list[Source]()
    options, may_be_rows = RowOptions(), True
    sources = list(sources)
    objects = beginnings([source.version for source in sources if source.version is not None])
    for index, source in enumerate(sources):
        options = source.rows
        may_be_rows = may_be_rows and index > 0
        if not source.can_be_read_again:
            may_be_rows = True  # it is looked at when it is read
            continue
        try:
            head = head_of(source) if source.version is None else _head_from(next(objects), source)
        except UNREADABLE:
            may_be_rows = True
            continue  # said where it is read
        try:
            may_be_rows |= columns_of(source.name, head, source.rows) is not None or not head
            usable = True
        except UsageError as error:
            stray += [source] if source.folder is not None else []
            problems.setdefault(error.hint, []).append(error.message)
    if problems:
        several = [
            "\n".join([*messages, *([hint] if len(problems) > 1 else [])])
            for hint, messages in problems.items()
        ]
        hints = [next(iter(problems))] if len(problems) == 1 else []
        if usable and stray:
            hints.append(_leaving_out(stray))
        raise UsageError("\n".join(several), "\n".join(hints))
    if options.are_given and not may_be_rows:
        raise not_csv(options)


def not_csv(options: RowOptions) -> UsageError:
    """Return the error where options for CSV are given, and no input is CSV."""
    which = "--audience" if options.audience is not None else "--trait"
    hint = "Events name their audience themselves: leave the option out."
    return UsageError(f"{which} is for CSV, and no input is CSV", hint)


def _leaving_out(stray: Sequence[Source]) -> str:
    """Return how files that were found in folders are left out."""
    names = [Path(each.name).relative_to(shown(each.folder or "")).as_posix() for each in stray]
    options = " ".join(f"--exclude {shlex.quote(glob.escape(name))}" for name in names[:_SHOWN])
    return f"Leave out what is not input: {options}{' …' * (len(names) > _SHOWN)}"


def head_of(source: Source) -> bytes:
    """Return the beginning of a file, decompressed. Raises one of UNREADABLE."""
    with open_source(source) as raw:
        return _head_in(raw)


def _head_in(raw: IO[bytes]) -> bytes:
    reader = decompressed(raw)
    return read_head(reader.readinto1)[:HEAD_BYTES]


def _head_from(beginning: bytes, source: Source) -> bytes:
    """Return the head of an object of which the beginning is read. Raises one of UNREADABLE."""
    try:
        return _head_in(BytesIO(beginning))
    except UNREADABLE:
        return head_of(source)  # more of it is needed


def read_head(fill: Fill) -> bytes:
    """Read until it is clear what an input holds, or to its end."""
    head, buffer = b"", memoryview(bytearray(_STEP_BYTES))
    while not is_enough(head) and (filled := fill(buffer)):
        head += bytes(buffer[:filled])
    return head


def _foreign(head: bytes) -> tuple[str, str] | None:
    for signature, what, instead in _SIGNATURES:
        if head.startswith(signature):
            return what, instead
    if head[257:262] == b"ustar":
        return "a tar archive", "Unpack it: tar -xf FILE, or tar -xOf FILE | listrak-sync …"
    if _UTF16_TEXT.match(head):
        return "UTF-16", "Convert it: iconv -f UTF-16LE -t UTF-8 FILE (or UTF-16BE)"
    return None


def _have_commas(start: bytes) -> bool:
    """Say whether a comma follows the first object, and nothing or another object that comma."""
    text = start.decode(errors="replace")
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return False
    return _COMMA.match(text, end) is not None


def _is_pretty(start: bytes) -> bool:
    """Say whether a value that begins with a brace goes on over several lines."""
    if _PRETTY.match(start):
        return True
    later = _PRETTY_LATER.match(start)
    return later is not None and not _is_json(start)


def _is_json(start: bytes) -> bool:
    """Say whether the first line is JSON."""
    try:
        msgspec.json.decode(start.split(b"\n", 1)[0], type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
