"""Directives: values of the mapping file that depend on the event."""
