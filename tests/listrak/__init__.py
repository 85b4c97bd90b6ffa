"""Tests of the other side's language."""
