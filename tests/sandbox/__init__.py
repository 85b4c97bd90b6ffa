"""Tests of the stand-in for Listrak."""
