"""The mapping file's YAML, every value with its place."""
