"""Tests of segment_import."""
