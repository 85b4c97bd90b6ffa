"""Filters that escape a text, or turn it into another alphabet and back."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from listrak_sync.mapping.directives.liquid.bounds import RenderError
from listrak_sync.mapping.directives.liquid.values import stringify, whole_characters

_ESCAPES: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;"}
)
_ESCAPED: Final = re.compile("&(?:amp|lt|gt|#34|#39);")
_CHARACTERS: Final = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&#34;": '"', "&#39;": "'"}
_HTML: Final = (("<script", "</script>"), ("<style", "</style>"), ("<!--", "-->"), ("<", ">"))
_COMPONENT: Final = "-_.!~*'()"
_ADDRESS: Final = f"{_COMPONENT};/?:@&=+$,#[]"
_BROKEN_PERCENT: Final = re.compile("%(?![0-9A-Fa-f]{2})")
_PERCENTS: Final = re.compile("(?:%[0-9A-Fa-f]{2})+")
_BASE64_SPACE: Final = re.compile("[\t\n\f\r ]")
_BASE64: Final = re.compile("[A-Za-z0-9+/]*")


def escape(value: object) -> str:
    """Return a text for HTML or XML."""
    return stringify(value).translate(_ESCAPES)


def escape_once(value: object) -> str:
    """Return a text for HTML, where what is already escaped stays so."""
    return escape(_ESCAPED.sub(lambda found: _CHARACTERS[found[0]], stringify(value)))


def strip_html(value: object) -> str:
    """Return a text without tags, comments, scripts and styles."""
    text = stringify(value)
    kept: list[str] = []
    at = 0
    open_kinds = dict(_HTML)
    while (start := text.find("<", at)) >= 0:
        kept.append(text[at:start])
        at = start
        for opening, closing in tuple(open_kinds.items()):
            if not text.startswith(opening, start):
                continue
            end = text.find(closing, start + len(opening))
            if end >= 0:
                at = end + len(closing)
                break
            # It is not closed here, so no later one is: looking again would take quadratic time.
            del open_kinds[opening]
        if at == start:
            break
    return "".join(kept) + text[at:]


def url_encode(value: object) -> str:
    """Return a text for a query of an address: a space is `+`."""
    return _quoted(value, _COMPONENT).replace("%20", "+")


def cgi_escape(value: object) -> str:
    """Return a text for a form: `!'()*` are escaped as well."""
    return _quoted(value, "-_.~").replace("%20", "+").replace("%7E", "~")


def uri_escape(value: object) -> str:
    """Return an address in which only what may not stand in one is escaped."""
    return _quoted(value, _ADDRESS)


def _quoted(value: object, safe: str) -> str:
    try:
        return quote(stringify(value), safe=safe)
    except UnicodeEncodeError:
        raise RenderError("half a character cannot be escaped") from None


def url_decode(value: object) -> str:
    """Return the text of a part of an address. Raises RenderError where it is broken."""
    text = stringify(value).replace("+", " ")
    if _BROKEN_PERCENT.search(text):
        raise RenderError("url_decode is given a % without two digits behind it")
    try:
        return _PERCENTS.sub(lambda found: unquote_to_bytes(found[0]).decode(), text)
    except UnicodeError:
        raise RenderError("url_decode is given what is not UTF-8") from None


def base64_encode(value: object) -> str:
    """Return the Base64 of a text's UTF-8."""
    return base64.b64encode(_bytes(value)).decode()


def base64_decode(value: object) -> str:
    """Return the text of a Base64. Raises RenderError where it is none."""
    digits = _BASE64_SPACE.sub("", stringify(value))
    if len(digits) % 4 == 0:
        digits = digits.removesuffix("=").removesuffix("=")
    if len(digits) % 4 == 1 or not _BASE64.fullmatch(digits):
        raise RenderError("base64_decode is given what is not Base64")
    return base64.b64decode(digits + "=" * (-len(digits) % 4)).decode(errors="replace")


def sha256(value: object) -> str:
    """Return the SHA-256 of a text, in hexadecimal digits."""
    return hashlib.sha256(_bytes(value)).hexdigest()


def hmac_sha256(value: object, key: object) -> str:
    """Return the HMAC-SHA-256 of a text with a key, in hexadecimal digits."""
    return hmac.digest(_bytes(key), _bytes(value), "sha256").hex()


def _bytes(value: object) -> bytes:
    return whole_characters(stringify(value)).encode()
