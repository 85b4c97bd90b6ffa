"""The mapping file: which events its triggers match, and what its directives make of them."""
