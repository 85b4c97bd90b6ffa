"""Segment's filter query language."""
