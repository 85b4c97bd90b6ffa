"""Tests of mapping.directives."""
