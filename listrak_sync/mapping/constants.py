"""Remarks on constants that hardly mean the text that they are."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Final

from listrak_sync.mapping.conditions import Span
from listrak_sync.mapping.values import USE_AUDIENCE_KEY
from listrak_sync.mapping.yaml.document import Document, Node

_COMMENT: Final = re.compile(r"[ \t]+(#[^\r\n]*)")
_ALIKE: Final = 0.85
"""How alike a text and `useAudienceKey` are from where on the one is meant as the other."""

_SWITCHES: Final = {
    **dict.fromkeys(("on", "yes", "true", "checked", "y"), "on"),
    **dict.fromkeys(("off", "no", "false", "unchecked", "n"), "off"),
}
_PATH: Final = re.compile(
    r"\$?\.?(?:traits|properties|context)\.[\w.\[\]-]+|\$\.?[A-Za-z_][\w.\[\]-]*|\$\."
)
_PLACEHOLDER: Final = re.compile(r"\$\{[^}]*\}|<%.*?%>|\*\|[^|]*\|\*|%%[A-Za-z_]+%%")
_TYPOGRAPHIC: Final = re.compile(r"[“”„‟«»‘’‚‛].*[“”„‟«»‘’‚‛]", re.DOTALL)  # noqa: RUF001
_DIRECTIVE: Final = re.compile(r"(@[A-Za-z]+)\b[:\s]*(.*)", re.DOTALL)


def is_misspelt_audience_key(text: str) -> bool:
    """Say whether a text is `useAudienceKey` in another spelling: `use_audience_key`."""
    plain = re.sub(r"[^a-z]", "", text.lower())
    wanted = USE_AUDIENCE_KEY.lower()
    near = abs(len(plain) - len(wanted)) <= 3 and SequenceMatcher(None, plain, wanted)
    return text != USE_AUDIENCE_KEY and near is not False and near.ratio() >= _ALIKE


def comment_after(document: Document, node: Node) -> Span | None:
    """Return the place of the comment on the line where a text without quotes ends, or None."""
    if node.style is not None or not isinstance(node.value, str):
        return None
    found = _COMMENT.match(document.text, node.end)
    return None if found is None else Span(*found.span(1))


def is_hardly_comment(document: Document, comment: Span) -> bool:
    """Say whether a comment is hardly meant as one: `#1`, without a blank after its sign."""
    return document.text[comment.start + 1 : comment.start + 2].strip(" \t\r\n#!") != ""


def remark_on_text(document: Document, node: Node) -> None:
    """Remark on a text that YAML has cut off, or that has the wrong quotes."""
    comment = comment_after(document, node)
    if comment is not None and is_hardly_comment(document, comment):
        cut = document.text[comment.start : comment.end].rstrip()
        message = (
            f"the text is {node.value!r}, as YAML takes {cut!r} as a comment; put all of it in "
            "quotation marks, or write a blank after #"
        )
        document.remark(node, "comment", message)
    elif isinstance(node.value, str) and _TYPOGRAPHIC.fullmatch(node.value):
        message = 'the typographic quotes are part of the text; replace them by "'
        document.remark(node, "typographic_quotes", message)


def placeholder_in(text: str) -> str | None:
    """Return what a text holds of another program's placeholders: `${PLAN}`, `<%= plan %>`."""
    found = _PLACEHOLDER.search(text)
    return None if found is None else found[0]


def directive_meant(text: str) -> str | None:
    """Return the directive that a text looks like, as one writes it in YAML, or None."""
    if "{{" in text and "}}" in text:
        return f'{{"@template": "{text}"}}'
    if _PATH.fullmatch(text):
        path = text.removeprefix("$").removeprefix(".")
        return f'{{"@path": "$.{path}"}}'
    if (directive := _DIRECTIVE.fullmatch(text)) is not None:
        return f'{{"{directive[1]}": {directive[2] or "…"}}}'
    return None


def remark_on_value(document: Document, node: Node) -> None:
    """Remark on a text that looks like a directive, a template or a path."""
    remark_on_text(document, node)
    text = node.value
    if not isinstance(text, str) or "@literal" in node.path:
        return
    instead = directive_meant(text)
    if instead is None and (placeholder := placeholder_in(text)):
        message = f"{placeholder} is a part of the text: variables are for ids alone"
        document.remark(node, "placeholder", message)
    if instead is not None:
        message = f"this is the text {text!r}, not what an event has there; write {instead}"
        document.remark(node, "looks_like_directive", message)


def remark_on_field_value(document: Document, node: Node) -> None:
    """Remark on a text for a profile field that looks like something else."""
    remark_on_value(document, node)
    if isinstance(node.value, str) and node.value not in {"on", "off"}:
        switch = _SWITCHES.get(node.value.strip().lower())
        if switch is not None:
            message = f"this writes the text {node.value!r}; write {switch} for a check box"
            document.remark(node, "text_value", message)
