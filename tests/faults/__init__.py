"""Tests that kill, drop and refuse, and then look at what contacts hold."""
