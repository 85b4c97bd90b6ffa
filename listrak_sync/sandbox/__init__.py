"""A stand-in for Listrak's email API on loopback."""

from listrak_sync.sandbox.account import Account, AccountField, AccountFieldGroup, MailingList
from listrak_sync.sandbox.behaviour import Behaviour, Delay, Drop, Reply, Rule, load_script
from listrak_sync.sandbox.server import Exchange, Sandbox

__all__ = [
    "Account",
    "AccountField",
    "AccountFieldGroup",
    "Behaviour",
    "Delay",
    "Drop",
    "Exchange",
    "MailingList",
    "Reply",
    "Rule",
    "Sandbox",
    "load_script",
]
