"""A sandbox script: one JSON document that holds an account beside a behaviour."""

from __future__ import annotations

import msgspec

from listrak_sync.errors import SettingsError
from listrak_sync.sandbox.account import Account
from listrak_sync.sandbox.behaviour import Behaviour


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The shape of the document: `{"account": {…}, "behaviour": {…}}`, both optional."""

    account: Account = Account()
    behaviour: Behaviour = Behaviour()


def load_script(document: bytes) -> tuple[Account, Behaviour]:
    """Read a script; raise SettingsError saying which part of it cannot be used."""
    try:
        script = msgspec.json.decode(document, type=Script)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"the sandbox script cannot be used: {error}",
            'Write one JSON object, {"account": {…}, "behaviour": {…}}; `$` in the message is its'
            " top, and a dotted path leads to the place.",
        ) from error
    return script.account, script.behaviour
