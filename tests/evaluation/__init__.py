"""An event by the mappings: who, which list, which values."""
