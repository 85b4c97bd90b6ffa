"""Tests of the `@liquid` directive."""
