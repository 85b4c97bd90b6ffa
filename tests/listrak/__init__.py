"""Tests of listrak."""
