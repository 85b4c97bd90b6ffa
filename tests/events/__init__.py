"""What comes in: sources, events and rejects."""
