"""What to change: updates, windows and batches."""
