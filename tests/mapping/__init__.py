"""Tests of the mapping file: its text, its triggers, its directives."""
