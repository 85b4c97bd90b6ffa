"""An event by the mappings: what to change for which contact."""
