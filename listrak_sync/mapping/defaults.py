"""What the top of a mapping file says for all of its mappings."""

from __future__ import annotations

from collections.abc import Mapping

from listrak_sync.mapping.consent import read_consent
from listrak_sync.mapping.keys import DEFAULTS
from listrak_sync.mapping.yaml.document import Document, Entry


def read_defaults(document: Document, top: Mapping[str, Entry]) -> dict[str, Entry]:
    """Return the entries that mappings have unless they say otherwise; note what is wrong.

    `consent` may stand at the top by itself. The values are checked where they are used.
    """
    found: dict[str, Entry] = {}
    if (defaults := top.get("defaults")) is not None:
        if isinstance(defaults.value.value, dict):
            document.known(defaults.value.value, DEFAULTS, "{} cannot be a default")
            found = {key: each for key, each in defaults.value.value.items() if key in DEFAULTS}
        else:
            message = f"the defaults are {defaults.value.kind}"
            document.fault(defaults.value, message, "write list_id: … below it")
    if (consent := top.get("consent")) is not None:
        if "consent" in found:
            document.fault(consent.key, "consent is among the defaults as well", "keep one of them")
        elif not read_consent(document, consent.value) and consent.value.value == ():
            document.fault(consent.value, "consent names no category", "write [Advertising]")
        found["consent"] = consent
    return found
