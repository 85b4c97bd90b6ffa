"""What comes in: lines of files and pipes, read as Segment events."""
