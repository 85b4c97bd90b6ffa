"""The table of filters, with the number of arguments that each takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from listrak_sync.mapping.directives.liquid import arithmetic, dates, encodings, lists, texts


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter: its function, how many arguments it takes, and the names of further ones."""

    function: Callable[..., object]
    least: int = 0
    most: int = 0
    named: frozenset[str] = frozenset()


def _of(
    function: Callable[..., object], least: int = 0, most: int | None = None, *named: str
) -> Filter:
    return Filter(function, least, least if most is None else most, frozenset(named))


FILTERS: Final[Mapping[str, Filter]] = {
    "abs": _of(arithmetic.absolute),
    "append": _of(texts.append, 1),
    "at_least": _of(arithmetic.at_least, 1),
    "at_most": _of(arithmetic.at_most, 1),
    "base64_decode": _of(encodings.base64_decode),
    "base64_encode": _of(encodings.base64_encode),
    "capitalize": _of(texts.capitalize),
    "ceil": _of(arithmetic.ceil),
    "cgi_escape": _of(encodings.cgi_escape),
    "compact": _of(lists.compact),
    "date": _of(dates.date, 0, 2),
    "date_to_long_string": _of(dates.date_to_long_string, 0, 2),
    "date_to_rfc822": _of(dates.date_to_rfc822),
    "date_to_string": _of(dates.date_to_string, 0, 2),
    "date_to_xmlschema": _of(dates.date_to_xmlschema),
    "default": _of(lists.default, 0, 1, "allow_false"),
    "divided_by": _of(arithmetic.divided_by, 1, 2),
    "downcase": _of(texts.downcase),
    "escape": _of(encodings.escape),
    "escape_once": _of(encodings.escape_once),
    "first": _of(lists.first),
    "floor": _of(arithmetic.floor),
    "hmac_sha256": _of(encodings.hmac_sha256, 1),
    "inspect": _of(lists.json, 0, 1),
    "join": _of(lists.join, 0, 1),
    "json": _of(lists.json, 0, 1),
    "jsonify": _of(lists.json, 0, 1),
    "last": _of(lists.last),
    "lstrip": _of(texts.lstrip, 0, 1),
    "minus": _of(arithmetic.minus, 1),
    "modulo": _of(arithmetic.modulo, 1),
    "normalize_whitespace": _of(texts.normalize_whitespace),
    "number_of_words": _of(texts.number_of_words, 0, 1),
    "plus": _of(arithmetic.plus, 1),
    "pop": _of(lists.pop),
    "prepend": _of(texts.prepend, 1),
    "push": _of(lists.push, 1),
    "raw": _of(lists.raw),
    "remove": _of(texts.remove, 1),
    "remove_first": _of(texts.remove_first, 1),
    "remove_last": _of(texts.remove_last, 1),
    "replace": _of(texts.replace, 1, 2),
    "replace_first": _of(texts.replace_first, 1, 2),
    "replace_last": _of(texts.replace_last, 1, 2),
    "round": _of(arithmetic.round_half_up, 0, 1),
    "rstrip": _of(texts.rstrip, 0, 1),
    "sample": _of(lists.sample, 0, 1),
    "sha256": _of(encodings.sha256),
    "shift": _of(lists.shift),
    "size": _of(lists.size),
    "slice": _of(lists.sliced, 1, 2),
    "slugify": _of(texts.slugify, 0, 2),
    "split": _of(texts.split, 1),
    "squish": _of(texts.squish),
    "strip": _of(texts.strip, 0, 1),
    "strip_html": _of(encodings.strip_html),
    "strip_newlines": _of(texts.strip_newlines),
    "sum": _of(lists.total, 0, 1),
    "times": _of(arithmetic.times, 1),
    "to_integer": _of(arithmetic.to_integer),
    "truncate": _of(texts.truncate, 0, 2),
    "truncatewords": _of(texts.truncatewords, 0, 2),
    "unshift": _of(lists.unshift, 1),
    "upcase": _of(texts.upcase),
    "uri_escape": _of(encodings.uri_escape),
    "url_decode": _of(encodings.url_decode),
    "url_encode": _of(encodings.url_encode),
    "where": _of(lists.where, 1, 2),
    "xml_escape": _of(encodings.escape),
}
"""Every filter of LiquidJS that Segment allows."""

NO_FILTERS: Final = frozenset(
    {
        "array_to_sentence_string",
        "concat",
        "find",
        "find_exp",
        "find_index",
        "find_index_exp",
        "group_by",
        "group_by_exp",
        "has",
        "has_exp",
        "map",
        "newline_to_br",
        "reject",
        "reject_exp",
        "reverse",
        "sort",
        "sort_natural",
        "type",
        "uniq",
        "where_exp",
    }
)
"""Filters that Segment switches off."""
