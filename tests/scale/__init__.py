"""Tests of scale."""
