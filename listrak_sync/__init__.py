"""Segment's Listrak (Actions) destination as a command-line tool."""

__version__ = "0.1.0"
