"""What to change: from matched events to batches of profile-field values."""
