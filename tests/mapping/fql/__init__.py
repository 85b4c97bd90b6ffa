"""Tests of mapping.fql."""
