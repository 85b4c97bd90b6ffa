"""Segment's subscriptions as a mapping file."""
