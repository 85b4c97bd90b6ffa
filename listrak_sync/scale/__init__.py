"""Evaluation cut into two functions that any engine can spread over machines."""
