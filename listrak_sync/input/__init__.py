"""What there is to read: files and pipes, as numbered lines."""
