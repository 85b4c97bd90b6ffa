"""Reads destination subscriptions from Terraform's own files, such as Segment's Git Sync writes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from listrak_sync.errors import UsageError
from listrak_sync.events.key_paths import Json
from listrak_sync.segment_import.subscriptions import (
    OTHER_DESTINATION,
    RESOURCE,
    SubscriptionOrUnread,
    Unread,
    subscription,
)

if TYPE_CHECKING:
    from lark import Token, Tree

    Branch: TypeAlias = Tree[Token]

_MISSING: Final = "Install it with: pip install 'listrak-sync[terraform]'"
_KNOWN: Final = ("name", "enabled", "trigger", "settings", "action_id")
_REPEATED: Final = ("count", "for_each")
_LEFT_OUT: Final = frozenset({"new_line_or_comment"})
_ESCAPE: Final = re.compile(r'\\(?:([nrt"\\])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))')
_ESCAPED: Final = {"n": "\n", "r": "\r", "t": "\t"}
_HEREDOC: Final = re.compile(r"<<(-?)\S+[^\S\n]*\n(.*?)[^\S\n]*\S+\s*\Z", re.DOTALL)
_WRITTEN_OUT: Final = re.compile(r'jsonencode\s*\(\s*\{\s*"?[\w-]+"?\s*[=:]')
_LISTRAK: Final = re.compile("profile_?field_?values", re.IGNORECASE)
_CONSTANTS: Final[dict[str, Json]] = {"true": True, "false": False, "null": None}


def check_terraform(source: str) -> None:
    """Check that .tf files can be read. Raises UsageError where python-hcl2 is missing."""
    try:
        import hcl2  # noqa: F401, PLC0415 - an extra, and slow to import
    except ImportError:
        raise UsageError(f"{source}: .tf files need the package python-hcl2", _MISSING) from None


def read_terraform(source: str, data: bytes) -> Iterator[SubscriptionOrUnread]:
    """Yield every subscription in the text of a .tf file; `source` names it in messages.

    What only Terraform can work out, such as a variable, cannot be read. Raises UsageError where
    the text is not HCL.
    """
    import hcl2  # noqa: PLC0415 - see above
    from lark.exceptions import LarkError, UnexpectedInput  # noqa: PLC0415 - comes with hcl2

    try:
        tree = hcl2.parses_to_tree(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{source}:{line}: this is not UTF-8", "Save it as UTF-8.") from error
    except (LarkError, RecursionError) as error:
        place = ""
        if isinstance(error, UnexpectedInput) and error.line > 0:
            place = f":{error.line}:{error.column}"
        hint = "Check it with: terraform validate; or import what terraform show -json prints."
        raise UsageError(f"{source}{place}: this cannot be read as HCL", hint) from error
    for block in tree.find_data("block"):
        match _block(block):
            case ["resource", kind, label] if kind == RESOURCE:
                yield _resource(source, label, block)


class _UnknownError(Exception):
    """A value that only Terraform can work out, as it is written."""


def _resource(source: str, label: str, block: Branch) -> SubscriptionOrUnread:
    """Read one subscription."""
    values: dict[str, Json] = {}
    what = f"{label} ({source}:{block.meta.line})"
    for name, value in _attributes(block):
        if name in _REPEATED:
            return Unread(what, f"it has {name}; import what terraform show -json prints")
        if name not in _KNOWN:
            continue
        try:
            values[name] = _value(value)
        except _UnknownError as error:
            if name == "settings" and _names_other_settings(value):
                return Unread(what, OTHER_DESTINATION)
            reason = f"only Terraform knows {error} in its {name}"
            return Unread(what, f"{reason}; import what terraform show -json prints")
        except RecursionError:
            return Unread(what, f"values in its {name} nest too deep")
    found = subscription(values)
    return Unread(what, found.reason) if isinstance(found, Unread) else found


def _names_other_settings(settings: Branch) -> bool:
    """Say whether settings that cannot be read are written out, and are not those of Listrak."""
    text = _text_of(settings)
    return _WRITTEN_OUT.match(text) is not None and _LISTRAK.search(text) is None


def _parts(branch: Branch) -> list[Branch | Token]:
    """Return what a branch consists of, without line ends and comments."""
    return [each for each in branch.children if getattr(each, "data", "") not in _LEFT_OUT]


def _block(block: Branch) -> list[str]:
    """Return the type of a block and its labels."""
    found: list[str] = []
    for part in _branches(block):
        match str(part.data):
            case "identifier":
                found.append(str(part.children[0]))
            case "string":
                found.append(_text_of(part).strip('"'))
    return found


def _branches(branch: Branch) -> list[Branch]:
    return [each for each in _parts(branch) if not isinstance(each, str)]


def _attributes(block: Branch) -> Iterator[tuple[str, Branch]]:
    """Yield the names and values of a block's attributes."""
    for body in _branches(block):
        if body.data == "body":
            for attribute in _branches(body):
                if attribute.data == "attribute":
                    name, value = _branches(attribute)
                    yield str(name.children[0]), value


def _value(branch: Branch) -> Json:
    """Return the value of an expression without references. Raises _UnknownError."""
    inner = _branches(branch)
    match str(branch.data):
        case "expr_term" if len(inner) == 1:
            return _value(inner[0])
        case "literal_value" | "identifier" | "keyword" if str(branch.children[0]) in _CONSTANTS:
            return _CONSTANTS[str(branch.children[0])]
        case "int_lit" | "float_lit":
            return _number(branch)
        case "string":
            return "".join(map(_text, inner))
        case "heredoc_template" | "heredoc_template_trim":
            return _heredoc(str(branch.children[0]))
        case "tuple":
            return [_value(each) for each in inner]
        case "object":
            return dict(_member(each) for each in inner)
        case "function_call" if len(inner) == 2 and str(inner[0].children[0]) == "jsonencode":
            arguments = _branches(inner[1])
            if len(arguments) == 1:
                return msgspec.json.encode(_value(arguments[0])).decode()
    raise _UnknownError(_written(branch))


def _number(branch: Branch) -> Json:
    """Return a number, a whole one without decimals as Terraform has it."""
    text = str(branch.children[0])
    number = float(text)
    if not math.isfinite(number) or len(text) > 1000:
        raise _UnknownError(_written(branch))
    if text.lstrip("+-").isdigit():
        return int(text)
    return int(number) if number.is_integer() else number


def _member(element: Branch) -> tuple[str, Json]:
    """Return a key of an object with its value."""
    key, value = _branches(element)
    written = _written(key)
    if re.fullmatch(r"[\w-]+", written):
        return written, _value(value)
    (inner,) = _branches(key)
    found = _value(inner)
    if not isinstance(found, str):
        raise _UnknownError(written)
    return found, _value(value)


def _text(part: Branch) -> str:
    """Return the text of a part of a string."""
    (token,) = part.children
    if not isinstance(token, str):
        raise _UnknownError(_written(part))
    match str(token.type):
        case "ESCAPED_INTERPOLATION" | "ESCAPED_DIRECTIVE":
            return token[1:]
        case "STRING_CHARS":
            return _ESCAPE.sub(_unescaped, token)
    raise _UnknownError(_written(part))


def _unescaped(found: re.Match[str]) -> str:
    letter, short, long = found.groups()
    if letter:
        return _ESCAPED.get(letter, letter)
    number = int(short or long, 16)
    return chr(number) if number < 0xD800 or 0xDFFF < number < 0x110000 else "\ufffd"


def _heredoc(written: str) -> str:
    """Return the text of a heredoc, in which there are no escapes but those of `${` and `%{`."""
    found = _HEREDOC.match(written)
    if found is None or re.search(r"(?<!\$)\$\{|(?<!%)%\{", found[2]):
        raise _UnknownError("a heredoc")
    lines = found[2].removesuffix("\n").split("\n")
    if found[1]:
        indents = [len(line) - len(line.lstrip(" ")) for line in lines if line.strip()]
        lines = [line[min(indents, default=0) :] for line in lines]
    return "\n".join(lines).replace("$${", "${").replace("%%{", "%{")


def _text_of(branch: Branch) -> str:
    """Return an expression as it is written."""
    return "".join(map(str, branch.scan_values(lambda each: isinstance(each, str))))


def _written(branch: Branch) -> str:
    """Return an expression as it is written, on one line and shortened."""
    text = " ".join(_text_of(branch).split())
    return text if len(text) <= 60 else f"{text[:59]}…"
