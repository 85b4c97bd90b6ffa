"""Gathering: the newest value of each contact's field, in requests within limits."""
