"""Writes JSON values as lines of YAML that read back as the same values."""

from __future__ import annotations

import re
import textwrap
from typing import Final

import yaml

from listrak_sync.events.key_paths import Json
from listrak_sync.mapping.yaml.nodes import FORMS

WIDTH: Final = 88
"""The width at which long texts are folded, before they are indented."""

_ID: Final = re.compile(r"[1-9][0-9]{0,9}")
_YAML: Final = "tag:yaml.org,2002:"


class _Dumper(yaml.SafeDumper):
    """PyYAML's dumper, made to write text that YAML 1.1 and 1.2 read alike, except for `on`."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - PyYAML's signature
        """Indent a list below its key."""
        super().increase_indent(flow, indentless=False)


# A text is quoted where YAML 1.1 or 1.2 would read another type, except on, off, yes and no: our
# files are YAML 1.2, where these are words, and people write `789: on`.
_Dumper.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in forms if tag != f"{_YAML}bool"]
    for first, forms in yaml.SafeDumper.yaml_implicit_resolvers.items()
}
for _kind, _form in FORMS.items():
    _Dumper.add_implicit_resolver(_YAML + _kind, re.compile(rf"(?:{_form.pattern})\Z"), None)


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = None
    if text.startswith("@") or not text.isprintable():
        style = '"'
    elif len(text) > WIDTH - len("trigger: "):
        style = ">"
    return dumper.represent_scalar(f"{_YAML}str", text, style)


def _object(dumper: _Dumper, value: dict[str, Json]) -> yaml.MappingNode:
    pairs = {int(name) if _ID.fullmatch(name) else name: inner for name, inner in value.items()}
    is_short = len(value) == 1 and all(
        name.startswith("@") and not isinstance(inner, dict | list) and len(str(inner)) < WIDTH
        for name, inner in value.items()
    )
    return dumper.represent_mapping(f"{_YAML}map", pairs, flow_style=is_short)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(dict, _object)


def entry(key: str, value: Json) -> list[str]:
    """Return the lines of a key with its value, without an indent."""
    text = yaml.dump(
        {key: value},
        Dumper=_Dumper,
        width=WIDTH,
        allow_unicode=True,
        sort_keys=False,
        default_flow_style=False,
    )
    return str(text).removesuffix("\n").split("\n")


def item(lines: list[str]) -> list[str]:
    """Return lines as one item of a list."""
    return [f"- {lines[0]}", *indented(lines[1:])]


def indented(lines: list[str]) -> list[str]:
    """Return lines indented by one level."""
    return [f"  {line}" for line in lines]


def comment(text: str) -> list[str]:
    """Return a text as the lines of a YAML comment."""
    shown = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
    return textwrap.wrap(
        shown,
        WIDTH,
        initial_indent="# ",
        subsequent_indent="#   ",
        break_long_words=False,
        break_on_hyphens=False,
    )
