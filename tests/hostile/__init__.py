"""Attacks on the whole: real processes against hostile servers, files and machines."""
