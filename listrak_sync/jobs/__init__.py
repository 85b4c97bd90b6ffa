"""Several processes evaluate the input, and the results come in its order."""
