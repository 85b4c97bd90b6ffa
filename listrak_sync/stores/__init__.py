"""Objects in the buckets of clouds, read by ranges."""
