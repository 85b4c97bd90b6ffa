"""Tests of getting it there."""
