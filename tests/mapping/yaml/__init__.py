"""Tests of mapping.yaml."""
