"""What should happen: the mapping file, its triggers and its directives."""
