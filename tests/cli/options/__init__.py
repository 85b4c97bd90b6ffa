"""Tests of the options that commands share."""
