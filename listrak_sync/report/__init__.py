"""What became of everything, counted."""
